// Coins that somebody issues, from the text of docs/spec/issuer.md. The page does not need it: it is here so that a third
// implementation agrees with vectors/issuer/.

import { decimals, deploymentId, has, integer, listOf, record, assetId, venueId } from "../verifier/shape.js";
import { make, percent } from "./fraction.mjs";

const asset = record({ decimals, deployments: listOf(record({ decimals, id: deploymentId })), id: assetId });
const backingShape = (value) =>
  record({ issuer: venueId, ...(has(value, "kept") ? { kept: integer(128), owed: integer(128) } : {}) })(value);

export function issuer(query, proof) {
  const issuers = listOf(record({ deployments: listOf(deploymentId), id: venueId }));
  const asked = record({ assets: listOf(asset), issuers })(query);
  const held = listOf(record({ amount: integer(128), deployment: deploymentId }));
  const sent = record({ backing: listOf(backingShape), held })(proof);
  const issued = new Map(asked.issuers.flatMap(({ deployments, id }) => deployments.map((one) => [one, id])));
  const claims = [];
  for (const { deployments, id } of asked.assets) {
    const counts = deployments.every((one) => issued.has(one.id)) ? "yes" : "no";
    for (const { id: deployment } of deployments.filter((one) => issued.has(one.id))) {
      const amount = sent.held.find((row) => row.deployment === deployment)?.amount ?? 0n;
      const shown = sent.backing.find((row) => row.issuer === issued.get(deployment));
      const claim = { asset: id, counts, deployment, held: String(amount), issuer: issued.get(deployment) };
      if (shown?.owed > 0n) {
        const most = (amount * shown.kept) / shown.owed;
        claim.backed = String(most < amount ? most : amount);
        claim.coverage = percent(make(shown.kept), make(shown.owed));
      }
      claims.push(claim);
    }
  }
  const native = claims.filter(({ counts }) => counts === "no");
  const findings = native.map(({ deployment }) => ({ code: "CF-7430", severity: "exception", subject: deployment }));
  return { claims, findings };
}
