// The verdict about one asset, computed from the text of docs/spec/reconcile.md and docs/spec/window.md. The page does
// not need it: it is here so that a third implementation agrees with vectors/reconcile/.

import * as shape from "../verifier/shape.js";

const { integer, listOf, oneOf, record, text } = shape;
const height = integer(64);
const units = integer(128);
const yes = (value) => oneOf("yes", "no")(value) === "yes";
const rank = (...words) => (value) => words.indexOf(oneOf(...words)(value));
const basis = rank("assumed", "stated", "observed", "proved");
const completeness = rank(
  "existed", "unspent-stated", "unspent-observed", "unspent-until-spend", "replayed", "full-set", "exact",
);

/** An object some of whose fields may be left out; those are null then. */
const recordWith = (fields, perhaps) => (value) => {
  const there = Object.entries(perhaps).filter(([name]) => shape.has(value, name));
  const absent = Object.fromEntries(Object.keys(perhaps).map((name) => [name, null]));
  return { ...absent, ...record({ ...fields, ...Object.fromEntries(there) })(value) };
};

const range = { from: height, to: height };
const coin = record({ address: text, amount: units, id: text });
const party = recordWith({ name: text }, { amount: units });
const commitmentShape = record({
  blocks: listOf(record({ chain: shape.chainId, height })), cutoff: shape.time, logged: yes, owed: units, same_set: yes,
  sequence: height,
});
const askedShape = recordWith(
  {
    addresses: listOf(text), demanded: yes, explained: listOf(record({ leaf: text, txid: text })), snapshot: height,
    ...range,
  },
  { closing: height },
);
const leafShape = record({
  balances: listOf(record({ amount: units, sequence: height })), credential: text, name: text,
});
const queryShape = recordWith({
  authenticity: basis, commitments: listOf(commitmentShape), completeness, critical: yes, decimals: shape.decimals,
  deployments: listOf(record({
    apart: units, counted: units, decimals: shape.decimals, every_address: yes, id: text, outside: units,
    possible: units, window: askedShape,
  })),
  flow_share: height, minimum_ratio: height, readable: yes, round_trip_blocks: height, round_trip_tolerance: height,
  subject: height,
}, { leaves: listOf(leafShape) });
const movedShape = record({
  authenticity: basis, from: listOf(party), height, received: listOf(coin), spent: listOf(coin), to: listOf(party),
  txid: text,
});
const windowShape = recordWith(
  {
    authenticity: basis, completeness, deployment: text, times: listOf(record({ height, seconds: height })),
    transfers: listOf(movedShape), ...range,
  },
  {
    gaps: listOf(record(range)), opening: listOf(coin),
    stretches: listOf(record({ address: text, minimum: units, reason: oneOf("logs", "nonce", "proof"), ...range })),
  },
);

const max = (left, right) => (left > right ? left : right);
const min = (left, right) => (left < right ? left : right);
const atLeastZero = (value) => max(value, 0n);
const sum = (values) => values.reduce((total, value) => total + value, 0n);
const lowest = (values) => values.reduce(min);
const byName = (left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right));

/** Hundredths of a percent, rounded down; null of nothing. */
function percent(part, whole) {
  if (whole === 0n) return null;
  const scaled = part * 10_000n;
  const down = scaled < 0n ? -((-scaled + whole - 1n) / whole) : scaled / whole;
  const digits = String(down < 0n ? -down : down).padStart(3, "0");
  return `${down < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)} %`;
}

/** A balance at the end of every block from `first` on. */
class Line {
  constructor(first, values) {
    this.first = first;
    this.values = values;
  }

  at(block) {
    return this.values[Number(block - this.first)] ?? null;
  }

  get lowest() {
    return lowest(this.values);
  }

  get lowestAt() {
    return this.first + BigInt(this.values.indexOf(this.lowest));
  }

  get points() {
    return this.values
      .map((amount, place) => ({ amount, height: this.first + BigInt(place) }))
      .filter(({ amount }, place) => place === 0 || amount !== this.values[place - 1]);
  }
}

const blocksOf = (first, last) => Array.from({ length: Math.max(0, Number(last - first + 1n)) }, (_, at) => first + BigInt(at));
const plus = (lines, first, count) =>
  new Line(first, Array.from({ length: count }, (_, at) => sum(lines.map((line) => line.values[at]))));

