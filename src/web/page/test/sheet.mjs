// Sheets that nobody has signed, computed from the text of docs/spec/sheet.md, quality.md and liquidity.md. The page does
// not need them: they are here so that a third implementation agrees with vectors/sheet/.

import { any, has, record, text } from "../verifier/shape.js";
import { ZERO, below, decimal, isZero, least, less, make, over, percent, plus, rootUp, shown, sum, times } from "./fraction.mjs";
import { readSheet, rowsOfTable } from "./sheet_form.mjs";

const DUE = ["now", "24h", "7d", "30d", "longer"];
const DAYS = [0n, 1n, 7n, 30n];
const CAPS = ["issuer", "locked", "marked", "price", "participation", "float", "book", "impact", "market-value", "wrong-way"];
const DEFAULTS = { participation: "1000", impact: "10000", float_share: "10000", shares: ["10000", "7500", "5000", "2500"], asset: [] };

const share = (hundredths) => make(BigInt(hundredths), 10_000n);
const place = (due) => DUE.indexOf(due);
const freeBy = (due) => (row) => row.due === undefined || place(row.due) <= place(due);
const perhaps = (value) => (value === undefined ? undefined : decimal(value));
/** The sum of a field; unknown when a row lacks it. */
const total = (rows, field) => (rows.every((row) => field in row) ? sum(rows.map((row) => decimal(row[field]))) : undefined);
const smallest = (...values) => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce(least);
};
const product = (left, right) => (left === undefined || right === undefined ? undefined : times(left, right));
const same = (left, right) => (left === undefined || right === undefined ? left === right : left.n * right.d === right.n * left.d);

function impactOf(amount, volume, factor) {
  if (isZero(factor)) return amount;
  const bound = over(make(2n), times(make(3n), factor));
  const sold = least(amount, times(volume, times(bound, bound)));
  if (isZero(volume)) return ZERO;
  return times(sold, less(make(1n), times(factor, rootUp(over(sold, volume)))));
}

function bookOf(amount, bids) {
  let [rest, paid] = [amount, ZERO];
  for (const bid of bids) {
    const part = least(rest, decimal(bid.amount));
    [rest, paid] = [less(rest, part), plus(paid, times(part, decimal(bid.price)))];
  }
  return paid;
}

/** Every cap of a position by the end of a bucket, the smallest one, and its name. */
function valueOf({ rows, terms, own }, rules, due) {
  const [price, volume, float] = [terms.price, terms.daily_volume, terms.free_float].map(perhaps);
  const free = rows.filter(freeBy(due));
  const [marked, quantity] = [total(rows, "marked"), total(rows, "quantity")];
  const [freeMarked, freeQuantity] = [total(free, "marked"), total(free, "quantity")];
  const base = smallest(freeMarked, product(freeQuantity, price));
  const caps = { marked, price: product(quantity, price), "market-value": perhaps(terms.market_value) };
  if (own) caps.issuer = ZERO;
  if (!same(marked, freeMarked) || !same(quantity, freeQuantity)) caps.locked = base;
  if (terms.wrong_way !== undefined) caps["wrong-way"] = product(base, share(terms.wrong_way));
  const byPrice = freeMarked !== undefined && price !== undefined && !isZero(price) ? over(freeMarked, price) : undefined;
  const sold = freeQuantity ?? byPrice;
  if (sold !== undefined) {
    if (terms.bid?.length > 0) caps.book = bookOf(sold, terms.bid);
    if (float !== undefined) caps.float = product(least(sold, times(float, share(rules.float_share))), price);
    const days = DAYS[place(due)];
    if (volume !== undefined && days !== undefined) {
      const most = times(times(volume, share(rules.participation)), make(days));
      caps.participation = product(least(sold, most), price);
    }
    if (volume !== undefined && terms.volatility !== undefined && price !== undefined) {
      caps.impact = times(impactOf(sold, volume, times(share(rules.impact), share(terms.volatility))), price);
    }
  }
  const known = CAPS.filter((name) => caps[name] !== undefined);
  const by = known.reduce((best, name) => (best === undefined || below(caps[name], caps[best]) ? name : best), undefined);
  return { caps, by, value: caps[by], there: freeMarked ?? product(freeQuantity, price) };
}

