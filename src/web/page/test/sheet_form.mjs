// What a sheet and its table may look like: docs/spec/sheet.md.

import { Misshapen, Refused, withCode } from "../verifier/refusal.js";
import * as shape from "../verifier/shape.js";
import { ZERO, below, decimal, plus } from "./fraction.mjs";

const { assetId, boolean, has, listOf, oneOf, pattern, record, text } = shape;
const due = oneOf("now", "24h", "7d", "30d", "longer");
const kind = oneOf("deposit", "bank", "stablecoin", "wrapped", "token", "coin", "fund", "security", "venture", "other");
const plain = pattern(/^(0|[1-9][0-9]*)(\.[0-9]+)?$/);

function amount(value) {
  if (plain(value).length > 60) throw new Misshapen("more than 60 characters");
  return value;
}

/** A record some of whose fields may be left out. */
const perhaps = ({ must, may }) => (value) => {
  const there = Object.entries(may).filter(([name]) => has(value, name));
  return record({ ...must, ...Object.fromEntries(there) })(value);
};

const ASSET = {
  must: { name: text, asset: assetId, kind, relation: oneOf("none", "self", "affiliate") },
  may: { marked: amount, quantity: amount, due, part_of: text, related_party: boolean, note: text },
};
const LIABILITY = { must: { name: text, amount }, may: { asset: assetId, due, note: text } };
const ENTRY = { must: { name: text, amount, negative: boolean }, may: { note: text } };
const sheetShape = perhaps({
  must: {
    format: oneOf("counterfoil-sheet-v1"), name: text, as_of: shape.time, unit: text,
    callable: oneOf("at-once", "unknown"), sources: listOf(text),
  },
  may: {
    totals: perhaps({ must: {}, may: { assets: amount, liabilities: amount } }),
    asset: listOf(perhaps(ASSET)), liability: listOf(perhaps(LIABILITY)), entry: listOf(perhaps(ENTRY)),
  },
});

export function readSheet(sent) {
  const read = withCode("CF-3260", () => sheetShape(sent));
  const sheet = { totals: {}, asset: [], liability: [], entry: [], ...read };
  const parts = new Map(sheet.asset.map((row) => [row.name, row.part_of]));
  const badPart = (whole) => whole !== undefined && (!parts.has(whole) || parts.get(whole) !== undefined);
  const within = new Map();
  for (const row of sheet.asset.filter((part) => part.part_of !== undefined && "marked" in part)) {
    within.set(row.part_of, plus(within.get(row.part_of) ?? ZERO, decimal(row.marked)));
  }
  const tooMuch = (row) => "marked" in row && below(decimal(row.marked), within.get(row.name) ?? ZERO);
  const wrong =
    sheet.asset.some(tooMuch) || sheet.sources.length === 0 || sheet.name === "" || sheet.unit === "" || parts.size < sheet.asset.length ||
    [sheet.asset, sheet.liability, sheet.entry].some((rows) => rows.length > 10_000) || [...parts.values()].some(badPart);
  if (wrong) throw new Refused("parse", "CF-3260", "a sheet that does not fit itself");
  return sheet;
}

/** The cells of one line; nothing where programs read it in two ways. */
function cells(line) {
  const found = [];
  let [cell, at] = ["", "start"];
  for (const char of line) {
    if (at === "quoted" && char !== '"') cell += char;
    else if (at === "quoted") at = "closed";
    else if (char === ",") {
      found.push(cell);
      [cell, at] = ["", "start"];
    } else if (char === '"') {
      if (at === "plain") return null;
      if (at === "closed") cell += '"';
      at = "quoted";
    } else {
      if (at === "closed") return null;
      cell += char;
      at = "plain";
    }
  }
  return at === "quoted" ? null : [...found, cell];
}

const yesNo = (value) => oneOf("yes", "no")(value) === "yes";
const { marked, ...mayBeInTable } = ASSET.may;
const LISTS = {
  asset: { must: ASSET.must, may: { ...mayBeInTable, amount: marked, related_party: yesNo } },
  liability: LIABILITY,
  entry: { must: { ...ENTRY.must, negative: yesNo }, may: ENTRY.may },
};
const COLUMNS = [
  "list", "name", "asset", "amount", "kind", "quantity", "relation", "due", "part_of", "related_party", "negative", "note",
];
const refuse = (code, why) => {
  throw new Refused("parse", code, why);
};

export function rowsOfTable(sent, sheet, table) {
  if (sheet.asset.length + sheet.liability.length + sheet.entry.length > 0) refuse("CF-8157", "rows in two places");
  const lines = table.replace(/^\ufeff/, "").split("\n").map((line) => line.replace(/\r$/, ""));
  const rows = lines.filter((line) => line !== "").map((line) => (/[\p{Cc}]/u.test(line.replaceAll("\t", "")) ? null : cells(line)));
  if (rows.length === 0 || rows.includes(null)) refuse("CF-8150", "not CSV");
  const [head, ...body] = rows;
  const known = head.every((name) => COLUMNS.includes(name)) && new Set(head).size === head.length;
  if (!known || !head.includes("list")) refuse("CF-8151", `columns ${head}`);
  const lists = { asset: [], liability: [], entry: [] };
  for (const row of body) {
    if (row.length !== head.length) refuse("CF-8152", `${row}`);
    const filled = new Map(head.map((name, at) => [name, row[at]]).filter(([, cell]) => cell !== ""));
    if (filled.size === 0) continue;
    const name = filled.get("list") ?? refuse("CF-8154", "no list");
    filled.delete("list");
    const { must, may } = LISTS[name] ?? refuse("CF-8153", `list ${name}`);
    if (Object.keys(must).some((column) => !filled.has(column))) refuse("CF-8154", `a cell of ${row}`);
    if ([...filled.keys()].some((column) => !(column in must) && !(column in may))) refuse("CF-8155", `a cell of ${row}`);
    const cell = ([column, value]) => [name === "asset" && column === "amount" ? "marked" : column, { ...may, ...must }[column](value)];
    lists[name].push(withCode("CF-8153", () => Object.fromEntries([...filled].map(cell))));
  }
  return readSheet({ ...sent, ...lists });
}