function netOf(moved, place, counted) {
  const own = (parts) => parts.filter((part) => counted.has(part.address));
  const others = (parties, parts) => [
    ...parties,
    ...parts.filter((part) => !counted.has(part.address)).map((part) => ({ name: part.address, amount: part.amount })),
  ];
  const total = (parts) => sum(parts.map((part) => part.amount));
  const gain = total(own(moved.received)) - total(own(moved.spent));
  const paidIn = others(moved.from, moved.spent);
  const paidOut = others(moved.to, moved.received);
  const senders = new Set(paidIn.filter((found) => found.amount !== null).map((found) => found.name));
  const account = [...moved.spent, ...moved.received].some((part) => part.id === part.address);
  // the one other output of a sender with coins is change
  if (paidOut.length === 1 && paidIn.length > 0 && !account) senders.add(paidOut[0].name);
  const paid = new Map();
  for (const { name, amount } of paidOut) paid.set(name, (paid.get(name) ?? 0n) + amount);
  const addresses = [...new Set(own(moved.spent).map((part) => part.address))].sort(byName);
  const of = (parts, address) => total(parts.filter((part) => part.address === address));
  const losses = addresses.map((address) => [address, atLeastZero(of(moved.spent, address) - of(moved.received, address))]);
  /** Of what came: as much as nobody's coins but this one's can have paid. */
  const ownOf = (name) => {
    const others = paidIn.filter((found) => found.name !== name);
    const none = paidIn.every((found) => found.name !== name || found.amount === null);
    if (gain < 0n || none || others.some((found) => found.amount === null)) return 0n;
    return atLeastZero(gain - total(others));
  };
  return {
    amount: gain < 0n ? -gain : gain, authenticity: moved.authenticity, direction: gain < 0n ? "out" : "in",
    height: moved.height, losses, ownOf, paid, place, senders, txid: moved.txid,
  };
}

function tripOf(name, came, went, asked) {
  const heightsIn = came.map((net) => net.height);
  const heightsOut = went.map((net) => net.height);
  const trip = {
    amount_in: sum(came.map((net) => net.amount)), amount_out: sum(went.map((net) => net.paid.get(name))),
    bound: 0n, came, counterparty: name, stated: 0n,
    first_out_at: lowest(heightsOut), in_at: lowest(heightsIn), last_in_at: heightsIn.reduce(max),
    out_at: heightsOut.reduce(max),
  };
  const isAround = (block) => trip.last_in_at <= block && trip.first_out_at > block;
  const lost = new Map();
  let left = trip.amount_in;
  for (const [address, loss] of went.flatMap((net) => net.losses)) {
    lost.set(address, (lost.get(address) ?? 0n) + min(left, loss));
    left -= min(left, loss);
  }
  /** The losses in the order of the addresses, up to what nobody explains. */
  const losses = (open) => {
    const found = new Map();
    for (const address of [...lost.keys()].sort(byName)) {
      found.set(address, min(open, lost.get(address)));
      open -= found.get(address);
    }
    return found;
  };
  const until = (nets, block, amount) => sum(nets.filter((net) => net.height <= block).map(amount));
  const there = (block) =>
    block >= max(trip.out_at, trip.last_in_at)
      ? 0n
      : atLeastZero(until(came, block, (net) => net.amount) - until(went, block, (net) => net.paid.get(name)));
  const authenticity = Math.min(...came.map((net) => net.authenticity), ...went.map((net) => net.authenticity));
  return { ...trip, around: isAround(asked.snapshot), authenticity, isAround, losses, there };
}

