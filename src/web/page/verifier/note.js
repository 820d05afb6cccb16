// Signed notes and verifier keys of Ed25519. Specification: docs/spec/log.md, and C2SP signed-note.

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equal, fromHex, hex, toInteger, toIntegerLe, utf8 } from "./bytes.js";
import { sha256 } from "./hash.js";
import { Refused } from "./refusal.js";

const { Point } = ed25519;
const SIZE_MAX = 1 << 20;
const SIGNATURES_MAX = 128;
const KINDS = { 1: "log", 4: "witness" };
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The bytes of base64 with its padding, in the one form that they have; null for anything else. */
export function fromBase64(text) {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return null;
  const digits = Array.from(text.replace(/=+$/, ""), (digit) => ALPHABET.indexOf(digit));
  const bytes = [];
  let [held, bits] = [0, 0];
  for (const digit of digits) {
    held = (held << 6) | digit;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(held >> bits);
    held &= (1 << bits) - 1;
  }
  return held === 0 ? Uint8Array.from(bytes) : null;
}

/** The hash that a line is, or null. */
export function hashLine(line) {
  const bytes = fromBase64(line);
  return bytes?.length === 32 ? bytes : null;
}

/** A decimal below 2^64 in its one form, or null. */
export function decimal(text) {
  const value = /^(0|[1-9][0-9]{0,19})$/.test(text ?? "") ? BigInt(text) : null;
  return value !== null && value < 1n << 64n ? value : null;
}

/** Text of bytes in UTF-8, or null. */
export function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const isName = (text) => text !== "" && !/[+\p{White_Space}\p{Cc}]/u.test(text);

/** A point in its one encoding that is not of small order, or null. */
function strongPoint(bytes) {
  try {
    const point = Point.fromBytes(bytes, false);
    return point.isSmallOrder() ? null : point;
  } catch {
    return null;
  }
}

function keyId(name, kind, key) {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(kind), key)).slice(0, 4);
}

/** A verifier key: name, identifier, and base64 of kind and key. */
export function parseKey(text) {
  const refuse = (why) => new Refused("parse", "CF-3101", why, { got: text.slice(0, 120) });
  const [name, digits, ...rest] = text.split("+");
  const id = fromHex(digits, 4);
  const bytes = fromBase64(rest.join("+"));
  if (!isName(name) || id === null || bytes?.length !== 33) throw refuse("not a name, eight digits and 33 bytes");
  const [kind, public_] = [bytes[0], bytes.slice(1)];
  if (!(kind in KINDS)) throw refuse("neither a log's nor a witness's key");
  const point = strongPoint(public_);
  if (point === null) throw refuse("no point, or one of small order");
  if (!equal(keyId(name, kind, public_), id)) throw refuse("the identifier does not follow");
  return { name, id, kind: KINDS[kind], public: public_, point, shown: `${name}+${digits}` };
}

/** RFC 8032 without the cofactor: the encoded R is compared, and neither R nor the key is of small order. */
function isSigned(key, message, signature) {
  if (signature.length !== 64 || strongPoint(signature.slice(0, 32)) === null) return false;
  const s = toIntegerLe(signature.slice(32));
  if (s >= Point.Fn.ORDER) return false;
  const k = toIntegerLe(sha512(concat(signature.slice(0, 32), key.public, message))) % Point.Fn.ORDER;
  const found = Point.BASE.multiplyUnsafe(s).add(key.point.multiplyUnsafe(k).negate());
  return equal(found.toBytes(), signature.slice(0, 32));
}

function parseSignature(line) {
  const [, name, coded] = /^\u2014 ([^ ]+) ([^ ]+)$/u.exec(line) ?? [];
  const bytes = name && isName(name) ? fromBase64(coded) : null;
  if (!(bytes?.length > 4)) throw new Refused("parse", "CF-3100", "a line that is no signature", { got: line.slice(0, 80) });
  return { name, id: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

/** The text of a note with its last line feed, and its signatures. Nothing is verified yet. */
export function parseNote(bytes) {
  const refuse = (why) => new Refused("parse", "CF-3100", why);
  if (bytes.length > SIZE_MAX) throw refuse("longer than 1 MiB");
  const whole = textOf(bytes);
  if (whole === null) throw refuse("not UTF-8");
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw refuse("a control character");
  const at = whole.lastIndexOf("\n\n");
  if (at < 0 || !whole.endsWith("\n")) throw refuse("no empty line before the signatures, or no end");
  const lines = whole.slice(at + 2).split("\n").slice(0, -1);
  if (lines.length === 0 || lines.length > SIGNATURES_MAX) throw refuse(`not 1 to ${SIGNATURES_MAX} signatures`);
  return { text: whole.slice(0, at + 1), signatures: lines.map(parseSignature) };
}

/** Seconds of a witness's cosignature; null for a log's own signature. */
function verify(key, text, signature) {
  const wrong = () => new Refused("signature", "CF-3103", "the signature does not fit", { got: key.shown });
  if (key.kind === "log") {
    if (!isSigned(key, utf8(text), signature.bytes)) throw wrong();
    return null;
  }
  const time = toInteger(signature.bytes.slice(0, 8));
  if (signature.bytes.length !== 72 || time >= 1n << 63n) throw wrong();
  if (!isSigned(key, utf8(`cosignature/v1\ntime ${time}\n${text}`), signature.bytes.slice(8))) throw wrong();
  return time;
}

/** What each signature of this key says; a wrong one under its name and identifier spoils the note. */
export function signedBy(note, key) {
  const own = note.signatures.filter(({ name, id }) => name === key.name && equal(id, key.id));
  return own.map((signature) => verify(key, note.text, signature));
}

/** Who has signed, as people read it. */
export const signersOf = (note) => note.signatures.map(({ name, id }) => `${name}+${hex(id)}`).join(", ");
