//! CF-518x and CF-519x: snapshots of all unspent outputs.

super::codes! {
    SNAPSHOT_MAGIC = 5180, NotMade, "the file is not a snapshot of unspent outputs",
        "A snapshot begins with the letters `utxo` and a byte.",
        "name the file that `dumptxoutset` wrote, unpacked";
    SNAPSHOT_VERSION = 5181, NotMade, "the snapshot has another version",
        "Only version 2 is read, which Bitcoin Core writes since version 28.",
        "dump the set again with a current Bitcoin Core";
    SNAPSHOT_NETWORK = 5182, NotMade, "the snapshot is of another network",
        "Coins of another network are worth nothing here.",
        "name a snapshot of the chain asked about";
    SNAPSHOT_CUT = 5183, NotMade, "the snapshot ends too early",
        "A set that lacks coins says nothing about those that it lacks.",
        "copy the file again, whole";
    SNAPSHOT_TRAILING = 5184, NotMade, "the snapshot goes on behind its last coin",
        "The head says how many coins there are; more are in no hash.",
        "dump the set again, or copy the file again";
    SNAPSHOT_NUMBER = 5185, NotMade, "a number of the snapshot is not in its one form",
        "Nodes write every length in the fewest bytes.",
        "the file is damaged, or no node wrote it: dump the set again";
    SNAPSHOT_ORDER = 5186, NotMade, "the transactions of the snapshot are out of order",
        "Nodes write them by their ids. In any other order a coin could come twice unseen.",
        "the file is damaged, or no node wrote it: dump the set again";
    SNAPSHOT_COUNT = 5187, NotMade, "a transaction of the snapshot has no coin, or more than are left",
        "The head says how many coins there are in all.",
        "the file is damaged, or no node wrote it: dump the set again";
    SNAPSHOT_DUPLICATE = 5188, NotMade, "a coin stands twice in the snapshot",
        "One output is one coin.",
        "the file is damaged, or no node wrote it: dump the set again";
    SNAPSHOT_AMOUNT = 5189, NotMade, "the snapshot has more bitcoins than there will ever be",
        "Neither one coin nor all of them together exceed 21 million bitcoins.",
        "the file is damaged, or no node wrote it: dump the set again";
    SNAPSHOT_HEIGHT = 5190, NotMade, "a coin of the snapshot has an impossible height",
        "Nodes keep heights in 31 bits.",
        "the file is damaged, or no node wrote it: dump the set again";
    SNAPSHOT_KEY = 5191, NotMade, "a public key of the snapshot is not on the curve",
        "An uncompressed key is stored by one coordinate; the other is computed, and must exist.",
        "the file is damaged, or no node wrote it: dump the set again";
    SNAPSHOT_TRANSACTION = 5192, NotMade, "an output of the snapshot fits into no transaction",
        "Rules of the network limit how long scripts and transactions are, and so the number of outputs.",
        "the file is damaged, or no node wrote it: dump the set again";
    SNAPSHOT_UNREADABLE = 5193, NotMade, "the snapshot cannot be read to its end",
        "The system's own words say why.",
        "check the disk, or copy the file again";
    SNAPSHOT_MANY = 5194, NotMade, "too many coins are on the addresses asked about",
        "They are kept in memory, which is bounded.",
        "ask about fewer addresses at a time";
}