function tripsOf(nets, known, asked, heights, told) {
  const [trips, cameOnce, paidOnce] = [[], new Set(), new Set()];
  const reach = known.round_trip_blocks;
  const alike = (left, right) =>
    (max(left, right) - min(left, right)) * 10_000n <= max(left, right) * known.round_trip_tolerance;
  const take = (name, came, went) => {
    came.forEach((net) => cameOnce.add(net.place));
    went.forEach((net) => paidOnce.add(`${net.place} ${name}`));
    trips.push(tripOf(name, came, went, asked));
  };
  const free = (net, name) => net.direction === "out" && net.paid.has(name) && !paidOnce.has(`${net.place} ${name}`);
  const incoming = nets.filter((net) => net.direction === "in");
  for (const came of incoming.filter((net) => net.amount >= told)) {
    // in the order of the chain, then of names: the first that fits
    const fits = nets.flatMap((went) =>
      [...came.senders].sort(byName)
        .filter((name) => went.place > came.place && went.height <= came.height + reach && free(went, name))
        .filter((name) => alike(came.amount, went.paid.get(name)))
        .map((name) => [name, went]),
    );
    if (fits.length > 0) take(fits[0][0], [came], [fits[0][1]]);
  }
  for (const block of [asked.snapshot, ...heights.filter((found) => found !== asked.snapshot)]) {
    const before = incoming.filter((net) => net.height <= block && net.height + reach >= block);
    const after = nets.filter((net) => net.height > block && net.height <= block + reach);
    for (const name of [...new Set(before.flatMap((net) => [...net.senders]))].sort(byName)) {
      const came = before.filter((net) => net.senders.has(name) && !cameOnce.has(net.place));
      const went = after.filter((net) => free(net, name));
      const [amount, back] = [sum(came.map((net) => net.amount)), sum(went.map((net) => net.paid.get(name)))];
      if (came.length > 0 && went.length > 0 && amount >= told && alike(amount, back)) take(name, came, went);
    }
  }
  const order = (left, right) =>
    Number(left.in_at - right.in_at) || Number(left.out_at - right.out_at) || byName(left.counterparty, right.counterparty);
  return trips.sort(order);
}

/** What customers are owed, statement by statement: each unit explains one that came, once, on all chains together. */
class Leaves {
  constructor(known, commitments) {
    this.commitments = commitments;
    this.subject = known.subject;
    // of each window: its chain, and the first and last block that it shows
    this.measured = [];
    this.all = (known.leaves ?? []).map(({ balances, credential, name }) => ({
      credential, left: new Map(balances.map((one) => [one.sequence, one.amount])), name,
    }));
  }

  /** Whether what is owed in a statement is compared with what is held; of others than the subject, the log must show it. */
  isCompared({ blocks, logged, sequence }) {
    const shown = ({ chain, first, last }) => blocks.has(chain) && first <= blocks.get(chain) && blocks.get(chain) <= last;
    return sequence === this.subject || (logged && this.measured.every(shown));
  }

  explain(trips, brought, chain, scale) {
    const isOf = ({ credential }, name) =>
      credential === name ||
      (credential.startsWith("0x") && name.startsWith("0x") && credential.toLowerCase() === name.toLowerCase());
    const take = (trip, sequence) => {
      const sums = { bound: 0n, stated: 0n };
      for (const net of trip.came) {
        // what others in the transaction can have paid is bound to nobody
        const left = { bound: net.ownOf(trip.counterparty), stated: net.amount };
        const named = this.all.filter((leaf) => brought.some((one) => one.leaf === leaf.name && one.txid === net.txid));
        const bound = named.filter((leaf) => isOf(leaf, trip.counterparty)).map((leaf) => [leaf, "bound"]);
        for (const [leaf, kind] of [...bound, ...named.map((leaf) => [leaf, "stated"])]) {
          const used = min(left[kind], (leaf.left.get(sequence) ?? 0n) / scale);
          leaf.left.set(sequence, (leaf.left.get(sequence) ?? 0n) - used * scale);
          left[kind] -= used;
          if (kind === "bound") left.stated -= used;
          sums[kind] += used;
        }
      }
      return sums;
    };
    for (const trip of trips) {
      const there = this.commitments.filter(({ blocks }) => {
        const block = blocks.get(chain);
        return block !== undefined && trip.in_at <= block && block < trip.out_at;
      });
      if (!there.some((commitment) => this.isCompared(commitment))) continue;
      const found = there.map(({ sequence }) => take(trip, sequence));
      trip.bound = lowest(found.map(({ bound }) => bound));
      trip.stated = lowest(found.map(({ bound, stated }) => bound + stated)) - trip.bound;
    }
  }
}

const unexplained = (trip) => trip.amount_in - trip.bound;

