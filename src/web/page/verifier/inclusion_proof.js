// Inclusion proofs: whether one customer's balances are in the totals. Specification: docs/spec/inclusion-proof.md.
//
// A proof answers and never asks: account, credential and statement come from the customer.

import { equal, hex } from "./bytes.js";
import { parseStrict } from "./json.js";
import { checkParts, detailOf, leafHash } from "./leaf.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { assetId, has, hexBytes, integer, liabilityClass, listOf, oneOf, record, text, venueId } from "./shape.js";
import { fold, pathLength } from "./sum_tree.js";

const fields = {
  amount: integer(128),
  asset: assetId,
  class: liabilityClass,
  index: integer(64),
  nonce: hexBytes(16),
  parts: listOf(record({ amount: integer(128), product: text })),
  path: listOf(record({ digest: hexBytes(32), sum: integer(128) })),
};

function splitShape(value) {
  const split = record({ of: integer(16), piece: integer(16), whole: integer(128) })(value);
  if (split.of < 2n || split.of > 256n || split.piece < 1n || split.piece > split.of) {
    throw new Misshapen(`piece ${split.piece} of ${split.of}`);
  }
  return split;
}

/** `split` is there, or it is not; it is never null. */
function leafShape(value) {
  return record(has(value, "split") ? { ...fields, split: splitShape } : fields)(value);
}

export const statementRef = record({ digest: hexBytes(32), sequence: integer(64), venue: venueId });
const proofShape = record({
  account: text,
  format: oneOf("counterfoil-inclusion-proof-v1"),
  leaves: listOf(leafShape),
  statement: statementRef,
});

const rowOf = (leaf) => `${leaf.asset} ${leaf.class}`;

/** Compares leaves by asset, class and piece; a leaf that is the balance is piece 0. */
function order(left, right) {
  for (const key of [(leaf) => leaf.asset, (leaf) => leaf.class, (leaf) => leaf.split?.piece ?? 0n]) {
    if (key(left) < key(right)) return -1;
    if (key(left) > key(right)) return 1;
  }
  return 0;
}

/** Reads a proof file. */
export function parseProof(bytes) {
  return withCode(
    "CF-2001",
    () => {
      const proof = proofShape(parseStrict(bytes));
      const late = proof.leaves.find((leaf, at) => at > 0 && order(proof.leaves[at - 1], leaf) > 0);
      if (late) throw new Misshapen(`leaf ${rowOf(late)} is out of order`);
      return proof;
    },
    () => true,
  );
}

export function sameStatement(left, right) {
  return equal(left.digest, right.digest) && left.sequence === right.sequence && left.venue === right.venue;
}

/** The balance that the leaves of one asset and class make, if they make one. */
function balanceOf(leaves) {
  const facts = { asset: leaves[0].asset, class: leaves[0].class };
  const contradiction = (why) => new Refused("bind", "CF-2021", why, facts);
  const first = leaves[0].split;
  if (leaves.length === 1 && !first) return leaves[0].amount;
  if (leaves.some((leaf) => !leaf.split)) throw contradiction("a piece beside a leaf that is the balance");
  const said = (leaf) => JSON.stringify([leaf.split.of, leaf.split.whole, leaf.parts], (_, value) =>
    typeof value === "bigint" ? `${value}n` : value);
  if (leaves.some((leaf) => said(leaf) !== said(leaves[0]))) throw contradiction("pieces contradict each other");
  if (new Set(leaves.map((leaf) => leaf.index)).size < leaves.length) {
    throw new Refused("bind", "CF-2023", "two pieces at one position", facts);
  }
  if (BigInt(leaves.length) !== first.of || leaves.some((leaf, at) => leaf.split.piece !== BigInt(at + 1))) {
    throw new Refused("bind", "CF-2020", "a piece is missing", { ...facts, got: leaves.length, expected: first.of });
  }
  if (leaves.reduce((sum, leaf) => sum + leaf.amount, 0n) !== first.whole) {
    throw new Refused("sum", "CF-2022", "the pieces do not add up to the balance", facts);
  }
  return first.whole;
}

function verifyLeaf(leaf, row, account, credential) {
  const facts = { asset: leaf.asset, class: leaf.class };
  if (leaf.index >= row.leaf_count) {
    throw new Refused("fold", "CF-2005", "the index is not below the leaf count", facts);
  }
  if (leaf.path.length !== pathLength(leaf.index, row.leaf_count)) {
    throw new Refused("fold", "CF-2004", "a path of another length", facts);
  }
  if (leaf.parts.length > 0) checkParts(leaf.parts, leaf.split ? leaf.split.whole : leaf.amount);
  const { nonce, amount } = leaf;
  const digest = leafHash({ nonce, amount, account, credential, detail: detailOf(leaf.parts, leaf.split) });
  const root = fold({ digest, sum: amount }, leaf.index, row.leaf_count, leaf.path);
  if (!equal(root.digest, row.root)) {
    const roots = { got: hex(root.digest), expected: hex(row.root) };
    throw new Refused("fold", "CF-2006", "another root", { ...facts, ...roots });
  }
  if (root.sum !== row.total) throw new Refused("sum", "CF-2007", "another total", facts);
}

/**
 * The balances that the statement commits to for this account, one per asset and class.
 * `query` is `{statement, rows, account, credential, expected}`; nothing of it is read from the proof.
 */
export function verifyInclusion(query, proof) {
  if (!sameStatement(proof.statement, query.statement)) {
    const facts = { got: `${proof.statement.venue} ${proof.statement.sequence}`, expected: `${query.statement.venue} ${query.statement.sequence}` };
    throw new Refused("bind", "CF-2002", "another statement", facts);
  }
  if (proof.account !== query.account) {
    throw new Refused("bind", "CF-2003", "another account", { got: proof.account, expected: query.account });
  }
  if (proof.leaves.length === 0) throw new Refused("bind", "CF-2019", "no leaf");
  const twice = proof.leaves.find((leaf, at) => at > 0 && order(proof.leaves[at - 1], leaf) === 0);
  if (twice) throw new Refused("bind", "CF-2012", "a leaf twice", { asset: twice.asset, class: twice.class });
  const groups = new Map();
  for (const leaf of proof.leaves) groups.set(rowOf(leaf), [...(groups.get(rowOf(leaf)) ?? []), leaf]);
  const amounts = new Map([...groups].map(([key, leaves]) => [key, balanceOf(leaves)]));
  const rows = new Map(query.rows.map((row) => [rowOf(row), row]));
  const balances = [...groups].map(([key, leaves]) => {
    const row = rows.get(key);
    const { asset, class: liability } = leaves[0];
    if (!row) throw new Refused("bind", "CF-2009", "the statement has no such row", { asset, class: liability });
    for (const leaf of leaves) verifyLeaf(leaf, row, query.account, query.credential);
    return { row, amount: amounts.get(key), parts: leaves[0].parts, leaves: leaves.length };
  });
  for (const { asset, amount } of query.expected) {
    const own = balances.filter((balance) => balance.row.asset === asset);
    const got = own.reduce((sum, balance) => sum + balance.amount, 0n);
    if (own.length === 0) throw new Refused("policy", "CF-2013", "an expected asset has no leaf", { asset, expected: amount });
    if (got !== amount) throw new Refused("policy", "CF-2010", "another amount is expected", { asset, got, expected: amount });
  }
  return balances;
}
