// Statements: what a venue signs for one snapshot. Specification: docs/spec/statement.md.

import { balanceSheetShape, checkBalanceSheet } from "./balance_sheet.js";
import { equal, utf8 } from "./bytes.js";
import { checkCustody, custodyShape, tiersShape } from "./custody.js";
import { taggedHash } from "./hash.js";
import { LIMIT } from "./amount.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import * as shape from "./shape.js";
import { decodeKey, keyOrder, keyShape, parseSigned, signerOf, verifySignature } from "./signature.js";

const { assetId, boolean, by, chainId, decimals, hexBytes, integer, listOf, notEmpty, oneOf, optional, record } = shape;
const { text, time, venueId } = shape;

const ASSETS_MAX = 10_000;
/** More keys than any venue has officers. */
export const KEYS_MAX = 100;
const SCHEDULE_ROWS_MAX = 100_000;

const venue = record({
  id: venueId,
  keys: listOf(keyShape, keyOrder),
  legal_entity: notEmpty,
  lei: optional(shape.pattern(/^[A-Z0-9]{20}$/)),
  log_origin: notEmpty,
  threshold: integer(64),
});
export const blockShape = record({ chain: chainId, hash: hexBytes(32), height: integer(64) });
export const setShape = record({ count: integer(64), root: hexBytes(32) });
const asset = record({
  decimals,
  deployments: listOf(record({ decimals, id: shape.deploymentId })),
  id: assetId,
});
const row = record({
  asset: assetId,
  class: shape.liabilityClass,
  decimals,
  leaf_count: integer(64),
  root: hexBytes(32),
  total: integer(128),
});
const scheduleLists = {
  in_flight: listOf(
    record({
      amount: integer(128),
      asset: assetId,
      chain: chainId,
      direction: oneOf("deposit", "withdrawal"),
      txid: text,
    }),
  ),
  other_liabilities: listOf(
    record({ amount: integer(128), asset: assetId, counterparty: text, due: optional(time), kind: text }),
  ),
  receivables: listOf(
    record({ amount: integer(128), asset: assetId, counterparty: text, related_party: boolean }),
  ),
};

/** These may be left out; then statements are as they were before they existed. */
const perhaps = { balance_sheet: balanceSheetShape, custody_accounts: custodyShape, tiers: tiersShape };

function schedules(value) {
  const there = Object.entries(perhaps).filter(([name]) => shape.has(value, name));
  return record({ ...scheduleLists, ...Object.fromEntries(there) })(value);
}

/** A source of the ledger; one that is a database says which state of it answered. */
function source(value) {
  const fields = { kind: text, length: integer(64), name: text, rows: integer(64), sha256: hexBytes(32) };
  if (shape.has(value, "database")) fields.database = record({ query: text, server: text, snapshot: text });
  return record(fields)(value);
}

const ledger = record({
  as_of: time,
  control_total: oneOf("compared", "none"),
  rows_filtered: integer(64),
  rows_read: integer(64),
  rows_zero: integer(64),
  sources: listOf(source),
});
const statement = record({
  account_hint: notEmpty,
  address_set: optional(setShape),
  assets: listOf(asset, by((entry) => entry.id)),
  chains: listOf(blockShape, by((block) => block.chain)),
  custody: optional(hexBytes(32)),
  cutoff: time,
  due: time,
  format: oneOf("counterfoil-statement-v1"),
  kind: oneOf("snapshot"),
  ledger,
  liabilities: listOf(row, by((entry) => entry.asset, (entry) => entry.class)),
  next_cutoff: time,
  predecessor: optional(hexBytes(32)),
  schedules,
  scope: listOf(record({ entity: text, product: text, scope: oneOf("in", "out", "unknown") })),
  sequence: integer(64),
  tool: text,
  venue,
  without_rows: listOf(assetId, by((id) => id)),
});

/** What each asset owes, over rows and other liabilities. */
function owed(found) {
  const sums = new Map();
  const add = (id, amount) => sums.set(id, (sums.get(id) ?? 0n) + amount);
  for (const entry of found.liabilities) add(entry.asset, entry.total);
  for (const entry of found.schedules.other_liabilities) add(entry.asset, entry.amount);
  for (const entry of found.schedules.balance_sheet?.liabilities ?? []) add(entry.asset, entry.amount);
  return [...sums.values()];
}

/** The shape, and that the fields fit together. */
function checkStatement(document) {
  const found = statement(document);
  const rows = found.liabilities;
  const { balance_sheet: sheet, custody_accounts: custody = [], tiers = [], ...others } = found.schedules;
  const lists = Object.values(others);
  if (sheet !== undefined) checkBalanceSheet(sheet, found);
  checkCustody(tiers, custody);
  const listed = new Map(found.assets.map((entry) => [entry.id, entry.decimals]));
  const withRows = new Set(rows.map((entry) => entry.asset));
  const without = new Set(found.without_rows);
  const { cutoff, next_cutoff: next, due, venue: { keys, threshold } } = found;
  const wrong = [
    ["no liabilities", rows.length === 0],
    ["too many rows", found.assets.length > ASSETS_MAX || lists.some((list) => list.length > SCHEDULE_ROWS_MAX)],
    ["a row without leaves", rows.some((entry) => entry.leaf_count === 0n)],
    ["a row with other decimals than its asset", rows.some((entry) => listed.get(entry.asset) !== entry.decimals)],
    ["an asset both with and without rows", [...withRows].some((id) => without.has(id))],
    ["an asset on which nothing is said", [...listed.keys()].some((id) => !withRows.has(id) && !without.has(id))],
    ["an asset that is not listed", [...without].some((id) => !listed.has(id))],
    ["a schedule of an asset that is not listed", [...lists, custody, tiers].flat().some((entry) => !listed.has(entry.asset))],
    ["more owed than 2^128 - 1", owed(found).some((sum) => sum >= LIMIT)],
    ["predecessor and sequence", (found.predecessor === null) !== (found.sequence === 0n)],
    ["times", !(cutoff < next && next < due)],
    ["threshold", threshold < 1n || threshold > BigInt(keys.length)],
    ["too many keys", keys.length > KEYS_MAX],
  ];
  const first = wrong.find(([, is]) => is);
  if (first) throw new Misshapen(first[0]);
  for (const key of keys) decodeKey(key.alg, key.key);
  return found;
}