/** Of one address at every block: how much, and by what that is known; "replay" where nothing is left open. */
function ownLine(shown, address, blocks) {
  if (shown.stretches !== null) {
    const at = (block) =>
      shown.stretches.find((found) => found.address === address && found.from <= block && block <= found.to) ?? null;
    const found = blocks.map(at);
    return {
      line: new Line(blocks[0], found.map((stretch) => stretch?.minimum ?? 0n)),
      by: found.map((stretch) => stretch?.reason ?? null),
    };
  }
  const own = (parts) => sum(parts.filter((part) => part.address === address).map((part) => part.amount));
  const value = (block) =>
    shown.transfers
      .filter((moved) => moved.height <= block)
      .reduce((total, moved) => total + own(moved.received) - own(moved.spent), own(shown.opening));
  return { line: new Line(blocks[0], blocks.map(value)), by: blocks.map(() => "replay") };
}

function gapsOf(shown, asked, blocks, seen) {
  const holes = shown.gaps ?? [];
  const unseen = (block, at) => !seen[at] || holes.some((gap) => gap.from <= block && block <= gap.to);
  const lists = [
    blocksOf(asked.from, min(asked.to, shown.from - 1n)),
    blocks.filter(unseen),
    blocksOf(max(asked.from, shown.to + 1n), asked.to),
  ];
  return lists.flatMap((list) => {
    const gaps = [];
    for (const block of list) {
      const last = gaps.at(-1);
      if (last && last.to + 1n === block) last.to = block;
      else gaps.push({ from: block, to: block });
    }
    return gaps;
  });
}

function measure(shown, asked, known, heights, explain) {
  const [first, last] = [max(asked.from, shown.from), min(asked.to, shown.to)];
  if (first > last) return null;
  const blocks = blocksOf(first, last);
  const names = [...asked.addresses].sort(byName);
  const own = new Map(names.map((name) => [name, ownLine(shown, name, blocks)]));
  const every = (test) => blocks.map((_, at) => names.every((name) => test(own.get(name).by[at])));
  const [seen, exactAt] = [every((by) => by !== null), every((by) => by !== null && by !== "nonce")];
  const line = plus([...own.values()].map((found) => found.line), first, blocks.length);
  const place = Number(asked.snapshot - first);
  const snapshot = exactAt[place] ? line.at(asked.snapshot) : null;
  const told = max(1n, (line.values.reduce(max) * known.flow_share + 9_999n) / 10_000n);
  const nets = shown.transfers
    .map((moved, at) => netOf(moved, at, new Set(names)))
    .filter((net) => first <= net.height && net.height <= last);
  const trips = tripsOf(nets, known, asked, heights, told);
  explain(trips, asked.explained);
  const lent = (block) => sum(trips.map((trip) => min(trip.there(block), unexplained(trip))));
  const firm = new Line(first, blocks.map((block) => atLeastZero(line.at(block) - lent(block))));
  const at = (name, block) => {
    const by = own.get(name).by[Number(block - first)] ?? null;
    return { exact: by !== null && by !== "nonce", shown: by !== null, value: own.get(name).line.at(block) };
  };
  const around = trips.filter((trip) => trip.around);
  let [gone, both] = [0n, 0n];
  for (const name of names) {
    const then = at(name, asked.snapshot);
    const later = asked.closing !== null && asked.closing > asked.snapshot ? at(name, asked.closing) : { shown: false };
    if (!then.exact || !later.shown || later.value >= then.value) continue;
    const returned = around.filter((trip) => trip.out_at <= asked.closing);
    const back = sum(returned.map((trip) => trip.losses(unexplained(trip)).get(name) ?? 0n));
    gone += then.value - later.value;
    both += min(then.value - later.value, back);
  }
  const less = sum(around.map(unexplained)) + gone - both;
  return {
    asked, blocks, firm, first, gone, last, line, names, nets, own, shown, snapshot, told, trips,
    accepted: shown.authenticity >= known.authenticity && shown.completeness >= known.completeness,
    at, exact: exactAt.every(Boolean), gaps: gapsOf(shown, asked, blocks, seen),
    sustained: snapshot === null ? null : atLeastZero(snapshot - less),
    times: new Map(shown.times.map((clock) => [clock.height, clock.seconds])),
  };
}

const tripsAround = (window, block, least) =>
  sum(
    window.trips
      .filter((trip) => trip.isAround(block) && trip.authenticity >= least)
      .map((trip) => atLeastZero(min(trip.amount_in, trip.amount_out) - trip.bound - trip.stated)),
  );

