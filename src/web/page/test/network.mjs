// Coins between venues, from the text of docs/spec/network.md. The page does not need it: it is here so that a third
// implementation agrees with vectors/network/.

import { integer, listOf, record, text } from "../verifier/shape.js";
import { ZERO, add, below, parse, print, sub } from "./clearing.mjs";

const least = (a, b) => (below(b, a) ? b : a);
const party = record({ address: text, amount: text });
const flow = record({ amount: text, direction: text, height: integer(64), parties: listOf(party), txid: text });
const venue = record({ addresses: listOf(text), flows: listOf(flow), from: integer(64), listed: listOf(text), to: integer(64), venue: text });
const deposit = record({ amount: text, debtor: text, depositor: text });

// What of a flow has the other venue on its other side; null when nothing of it.
function part(flow, own, other) {
  const amount = parse(flow.amount);
  const shares = flow.parties.map(({ address, amount: share }) => [address, share === "unknown" ? null : parse(share)]);
  const same = other.flows.find(
    (found) => found.height === flow.height && found.txid === flow.txid && found.direction !== flow.direction,
  );
  if (same) return { amount: least(amount, parse(same.amount)), sure: least(amount, parse(same.amount)) };
  const isTheirs = (address) => other.addresses.includes(address) && !own.addresses.includes(address);
  const partWith = (wanted) => {
    const found = shares.filter(([address]) => isTheirs(address) && wanted(address)).map(([, share]) => share);
    return found.includes(null) ? amount : least(amount, found.reduce(add, ZERO));
  };
  const all = partWith(() => true);
  return all.n > 0n ? { amount: all, sure: partWith((address) => !other.listed.includes(address)) } : null;
}

export function network(query, proof) {
  const { cutoff } = record({ cutoff: integer(64) })(query);
  const { deposits, venues } = record({ deposits: listOf(deposit), venues: listOf(venue) })(proof);
  const found = new Map();
  venues.forEach((own, one) => {
    venues.forEach((other, two) => {
      if (one === two) return;
      for (const flow of own.flows) {
        const going = part(flow, own, other);
        if (going === null) continue;
        const [from, to] = flow.direction === "out" ? [one, two] : [two, one];
        const outside = flow.height < other.from || flow.height > other.to;
        const key = JSON.stringify([from, to, flow.txid]);
        if (!found.has(key)) found.set(key, { ...going, from, height: flow.height, outside, to, txid: flow.txid });
      }
    });
  });
  const order = (a, b) => a.from - b.from || a.to - b.to || (a.txid < b.txid ? -1 : 1);
  const transfers = [...found.values()].sort(order);
  const [loans, listed] = [[], []];
  venues.forEach(({ venue: lender }, one) => {
    venues.forEach(({ venue: borrower }, two) => {
      if (one === two) return;
      const sum = (from, to, before, field) =>
        transfers
          .filter((transfer) => transfer.from === from && transfer.to === to && transfer.height <= cutoff === before)
          .reduce((total, transfer) => add(total, transfer[field]), ZERO);
      const owed = deposits
        .filter((one) => one.depositor === lender && one.debtor === borrower)
        .reduce((total, one) => add(total, parse(one.amount)), ZERO);
      const lent = (field) => {
        const found = sub(least(sum(one, two, true, field), sum(two, one, false, field)), owed);
        return found.n > 0n ? found : ZERO;
      };
      const [sure, all] = [lent("sure"), lent("amount")];
      if (sure.n > 0n) loans.push({ amount: print(sure), borrower, lender });
      if (below(sure, all)) listed.push({ amount: print(sub(all, sure)), borrower, lender });
    });
  });
  return {
    listed,
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
