// Bytes, text and integers of fixed width. Notation: docs/spec/hash.md.

import { Misshapen } from "./refusal.js";

const encoder = new TextEncoder();

/** UTF-8 of a text. A half of a surrogate pair has none. */
export function utf8(text) {
  if (/\p{Surrogate}/u.test(text)) throw new Misshapen("half of a surrogate pair");
  return encoder.encode(text);
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A big-endian integer of `width` bytes. */
export function uint(value, width) {
  const bytes = new Uint8Array(width);
  let rest = BigInt(value);
  for (let at = width - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  if (rest !== 0n) throw new Misshapen(`${value} does not fit ${width} bytes`);
  return bytes;
}

export const u8 = (value) => uint(value, 1);
export const u16 = (value) => uint(value, 2);
export const u32 = (value) => uint(value, 4);
export const u64 = (value) => uint(value, 8);
export const u128 = (value) => uint(value, 16);

/** The integer that big-endian bytes are. */
export function toInteger(bytes) {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The integer that little-endian bytes are. */
export function toIntegerLe(bytes) {
  return toInteger(Uint8Array.from(bytes).reverse());
}

/** `bytes(x)` of the specifications: a u16 length and the bytes; text is taken as UTF-8. */
export function prefixed(data) {
  const bytes = typeof data === "string" ? utf8(data) : data;
  return concat(u16(bytes.length), bytes);
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of exactly `length` bytes in lower-case digits, or null. */
export function fromHex(text, length) {
  if (typeof text !== "string" || text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) return null;
  return Uint8Array.from({ length }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

export function equal(left, right) {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

/** Negative, zero or positive, as bytes are ordered. */
export function compare(left, right) {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    if (left[at] !== right[at]) return left[at] - right[at];
  }
  return left.length - right.length;
}

/** Texts in the order of their UTF-8 bytes, which is not that of JavaScript's own comparison. */
export function compareText(left, right) {
  return compare(utf8(left), utf8(right));
}

/** Whether each item is above the one before it. */
export function rises(items, order) {
  return items.every((item, at) => at === 0 || order(items[at - 1], item) < 0);
}
