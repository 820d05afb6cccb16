// Merkle sets: commitments to lists without sums. Specification: docs/spec/merkle-set.md.

import { concat, equal } from "./bytes.js";
import { taggedHash } from "./hash.js";
import { Refused } from "./refusal.js";

export const NODE_TAGS = { address: "counterfoil/address-node", bundle: "counterfoil/bundle-node" };

/** All levels from the leaves up: pairs from the left, a last one without a neighbour moves up. */
function levels(leaves, tag) {
  const found = [leaves];
  while (found.at(-1).length > 1) {
    const below = found.at(-1);
    const above = [];
    for (let at = 0; at < below.length; at += 2) {
      above.push(at + 1 < below.length ? taggedHash(tag, concat(below[at], below[at + 1])) : below[at]);
    }
    found.push(above);
  }
  return found;
}

export function setRoot(leaves, tag) {
  if (leaves.length === 0) throw new Refused("parse", "CF-4006", "an empty set has no root");
  return levels(leaves, tag).at(-1)[0];
}

const ascending = (values) => [...values].sort((left, right) => left - right);

/** The missing siblings of some leaves, level by level, from left to right. */
export function disclosure(leaves, indices, tag) {
  const hashes = [];
  let known = new Set(indices);
  for (const level of levels(leaves, tag)) {
    const siblings = new Set([...known].map((index) => index ^ 1));
    const missing = ascending([...siblings].filter((index) => !known.has(index) && index < level.length));
    hashes.push(...missing.map((index) => level[index]));
    known = new Set([...known].map((index) => index >> 1));
  }
  return hashes;
}

/** How many hashes a disclosure of these indices has, for a count of leaves. */
function required(indices, count) {
  let [level, width, number] = [new Set(indices), count, 0];
  while (width > 1n) {
    const siblings = new Set([...level].map((index) => index ^ 1n));
    number += [...siblings].filter((index) => index < width && !level.has(index)).length;
    [level, width] = [new Set([...level].map((index) => index / 2n)), (width + 1n) / 2n];
  }
  return number;
}

/** Whether leaves stand at these indices below the root; indices and count are BigInts. */
export function verifySubset({ root, count, indices, leaves, hashes, tag }) {
  const misplaced = indices.some((index, at) => index >= count || (at > 0 && index <= indices[at - 1]));
  if (misplaced || leaves.length !== indices.length || indices.length === 0) {
    throw new Refused("bind", "CF-4009", "indices are not strictly increasing below the count, one a leaf");
  }
  if (hashes.length !== required(indices, count)) throw new Refused("fold", "CF-4010", `${hashes.length} hashes`);
  const rest = [...hashes];
  let known = indices.map((index, at) => [index, leaves[at]]);
  for (let width = count; width > 1n; width = (width + 1n) / 2n) {
    const above = [];
    for (let at = 0; at < known.length; at += 1) {
      const [index, hash] = known[at];
      const next = known[at + 1];
      const lonely = (index ^ 1n) >= width;
      if (lonely) {
        above.push([index / 2n, hash]);
      } else if (index % 2n === 0n && next?.[0] === index + 1n) {
        above.push([index / 2n, taggedHash(tag, concat(hash, next[1]))]);
        at += 1;
      } else {
        const sibling = rest.shift();
        const pair = index % 2n === 0n ? [hash, sibling] : [sibling, hash];
        above.push([index / 2n, taggedHash(tag, concat(...pair))]);
      }
    }
    known = above;
  }
  if (!equal(known[0][1], root)) throw new Refused("fold", "CF-4011", "another root");
}