function meanOf(window) {
  const begins = window.line.points;
  const ends = [...begins.slice(1).map((point) => point.height), window.last];
  const time = (block) => window.times.get(block);
  if (!window.exact || [...begins.map((point) => point.height), ...ends].some((block) => !window.times.has(block))) return null;
  const lasts = begins.map((point, at) => time(ends[at]) - time(point.height));
  const whole = sum(lasts);
  return whole === 0n ? null : sum(begins.map((point, at) => point.amount * lasts[at])) / whole;
}

function addressRow(window, name) {
  const { line, by } = window.own.get(name);
  const then = window.at(name, window.asked.snapshot);
  const sure = by.every((reason) => reason !== null && reason !== "nonce") && (then.value ?? 0n) > 0n;
  const holds = window.blocks.filter((block) => line.at(block) > 0n);
  return {
    address: name,
    appeared_at: sure && line.at(window.first) === 0n ? holds[0] : null,
    emptied_at: sure && line.at(window.last) === 0n ? holds.at(-1) + 1n : null,
    minimum: line.lowest, minimum_at: line.lowestAt, snapshot: then.exact ? then.value : null,
  };
}

function reportOf(window) {
  const { asked, line, snapshot } = window;
  const sorted = [...line.values].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const count = asked.to - asked.from + 1n;
  return {
    addresses: window.names.map((name) => addressRow(window, name)), blocks: count,
    covered: count - sum(window.gaps.map((gap) => gap.to - gap.from + 1n)), curve: line.points,
    deployment: window.shown.deployment,
    dressing_ratio: snapshot === null || !window.exact ? null : percent(snapshot - median, snapshot),
    exact: window.exact,
    flows: window.nets
      .filter((net) => net.amount >= window.told)
      .map(({ amount, direction, height: block, txid }) => ({ amount, direction, height: block, txid })),
    gaps: window.gaps, gone_before_closing: window.gone, mean: meanOf(window), median, minimum: line.lowest,
    minimum_at: line.lowestAt,
    round_trips: window.trips.map(({ authenticity, bound, came, isAround, losses, stated, there, ...told }) => ({
      ...told, explained: bound === told.amount_in, explained_bound: bound || null, explained_stated: stated || null,
    })),
    snapshot, sustained: window.sustained, without_trips: window.firm.points,
  };
}

function notSustained({ row, window }) {
  if (!window || window.snapshot === null) return 0n;
  const counted = row.counted - row.apart;
  return max(counted - window.sustained, min(window.snapshot - window.sustained, counted));
}

function highOf({ row, window }, least) {
  if (!window || window.snapshot === null) return row.possible;
  const listed = atLeastZero(row.possible - row.outside);
  if (listed > window.snapshot) return row.possible;
  const left = atLeastZero(window.snapshot - tripsAround(window, window.asked.snapshot, least));
  return row.possible - atLeastZero(listed - left);
}

const highest = (values) => values.reduce(max);

/** Whether there is a block, or a second, that all windows cover. */
function shareAMoment(measured, alignment) {
  const place = (window, block) => (alignment === "times" ? window.times.get(block) : block);
  const firsts = measured.map(({ window }) => place(window, window.first));
  return highest(firsts) <= lowest(measured.map(({ window }) => place(window, window.last)));
}

/**
 * [position, lowest balance there, balance afterwards], over what any window covers. Beyond the ends of its own window a
 * holding stays as it is there.
 */
function together(measured, alignment, which) {
  if (alignment === "blocks") {
    const [first, last] = [lowest(measured.map((one) => one.window.first)), highest(measured.map((one) => one.window.last))];
    return blocksOf(first, last).map((block) => {
      const held = ({ scale, window }) => which(window).at(min(max(block, window.first), window.last)) * scale;
      const total = sum(measured.map(held));
      return [block, total, total];
    });
  }
  const timed = measured.map(({ scale, window }) =>
    which(window).points.map((point) => [window.times.get(point.height), point.amount * scale]),
  );
  const first = lowest(measured.map(({ window }) => window.times.get(window.first)));
  const last = highest(measured.map(({ window }) => window.times.get(window.last)));
  const seconds = new Set([first, ...timed.flat().map(([second]) => second).filter((second) => first < second && second <= last)]);
  return [...seconds].sort((left, right) => Number(left - right)).map((second) => {
    let [least, after] = [0n, 0n];
    for (const own of timed) {
      const upTo = [own[0][1], ...own.filter(([when]) => when <= second).map(([, amount]) => amount)];
      const now = own.filter(([when]) => when === second).length;
      after += upTo.at(-1);
      least += second === first || now === 0 ? upTo.at(-1) : lowest(upTo.slice(-now - 1));
    }
    return [second, least, after];
  });
}

