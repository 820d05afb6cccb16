// Which blocks of the past are proved. Specification: docs/spec/sample.md.

import { concat, toInteger, u64, utf8 } from "./bytes.js";
import { sha256 } from "./hash.js";
import { Refused } from "./refusal.js";

const COUNT_MAX = 10_000n;

/** The heights that follow from commitment and beacon, in the order of drawing. */
export function draw({ commitment, beacon, from, to, count }) {
  if (count < 1n || count > COUNT_MAX || to < from) throw new Refused("policy", "CF-9004", "no such range or count");
  const width = to - from + 1n;
  return Array.from({ length: Number(count) }, (_, at) => {
    const drawn = sha256(concat(utf8("counterfoil/sample-v1"), commitment, beacon, u64(at)));
    return from + (toInteger(drawn) % width);
  });
}

/** Compares what somebody else has drawn. */
export function verifySample(heights, known) {
  const drawn = draw(known);
  const same = heights.length === drawn.length && heights.every((height, at) => height === drawn[at]);
  if (!same) throw new Refused("bind", "CF-7133", "another sample");
  return drawn;
}
