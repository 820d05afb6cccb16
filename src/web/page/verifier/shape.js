// Shapes: functions that return the value read, or throw Misshapen.

import { fromHex, rises } from "./bytes.js";
import { Misshapen } from "./refusal.js";

/** An object with exactly these fields. */
export function record(fields) {
  const names = Object.keys(fields).sort();
  return (value) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Misshapen("expected an object");
    const found = Object.keys(value).sort();
    if (found.length !== names.length || found.some((name, at) => name !== names[at])) {
      throw new Misshapen(`expected the fields ${names.join(", ")}; found ${found.join(", ")}`);
    }
    return Object.fromEntries(names.map((name) => [name, fields[name](value[name])]));
  };
}

/** A list; with `order`, in strictly increasing order. */
export function listOf(shape, order) {
  return (value) => {
    if (!Array.isArray(value)) throw new Misshapen("expected a list");
    const items = value.map((item) => shape(item));
    if (order && !rises(items, order)) throw new Misshapen("not strictly increasing");
    return items;
  };
}

export const any = (value) => value;
export const optional = (shape) => (value) => (value === null ? null : shape(value));

/** Whether a field that may be left out is there. */
export function has(value, name) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && name in value;
}

export function text(value) {
  if (typeof value !== "string") throw new Misshapen("expected text");
  return value;
}

export function notEmpty(value) {
  if (text(value) === "") throw new Misshapen("empty text");
  return value;
}

export function boolean(value) {
  if (typeof value !== "boolean") throw new Misshapen("expected true or false");
  return value;
}

export function pattern(expression) {
  return (value) => {
    if (!expression.test(text(value))) throw new Misshapen(`${JSON.stringify(value)} has another form`);
    return value;
  };
}

export function oneOf(...words) {
  return (value) => {
    if (!words.includes(text(value))) throw new Misshapen(`${JSON.stringify(value)} is none of ${words.join(", ")}`);
    return value;
  };
}

/** A decimal string of an integer below 2^bits, as a BigInt. */
export function integer(bits) {
  return (value) => {
    if (!/^(0|[1-9][0-9]*)$/.test(text(value)) || value.length > 40 || BigInt(value) >= 1n << BigInt(bits)) {
      throw new Misshapen(`${JSON.stringify(value)} is no integer of ${bits} bits`);
    }
    return BigInt(value);
  };
}

export function decimals(value) {
  const number = Number(integer(8)(value));
  if (number > 38) throw new Misshapen("more than 38 decimals");
  return number;
}

/** So many bytes in lower-case hexadecimal digits. */
export function hexBytes(length) {
  return (value) => {
    const bytes = fromHex(value, length);
    if (bytes === null) throw new Misshapen(`expected ${2 * length} lower-case hexadecimal digits`);
    return bytes;
  };
}

const FIRST = "0001-01-01T00:00:00Z";
const LAST = "9999-12-30T22:00:00Z";

/** Seconds since 1970. */
export function time(value) {
  const fits = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text(value)) && value >= FIRST && value <= LAST;
  const moment = fits ? Date.parse(value) : Number.NaN;
  // 31 April becomes 1 May and 24:00 the next day: only a time that is printed as it was read is one
  if (Number.isNaN(moment) || new Date(moment).toISOString().replace(".000Z", "Z") !== value) {
    throw new Misshapen(`${JSON.stringify(value)} is no time`);
  }
  return moment / 1000;
}

const compareAscii = (left, right) => (left < right ? -1 : left > right ? 1 : 0);

/** Compares by several texts of ASCII, one after the other. */
export function by(...keys) {
  return (left, right) => {
    for (const key of keys) {
      const order = compareAscii(key(left), key(right));
      if (order !== 0) return order;
    }
    return 0;
  };
}

export const assetId = pattern(/^[A-Za-z0-9:._-]{1,64}$/);
export const chainId = pattern(/^[A-Za-z0-9:_-]{1,72}$/);
export const deploymentId = pattern(/^[A-Za-z0-9:_./%-]{1,240}$/);
export const venueId = pattern(/^[a-z0-9.-]{1,32}$/);
export const liabilityClass = oneOf("custody", "lent", "collateral", "derivative");
