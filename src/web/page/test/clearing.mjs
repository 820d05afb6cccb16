// What clears a network of obligations, computed from the text of docs/spec/clearing.md. The page does not need it: it is
// here so that a third implementation agrees with vectors/clearing/. Fractions are pairs of BigInt.

import { Refused } from "../verifier/refusal.js";
import { listOf, record, text } from "../verifier/shape.js";

const [NODES_MAX, DEBTORS_MAX, BITS_MAX, TEXT_MAX] = [64, 24, 320, 200];
const malformed = (why) => new Refused("parse", "CF-7300", why);
const tooLarge = (why) => new Refused("parse", "CF-7301", why);

const gcd = (a, b) => (b === 0n ? a : gcd(b, a % b));
const make = (n, d) => {
  const by = gcd(n < 0n ? -n : n, d < 0n ? -d : d) || 1n;
  return d < 0n ? { n: -n / by, d: -d / by } : { n: n / by, d: d / by };
};
export const [ZERO, ONE] = [make(0n, 1n), make(1n, 1n)];
export const add = (a, b) => make(a.n * b.d + b.n * a.d, a.d * b.d);
export const sub = (a, b) => make(a.n * b.d - b.n * a.d, a.d * b.d);
const mul = (a, b) => make(a.n * b.n, a.d * b.d);
const div = (a, b) => make(a.n * b.d, a.d * b.n);
export const below = (a, b) => a.n * b.d < b.n * a.d;
const isZero = (a) => a.n === 0n;
const sum = (list) => list.reduce(add, ZERO);
export const print = (a) => (a.d === 1n ? String(a.n) : `${a.n}/${a.d}`);

export function parse(given) {
  const found = given.length <= TEXT_MAX && /^([0-9]+)(?:\/([0-9]+))?$/.exec(given);
  if (!found) throw malformed(`${given} is no fraction`);
  const d = BigInt(found[2] ?? "1");
  if (d === 0n) throw malformed("divided by zero");
  const value = make(BigInt(found[1]), d);
  if (print(value) !== given) throw malformed(`${given} is not in lowest terms`);
  return value;
}

function checkBits(number) {
  if (number.toString(2).length > BITS_MAX) throw tooLarge("a number is too large");
}

function read(sent) {
  const owes = sent.owes.map((row) => row.map(parse));
  const outside = sent.outside.map(parse);
  const [alpha, beta] = [parse(sent.alpha), parse(sent.beta)];
  const count = outside.length;
  if (owes.length !== count || owes.some((row) => row.length !== count)) throw malformed("not square");
  if (count > NODES_MAX) throw tooLarge("too many nodes");
  if (owes.some((row, node) => !isZero(row[node]))) throw malformed("a node owes itself");
  for (const share of [alpha, beta]) {
    if (below(ONE, share)) throw malformed("a share above 1");
    checkBits(share.n);
    checkBits(share.d);
  }
  const total = owes.map(sum);
  if (total.filter((owed) => !isZero(owed)).length > DEBTORS_MAX) throw tooLarge("too many debtors");
  let scale = 1n;
  for (const amount of [...owes.flat(), ...outside]) {
    scale = (scale / gcd(scale, amount.d)) * amount.d;
    checkBits(scale);
  }
  for (const amount of [...total, ...outside]) checkBits((amount.n * scale) / amount.d);
  return { owes, outside, alpha, beta, total, nodes: [...outside.keys()] };
}

/** x of A x = b; a row has its entry of b at the end. */
function solve(rows) {
  for (const at of rows.keys()) {
    const found = rows.findIndex((row, number) => number >= at && !isZero(row[at]));
    if (found < 0) throw new Error("no single solution");
    [rows[at], rows[found]] = [rows[found], rows[at]];
    rows[at] = rows[at].map((entry) => div(entry, rows[at][at]));
    for (const number of rows.keys()) {
      const factor = rows[number][at];
      if (number !== at && !isZero(factor)) {
        rows[number] = rows[number].map((entry, column) => sub(entry, mul(factor, rows[at][column])));
      }
    }
  }
  return rows.map((row) => row.at(-1));
}

const received = ({ owes, total, nodes }, node, paid) =>
  sum(nodes.filter((from) => !isZero(total[from])).map((from) => div(mul(owes[from][node], paid[from]), total[from])));