/** What is asked for before the statement at this place, and behind the one before it: none unlogged makes it less. */
function askedBeside(known, within, at) {
  const least = (sides) => (sides.length === 0 ? 0n : lowest(sides.map((side) => side.owed)));
  const isShown = ({ logged, sequence }) => logged || sequence === known.subject;
  const beside = [...within.slice(0, at).slice(-1), ...within.slice(at).slice(0, 1)];
  const shown = [...within.slice(0, at).filter(isShown).slice(-1), ...within.slice(at).filter(isShown).slice(0, 1)];
  return max(least(beside), least(shown));
}

function belowOf(known, measured, within, alignment) {
  if (measured.length === 0) return [];
  const firm = (window) => window.firm;
  const line = alignment === "minima" ? null : together(measured, alignment, firm);
  const place = (found) => (alignment === "times" ? BigInt(found.cutoff) : found.blocks.get(measured[0].chain));
  const below = [];
  for (let at = 0; at <= within.length; at += 1) {
    const [left, right] = [within[at - 1] ?? null, within[at] ?? null];
    if (left === null && right === null) continue;
    const owed = askedBeside(known, within, at);
    let spot = null;
    if (line === null) {
      const ownLowest = ({ chain, scale, window }) => {
        const from = left === null ? window.first : left.blocks.get(chain);
        const to = right === null ? window.last : right.blocks.get(chain);
        return lowest(blocksOf(from, to).map((block) => window.firm.at(block))) * scale;
      };
      spot = [null, sum(measured.map(ownLowest))];
    } else {
      const inside = line
        .filter(([when]) => (left === null || when > place(left)) && (right === null || when <= place(right)))
        .map(([when, least]) => [when, least]);
      const entering = left === null ? [] : line.filter(([when]) => when <= place(left)).slice(-1);
      const spots = [...entering.map(([, , after]) => [place(left), after]), ...inside];
      spot = spots.reduce((best, found) => (best === null || found[1] < best[1] ? found : best), null);
    }
    if (spot !== null && !reaches(spot[1], owed, known)) below.push({ at: spot[0], held: spot[1], owed });
  }
  return below;
}

const reaches = (held, owed, known) => held * 10_000n >= owed * max(10_000n, known.minimum_ratio);

function compared(known, holdings, measured, commitment) {
  let low = 0n;
  for (const { chain, scale, window } of measured.filter((one) => one.window.accepted)) {
    const firm = window.firm.at(commitment.blocks.get(chain));
    low = low === null || firm === null ? null : low + firm * scale;
  }
  const bounded = ({ chain, row, window }) =>
    row.every_address && window && window.exact && !window.gaps.some((gap) => gap.from <= commitment.blocks.get(chain));
  if (!commitment.same_set || !holdings.every(bounded)) return { high: null, low };
  const held = ({ chain, scale, window }) => {
    const block = commitment.blocks.get(chain);
    return atLeastZero(window.line.at(block) - tripsAround(window, block, known.authenticity)) * scale;
  };
  return { high: sum(measured.map(held)), low };
}

function decide(known, holdings, rows, below) {
  const subject = rows.find((row) => row.sequence === known.subject);
  const needed = holdings.filter(({ row, window }) => window || row.possible > 0n);
  const shown = needed.filter(({ window }) => window);
  const enough = (row) => row.low !== null && reaches(row.low, row.owed, known);
  const whole = ({ window }) =>
    window.accepted && window.gaps.length === 0 && window.first === window.asked.from && window.last === window.asked.to;
  const table = [
    [() => !subject, "nothing-stated"],
    [() => holdings.length === 0, "not-claimed"],
    [() => !known.readable, "not-readable"],
    [() => rows.some((row) => row.high !== null && row.high < row.owed), "less-than-owed"],
    [() => !enough(subject), "between-both"],
    [() => shown.length === 0, "window-incomplete"],
    [() => shown.some(({ row }) => !row.window.demanded), "snapshot-only"],
    [() => shown.length < needed.length || !shown.every(whole), "window-incomplete"],
    [() => below.length > 0, "fell-below"],
    [() => !rows.every(enough), "between-both"],
    [() => known.critical, "critical-finding"],
    [() => true, "enough"],
  ];
  const [, reason] = table.find(([fits]) => fits());
  return { reason, verdict: { enough: "covered", "less-than-owed": "short" }[reason] ?? "not-determinable" };
}

