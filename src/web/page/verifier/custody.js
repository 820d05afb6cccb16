// Tiers and custody accounts of a statement. Specifications: docs/spec/tiers.md, docs/spec/custodian.md.

import { LIMIT } from "./amount.js";
import { Misshapen } from "./refusal.js";
import * as shape from "./shape.js";

const { assetId, by, integer, listOf, oneOf, pattern, record, venueId } = shape;
const ROWS_MAX = 100_000;

export const tiersShape = listOf(
  record({ amount: integer(128), asset: assetId, role: oneOf("cold", "custodian", "deposit", "hot", "warm") }),
  by((row) => row.asset, (row) => row.role),
);
export const custodyShape = listOf(
  record({
    asset: assetId,
    closing: integer(128),
    lines: listOf(
      record({ amount: integer(128), direction: oneOf("in", "out"), reference: pattern(/^[!-~]{1,256}$/) }),
      by((line) => line.reference),
    ),
    opening: integer(128),
    party: venueId,
  }),
  by((account) => account.asset, (account) => account.party),
);

/** What the shapes do not say. */
export function checkCustody(tiers, custody) {
  const lines = custody.flatMap((account) => account.lines);
  if (tiers.length > ROWS_MAX || custody.length + lines.length > ROWS_MAX) throw new Misshapen("too many rows");
  if (lines.some((line) => line.amount === 0n)) throw new Misshapen("a line that moves nothing");
  const sums = new Map();
  for (const row of tiers) sums.set(row.asset, (sums.get(row.asset) ?? 0n) + row.amount);
  if ([...sums.values()].some((sum) => sum >= LIMIT)) throw new Misshapen("tiers above 2^128 - 1");
}
