// Coins between venues, from the text of docs/spec/network.md. The page does not need it: it is here so that a third
// implementation agrees with vectors/network/.

import { integer, listOf, record, text } from "../verifier/shape.js";
import { ZERO, add, below, parse, print, sub } from "./clearing.mjs";

const least = (a, b) => (below(b, a) ? b : a);
const above = (a, b) => below(b, a);
const total = (list) => list.reduce(add, ZERO);
const party = record({ address: text, amount: text });
const flow = record({ amount: text, direction: text, height: integer(64), parties: listOf(party), txid: text });
const names = listOf(text);
const venue = record({ addresses: names, flows: listOf(flow), from: integer(64), listed: names, to: integer(64), uncounted: names, venue: text });
const deposit = record({ amount: text, debtor: text, depositor: text });
const found = record({ amount: text, borrower: text, lender: text });
const sheet = record({ holds: text, owes: text, venue: text });
const sent = record({ deployments: listOf(listOf(venue)), deposits: listOf(deposit), judged: listOf(found), sheets: listOf(sheet) });

// Amounts by a key of several parts.
class Sums extends Map {
  of(...key) {
    return this.get(key.join(" ")) ?? ZERO;
  }
  plus(amount, ...key) {
    this.set(key.join(" "), add(this.of(...key), amount));
  }
}

// What of a flow has the other venue on its other side: at most, by control, and what certainly left the payer; null
// when nothing of it.
function part(flow, own, other) {
  const amount = parse(flow.amount);
  const same = other.flows.find(
    (told) => told.height === flow.height && told.txid === flow.txid && told.direction !== flow.direction,
  );
  if (same) {
    const both = least(amount, parse(same.amount));
    return { most: both, sure: both, left: both };
  }
  const isTheirs = ({ address }) => other.addresses.includes(address) && !own.addresses.includes(address);
  const theirs = flow.parties.filter(isTheirs);
  const controlled = theirs.filter(({ address }) => !other.listed.includes(address));
  const counted = controlled.filter(({ address }) => !other.uncounted.includes(address));
  const certain = (parties) =>
    least(amount, total(parties.filter((one) => one.amount !== "unknown").map((one) => parse(one.amount))));
  const most = (parties) => (parties.some((one) => one.amount === "unknown") ? amount : certain(parties));
  if (!above(most(theirs), ZERO)) return null;
  return { most: most(theirs), sure: most(controlled), left: certain(flow.direction === "out" ? controlled : counted) };
}

function payments(venues) {
  const all = new Map();
  venues.forEach((own, one) => {
    venues.forEach((other, two) => {
      if (one === two) return;
      for (const flow of own.flows) {
        const going = part(flow, own, other);
        if (going === null) continue;
        const [from, to] = flow.direction === "out" ? [one, two] : [two, one];
        const outside = flow.height < other.from || flow.height > other.to;
        const key = JSON.stringify([from, to, flow.txid]);
        if (!all.has(key)) all.set(key, { ...going, from, height: flow.height, outside, to, txid: flow.txid });
      }
    });
  });
  const order = (a, b) => a.from - b.from || a.to - b.to || (a.txid < b.txid ? -1 : 1);
  const sorted = [...all.values()].sort(order);
  // one transaction takes what it takes from the payer once
  const spent = new Sums();
  for (const one of sorted) {
    const told = venues[one.from].flows.find(
      (flow) => flow.txid === one.txid && flow.height === one.height && flow.direction === "out",
    );
    if (!told) continue;
    one.left = least(one.left, sub(parse(told.amount), spent.of(one.from, one.height, one.txid)));
    spent.plus(one.left, one.from, one.height, one.txid);
  }
  return sorted;
}

const highest = (steps) => {
  let [sum, most] = [ZERO, ZERO];
  for (const step of steps) {
    sum = add(sum, step);
    if (above(sum, most)) most = sum;
  }
  return most;
};

// Net amounts of the blocks from one venue to another.
function nets(transfers, from, to, measure) {
  const blocks = new Map();
  const put = (height, amount) => blocks.set(height, add(blocks.get(height) ?? ZERO, amount));
  for (const one of transfers) {
    if (one.from === from && one.to === to) put(one.height, one[measure]);
    if (one.from === to && one.to === from) put(one.height, sub(ZERO, one.left));
  }
  return [...blocks].sort(([a], [b]) => (a < b ? -1 : 1));
}

const difference = (sums) => {
  const left = new Sums();
  for (const [key, amount] of sums) {
    const [from, to] = key.split(" ");
    const against = sums.of(to, from);
    if (above(amount, against)) left.set(key, sub(amount, against));
  }
  return left;
};

// Ways from one venue to another: straight, then over each other one.
function ways(left, count, from, to) {
  const others = [...Array(count).keys()].filter((by) => by !== from && by !== to);
  const routes = [[[from, to]], ...others.map((by) => [[from, by], [by, to]])];
  return routes.map((pairs) => ({ pairs, most: pairs.map((pair) => left.of(...pair)).reduce(least) }));
}

