// Snapshots of unspent outputs. Specification: docs/spec/utxo-snapshot.md.

import { compare, concat, equal, fromHex, hex, toIntegerLe, utf8 } from "./bytes.js";
import { sha256 } from "./hash.js";
import { Refused } from "./refusal.js";
import { pointOf } from "./signature.js";

export const NETWORK_MARKS = {
  bitcoin: "f9beb4d9",
  regtest: "fabfb5da",
  signet: "0a03cf40",
  testnet: "0b110907",
  testnet4: "1c163f28",
};
const ALL_SATOSHIS = 21_000_000n * 10n ** 8n;

const le = (value, width) => {
  const bytes = new Uint8Array(width);
  let rest = BigInt(value);
  for (let at = 0; at < width; at += 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
};
const script = (head, key, tail) => concat(fromHex(head, head.length / 2), key, fromHex(tail, tail.length / 2));

/** Bytes from front to end. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new Refused("parse", "CF-5183", "the file ends too early");
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }

  compactSize() {
    const first = this.take(1)[0];
    if (first < 0xfd) return BigInt(first);
    const [width, least] = { 0xfd: [2, 0xfdn], 0xfe: [4, 1n << 16n], 0xff: [8, 1n << 32n] }[first];
    const value = toIntegerLe(this.take(width));
    if (value < least) throw new Refused("parse", "CF-5185", "a longer form than needed");
    return value;
  }

  /** The variable-length integer of Bitcoin Core's database. */
  varint(bits, code) {
    let value = 0n;
    for (;;) {
      const byte = BigInt(this.take(1)[0]);
      value = value * 128n + (byte % 128n);
      if (byte < 128n) break;
      value += 1n;
      if (value >= 1n << 64n) throw new Refused("parse", code, "above 64 bits");
    }
    if (value >= 1n << BigInt(bits)) throw new Refused("parse", code, `above ${bits} bits`);
    return value;
  }

  amount() {
    const stored = this.varint(64, "CF-5189");
    if (stored === 0n) return 0n;
    const zeros = (stored - 1n) % 10n;
    const rest = (stored - 1n) / 10n;
    const digits = zeros < 9n ? (rest / 9n) * 10n + (rest % 9n) + 1n : rest + 1n;
    const amount = digits * 10n ** zeros;
    if (amount > ALL_SATOSHIS) throw new Refused("parse", "CF-5189", "above 21 million bitcoins");
    return amount;
  }

  script() {
    const kind = Number(this.varint(32, "CF-5192"));
    if (kind === 0) return script("76a914", this.take(20), "88ac");
    if (kind === 1) return script("a914", this.take(20), "87");
    if (kind === 2 || kind === 3) return script(`210${kind}`, this.take(32), "ac");
    if (kind === 4 || kind === 5) {
      const point = pointOf(concat(Uint8Array.of(kind - 2), this.take(32)));
      if (point === null) throw new Refused("parse", "CF-5191", "no point of the curve");
      return script("41", point.toBytes(false), "ac");
    }
    if (kind - 6 > 10_000) throw new Refused("parse", "CF-5192", "a script that nobody can satisfy");
    return this.take(kind - 6);
  }
}

function writtenSize(value) {
  return value < 0xfd ? Uint8Array.of(value) : concat(Uint8Array.of(0xfd), le(value, 2));
}

/** The coins of one transaction by output, and what is hashed of each. */
function readCoins(reader, number) {
  const coins = new Map();
  let size = 0;
  for (let at = 0n; at < number; at += 1n) {
    const vout = Number(reader.compactSize());
    if (vout >= 111_111) throw new Refused("parse", "CF-5192", "no such output");
    const place = reader.varint(32, "CF-5190");
    const amount = reader.amount();
    const bytes = reader.script();
    const output = concat(le(amount, 8), writtenSize(bytes.length), bytes);
    size += output.length;
    if (size > 1_000_000) throw new Refused("parse", "CF-5192", "no transaction has so many bytes");
    if (coins.has(vout)) throw new Refused("parse", "CF-5188", "one output twice");
    coins.set(vout, { place, amount, script: hex(bytes), hashed: concat(le(place, 4), output) });
  }
  return [...coins].sort(([left], [right]) => left - right);
}

function readHead(reader, network) {
  if (!equal(reader.bytes.slice(0, 5), concat(utf8("utxo"), Uint8Array.of(0xff)))) {
    throw new Refused("parse", "CF-5180", "no snapshot");
  }
  reader.take(5);
  if (!equal(reader.take(2), Uint8Array.of(2, 0))) throw new Refused("parse", "CF-5181", "another version");
  if (hex(reader.take(4)) !== NETWORK_MARKS[network]) throw new Refused("parse", "CF-5182", "another network");
  return { block: reader.take(32), count: toIntegerLe(reader.take(8)) };
}

/** Block, hash, number of coins, and the coins of the wanted scripts, in the order of their outpoints. */
export function readSnapshot(bytes, network, wanted) {
  const reader = new Reader(bytes);
  const { block, count } = readHead(reader, network);
  const hashed = [];
  const found = [];
  let [seen, total, last] = [0n, 0n, null];
  while (seen < count) {
    const txid = reader.take(32);
    const number = reader.compactSize();
    if (last && compare(last, txid) >= 0) throw new Refused("parse", "CF-5186", "ids do not rise");
    if (number < 1n || number > count - seen) throw new Refused("parse", "CF-5187", "no coin, or more than are left");
    for (const [vout, coin] of readCoins(reader, number)) {
      total += coin.amount;
      if (total > ALL_SATOSHIS) throw new Refused("parse", "CF-5189", "the sum is above 21 million bitcoins");
      hashed.push(txid, le(vout, 4), coin.hashed);
      if (wanted.has(coin.script)) found.push({ txid, vout, ...coin });
    }
    seen += number;
    last = txid;
  }
  if (reader.at !== bytes.length) throw new Refused("parse", "CF-5184", "something behind the last coin");
  return { block, hash: sha256(sha256(concat(...hashed))), count, found };
}