/** Integers as decimal strings, answers as words; what is not known is left out. */
function printed(value) {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(printed);
  if (value === null || typeof value !== "object") return value;
  const there = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(there.map(([name, item]) => [name, printed(item)]));
}

export function reconcile(query, proof) {
  const known = queryShape(query);
  const { windows } = record({ windows: listOf(windowShape) })(proof);
  const commitments = known.commitments.map((found) => ({
    ...found, blocks: new Map(found.blocks.map((block) => [block.chain, block.height])),
  }));
  const leaves = new Leaves(known, commitments);
  leaves.measured = known.deployments.flatMap((row) => {
    const shown = windows.find((window) => window.deployment === row.id);
    if (!shown) return [];
    const [first, last] = [max(row.window.from, shown.from), min(row.window.to, shown.to)];
    return first <= last ? [{ chain: row.id.split("/")[0], first, last }] : [];
  });
  const holdings = known.deployments.map((row) => {
    const chain = row.id.split("/")[0];
    const heights = commitments.filter((found) => found.blocks.has(chain)).map((found) => found.blocks.get(chain));
    const shown = windows.find((window) => window.deployment === row.id);
    const scale = 10n ** BigInt(known.decimals - row.decimals);
    const explain = (trips, brought) => leaves.explain(trips, brought, chain, scale);
    const window = shown ? measure(shown, row.window, known, heights, explain) : null;
    return { chain, row, scale, window };
  });
  const measured = holdings.filter(({ window }) => window);
  const total = (amount) => sum(holdings.map((one) => amount(one) * one.scale));
  const [counted, possible] = [total(({ row }) => row.counted), total(({ row }) => row.possible)];
  const found = {
    alignment: "blocks", below: [], came_and_went: 0n, commitments: [], high: 0n, low: 0n, not_sustained: 0n,
    reason: "not-readable", verdict: "not-determinable", windows: measured.map(({ window }) => reportOf(window)),
  };
  if (max(counted, possible) >= 1n << 128n) return printed(found);
  found.not_sustained = total(notSustained);
  found.low = counted - found.not_sustained;
  found.high = total((one) => highOf(one, known.authenticity));
  found.came_and_went = possible - found.high;
  const inside = ({ chain, window }, { blocks }) =>
    blocks.has(chain) && window.first <= blocks.get(chain) && blocks.get(chain) <= window.last;
  const within = commitments.filter(
    (commitment) =>
      commitment.sequence === known.subject ||
      (measured.length > 0 && measured.every((one) => inside(one, commitment))),
  );
  const rows = within.map((commitment) => ({
    owed: commitment.owed, sequence: commitment.sequence,
    ...(commitment.sequence === known.subject
      ? { high: found.high, low: found.low }
      : compared(known, holdings, measured, commitment)),
  }));
  if (new Set(measured.map(({ chain }) => chain)).size > 1) {
    const changes = ({ firm, last, line }) => [...line.points, ...firm.points, { height: last }].map((point) => point.height);
    const timed = measured.every(({ window }) => changes(window).every((block) => window.times.has(block)));
    found.alignment = timed ? "times" : "minima";
  }
  if (measured.length > 0 && !shareAMoment(measured, found.alignment)) found.alignment = "minima";
  const minimum = (which) => {
    if (found.alignment === "minima") return sum(measured.map(({ scale, window }) => which(window).lowest * scale));
    return lowest(together(measured, found.alignment, which).map(([, least]) => least));
  };
  if (measured.length > 0 && holdings.every(({ row, window }) => window || row.possible === 0n)) {
    found.minimum = minimum((window) => window.line);
    found.minimum_without_trips = minimum((window) => window.firm);
  }
  found.below = belowOf(known, measured, within, found.alignment);
  Object.assign(found, decide(known, holdings, rows, found.below));
  found.commitments = rows.map(({ high, low, owed, sequence }) => ({
    coverage: low === null ? null : percent(low, owed), high, low, sequence,
  }));
  return printed(found);
}