/** What is paid when `states` says of each: full, nothing, or what default leaves. */
function paidIf(network, states) {
  const { owes, outside, alpha, beta, total, nodes } = network;
  const fixed = nodes.map((node) => (states[node] === "full" ? total[node] : ZERO));
  const asked = nodes.filter((node) => states[node] === "default");
  const row = (node) => [
    ...asked.map((from) => sub(from === node ? ONE : ZERO, div(mul(beta, owes[from][node]), total[from]))),
    add(mul(alpha, outside[node]), mul(beta, received(network, node, fixed))),
  ];
  const found = solve(asked.map(row));
  return nodes.map((node) => (states[node] === "default" ? found[asked.indexOf(node)] : fixed[node]));
}

function greatest(network) {
  const { outside, total, nodes } = network;
  const states = nodes.map(() => "full");
  const waves = [];
  for (;;) {
    const paid = paidIf(network, states);
    const short = (node) => below(add(outside[node], received(network, node, paid)), total[node]);
    const wave = nodes.filter((node) => states[node] === "full" && short(node));
    if (wave.length === 0) return { paid, waves };
    waves.push(wave);
    for (const node of wave) states[node] = "default";
  }
}

function leastAtDefault(network, pays) {
  const { owes, outside, alpha, beta, total, nodes } = network;
  const reached = new Set(nodes.filter((node) => pays.has(node) || (!isZero(alpha) && !isZero(outside[node]))));
  for (let size = -1; !isZero(beta) && size !== reached.size; ) {
    size = reached.size;
    for (const node of nodes) if ([...reached].some((from) => !isZero(owes[from][node]))) reached.add(node);
  }
  const states = nodes.map((node) => (reached.has(node) ? "full" : "nothing"));
  for (;;) {
    const paid = paidIf(network, states);
    const left = (node) => add(mul(alpha, outside[node]), mul(beta, received(network, node, paid)));
    const wave = nodes.filter((node) => !pays.has(node) && states[node] === "full" && below(left(node), total[node]));
    if (wave.length === 0) return paid;
    for (const node of wave) states[node] = "default";
  }
}

function least(network) {
  const { outside, total, nodes } = network;
  const pays = new Set(nodes.filter((node) => isZero(total[node])));
  for (;;) {
    const paid = leastAtDefault(network, pays);
    const able = (node) => !below(add(outside[node], received(network, node, paid)), total[node]);
    const more = nodes.filter((node) => !pays.has(node) && able(node));
    if (more.length === 0) return paid;
    for (const node of more) pays.add(node);
  }
}

/** A shortest ring, of these the first by its nodes. */
function ringOf(owes) {
  const found = [];
  for (const start of owes.keys()) {
    const paths = [[start]];
    const seen = new Set();
    for (const path of paths) {
      const at = path.at(-1);
      if (!isZero(owes[at][start])) {
        found.push(path);
        break;
      }
      for (let to = start + 1; to < owes.length; to += 1) {
        if (!isZero(owes[at][to]) && !seen.has(to)) {
          seen.add(to);
          paths.push([...path, to]);
        }
      }
    }
  }
  return found.sort((a, b) => a.length - b.length || a[0] - b[0])[0];
}

function net(owes) {
  const positive = (value) => (value.n < 0n ? ZERO : value);
  const bilateral = owes.map((row, from) => row.map((amount, to) => positive(sub(amount, owes[to][from]))));
  const netted = bilateral.map((row) => [...row]);
  const rings = [];
  for (;;) {
    const ring = ringOf(netted);
    if (!ring) return { bilateral, netted, rings };
    const edges = ring.map((node, at) => [node, ring[(at + 1) % ring.length]]);
    const amount = edges.map(([from, to]) => netted[from][to]).reduce((a, b) => (below(b, a) ? b : a));
    for (const [from, to] of edges) netted[from][to] = sub(netted[from][to], amount);
    rings.push({ amount: print(amount), nodes: ring.map(String) });
  }
}

export function clearing(query, proof) {
  record({})(query);
  const sent = record({ alpha: text, beta: text, outside: listOf(text), owes: listOf(listOf(text)) })(proof);
  const network = read(sent);
  const { paid, waves } = greatest(network);
  const { bilateral, netted, rings } = net(network.owes);
  const rows = (matrix) => matrix.map((row) => row.map(print));
  return {
    bilateral: rows(bilateral),
    greatest: paid.map(print),
    least: least(network).map(print),
    netted: rows(netted),
    rings,
    waves: waves.map((wave) => wave.map(String)),
  };
}