function consume(left, routes, amount) {
  for (const { pairs, most } of routes) {
    const part = least(most, amount);
    amount = sub(amount, part);
    for (const pair of pairs) left.plus(sub(ZERO, part), ...pair);
  }
}

// What was lent by one measure, less deposits, and what each lent in all.
function loans(cutoffs, chains, count, deposits, measure) {
  const [rows, given, owed, came, back] = [new Sums(), new Sums(), new Sums(deposits), new Sums(), new Sums()];
  const note = (lender, borrower, way, amount) => {
    given.plus(amount, lender);
    const answered = least(amount, owed.of(lender, borrower));
    owed.plus(sub(ZERO, answered), lender, borrower);
    if (above(amount, answered)) rows.plus(sub(amount, answered), lender, borrower, way);
  };
  const pairs = [...Array(count).keys()].flatMap((one) => [...Array(count).keys()].map((two) => [one, two]));
  const apart = pairs.filter(([one, two]) => one !== two);
  chains.forEach((transfers, place) => {
    for (const [lender, borrower] of apart) {
      const upTo = nets(transfers, lender, borrower, measure).filter(([height]) => height <= cutoffs[place]);
      const behind = nets(transfers, borrower, lender, measure).filter(([height]) => height > cutoffs[place]);
      const [before, after] = [highest(upTo.reverse().map(([, net]) => net)), highest(behind.map(([, net]) => net))];
      const lent = least(before, after);
      note(lender, borrower, place, lent);
      came.plus(sub(before, lent), lender, borrower);
      back.plus(sub(after, lent), borrower, lender);
    }
  });
  const [there, home] = [difference(came), difference(back)];
  for (const [lender, borrower] of apart) {
    const [out, returned] = [ways(there, count, lender, borrower), ways(home, count, borrower, lender)];
    const most = (routes) => total(routes.map((route) => route.most));
    const amount = least(most(out), most(returned));
    consume(there, out, amount);
    consume(home, returned, amount);
    note(lender, borrower, chains.length, amount);
  }
  return { given, rows };
}

export function network(query, proof) {
  const { cutoffs } = record({ cutoffs: listOf(integer(64)) })(query);
  const { deployments, deposits, judged, sheets } = sent(proof);
  const place = (name) => sheets.findIndex((sheet) => sheet.venue === name);
  const chains = deployments.map(payments);
  const [owed, known] = [new Sums(), new Sums()];
  for (const one of deposits) owed.plus(parse(one.amount), place(one.depositor), place(one.debtor));
  for (const one of judged) known.plus(parse(one.amount), place(one.lender), place(one.borrower));
  const sure = loans(cutoffs, chains, sheets.length, owed, "sure");
  const all = loans(cutoffs, chains, sheets.length, owed, "most");
  const { given } = loans(cutoffs, chains, sheets.length, owed, "left");
  const stands = sheets.map(({ holds, owes }) => (owes === "unknown" ? null : [parse(holds), parse(owes)]));
  const isCritical = (borrower) => {
    let rest = sub(ZERO, given.of(borrower));
    sheets.forEach((_, lender) => {
      const direct = total(chains.map((_, way) => sure.rows.of(lender, borrower, way)));
      rest = add(rest, add(direct, sure.rows.of(lender, borrower, chains.length)));
      rest = sub(rest, least(direct, known.of(lender, borrower)));
    });
    const stand = stands[borrower];
    return above(rest, ZERO) && (stand === null || below(sub(stand[0], rest), stand[1]));
  };
  const [lent, listed] = [[], []];
  for (let lender = 0; lender < sheets.length; lender += 1) {
    for (let borrower = 0; borrower < sheets.length; borrower += 1) {
      for (let way = 0; way <= chains.length; way += 1) {
        const [shown, most] = [sure.rows.of(lender, borrower, way), all.rows.of(lender, borrower, way)];
        const row = { borrower: sheets[borrower].venue, lender: sheets[lender].venue };
        row.way = way === chains.length ? "around" : String(way);
        const weight = isCritical(borrower) ? "critical" : "exception";
        if (above(shown, ZERO)) lent.push({ ...row, amount: print(shown), weight });
        if (above(most, shown)) listed.push({ ...row, amount: print(sub(most, shown)) });
      }
    }
  }
  const told = (one, deployment) => ({
    amount: print(one.most),
    deployment: String(deployment),
    from: sheets[one.from].venue,
    height: String(one.height),
    left: print(one.left),
    outside: one.outside ? "yes" : "no",
    to: sheets[one.to].venue,
    txid: one.txid,
  });
  return { listed, loans: lent, transfers: chains.flatMap((all, deployment) => all.map((one) => told(one, deployment))) };
}
