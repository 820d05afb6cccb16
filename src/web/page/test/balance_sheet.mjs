// Findings about a balance sheet, from the text of docs/spec/balance-sheet.md. The page does not need them: they are here
// so that a third implementation agrees with vectors/balance-sheet/.

import { balanceSheetShape } from "../verifier/balance_sheet.js";
import * as shape from "../verifier/shape.js";

const { assetId, decimals, deploymentId, integer, listOf, oneOf, record, text } = shape;

const assetShape = record({ decimals, deployments: listOf(record({ decimals, id: deploymentId })), id: assetId });
const lyingShape = record({
  address: text,
  amount: integer(128),
  deployment: deploymentId,
  encumbered: oneOf("yes", "no"),
});

const sum = (rows) => rows.reduce((total, { amount }) => total + amount, 0n);

function claims({ holdings, receivables, units }) {
  const issuers = new Map(units.map(({ id, issuer }) => [id, issuer]));
  const groups = new Map(holdings.map(({ asset, kind }) => [`${asset} ${kind}`, kind]));
  const promises = ({ asset, kind }) => (kind === "stablecoin" || kind === "wrapped") && issuers.get(asset) === null;
  return [
    ...[...groups.values()].map((kind) => ["CF-7352", "note", kind]),
    ...holdings.filter(promises).map(({ counterparty }) => ["CF-7354", "exception", counterparty]),
    ...[...holdings, ...receivables]
      .filter((row) => row.related_party)
      .map(({ counterparty }) => ["CF-7353", "exception", counterparty]),
  ];
}

function pledges({ encumbrances }, addresses, deployed) {
  const found = [];
  const rows = encumbrances.filter(({ kind }) => kind !== "staked");
  const of = (asset, fits) => sum(addresses.filter((row) => deployed(asset).has(row.deployment) && fits(row)));
  const encumbered = new Set(addresses.filter((row) => row.encumbered === "yes").map(({ address }) => address));
  const contradicted = new Set();
  for (const { address, asset } of rows.filter((row) => row.address !== null && !encumbered.has(row.address))) {
    if (of(asset, (row) => row.address === address) === 0n) continue;
    contradicted.add(asset);
    found.push(["CF-7355", "critical", address]);
  }
  for (const asset of new Set(rows.map((row) => row.asset))) {
    const beyond = sum(rows.filter((row) => row.asset === asset)) - of(asset, (row) => row.encumbered === "yes");
    const free = of(asset, (row) => row.encumbered === "no");
    if (!contradicted.has(asset) && beyond > 0n && free > 0n) {
      found.push(["CF-7355", "critical", "schedules.balance_sheet"]);
    }
  }
  const named = new Set(rows.map(({ address }) => address));
  if (named.has(null)) return found;
  const leftOut = [...encumbered].filter((address) => !named.has(address));
  return [...found, ...leftOut.map((address) => ["CF-7356", "exception", address])];
}

export function balanceSheet(query, proof) {
  const known = record({ assets: listOf(assetShape), own_tokens: listOf(deploymentId) })(query);
  const sheetField = shape.has(proof, "balance_sheet") ? { balance_sheet: balanceSheetShape } : {};
  const sent = record({ addresses: listOf(lyingShape), assets: listOf(assetShape), ...sheetField })(proof);
  const ids = (asset) => asset.deployments.map(({ id }) => id);
  const deployed = (id) => new Set(known.assets.filter((asset) => asset.id === id).flatMap(ids));
  const money = [...sent.assets, ...known.assets].filter(({ id }) => id.startsWith("iso4217:"));
  const found = money.flatMap(ids).map((id) => ["CF-7354", "exception", id]);
  const sheet = sent.balance_sheet;
  if (sheet === undefined) {
    found.push(["CF-7350", "exception", "schedules.balance_sheet"]);
  } else {
    const denied = ({ id, relation }) => relation === "none" && known.own_tokens.some((own) => deployed(id).has(own));
    found.push(...claims(sheet), ...pledges(sheet, sent.addresses, deployed));
    found.push(...sheet.units.filter(denied).map(({ id }) => ["CF-7357", "exception", id]));
  }
  const rows = found.map(([code, severity, subject]) => ({ code, severity, subject }));
  const key = ({ code, severity, subject }) => `${code} ${severity} ${subject}`;
  return { findings: rows.sort((left, right) => (key(left) < key(right) ? -1 : 1)) };
}
