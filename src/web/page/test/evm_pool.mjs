// Shares of vaults and pools in a proved state, from the text of docs/spec/evm-pool.md: RLP, and the walk down a Merkle
// Patricia trie (yellow paper, appendices B to D). The page does not need it: it is here so that a third implementation
// agrees with vectors/evm-pool/.

import { keccak_256 as keccak } from "@noble/hashes/sha3.js";
import { concat, hex } from "../verifier/bytes.js";
import { Refused } from "../verifier/refusal.js";
import { has, hexBytes, integer, listOf, oneOf, record, text } from "../verifier/shape.js";
import { root as squareRoot } from "./fraction.mjs";

const bytesOf = (digits) => new Uint8Array(Buffer.from(digits.replace(/^0x/, ""), "hex"));
const number = (bytes) => (bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`));
const word = (value) => bytesOf(value.toString(16).padStart(64, "0"));
const badNode = (why) => new Refused("fold", "CF-6031", why);

/** The first RLP item, as bytes or a list, with its own length in RLP and what stands behind it. */
function item(data) {
  if (data.length === 0) throw badNode("nothing where an item should be");
  const first = data[0];
  if (first < 0x80) return { value: data.subarray(0, 1), length: 1, rest: data.subarray(1) };
  const base = first < 0xc0 ? 0x80 : 0xc0;
  const width = first - base > 55 ? first - base - 55 : 0;
  const length = width === 0 ? first - base : Number(number(data.subarray(1, 1 + width)));
  const body = data.subarray(1 + width, 1 + width + length);
  const single = base === 0x80 && width === 0 && length === 1 && body[0] < 0x80;
  if (body.length !== length || single || (width > 0 && (data[1] === 0 || length < 56))) throw badNode("another encoding");
  const found = { length: 1 + width + length, rest: data.subarray(1 + width + length) };
  if (base === 0x80) return { ...found, value: body };
  const items = [];
  for (let left = body; left.length > 0; left = items.at(-1).rest) items.push(item(left));
  return { ...found, value: items };
}

function whole(data) {
  const found = item(data);
  if (found.rest.length > 0) throw badNode("bytes behind an item");
  return found.value;
}

const nibbles = (bytes) => [...bytes].flatMap((byte) => [byte >> 4, byte & 15]);

function pathOf(encoded) {
  const halves = nibbles(encoded);
  if (halves.length === 0 || halves[0] > 3 || (halves[0] % 2 === 0 && halves[1] !== 0)) throw badNode("a path of no kind");
  return { leaf: halves[0] >= 2, path: halves.slice(halves[0] % 2 === 1 ? 1 : 2) };
}

/** What the trie has at the hash of a key; null where it shows that there is nothing. */
function lookup(root, key, pool) {
  if (hex(root) === hex(keccak(new Uint8Array([0x80])))) return null;
  let [rest, child] = [nibbles(keccak(key)), { value: root, length: 33 }];
  for (;;) {
    let node = child.value;
    if (!Array.isArray(node)) {
      if (node.length === 0) return null;
      if (node.length !== 32) throw badNode("a child that is no hash");
      const found = pool.get(hex(node));
      if (found === undefined) throw new Refused("fold", "CF-6051", "the nodes do not lead to the key");
      node = whole(found);
    } else if (child.length >= 32) throw badNode("a long node inside another");
    if (!Array.isArray(node) || ![2, 17].includes(node.length)) throw badNode("no node");
    if (node.length === 17) {
      if (Array.isArray(node[16].value) || node[16].value.length > 0 || rest.length === 0) throw badNode("a value in a branch");
      [child, rest] = [node[rest[0]], rest.slice(1)];
      continue;
    }
    if (Array.isArray(node[0].value)) throw badNode("a path that is a list");
    const { leaf, path } = pathOf(node[0].value);
    const fits = path.every((nibble, at) => nibble === rest[at]);
    if (leaf) {
      if (path.length !== rest.length || Array.isArray(node[1].value)) throw badNode("a leaf of another depth");
      return fits ? node[1].value : null;
    }
    if (path.length === 0 || path.length > rest.length || node[1].value.length === 0) throw badNode("an extension to nothing");
    if (!fits) return null;
    [child, rest] = [node[1], rest.slice(path.length)];
  }
}

function accountAt(root, address, pool) {
  const found = lookup(root, address, pool);
  if (found === null) return null;
  const fields = whole(found);
  if (!Array.isArray(fields) || fields.length !== 4) throw badNode("no account");
  return { storageRoot: fields[2].value, codeHash: hex(fields[3].value) };
}

function slotAt(root, place, pool) {
  const found = lookup(root, place, pool);
  if (found === null) return 0n;
  const value = whole(found);
  if (Array.isArray(value) || value.length === 0 || value.length > 32 || value[0] === 0) {
    throw new Refused("fold", "CF-6052", "no word in its one encoding");
  }
  return number(value);
}

const mapping = (holder, base) => keccak(concat(new Uint8Array(12), bytesOf(holder), word(base)));
const tooLarge = () => new Refused("sum", "CF-7444", "too large");

function part(shares, amount, of) {
  if (of === 0n) return 0n;
  const found = (shares * amount) / of;
  if (shares * amount >= 1n << 512n || found >= 1n << 128n) throw tooLarge();
  return found;
}

function balance(entry, root, token, holder, pool) {
  if (entry?.contract !== token) throw new Refused("bind", "CF-6053", "a token that nobody knows");
  const found = accountAt(root, bytesOf(token), pool);
  if (found?.codeHash !== hex(entry.code_hash)) throw new Refused("bind", "CF-6054", "another code");
  return slotAt(found.storageRoot, mapping(holder, entry.balance_slot), pool);
}

const slots = ["last_product_slot", "reserves_slot", "token0_slot", "token1_slot"];
const ruleShapes = {
  vault: { asset: text, offset: integer(8) },
  "constant-product": Object.fromEntries(slots.map((name) => [name, integer(64)])),
};

export function evmPool(query, proof) {
  const kind = oneOf("vault", "constant-product")(query.rule.kind);
  const token = record({ balance_slot: integer(64), code_hash: hexBytes(32), contract: text });
  const asked = record({
    balance_slot: integer(64), code_hash: hexBytes(32), contract: text, holder: text, state_root: hexBytes(32),
    supply_slot: integer(64), rule: record({ kind: text, ...ruleShapes[kind] }), ...(has(query, "token") ? { token } : {}),
  })(query);
  const nodes = record({ nodes: listOf(text) })(proof).nodes.map(bytesOf);
  const pool = new Map(nodes.map((node) => [hex(keccak(node)), node]));
  const { contract, holder, rule, state_root: root } = asked;
  const found = accountAt(root, bytesOf(contract), pool);
  if (found?.codeHash !== hex(asked.code_hash)) throw new Refused("bind", "CF-7442", "another code, or none");
  const read = (place) => slotAt(found.storageRoot, place, pool);
  const [shares, supply] = [read(mapping(holder, asked.balance_slot)), read(word(asked.supply_slot))];
  const wrongState = (why) => new Refused("bind", "CF-7443", why);
  if (shares > supply) throw wrongState("more shares than there are");
  let parts = [];
  if (kind === "vault") {
    const held = balance(asked.token, root, rule.asset, contract, pool);
    const scale = 10n ** rule.offset;
    if (scale >= 1n << 512n) throw tooLarge();
    parts = [[rule.asset, part(shares, held + 1n, supply + scale)]];
  } else {
    const tokens = [rule.token0_slot, rule.token1_slot].map((place) => read(word(place)));
    const own = number(bytesOf(contract));
    const bad = (token) => token === 0n || token >= 1n << 160n || token === own;
    if (tokens[0] === tokens[1] || tokens.some(bad)) throw wrongState("tokens that no such pool has");
    const [both, last] = [read(word(rule.reserves_slot)), read(word(rule.last_product_slot))];
    const mask = (1n << 112n) - 1n;
    const reserves = [both & mask, (both >> 112n) & mask];
    const [now, before] = [squareRoot(reserves[0] * reserves[1]), squareRoot(last)];
    const per = 5n * now + before;
    const fee = last > 0n && now > before ? (supply * (now - before) + per - 1n) / per : 0n;
    const name = (token) => `0x${token.toString(16).padStart(40, "0")}`;
    parts = tokens.map((token, at) => [name(token), part(shares, reserves[at], supply + fee)]);
  }
  return { parts: parts.map(([token, amount]) => ({ amount: String(amount), token })), shares: String(shares) };
}