function groupsOf(sheet, rules, terms) {
  const rows = sheet.asset.filter((row) => row.part_of === undefined);
  const assets = [...new Set(rows.map((row) => row.asset))].sort();
  let groups = assets.map((asset) => {
    const own = rows.filter((row) => row.asset === asset);
    const known = terms.get(asset) ?? {};
    const relation = [...own.map((row) => row.relation), known.relation].find((word) => word && word !== "none") ?? "none";
    return { asset, rows: own, terms: known, relation, own: relation !== "none" };
  });
  const listed = sum(rows.filter((row) => "marked" in row).map((row) => decimal(row.marked)));
  const rest = less(decimal(sheet.totals.assets ?? "0"), listed);
  if (!isZero(rest)) {
    const known = (group, field) => total(group.rows, field) !== undefined;
    groups = groups.filter((group) => known(group, "marked") || known(group, "quantity"));
    // a sum of decimals is one itself, so no digit is lost
    const digits = { marked: `${rest.n / rest.d}.${fractionOf(rest)}` };
    groups.push({ rows: [digits], terms: {}, relation: "none", own: false });
  }
  return groups.map((group) => ({ ...group, values: DUE.map((due) => valueOf(group, rules, due)) }));
}

/** The digits of a decimal behind the point; sixty are more than any amount has. */
const fractionOf = ({ n, d }) => String(((n % d) * 10n ** 60n) / d).padStart(60, "0");

