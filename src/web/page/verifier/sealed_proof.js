// Proofs sealed under a code. Specification: docs/spec/sealed-proof.md.

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { compare, concat, equal, hex, toInteger, utf8 } from "./bytes.js";
import { hkdfSha256, sha256, taggedHash } from "./hash.js";
import { sameStatement, statementRef } from "./inclusion_proof.js";
import { parseStrict } from "./json.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { integer, oneOf, record } from "./shape.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MAGIC = concat(utf8("counterfoil\0sp\0"), Uint8Array.of(1));
const PREFIX_BITS_MAX = 24;

/** The first 150 bits of code and check, five at a time. */
function digitsOf(code) {
  let bits = toInteger(concat(code, taggedHash("counterfoil/code-check", code).slice(0, 3))) >> 2n;
  let digits = "";
  for (let at = 0; at < 30; at += 1) {
    digits = ALPHABET[Number(bits & 31n)] + digits;
    bits >>= 5n;
  }
  return digits;
}

export const codeText = (code) => digitsOf(code).match(/.{5}/g).join("-");

/** The 16 bytes of a code as somebody typed it. */
export function parseCode(typed) {
  const plain = typed.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, "").replace(/[- ]/g, "");
  if (!/^[0-9A-Za-z]*$/.test(plain)) throw new Refused("parse", "CF-2030", "a character that no code has");
  const digits = plain.toUpperCase().replaceAll("O", "0").replaceAll("I", "1").replaceAll("L", "1");
  if ([...digits].some((digit) => !ALPHABET.includes(digit))) {
    throw new Refused("parse", "CF-2030", "a character that no code has");
  }
  if (digits.length !== 30) throw new Refused("parse", "CF-2030", `${digits.length} characters`, { got: digits.length });
  const bits = [...digits].reduce((value, digit) => (value << 5n) | BigInt(ALPHABET.indexOf(digit)), 0n) >> 22n;
  const code = Uint8Array.from({ length: 16 }, (_, at) => Number((bits >> BigInt(8 * (15 - at))) & 0xffn));
  if (digitsOf(code) !== digits) throw new Refused("parse", "CF-2031", "the check does not fit");
  return code;
}

export const codeName = (code, digest) => taggedHash("counterfoil/code-name", concat(digest, code));
export const codeKey = (code, digest) => hkdfSha256(code, digest, utf8("counterfoil/sealed-proof"));

const prefixOf = (name, bits) => Number(toInteger(name.slice(0, 4)) >> BigInt(32 - bits));

export function packFile(prefix, bits) {
  return `packs/${prefix.toString(16).padStart(Math.max(1, Math.ceil(bits / 4)), "0")}.pack`;
}

/** The next multiple of an eighth of the largest power of two. */
export function fileLength(content) {
  const step = 2 ** Math.max(0, content.toString(2).length - 1 - 3);
  return Math.ceil(content / step) * step;
}

/** The smallest power of two, 1,024 or more, for the length and the content. */
export function paddedLength(length) {
  let size = 1024;
  while (size < length + 4) size *= 2;
  return size;
}

const number = (bytes) => Number(toInteger(bytes));
const damaged = (why) => new Refused("parse", "CF-2032", why);

function checkEntry(name, before, length, prefix, bits) {
  if (before && compare(before, name) >= 0) throw damaged("names out of order");
  if (prefixOf(name, bits) !== prefix) throw damaged("a name of another pack");
  const plain = length - 16;
  if (plain < 1024 || plain > 1 << 24 || !Number.isInteger(Math.log2(plain))) throw damaged("the length of an entry");
}

/** Whether bytes begin as a pack does, of whatever version. */
export const isPack = (bytes) => bytes.length >= 16 && equal(bytes.slice(0, 15), MAGIC.slice(0, 15));

/** Digest of the statement, prefix bits, prefix, and entries by name in hexadecimal digits. */
export function parsePack(bytes) {
  if (!isPack(bytes)) throw damaged("no pack");
  if (bytes[15] !== MAGIC[15]) throw new Refused("parse", "CF-2033", `version ${bytes[15]}`);
  if (bytes.length < 57) throw damaged("no header");
  const [bits, prefix, count] = [bytes[48], number(bytes.slice(49, 53)), number(bytes.slice(53, 57))];
  if (bits > PREFIX_BITS_MAX || prefix >= 2 ** bits) throw damaged("the prefix");
  let at = 57 + 36 * count;
  if (at > bytes.length) throw damaged("no index");
  const entries = new Map();
  let before = null;
  for (let start = 57; start < 57 + 36 * count; start += 36) {
    const name = bytes.slice(start, start + 32);
    const length = number(bytes.slice(start + 32, start + 36));
    checkEntry(name, before, length, prefix, bits);
    entries.set(hex(name), bytes.subarray(at, at + length));
    at += length;
    before = name;
  }
  if (bytes.length !== fileLength(at + 32)) throw damaged("the length of the file");
  if (!equal(sha256(bytes.subarray(0, -32)), bytes.subarray(-32))) throw damaged("the checksum");
  if (bytes.subarray(at, -32).some((byte) => byte !== 0)) throw damaged("no zeros behind the last entry");
  return { digest: bytes.slice(16, 48), bits, prefix, entries };
}

/** The proof that was sealed under the code for the statement with this digest. */
export function openSealed(bytes, code, digest) {
  const pack = parsePack(bytes);
  if (!equal(pack.digest, digest)) throw new Refused("bind", "CF-2002", "another statement");
  const name = codeName(code, digest);
  if (prefixOf(name, pack.bits) !== pack.prefix) {
    throw new Refused("bind", "CF-2036", "another pack", { expected: packFile(prefixOf(name, pack.bits), pack.bits) });
  }
  const entry = pack.entries.get(hex(name));
  if (!entry) throw new Refused("bind", "CF-2035", "no proof for this code");
  let padded;
  try {
    padded = chacha20poly1305(codeKey(code, digest), new Uint8Array(12), concat(MAGIC, digest, name)).decrypt(entry);
  } catch {
    throw new Refused("signature", "CF-2037", "it does not open");
  }
  const length = number(padded.slice(0, 4));
  if (paddedLength(length) !== padded.length || padded.slice(4 + length).some((byte) => byte !== 0)) {
    throw new Refused("parse", "CF-2038", "the padding");
  }
  return padded.slice(4, 4 + length);
}

const indexShape = record({
  format: oneOf("counterfoil-sealed-proofs-v1"),
  prefix_bits: integer(8),
  statement: statementRef,
});

/** The file of the pack in which the proof must be. */
export function locateSealed(bytes, code, statement) {
  const index = withCode(
    "CF-2034",
    () => {
      const found = indexShape(parseStrict(bytes));
      if (found.prefix_bits > BigInt(PREFIX_BITS_MAX)) throw new Misshapen("too many prefix bits");
      return found;
    },
    () => true,
  );
  if (!sameStatement(index.statement, statement)) throw new Refused("bind", "CF-2002", "another statement");
  const bits = Number(index.prefix_bits);
  return packFile(prefixOf(codeName(code, statement.digest), bits), bits);
}
