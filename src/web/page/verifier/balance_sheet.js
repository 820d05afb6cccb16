// The balance sheet of a statement. Specification: docs/spec/balance-sheet.md.

import { LIMIT } from "./amount.js";
import { utf8 } from "./bytes.js";
import { Refused } from "./refusal.js";
import * as shape from "./shape.js";

const { assetId, boolean, decimals, hexBytes, integer, listOf, oneOf, optional, record, text, time } = shape;

const ROWS_MAX = 100_000;
const NAME_LENGTH_MAX = 256;
const DUE = ["now", "24h", "7d", "30d", "longer"];
const DAYS = [0, 1, 7, 30];

const basis = oneOf("proved", "observed", "stated", "assumed");
const due = oneOf(...DUE);

/** Rows of one list, with the words that its kinds have. */
function rows(...kinds) {
  return listOf(
    record({
      amount: integer(128),
      asset: assetId,
      basis,
      counterparty: text,
      due,
      evidence: optional(hexBytes(32)),
      kind: oneOf(...kinds),
      related_party: boolean,
    }),
  );
}

export const balanceSheetShape = record({
  encumbrances: listOf(
    record({
      address: optional(text),
      amount: integer(128),
      asset: assetId,
      basis,
      counterparty: text,
      due,
      kind: oneOf("pledged", "frozen", "locked", "staked", "in-flight"),
      related_party: boolean,
      until: optional(time),
    }),
  ),
  holdings: rows("bank", "coin", "deposit", "fund", "other", "security", "stablecoin", "token", "venture", "wrapped"),
  liabilities: rows("bond", "deposit", "fiat", "loan", "margin", "other", "withdrawal"),
  receivables: rows("customer", "loan", "margin", "other"),
  units: listOf(
    record({ decimals, id: assetId, issuer: optional(text), relation: oneOf("none", "self", "affiliate") }),
  ),
});

const compare = (left, right) => (left < right ? -1 : left > right ? 1 : 0);

/** Texts by their bytes in UTF-8: JavaScript itself compares halves of characters. */
function compareBytes(left, right) {
  const [one, other] = [utf8(left), utf8(right)];
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at < 0 ? one.length - other.length : compare(one[at], other[at] ?? -1);
}

/** Unit, kind, counterparty, when due, where, how much. */
function order(left, right) {
  return (
    compare(left.asset, right.asset) ||
    compare(left.kind, right.kind) ||
    compareBytes(left.counterparty, right.counterparty) ||
    DUE.indexOf(left.due) - DUE.indexOf(right.due) ||
    compareBytes(left.address ?? "", right.address ?? "") ||
    compare(left.amount, right.amount)
  );
}

const rises = (list, by) => list.every((item, at) => at === 0 || by(list[at - 1], item) < 0);

function sums(list) {
  const found = new Map();
  for (const { asset, amount } of list) found.set(asset, (found.get(asset) ?? 0n) + amount);
  return [...found.values()];
}

function dueWithin(seconds) {
  const at = DAYS.findIndex((days) => seconds <= days * 86_400);
  return DUE[at < 0 ? DUE.length - 1 : at];
}

/** That the sheet is in its one form, and fits the statement around it. */
export function checkBalanceSheet(sheet, { assets, cutoff, schedules }) {
  const { encumbrances, holdings, liabilities, receivables, units } = sheet;
  const lists = [encumbrances, holdings, liabilities, receivables];
  const all = lists.flat();
  const known = new Map(units.map((unit) => [unit.id, unit]));
  const listed = new Set(assets.map(({ id }) => id));
  const named = [...units.map(({ issuer }) => issuer), ...encumbrances.map(({ address }) => address)];
  const names = [...named.filter((name) => name !== null), ...all.map(({ counterparty }) => counterparty)];
  const badName = (name) => name === "" || utf8(name).length > NAME_LENGTH_MAX;
  const dated = encumbrances.filter(({ until }) => until !== null);
  const wrong = [
    ["CF-3250", "older lists beside it", schedules.other_liabilities.length + schedules.receivables.length > 0],
    ["CF-3251", "units not in order", !rises(units, (left, right) => compare(left.id, right.id))],
    ["CF-3251", "rows not in order", lists.some((list) => !rises(list, order))],
    ["CF-3252", "an affiliate without a name", units.some((unit) => unit.relation === "affiliate" && unit.issuer === null)],
    ["CF-3252", "an asset without its unit", assets.some((asset) => known.get(asset.id)?.decimals !== asset.decimals)],
    ["CF-3252", "a row without its unit", all.some(({ asset }) => !known.has(asset))],
    ["CF-3252", "owed in another unit", liabilities.some(({ asset }) => !listed.has(asset))],
    ["CF-3253", "a row that proves itself", all.some((row) => row.basis === "proved" || row.basis === "observed")],
    ["CF-3254", "too many rows", [units, ...lists].some((list) => list.length > ROWS_MAX)],
    ["CF-3254", "a name", names.some(badName)],
    ["CF-3254", "a sum", lists.some((list) => sums(list).some((sum) => sum >= LIMIT))],
    ["CF-3255", "a day for what is not locked", dated.some(({ kind }) => kind !== "locked" && kind !== "staked")],
    ["CF-3255", "another bucket", dated.some((row) => row.due !== dueWithin(row.until - cutoff))],
  ];
  const first = wrong.find(([, , is]) => is);
  if (first) throw new Refused("parse", first[0], first[1]);
}