function findingsOf(sheet, groups, terms, owed) {
  const found = [];
  for (const { asset, rows, own, terms: known } of groups) {
    const [marked, market] = [total(rows, "marked"), perhaps(known.market_value)];
    if (asset === undefined) {
      found.push(["CF-7373", "assets"]);
      continue;
    }
    if (own) found.push(["CF-7370", asset]);
    if (marked && market && below(market, marked)) found.push(["CF-7371", asset]);
    const worthless = marked !== undefined && isZero(marked);
    if (!own && !worthless && rows.some((row) => row.due === undefined)) found.push(["CF-7375", asset]);
  }
  const whole = sheet.asset.filter((row) => row.part_of === undefined && "marked" in row);
  for (const [side, rows, field] of [["assets", whole, "marked"], ["liabilities", sheet.liability, "amount"]]) {
    const [printed, listed] = [perhaps(sheet.totals[side]), total(rows, field)];
    if (printed && below(printed, listed)) found.push(["CF-7377", side]);
    if (printed && side === "liabilities" && below(listed, printed)) found.push(["CF-7373", side]);
  }
  for (const asset of new Set(sheet.liability.map((row) => row.asset).filter((asset) => asset !== undefined))) {
    const group = groups.find((group) => group.asset === asset);
    const held = group && total(group.rows, "marked");
    if (!group || (held && below(held, owed("longer", asset)))) found.push(["CF-7374", asset]);
  }
  found.push(...sheet.entry.map(({ name }) => ["CF-7372", name]));
  found.push(...sheet.asset.filter((row) => row.related_party).map(({ name }) => ["CF-7376", name]));
  const named = new Set(sheet.asset.map(({ asset }) => asset));
  found.push(...[...terms.keys()].filter((asset) => !named.has(asset)).map((asset) => ["CF-7378", asset]));
  const severity = (code) => (code === "CF-7375" || code === "CF-7378" ? "note" : "exception");
  const rows = found.map(([code, subject]) => ({ code, severity: severity(code), subject }));
  const key = (row) => `${row.severity} ${row.code} ${row.subject}`;
  return rows.sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

function judge(sheet, quality) {
  const rules = { ...DEFAULTS, ...quality };
  const terms = new Map(rules.asset.map((entry) => [entry.id, entry]));
  const groups = groupsOf(sheet, rules, terms);
  const debts = sheet.liability.map((row) => ({ ...row, due: row.due ?? (sheet.callable === "at-once" ? "now" : "longer") }));
  const rest = less(decimal(sheet.totals.liabilities ?? "0"), total(debts, "amount"));
  const without = sheet.callable === "at-once" ? "now" : "longer";
  const owed = (due, asset) => {
    const rows = debts.filter((row) => freeBy(due)(row) && (asset === undefined || row.asset === asset));
    return asset === undefined && place(without) <= place(due) ? plus(total(rows, "amount"), rest) : total(rows, "amount");
  };
  const toOthers = (due) => {
    const own = groups.filter((group) => group.own).map(({ asset, rows }) => smallest(total(rows, "marked"), owed(due, asset)));
    return less(owed(due), sum(own));
  };
  const together = (values) => (values.includes(undefined) ? undefined : sum(values));
  const last = (group) => group.values.at(-1);
  // what is owed in an asset is paid with it, and not sold first; of an unknown amount it is everything owed in it
  const inKind = ({ asset, own, values }, at) =>
    asset === undefined || own ? ZERO : smallest(owed(DUE[at], asset), values[at].there);
  const pays = (group, at, sold) => {
    const [kind, { there }] = [inKind(group, at), group.values[at]];
    if (sold === undefined || isZero(kind)) return sold;
    return plus(kind, there === undefined ? sold : least(sold, less(there, kind)));
  };
  const end = DUE.length - 1;
  const only = (...caps) =>
    together(groups.map((group) => pays(group, end, smallest(...caps.map((name) => last(group).caps[name])))));
  const line = (held, asked) => ({
    ...(held && { held: shown(held) }),
    ...(held && below(held, asked) && { missing: shown(less(asked, held)) }),
  });
  const rungs = DUE.map((due, at) => {
    const { held, missing } = line(together(groups.map((group) => pays(group, at, group.values[at].value))), toOthers(due));
    return { callable: shown(toOthers(due)), due, ...(held && { realisable: held }), ...(missing && { missing }) };
  });
  const failing = rungs.find((rung) => rung.missing !== undefined);
  const capped = together(groups.map((group) => pays(group, end, last(group).value)));
  const handedOver = sum(groups.map((group) => inKind(group, end)));
  const atShare = (part) => capped && plus(handedOver, times(less(capped, handedOver), share(part)));
  const all = toOthers("longer");
  const beliefs = [
    ["as the sheet marks it", only("marked", "price"), owed("longer")],
    ["tokens of its own circle at zero", only("marked", "price", "issuer"), all],
    ["and none above the market value of all of it", only("marked", "price", "issuer", "market-value"), all],
    ["and every other cap that is assumed", capped, all],
    ...rules.shares.filter((part) => BigInt(part) !== 10_000n).map((part) => [
      `and everything at ${BigInt(part) / 100n}.${String(BigInt(part) % 100n).padStart(2, "0")} % of that`,
      atShare(part), all,
    ]),
    ...sheet.entry.map(({ amount, name }) => [`every cap, and ${JSON.stringify(name)} is owed`, capped, plus(all, decimal(amount))]),
  ];
  return {
    assets: groups.map(printed),
    findings: findingsOf(sheet, groups, terms, owed),
    ladder: { ...(failing && { first_failing: failing.due }), rungs },
    sensitivity: beliefs.map(([name, value, asked]) => {
      const { held, missing } = line(value, asked);
      return { name, owed: shown(asked), ...(held && { assets: held }), ...(missing && { missing }) };
    }),
    verdict: failing ? "short" : "not-determinable",
  };
}

function printed({ asset, rows, relation, terms, values }) {
  const [marked, quantity, market] = [total(rows, "marked"), total(rows, "quantity"), perhaps(terms.market_value)];
  return {
    ...(asset !== undefined && { asset }),
    ...(marked && { marked: shown(marked) }),
    ...(quantity && { quantity: shown(quantity) }),
    ...(marked && market && !isZero(market) && { share_of_market: percent(marked, market) }),
    relation,
    rows: rows.filter((row) => row.name !== undefined).map((row) => row.name),
    values: values.map(({ by, value }, at) => ({ due: DUE[at], ...(value && { by, value: shown(value) }) })),
  };
}

export function sheet(query, proof) {
  const { quality } = { quality: {}, ...record(has(query, "quality") ? { quality: any } : {})(query) };
  const sent = record({ sheet: any, ...(has(proof, "rows") ? { rows: text } : {}) })(proof);
  const read = readSheet(sent.sheet);
  return judge(sent.rows === undefined ? read : rowsOfTable(sent.sheet, read, sent.rows), quality);
}
