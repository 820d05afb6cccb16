"""Coins between venues, by the text of docs/spec/network.md alone. Standard library only."""

from clearing import Unclear, parse  # beside this file: how a fraction is written


def fraction_or_unknown(text):
    return None if text == "unknown" else parse(text)


def payments(venues):
    """Every payment from one venue to another, once: (from, to, txid) with block, amount, whether one has not the
    block, and what of the amount rests on no mere list."""
    found = {}
    for one in venues:
        for two in venues:
            if one is two:
                continue
            for flow in one["flows"]:
                amount = parse(flow["amount"])
                same = [
                    parse(other["amount"])
                    for other in two["flows"]
                    if (other["height"], other["txid"]) == (flow["height"], flow["txid"])
                    and other["direction"] != flow["direction"]
                ]
                theirs = set(two["addresses"]) - set(one["addresses"])
                sides = [(party["address"], fraction_or_unknown(party["amount"])) for party in flow["parties"]]

                def part_with(wanted, amount=amount, sides=sides):
                    """What went to or came from these addresses; all of it where a share is not known."""
                    shares = [share for address, share in sides if address in wanted]
                    return amount if None in shares else min(amount, sum(shares))

                if same:
                    part, sure = (min(amount, same[0]),) * 2
                else:
                    part, sure = part_with(theirs), part_with(theirs - set(two["listed"]))
                    if part == 0:
                        continue
                way = (one, two) if flow["direction"] == "out" else (two, one)
                has_block = two["from"] <= flow["height"] <= two["to"]
                key = (venues.index(way[0]), venues.index(way[1]), flow["txid"])
                found.setdefault(key, (flow["height"], part, not has_block, sure))
    return found


def answer(cutoff, deposits, venues):
    """Everything that a vector of `network` expects."""
    found = payments(venues)
    lists = {"loans": [], "listed": []}
    for lender in range(len(venues)):
        for borrower in range(len(venues)):
            names = (venues[lender]["venue"], venues[borrower]["venue"])
            owed = sum(parse(one["amount"]) for one in deposits if (one["depositor"], one["debtor"]) == names)

            def lent(which, pair=(lender, borrower), owed=owed):
                """By all that is known (1), or by what is sure (3)."""
                came = sum(row[which] for key, row in found.items() if key[:2] == pair and row[0] <= cutoff)
                left = sum(row[which] for key, row in found.items() if key[:2] == pair[::-1] and row[0] > cutoff)
                return max(0, min(came, left) - owed)

            sure, everything = lent(3), lent(1)
            for name, amount in (("loans", sure), ("listed", everything - sure)):
                if amount > 0:
                    lists[name].append({"amount": str(amount), "borrower": names[1], "lender": names[0]})
    transfers = [
        {
            "amount": str(part),
            "from": venues[key[0]]["venue"],
            "height": str(height),
            "outside": "yes" if outside else "no",
            "to": venues[key[1]]["venue"],
            "txid": key[2],
        }
        for key, (height, part, outside, _) in sorted(found.items())
    ]
    return {**lists, "transfers": transfers}


__all__ = ["Unclear", "answer"]
