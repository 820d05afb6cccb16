// Coins between venues, from the text of docs/spec/network.md. The page does not need it: it is here so that a third
// implementation agrees with vectors/network/.

import { integer, listOf, record, text } from "../verifier/shape.js";
import { ZERO, add, below, parse, print, sub } from "./clearing.mjs";

const least = (a, b) => (below(b, a) ? b : a);
const party = record({ address: text, amount: text });
const flow = record({ amount: text, direction: text, height: integer(64), parties: listOf(party), txid: text });
const venue = record({ addresses: listOf(text), flows: listOf(flow), from: integer(64), to: integer(64), venue: text });
const deposit = record({ amount: text, debtor: text, depositor: text });

// What of a flow has the other venue on its other side; null when nothing of it.
function part(flow, own, other) {
  const amount = parse(flow.amount);
  const shares = flow.parties.map(({ address, amount: share }) => [address, share === "unknown" ? null : parse(share)]);
  const same = other.flows.find(
    (found) => found.height === flow.height && found.txid === flow.txid && found.direction !== flow.direction,
  );
  if (same) return least(amount, parse(same.amount));
  const isTheirs = (address) => other.addresses.includes(address) && !own.addresses.includes(address);
  const named = shares.filter(([address]) => isTheirs(address)).map(([, share]) => share);
  if (!named.length) return null;
  const found = named.includes(null) ? amount : least(amount, named.reduce(add, ZERO));
  return found.n > 0n ? found : null;
}

export function network(query, proof) {
  const { cutoff } = record({ cutoff: integer(64) })(query);
  const { deposits, venues } = record({ deposits: listOf(deposit), venues: listOf(venue) })(proof);
  const found = new Map();
  venues.forEach((own, one) => {
    venues.forEach((other, two) => {
      if (one === two) return;
      for (const flow of own.flows) {
        const amount = part(flow, own, other);
        if (amount === null) continue;
        const [from, to] = flow.direction === "out" ? [one, two] : [two, one];
        const outside = flow.height < other.from || flow.height > other.to;
        const key = JSON.stringify([from, to, flow.txid]);
        if (!found.has(key)) found.set(key, { amount, from, height: flow.height, outside, to, txid: flow.txid });
      }
    });
  });
  const order = (a, b) => a.from - b.from || a.to - b.to || (a.txid < b.txid ? -1 : 1);
  const transfers = [...found.values()].sort(order);
  const loans = [];
  venues.forEach(({ venue: lender }, one) => {
    venues.forEach(({ venue: borrower }, two) => {
      const sum = (from, to, before) =>
        transfers
          .filter((transfer) => transfer.from === from && transfer.to === to && transfer.height <= cutoff === before)
          .reduce((total, transfer) => add(total, transfer.amount), ZERO);
      const owed = deposits
        .filter((one) => one.depositor === lender && one.debtor === borrower)
        .reduce((total, one) => add(total, parse(one.amount)), ZERO);
      const lent = sub(least(sum(one, two, true), sum(two, one, false)), owed);
      if (one !== two && lent.n > 0n) loans.push({ amount: print(lent), borrower, lender });
    });
  });
  return {
    loans,
    transfers: transfers.map((transfer) => ({
      amount: print(transfer.amount),
      from: venues[transfer.from].venue,
      height: String(transfer.height),
      outside: transfer.outside ? "yes" : "no",
      to: venues[transfer.to].venue,
      txid: transfer.txid,
    })),
  };
}
