// Parts of a liability tree. Specification: docs/spec/compact-range.md.

import { LIMIT } from "./amount.js";
import { hex } from "./bytes.js";
import { canonical, parseCanonical } from "./json.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { assetId, decimals, hexBytes, integer, liabilityClass, listOf, oneOf, record } from "./shape.js";
import { node } from "./sum_tree.js";

export const nodes = listOf(record({ digest: hexBytes(32), sum: integer(128) }));
const fileShape = record({
  asset: assetId,
  begin: integer(64),
  class: liabilityClass,
  decimals,
  end: integer(64),
  format: oneOf("counterfoil-compact-range-v1"),
  nodes,
});

/** Begin and size of the maximal aligned perfect subtrees of [begin, end). */
export function subtreeBounds(begin, end) {
  const bounds = [];
  for (let at = begin; at < end; at += bounds.at(-1)[1]) {
    let size = 1n;
    while (at % (size * 2n) === 0n && at + size * 2n <= end) size *= 2n;
    bounds.push([at, size]);
  }
  return bounds;
}

function checkSums(file) {
  if (file.nodes.reduce((sum, entry) => sum + entry.sum, 0n) >= LIMIT) {
    throw new Refused("sum", "CF-2055", "the nodes add up to 2^128 or more");
  }
  return file;
}

export function parseRange(bytes) {
  const read = () => {
    const file = fileShape(parseCanonical(bytes));
    if (file.end < file.begin) throw new Misshapen("it ends before it begins");
    if (file.nodes.length !== subtreeBounds(file.begin, file.end).length) throw new Misshapen("another number of nodes");
    return file;
  };
  return checkSums(withCode("CF-2050", read, () => true));
}

export function printRange(file) {
  const text = (name) => String(file[name]);
  return canonical({
    asset: file.asset,
    begin: text("begin"),
    class: file.class,
    decimals: text("decimals"),
    end: text("end"),
    format: "counterfoil-compact-range-v1",
    nodes: file.nodes.map((entry) => ({ digest: hex(entry.digest), sum: String(entry.sum) })),
  });
}

/** Whether a file begins where the one before it ends, and if not, which of three mistakes it is. */
function checkFollows(files, position) {
  const file = files[position];
  const before = files.slice(0, position);
  const end = before.at(-1)?.end;
  if (before.length === 0 || file.begin === end) return;
  const max = (left, right) => (left > right ? left : right);
  const min = (left, right) => (left < right ? left : right);
  if (before.some((other) => max(file.begin, other.begin) < min(file.end, other.end))) {
    throw new Refused("bind", "CF-2052", `file ${position} has leaves of an earlier one`);
  }
  const later = files.slice(position).some((other) => other.begin <= end && end < other.end);
  const [code, why] = file.begin < end || later ? ["CF-2053", "wrong order"] : ["CF-2051", "leaves are missing"];
  throw new Refused("bind", code, `${why} at file ${position}`);
}

/** Joins neighbours of one size until none are left. */
function join(placed) {
  const stack = [];
  for (let [begin, size, top] of placed) {
    while (stack.length > 0 && stack.at(-1).size === size && stack.at(-1).begin % (2n * size) === 0n) {
      const left = stack.pop();
      [begin, size, top] = [left.begin, 2n * size, rangeNode(left.top, top)];
    }
    stack.push({ begin, size, top });
  }
  return stack.map((entry) => entry.top);
}

function rangeNode(left, right) {
  try {
    return node(left, right);
  } catch (error) {
    if (error instanceof Refused) throw new Refused("sum", "CF-2055", error.why);
    throw error;
  }
}

export function mergeRanges(files) {
  const placed = files.flatMap((file, position) => {
    if (["asset", "class", "decimals"].some((name) => file[name] !== files[0][name])) {
      throw new Refused("bind", "CF-2054", `file ${position} is of another tree than the first`);
    }
    checkFollows(files, position);
    return subtreeBounds(file.begin, file.end).map(([begin, size], at) => [begin, size, file.nodes[at]]);
  });
  return checkSums({ ...files[0], end: files.at(-1).end, nodes: join(placed) });
}

/** The root of a range that is a whole tree. */
export function rangeRoot(file) {
  return file.nodes.reduceRight((right, left) => node(left, right));
}
