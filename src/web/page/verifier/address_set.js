// The committed addresses of a venue. Specification: docs/spec/address-set.md.

import { compareText, concat, equal, prefixed, u32 } from "./bytes.js";
import { taggedHash } from "./hash.js";
import { parseStrict } from "./json.js";
import { NODE_TAGS, setRoot } from "./merkle_set.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { chainId, has, hexBytes, integer, notEmpty, oneOf, optional, record } from "./shape.js";

const SPELLINGS = {
  bip122: /^([a-z]{2,4}1[02-9ac-hj-np-z]{6,87}|[1-9A-HJ-NP-Za-km-z]{26,35})$/,
  eip155: /^0x[0-9a-f]{40}$/,
};
const fields = {
  address: notEmpty,
  chain: chainId,
  custodian: optional(notEmpty),
  encumbrance: optional(notEmpty),
  issuer: oneOf("none", "self", "affiliate"),
  role: oneOf("hot", "warm", "cold", "custodian", "internal", "deposit"),
  salt: hexBytes(16),
};
const derivedFrom = record({ id: hexBytes(32), index: integer(32) });

/** One address; `descriptor` is there or left out, and never null. */
export function addressShape(value) {
  const derived = has(value, "descriptor");
  const entry = record(derived ? { ...fields, descriptor: derivedFrom } : fields)(value);
  if (derived && !entry.chain.startsWith("bip122:")) throw new Misshapen("only Bitcoin addresses have descriptors");
  if (!SPELLINGS[entry.chain.split(":")[0]]?.test(entry.address)) throw new Misshapen("another spelling of an address");
  return entry;
}

function addressLeaf(entry) {
  const texts = [entry.chain, entry.address, entry.role, entry.custodian, entry.encumbrance, entry.issuer];
  const derived = entry.descriptor ? [entry.descriptor.id, u32(entry.descriptor.index)] : [];
  return taggedHash("counterfoil/address", concat(entry.salt, ...texts.map((text) => prefixed(text ?? "")), ...derived));
}

/** The lines of a file, each ended, at least one. */
export function linesOf(bytes, code) {
  if (bytes.length === 0 || bytes.at(-1) !== 10) throw new Refused("parse", code, "the last line does not end");
  const lines = [];
  let start = 0;
  bytes.forEach((byte, at) => {
    if (byte !== 10) return;
    lines.push(bytes.slice(start, at));
    start = at + 1;
  });
  return lines;
}

/** The leaves of an `addresses.jsonl`, and its root, when they are the committed ones. */
export function verifyAddressSet(bytes, committed) {
  const lines = linesOf(bytes, "CF-4006");
  const entries = withCode("CF-4006", () => lines.map((line) => addressShape(parseStrict(line))), () => true);
  entries.forEach((entry, at) => {
    const before = entries[at - 1];
    if (!before) return;
    const order = compareText(before.chain, entry.chain) || compareText(before.address, entry.address);
    if (order >= 0) throw new Refused("parse", "CF-4008", "an address twice, or out of order");
  });
  const leaves = entries.map(addressLeaf);
  const root = setRoot(leaves, NODE_TAGS.address);
  if (!equal(root, committed.root) || BigInt(leaves.length) !== committed.count) {
    throw new Refused("fold", "CF-4007", "another root or count than the committed one");
  }
  return { leaves, root };
}

