// Tiers and custodians, computed from the text of docs/spec/tiers.md and docs/spec/custodian.md. The page does not need
// them: they are here so that a third implementation agrees with the vectors.

import * as shape from "../verifier/shape.js";

const { integer, listOf, oneOf, record } = shape;
const units = integer(128);
const ROLES = ["hot", "warm", "cold", "custodian", "deposit"];

/** What the venue declares by tier, beside what is shown there. */
export function tiers(query, proof) {
  const figures = record({ counted: units, least: units, most: units, role: oneOf(...ROLES) });
  const shown = record({ shown: listOf(figures) })(query).shown;
  const rows = listOf(record({ amount: units, role: oneOf(...ROLES) }));
  const silent = !shape.has(proof, "declared");
  const declared = silent ? [] : record({ declared: rows })(proof).declared;
  const lines = ROLES.map((role) => {
    const here = shown.find((row) => row.role === role) ?? { counted: 0n, least: 0n, most: 0n };
    const stated = declared.find((row) => row.role === role)?.amount ?? 0n;
    const [above, below] = [stated - here.most, here.least - stated];
    let result = here.least === here.most ? "same" : "not-determinable";
    if (below > 0n) result = "declared-less";
    if (above > 0n) result = "declared-more";
    if (silent) result = "not-declared";
    const difference = { "declared-less": below, "declared-more": above }[result] ?? 0n;
    return { ...here, difference, result, role, stated };
  }).filter((line) => line.most > 0n || line.stated > 0n);
  return {
    counted: String(lines.reduce((sum, line) => sum + line.counted, 0n)),
    tiers: lines.map(({ counted, difference, result, role, stated }) => ({
      counted: String(counted), difference: String(difference), result, role,
      ...(silent ? {} : { declared: String(stated) }),
    })),
  };
}
