// Merkle sum trees. Specification: docs/spec/sum-tree.md.

import { LIMIT } from "./amount.js";
import { concat, prefixed, u64, u8, u128 } from "./bytes.js";
import { taggedHash } from "./hash.js";
import { Refused } from "./refusal.js";

/** The node above two nodes `{digest, sum}`. */
export function node(left, right) {
  const sum = left.sum + right.sum;
  if (sum >= LIMIT) throw new Refused("sum", "CF-2008", "a sum of 2^128 or more");
  const message = concat(left.digest, u128(left.sum), right.digest, u128(right.sum));
  return { digest: taggedHash("counterfoil/node", message), sum };
}

/** The root over leaves `{digest, sum}`: RFC 9162, section 2.1.1. */
export function treeRoot(leaves) {
  if (leaves.length === 0) throw new Refused("sum", "CF-1011", "there is no tree without leaves");
  if (leaves.length === 1) return leaves[0];
  let middle = 1;
  while (middle * 2 < leaves.length) middle *= 2;
  return node(treeRoot(leaves.slice(0, middle)), treeRoot(leaves.slice(middle)));
}

/** How many levels have a sibling beside the way from leaf `index` to the root over `count` leaves. */
export function pathLength(index, count) {
  let [at, last, length] = [index, count - 1n, 0];
  while (last > 0n) {
    if (at % 2n === 1n || at < last) length += 1;
    [at, last] = [at / 2n, last / 2n];
  }
  return length;
}

/** RFC 9162, section 2.1.3.2, with sums. The path has the right length. */
export function fold(leaf, index, count, path) {
  let [f, k, current] = [index, count - 1n, leaf];
  for (const sibling of path) {
    if (f % 2n === 1n || f === k) {
      current = node(sibling, current);
      while (f % 2n === 0n && f !== 0n) [f, k] = [f / 2n, k / 2n];
    } else {
      current = node(current, sibling);
    }
    [f, k] = [f / 2n, k / 2n];
  }
  return current;
}

/** The commitment to a tree of one asset and class. */
export function commitment(asset, liabilityClass, decimals, count, root) {
  const head = concat(prefixed(asset), prefixed(liabilityClass), u8(decimals), u64(count));
  return taggedHash("counterfoil/asset", concat(head, u128(root.sum), root.digest));
}
