// Tiers and custodians, computed from the text of docs/spec/tiers.md and docs/spec/custodian.md. The page does not need
// them: they are here so that a third implementation agrees with the vectors.

import { custodyShape } from "../verifier/custody.js";
import * as shape from "../verifier/shape.js";
import { keyShape } from "../verifier/signature.js";

const { assetId, integer, listOf, oneOf, record, venueId } = shape;
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

const DAY = 86_400;
const amountOf = integer(128);

/** A record some of whose fields may be left out. */
const perhaps = (fields, others) => (value) => {
  const there = Object.entries(others).filter(([name]) => shape.has(value, name));
  return record({ ...fields, ...Object.fromEntries(there) })(value);
};
const clientShape = perhaps(
  { cutoff: shape.time, keys: listOf(keyShape), venue: venueId },
  { accounts: custodyShape, leaves: listOf(record({ amount: amountOf, asset: assetId })), since: shape.time },
);
const queryShape = record({
  clients: listOf(clientShape), custodian: venueId, kept: amountOf, keys: listOf(keyShape), owed: amountOf,
});
const dayShape = record({
  accounts: custodyShape,
  balances: listOf(perhaps({ asset: assetId, liabilities: amountOf }, { assets: amountOf })),
  cutoff: shape.time, sequence: integer(64),
});

const size = (amount) => (amount < 0n ? -amount : amount);
const rolled = (account) =>
  account.lines.reduce((sum, line) => sum + (line.direction === "in" ? line.amount : -line.amount), account.opening);
const EMPTY = { closing: 0n, lines: [], opening: 0n };

/** Each statement by itself, and from one to the next. */
function daysDiffer(client, days, tell) {
  if (days.length === 1) tell(7414, `statement ${days[0].sequence}`);
  if (days.length > 0 && client.since !== undefined && days[0].cutoff - client.since > DAY) {
    tell(7414, `before statement ${days[0].sequence}`);
  }
  days.forEach((day, at) => {
    const before = days[at - 1];
    if (before && (day.sequence !== before.sequence + 1n || day.cutoff - before.cutoff > DAY)) {
      tell(7414, `statement ${day.sequence}`);
    }
    for (const { asset, assets, liabilities } of day.balances) {
      const subject = `${asset} statement ${day.sequence}`;
      const booked = day.accounts.filter((row) => row.asset === asset).reduce((sum, row) => sum + row.closing, 0n);
      if (assets === undefined) tell(7413, subject);
      else if (assets !== liabilities) tell(7412, subject, assets - liabilities);
      if (booked !== liabilities) tell(7416, subject, booked - liabilities);
    }
    const name = (row) => `${row.asset} ${row.party}`;
    for (const row of day.accounts) {
      if (rolled(row) !== row.closing) tell(7415, `${name(row)} statement ${day.sequence}`, rolled(row) - row.closing);
    }
    if (!before) return;
    for (const one of new Set([...before.accounts, ...day.accounts].map(name))) {
      const of = (accounts) => accounts.find((row) => name(row) === one) ?? EMPTY;
      const step = of(day.accounts).opening - of(before.accounts).closing;
      if (step !== 0n) tell(7415, `${one} statement ${day.sequence}`, step);
    }
  });
}

/** Two books of one account, line by line. */
function booksDiffer(client, custodian, days, tell) {
  const own = client.accounts.filter((row) => row.party === custodian);
  const theirs = days.map((day) => day.accounts.filter((row) => row.party === client.venue));
  for (const asset of new Set([...own, ...theirs.flat()].map((row) => row.asset))) {
    const of = (rows) => rows?.find((row) => row.asset === asset) ?? EMPTY;
    const here = of(own);
    const opening = here.opening - of(theirs[0]).opening;
    const closing = here.closing - of(theirs.at(-1)).closing;
    if (opening !== 0n) tell(7417, `${asset} opening`, opening);
    if (closing !== 0n) tell(7417, `${asset} closing`, closing);
    if (rolled(here) !== here.closing) tell(7415, `${asset} in the books of ${client.venue}`, rolled(here) - here.closing);
    const there = theirs.flatMap((rows) => of(rows).lines);
    for (const reference of new Set([...here.lines, ...there].map((line) => line.reference))) {
      const mine = here.lines.find((line) => line.reference === reference);
      const lines = there.filter((line) => line.reference === reference);
      const subject = `${asset} ${reference}`;
      if (lines.length > 1 || !mine) tell(7418, subject, lines[0].amount);
      else if (lines.length === 0) tell(7418, subject, mine.amount);
      else if (mine.direction !== lines[0].direction) tell(7418, subject, mine.amount + lines[0].amount);
      else if (mine.amount !== lines[0].amount) tell(7418, subject, mine.amount - lines[0].amount);
    }
  }
}

function differences(client, custodian, keys, days) {
  const found = [];
  const tell = (number, subject, amount) =>
    found.push({ code: `CF-${number}`, subject, ...(amount === undefined ? {} : { amount: String(size(amount)) }) });
  const x = (key) => key.key.slice(-64);
  if (keys.some((key) => client.keys.some((own) => x(own) === x(key)))) tell(7410, custodian);
  if (days.at(-1)?.cutoff !== client.cutoff) tell(7411, custodian);
  daysDiffer(client, days, tell);
  if (client.accounts === undefined) tell(7420, custodian);
  else booksDiffer(client, custodian, days, tell);
  if (client.leaves !== undefined && days.length > 0) {
    const booked = days.at(-1).accounts.filter((row) => row.party === client.venue);
    for (const asset of new Set([...client.leaves, ...booked].map((row) => row.asset))) {
      const leaf = client.leaves.find((row) => row.asset === asset)?.amount ?? 0n;
      const closing = booked.find((row) => row.asset === asset)?.closing ?? 0n;
      if (leaf !== closing) tell(7419, asset, leaf - closing);
    }
  }
  const text = (one) => `${one.code} ${one.subject}`;
  return found.sort((left, right) => (text(left) < text(right) ? -1 : text(left) > text(right) ? 1 : 0));
}

/** A custodian's books beside those of whoever it serves, and what each of them has of what it keeps. */
export function custodian(query, proof) {
  const asked = queryShape(query);
  const { days } = record({ days: listOf(dayShape) })(proof);
  const clients = asked.clients.map((client) => {
    const found = differences(client, asked.custodian, asked.keys, days);
    const nothing = asked.owed === 0n || found.some((one) => ["CF-7410", "CF-7411"].includes(one.code));
    const kept = asked.kept < asked.owed ? asked.kept : asked.owed;
    const shares = (client.leaves ?? []).map(({ amount, asset }) => ({
      asset, counted: String(nothing ? 0n : (amount * kept) / asked.owed), in_tree: String(amount),
    }));
    return { differences: found, shares, venue: client.venue };
  });
  return { clients };
}
