use bitcoin::blockdata::constants::genesis_block;
use bitcoin::consensus::serialize;

use super::*;

const KEY: [u8; 8] = [0x17, 0xa9, 0x00, 0x5c, 0xff, 0x31, 0x80, 0x02];

fn block(network: Network) -> Vec<u8> {
    serialize(&genesis_block(network))
}

fn framed(network: Network, blocks: usize) -> Vec<u8> {
    let block = block(network);
    let length = u32::try_from(block.len()).expect("a short block").to_le_bytes();
    [network.magic().to_bytes().as_slice(), &length, &block].concat().repeat(blocks)
}

fn obfuscated(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// Gives few bytes at a time, as a pipe may.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = buffer.len().min(3);
        self.0.read(&mut buffer[..size])
    }
}

/// How many blocks are found, and what ends the reading.
fn read_with(bytes: &[u8], key: [u8; 8], wanted: bool) -> (usize, Option<BlockFileError>) {
    let mut seen = 0;
    let mut reader = BlockReader::new(Network::Regtest, BlockFile { reader: Box::new(Slow(bytes)), key });
    loop {
        let found = reader.next(&mut |hash| {
            assert_eq!(hash, genesis_block(Network::Regtest).block_hash());
            seen += 1;
            wanted
        });
        match found {
            Ok(Some(found)) => assert_eq!(found.bytes, block(Network::Regtest)),
            Ok(None) => return (seen, None),
            Err(error) => return (seen, Some(error)),
        }
    }
}

fn read(bytes: &[u8]) -> (usize, Option<BlockFileError>) {
    assert_eq!(read_with(bytes, [0; 8], false), read_with(bytes, [0; 8], true));
    read_with(bytes, [0; 8], true)
}

#[test]
fn files_of_a_node_and_plain_blocks_are_read() {
    let plain = block(Network::Regtest).repeat(3);
    assert_eq!(read(&framed(Network::Regtest, 3)), (3, None));
    assert_eq!(read(&plain), (3, None));
    assert_eq!(read(&[]), (0, None));
    assert_eq!(read(&[0; 100]), (0, None), "set aside, nothing written yet");
}

#[test]
fn an_obfuscated_file_is_read_with_its_key() {
    let file = framed(Network::Regtest, 3);
    assert_eq!(read_with(&obfuscated(&file), KEY, true), (3, None));
    assert_eq!(read_with(&obfuscated(&file), KEY, false), (3, None));
    let (_, error) = read_with(&obfuscated(&file), [0; 8], true);
    assert_eq!(error.expect("no key").code().number, 5141);
    let (_, error) = read_with(&file, KEY, true);
    assert_eq!(error.expect("a key too many").code().number, 5141);
}

#[test]
fn zeros_at_the_end_are_normal_and_nothing_may_stand_behind_them() {
    for count in [1, 3, 4, 5, 8, 20_000] {
        let file = [framed(Network::Regtest, 2), vec![0; count]].concat();
        assert_eq!(read(&file), (2, None), "{count}");
        // a node sets files aside with zeros that it does not obfuscate
        let padded = [obfuscated(&framed(Network::Regtest, 2)), vec![0; count]].concat();
        assert_eq!(read_with(&padded, KEY, true), (2, None), "{count}");
        assert_eq!(read_with(&obfuscated(&file), KEY, true), (2, None), "{count}");
        if count >= 4 {
            let behind = [file, vec![1]].concat();
            assert_eq!(read(&behind).1.expect("refused").code().number, 5141, "{count}");
        }
    }
}

#[test]
fn a_cut_file_is_named_with_the_place() {
    let file = framed(Network::Regtest, 2);
    let start = file.len() as u64 / 2;
    for length in file.len() / 2 + 1..file.len() {
        assert_eq!(
            read(&file[..length]),
            (1 + usize::from(length >= file.len() / 2 + 88), Some(BlockFileError::Cut { start })),
            "{length}"
        );
    }
    let plain = block(Network::Regtest).repeat(2);
    for length in plain.len() / 2 + 4..plain.len() {
        let (seen, error) = read(&plain[..length]);
        assert_eq!((seen, error), (1, Some(BlockFileError::Cut { start: plain.len() as u64 / 2 })), "{length}");
    }
}

#[test]
fn magic_and_length_are_checked() {
    let file = framed(Network::Regtest, 1);
    let (seen, error) = read(&framed(Network::Signet, 1));
    let text = error.expect("another network").to_string();
    assert_eq!(
        (seen, text.as_str()),
        (0, "at byte 0 stand 0a03cf40, expected a block or the magic of regtest, fabfb5da")
    );
    for length in [0, 80, 4_000_001, u32::MAX] {
        let mut bytes = file.clone();
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        assert_eq!(read(&bytes), (0, Some(BlockFileError::Length { start: 0, got: length })));
    }
    assert_eq!(
        read(b"no block at all, but long enough to look like a header, and some more bytes behind it")
            .1
            .expect("refused")
            .code()
            .number,
        5141
    );
}

#[test]
fn a_failing_disk_is_told_with_the_systems_words() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let file = BlockFile { reader: Box::new(Failing), key: [0; 8] };
    let error = BlockReader::new(Network::Regtest, file).next(&mut |_| true).expect_err("no bytes");
    assert_eq!((error.code().number, error.to_string().as_str()), (5143, "the disk is gone"));
    let begun = block(Network::Regtest)[..90].to_vec();
    let file = BlockFile { reader: Box::new(Cursor::new(begun).chain(Failing)), key: [0; 8] };
    let error = BlockReader::new(Network::Regtest, file).next(&mut |_| true).expect_err("a part");
    assert_eq!(error.code().number, 5143);
    assert_eq!(MemoryBlocks::new().open("x").err().expect("no file").detail, "there is no such file");
}
