// Output descriptors and the addresses that they give. Specification: docs/spec/descriptor.md.
//
// Those whose scripts need no other hash than SHA-256: addr(…), tr(KEY) and wsh(multi or sortedmulti).

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { addressShape, linesOf } from "./address_set.js";
import { compare, compareText, concat, equal, fromHex, hex, prefixed, toInteger, u32, u8, utf8 } from "./bytes.js";
import { hmacSha512, sha256, taggedHash } from "./hash.js";
import { parseStrict } from "./json.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { chainId, optional, record, text } from "./shape.js";
import { pointOf } from "./signature.js";

const { Point } = secp256k1;
const MAINNET = "bip122:000000000019d6689c085ae165831e93";
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHARACTERS =
  "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ ";
const LAST_MAX = 9_999_999;
const PRIVATE = /\b[a-z]prv[1-9A-HJ-NP-Za-km-z]{50,}|\b[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}\b/;
const KEY = "(?:\\[[0-9a-f]{8}(?:/[0-9]+'?)*\\])?[xt]pub[1-9A-HJ-NP-Za-km-z]{107}(?:/[0-9]+)*(?:/\\*)?";
const FORMS = new RegExp(`^(?:addr\\([0-9A-Za-z]+\\)|tr\\(${KEY}\\)|wsh\\((?:sorted)?multi\\([1-9],${KEY}(?:,${KEY})*\\)\\))$`);
const listed = record({ chain: chainId, descriptor: text, last: optional(text) });
const malformed = (why) => new Refused("parse", "CF-5111", why);

/** The remainder of a checksum's code (BIP-173, BIP-380). */
function polynomial(generators, shift, values) {
  let state = 1n;
  for (const value of values) {
    const top = state >> BigInt(shift);
    state = ((state & ((1n << BigInt(shift)) - 1n)) << 5n) ^ BigInt(value);
    generators.forEach((generator, bit) => {
      if ((top >> BigInt(bit)) & 1n) state ^= generator;
    });
  }
  return state;
}

const symbols = (state, count) =>
  Array.from({ length: count }, (_, at) => BECH32[Number((state >> BigInt(5 * (count - 1 - at))) & 31n)]).join("");

function checksum(body) {
  const places = [...body].map((character) => CHARACTERS.indexOf(character));
  if (places.some((place) => place < 0)) return null;
  const values = [];
  for (let at = 0; at < places.length; at += 3) {
    const group = places.slice(at, at + 3);
    values.push(...group.map((place) => place & 31), group.reduce((high, place) => 3 * high + (place >> 5), 0));
  }
  const generators = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn];
  return symbols(polynomial(generators, 35, [...values, 0, 0, 0, 0, 0, 0, 0, 0]) ^ 1n, 8);
}

