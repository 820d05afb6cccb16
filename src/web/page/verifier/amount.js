// Amounts: counts of base units below 2^128. Specification: docs/spec/amount.md.

import { Refused } from "./refusal.js";

export const LIMIT = 1n << 128n;

/** Base units of a plain decimal. */
export function parseAmount(text, decimals) {
  if (/^-[0-9.eE]+$/.test(text)) throw new Refused("parse", "CF-1004", "a negative amount", { text });
  if (/^[0-9.]+[eE][-+]?[0-9]+$/.test(text)) throw new Refused("parse", "CF-1006", "an exponent", { text });
  const match = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text);
  // `$` also matches before a last line feed in other languages; in this one it does not
  if (match === null) throw new Refused("parse", "CF-1007", "no plain decimal", { text });
  const fraction = match[2] ?? "";
  if (/[^0]/.test(fraction.slice(decimals))) {
    throw new Refused("parse", "CF-1005", `more than ${decimals} decimals`, { text, decimals });
  }
  return below(BigInt(match[1] + fraction.slice(0, decimals).padEnd(decimals, "0")), "parse");
}

/** An amount as it stands in JSON: base units without a leading zero. */
export function parseBaseUnits(text) {
  if (/^-[0-9]+$/.test(text)) throw new Refused("parse", "CF-1004", "a negative amount", { text });
  if (!/^(0|[1-9][0-9]*)$/.test(text)) throw new Refused("parse", "CF-1007", "no count of base units", { text });
  return below(BigInt(text), "parse");
}

function below(value, stage) {
  if (value >= LIMIT) throw new Refused(stage, "CF-1008", "2^128 base units or more");
  return value;
}

/** The plain decimal with every decimal of the asset. */
export function printAmount(value, decimals) {
  const digits = value.toString().padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

export function rescale(value, source, target) {
  if (target >= source) return below(value * 10n ** BigInt(target - source), "sum");
  const divisor = 10n ** BigInt(source - target);
  if (value % divisor !== 0n) throw new Refused("sum", "CF-1005", "digits would be lost");
  return value / divisor;
}