const keySet = record({ keys: listOf(keyShape, keyOrder), threshold: integer(64) });
const notice = {
  format: oneOf("counterfoil-statement-v1"),
  issued: time,
  predecessor: hexBytes(32),
  reason: notEmpty,
  sequence: integer(64),
  tool: text,
  venue,
};
const NOTICES = {
  "key-rotation": record({ ...notice, kind: oneOf("key-rotation"), new: keySet }),
  void: record({ ...notice, kind: oneOf("void"), voids: record({ digest: hexBytes(32), sequence: integer(64) }) }),
};
const REASON_MAX = 1_000;

/** One text for a set of keys, to compare it with another. */
export const keySetText = ({ keys, threshold }) =>
  [...keys.map(({ alg, key }) => `${alg}:${key}`), `${threshold}`].join(" ");

/** A change of keys or a withdrawal; null for anything else. */
function checkNotice(document) {
  const kind = shape.has(document, "kind") ? document.kind : null;
  // an object without a prototype is no key of any other
  if (typeof kind !== "string" || !Object.hasOwn(NOTICES, kind)) return null;
  const found = NOTICES[kind](document);
  const sets = kind === "void" ? [found.venue] : [found.venue, found.new];
  const wrong = [
    ["the first statement is a snapshot", found.sequence === 0n],
    ["a long reason", utf8(found.reason).length > REASON_MAX],
    ["threshold", sets.some(({ keys, threshold }) => threshold < 1n || threshold > BigInt(keys.length))],
    ["too many keys", sets.some(({ keys }) => keys.length > KEYS_MAX)],
  ];
  if (kind === "void") {
    const { sequence, digest } = found.voids;
    wrong.push(["not an earlier statement", sequence >= found.sequence]);
    wrong.push(["another predecessor", sequence === found.sequence - 1n && !equal(digest, found.predecessor)]);
  } else {
    wrong.push(["the new keys are the old ones", keySetText(found.new) === keySetText(found.venue)]);
  }
  const first = wrong.find(([, is]) => is);
  if (first) throw new Misshapen(first[0]);
  for (const { keys } of sets) for (const { alg, key } of keys) decodeKey(alg, key);
  return found;
}

/** A statement of any kind, the bytes that are signed, and the signatures. */
export function readStatement(bytes) {
  return withCode("CF-3001", () => {
    const signed = parseSigned(bytes, "statement");
    return { ...signed, found: checkNotice(signed.document) ?? checkStatement(signed.document) };
  });
}

export function checkVenue(venueId, logOrigin, pins) {
  if (venueId === pins.venue && logOrigin === pins.log_origin) return;
  const facts = { got: `${venueId} (log ${logOrigin})`, expected: `${pins.venue} (log ${pins.log_origin})` };
  throw new Refused("policy", "CF-3012", "another venue or log", facts);
}

/** The pinned keys that have signed, at least as many as the pins demand. */
export function checkSigners(kind, message, signatures, pins) {
  const pinned = (entry) => pins.keys.some((key) => key.alg === entry.alg && key.key === entry.key);
  const signers = signatures.filter(pinned);
  for (const entry of signers) verifySignature(kind, message, entry.alg, entry.key, entry.signature);
  if (signers.length === 0) throw new Refused("policy", "CF-3006", "no pinned key has signed");
  const count = new Set(signers.map(signerOf)).size;
  if (BigInt(count) < BigInt(pins.threshold)) {
    throw new Refused("policy", "CF-3008", "too few signatures", { got: count, expected: String(pins.threshold) });
  }
  return signers;
}

/**
 * The statement, its digest, its entry in the log, and the pinned keys that have signed it.
 * `pins` are `{venue, log_origin, keys, threshold}`: what the verifier knows before it reads anything.
 */
export function verifyStatement(bytes, pins) {
  const { message, found, signatures } = readStatement(bytes);
  checkVenue(found.venue.id, found.venue.log_origin, pins);
  const signers = checkSigners("statement", message, signatures, pins);
  const facts = { sequence: String(found.sequence), reason: found.reason };
  if (found.kind === "key-rotation") throw new Refused("policy", "CF-3231", "the venue says that its keys changed", facts);
  if (found.kind === "void") throw new Refused("policy", "CF-3232", "the venue withdraws a statement", facts);
  return { statement: found, digest: taggedHash("counterfoil/statement", message), entry: message, signers };
}
