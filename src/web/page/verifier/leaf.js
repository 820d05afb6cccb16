// Leaves: one balance, or one piece of it. Specification: docs/spec/leaf.md.

import { concat, compareText, prefixed, rises, u128, u16, u64, utf8, toInteger } from "./bytes.js";
import { hkdfSha256, hmacSha256, taggedHash } from "./hash.js";
import { Refused } from "./refusal.js";

const NOTHING = new Uint8Array();
const TEXT_MAX = 65_535;

/** Parts are in order and make the balance. */
export function checkParts(parts, balance) {
  if (!rises(parts, (left, right) => compareText(left.product, right.product))) {
    throw new Refused("sum", "CF-2011", "parts out of order");
  }
  if (parts.reduce((sum, part) => sum + part.amount, 0n) !== balance) {
    throw new Refused("sum", "CF-2011", "the parts do not add up to the balance");
  }
}

/** Empty without parts, otherwise their digest. */
function partsDigest(parts) {
  if (parts.length === 0) return NOTHING;
  if (parts.length > TEXT_MAX || parts.some((part) => utf8(part.product).length > TEXT_MAX)) {
    throw new Refused("sum", "CF-2011", "too many parts, or too long a product");
  }
  const rows = parts.map((part) => concat(prefixed(part.product), u128(part.amount)));
  return taggedHash("counterfoil/parts", concat(u16(parts.length), ...rows));
}

/** `detail` of a leaf that is the balance, or of one piece of it. */
export function detailOf(parts, split) {
  if (!split) return partsDigest(parts);
  const head = concat(u16(split.piece), u16(split.of), u128(split.whole));
  return taggedHash("counterfoil/split", concat(head, prefixed(partsDigest(parts))));
}

export function leafHash({ nonce, amount, account, credential, detail }) {
  const texts = [prefixed(account), prefixed(credential), prefixed(detail)];
  return taggedHash("counterfoil/leaf", concat(nonce, u128(amount), ...texts));
}

// What follows is the venue's side: a customer's check needs none of it.

export function checkAccount(account, credential) {
  if (account === "") throw new Refused("parse", "CF-1012", "an empty account");
  if ([account, credential].some((field) => utf8(field).length > 1024)) {
    throw new Refused("parse", "CF-1017", "more than 1024 bytes");
  }
}

export function snapshotKey(masterSecret, buildId, venue, sequence) {
  return hkdfSha256(masterSecret, buildId, concat(utf8("counterfoil/snapshot"), prefixed(venue), u64(sequence)));
}

export function treeKey(key, asset, liabilityClass) {
  return hmacSha256(key, concat(prefixed(asset), prefixed(liabilityClass)));
}

/** The tree key of piece 1 to `of`; that of piece 0 makes the cuts. */
export function pieceKey(key, asset, liabilityClass, piece, of) {
  return hmacSha256(key, concat(prefixed(asset), prefixed(liabilityClass), u16(piece), u16(of)));
}

export function orderKeyAndNonce(key, account) {
  const output = hmacSha256(key, utf8(account));
  return [output.slice(0, 16), output.slice(16)];
}

/** The gaps between `of` - 1 cuts of [0, whole]. */
export function pieceAmounts(cutKey, account, whole, of) {
  const cuts = [0n, whole];
  for (let number = 1; number < of; number += 1) {
    const output = hmacSha256(cutKey, concat(utf8(account), u16(number)));
    cuts.push((whole * toInteger(output.slice(0, 16))) >> 128n);
  }
  cuts.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  return cuts.slice(1).map((cut, at) => cut - cuts[at]);
}

export function decoyAccount(key, index) {
  const output = hmacSha256(key, concat(Uint8Array.of(0xff), u64(index)));
  return `counterfoil-decoy/${Array.from(output.slice(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