/** BIP-173 for version 0, BIP-350 for others, on the main network. */
function witnessAddress(version, program) {
  const bits = Array.from(program, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const padded = bits.padEnd(Math.ceil(bits.length / 5) * 5, "0");
  const data = [version, ...padded.match(/.{5}/g).map((group) => Number.parseInt(group, 2))];
  const human = utf8("bc");
  const expanded = [...human].map((code) => code >> 5).concat(0, [...human].map((code) => code & 31));
  const generators = [0x3b6a57b2n, 0x26508e6dn, 0x1ea119fan, 0x3d4233ddn, 0x2a1462b3n];
  const state = polynomial(generators, 25, [...expanded, ...data, 0, 0, 0, 0, 0, 0]);
  const constant = version === 0 ? 1n : 0x2bc830a3n;
  return `bc1${data.map((value) => BECH32[value]).join("")}${symbols(state ^ constant, 6)}`;
}

/** Chain code and point of an extended public key of the main network (BIP-32). */
function extendedKey(words) {
  const value = [...words].reduce((sum, character) => sum * 58n + BigInt(BASE58.indexOf(character)), 0n);
  const digits = value.toString(16).padStart(164, "0");
  const bytes = fromHex(digits, 82);
  if (bytes === null || !equal(sha256(sha256(bytes.slice(0, 78))).slice(0, 4), bytes.slice(78))) {
    throw malformed("the checksum of an extended key");
  }
  if (hex(bytes.slice(0, 4)) !== "0488b21e") throw new Refused("parse", "CF-5113", "a key of another network");
  const point = pointOf(bytes.slice(45, 78));
  if (point === null) throw malformed("no point of the curve");
  return { code: bytes.slice(13, 45), point };
}

function childKey({ code, point }, index) {
  const digest = hmacSha512(code, concat(point.toBytes(true), u32(index)));
  return { code: digest.slice(32), point: Point.BASE.multiply(toInteger(digest.slice(0, 32))).add(point) };
}

function deriveKey(words, index) {
  const [, extended, steps, wildcard] = /([xt]pub[1-9A-HJ-NP-Za-km-z]{107})((?:\/[0-9]+)*)(\/\*)?$/.exec(words);
  const numbers = steps.split("/").slice(1).concat(wildcard ? [index] : []);
  return numbers.reduce((key, step) => childKey(key, step), extendedKey(extended)).point;
}

function deriveAddress(body, index) {
  const inside = /^\w+\((.+)\)$/.exec(body)[1];
  if (body.startsWith("addr(")) return inside;
  if (body.startsWith("tr(")) {
    const inner = deriveKey(inside, index).toBytes(true).slice(1);
    const tweak = toInteger(taggedHash("TapTweak", inner));
    const output = pointOf(concat(Uint8Array.of(2), inner)).add(Point.BASE.multiply(tweak));
    return witnessAddress(1, output.toBytes(true).slice(1));
  }
  const [, sorted, threshold, list] = /^(sorted)?multi\(([1-9]),(.+)\)$/.exec(inside);
  const keys = list.split(",").map((words) => deriveKey(words, index).toBytes(true));
  if (sorted) keys.sort(compare);
  const pushes = keys.map((key) => concat(Uint8Array.of(33), key));
  const script = concat(u8(80 + Number(threshold)), ...pushes, Uint8Array.of(80 + keys.length, 0xae));
  return witnessAddress(0, sha256(script));
}

/** A line of the list: chain, text and last index. */
function readDescriptor(line) {
  if (PRIVATE.test(new TextDecoder("latin1").decode(line))) throw new Refused("parse", "CF-5114", "a private key");
  const found = withCode("CF-5110", () => listed(parseStrict(line)), () => true);
  const { chain, descriptor, last } = found;
  const cut = descriptor.lastIndexOf("#");
  const spelled = descriptor.slice(0, Math.max(cut, 0));
  if (last !== null && !/^(0|[1-9][0-9]{0,9})$/.test(last)) throw new Refused("parse", "CF-5115", "the last index");
  if (spelled === "" || checksum(spelled) !== descriptor.slice(cut + 1)) {
    throw new Refused("parse", "CF-5112", "the checksum is missing or wrong");
  }
  if (/pub[^,)]*(\/[0-9]+['h]|\/\*['h])/.test(spelled)) throw new Refused("parse", "CF-5116", "a hardened step");
  const body = spelled.replace(/\[[^\]]*\]/g, (origin) => origin.replaceAll("h", "'"));
  if (!FORMS.test(body)) throw malformed("not a descriptor that is understood here");
  if (body.includes("/*") !== (last !== null) || Number(last ?? 0) > LAST_MAX) {
    throw new Refused("parse", "CF-5115", "the range does not fit");
  }
  deriveAddress(body, 0);
  if (spelled !== body) throw new Refused("parse", "CF-5110", "another spelling");
  if (chain !== MAINNET) throw new Misshapen("vectors are of the main network");
  return { chain, descriptor, body, last: last === null ? null : Number(last) };
}

function descriptorId({ chain, descriptor, last }) {
  const ranged = concat(u8(last === null ? 0 : 1), u32(last ?? 0));
  return taggedHash("counterfoil/descriptor", concat(prefixed(chain), prefixed(descriptor), ranged));
}

/** Ids of the listed descriptors and their addresses, when the set has exactly these. */
export function verifyDescriptors(bytes, addresses) {
  const found = linesOf(bytes, "CF-5110").map(readDescriptor);
  found.forEach((entry, at) => {
    const before = found[at - 1];
    if (!before) return;
    const order = compareText(before.chain, entry.chain) || compareText(before.descriptor, entry.descriptor);
    if (order >= 0) throw new Refused("parse", "CF-5110", "a descriptor twice, or out of order");
  });
  const ids = found.map((entry) => hex(descriptorId(entry)));
  const derived = found.map(({ body, last }) =>
    Array.from({ length: (last ?? 0) + 1 }, (_, index) => deriveAddress(body, index)),
  );
  const entries = linesOf(utf8(addresses), "CF-4006").map((line) => addressShape(parseStrict(line)));
  const named = entries.filter((entry) => entry.descriptor);
  if (named.some((entry) => !ids.includes(hex(entry.descriptor.id)))) {
    throw new Refused("fold", "CF-7035", "a descriptor that is not listed");
  }
  const inSet = named.map((entry) => `${hex(entry.descriptor.id)} ${entry.descriptor.index} ${entry.address}`);
  const expected = ids.flatMap((id, at) => derived[at].map((address, index) => `${id} ${index} ${address}`));
  if (inSet.sort().join() !== expected.sort().join()) {
    throw new Refused("fold", "CF-7037", "not exactly the addresses of the descriptors");
  }
  return { ids, derived };
}
