// What each kind of vector asks, and how the page's verifier answers it. See vectors/README.md.

import { parseAmount, parseBaseUnits, printAmount, rescale } from "../verifier/amount.js";
import { verifyAddressSet } from "../verifier/address_set.js";
import { concat, hex, prefixed, utf8 } from "../verifier/bytes.js";
import { verifyChallenge } from "../verifier/challenge.js";
import { mergeRanges, nodes, parseRange, printRange, rangeRoot, subtreeBounds } from "../verifier/compact_range.js";
import { verifyDescriptors } from "../verifier/descriptor.js";
import { TAGS, taggedHash } from "../verifier/hash.js";
import { parseProof, statementRef, verifyInclusion } from "../verifier/inclusion_proof.js";
import { canonical, parseCanonical, parseStrict } from "../verifier/json.js";
import * as leaves from "../verifier/leaf.js";
import { NODE_TAGS, disclosure, setRoot, verifySubset } from "../verifier/merkle_set.js";
import { codeKey, codeName, codeText, locateSealed, openSealed, parseCode } from "../verifier/sealed_proof.js";
import * as shape from "../verifier/shape.js";
import { logRunners } from "./log_runners.mjs";
import { receipt } from "./receipt_runner.mjs";
import { keyShape, verifySignature } from "../verifier/signature.js";
import { setShape, verifyStatement } from "../verifier/statement.js";
import { commitment, fold, pathLength, treeRoot } from "../verifier/sum_tree.js";
import { compareFingerprint, parseCard } from "../verifier/venue_card.js";
import { balanceSheet } from "./balance_sheet.mjs";
import { clearing } from "./clearing.mjs";
import { network } from "./network.mjs";
import { custodian, tiers } from "./custody.mjs";
import { evmPool } from "./evm_pool.mjs";
import { issuer } from "./issuer.mjs";
import { reconcile } from "./reconcile.mjs";
import { sheet } from "./sheet.mjs";
import { NETWORK_MARKS, readSnapshot } from "../verifier/utxo_snapshot.js";

const { any, assetId, decimals, hexBytes, integer, liabilityClass, listOf, oneOf, record, text } = shape;
const hashes = listOf(hexBytes(32));
const bytesOf = (digits) => new Uint8Array(Buffer.from(digits, "hex"));
const string = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const policyShape = record({
  keys: listOf(keyShape),
  log_origin: text,
  threshold: any,
  venue: text,
});

function amount(query, proof) {
  const { text: given } = record({ text })(proof);
  if (query.operation === "rescale") {
    const { from, to } = record({ from: decimals, operation: text, to: decimals })(query);
    const units = rescale(parseBaseUnits(given), from, to);
    return { base_units: String(units), text: printAmount(units, to) };
  }
  if (query.operation === "base_units") {
    record({ operation: text })(query);
    const units = parseBaseUnits(given);
    return { base_units: String(units), text: printAmount(units, 0) };
  }
  const known = record({ decimals, operation: oneOf("parse") })(query);
  const units = parseAmount(given, known.decimals);
  return { base_units: String(units), text: printAmount(units, known.decimals) };
}

function hash(query, proof) {
  const { tag } = record({ tag: oneOf(...TAGS) })(query);
  const parts = record({ fields: listOf(any) })(proof).fields.map((field) => {
    const [[kind, value]] = Object.entries(field);
    return { bytes: prefixed, fixed: any }[kind](bytesOf(value));
  });
  const message = concat(...parts);
  return { digest: hex(taggedHash(tag, message)), message: hex(message) };
}

function leaf(query, proof) {
  const known = record({
    asset: assetId, build_id: hexBytes(32), class: liabilityClass, master_secret: hexBytes(32),
    sequence: integer(64), venue: shape.venueId,
  })(query);
  const top = leaves.snapshotKey(known.master_secret, known.build_id, known.venue, known.sequence);
  const tree = leaves.treeKey(top, known.asset, known.class);
  const found = {};
  let row = null;
  if (shape.has(proof, "decoy")) {
    found.account = leaves.decoyAccount(tree, record({ decoy: integer(64) })(proof).decoy);
    row = { account: found.account, amount: 0n, credential: "", parts: [] };
  } else {
    const parts = listOf(record({ amount: integer(128), product: text }));
    const split = shape.has(proof, "split") ? { split: record({ of: integer(16), piece: integer(16) }) } : {};
    row = record({ account: text, amount: integer(128), credential: text, parts, ...split })(proof);
  }
  leaves.checkAccount(row.account, row.credential);
  if (row.parts.length > 0) leaves.checkParts(row.parts, row.amount);
  let [key, units] = [tree, row.amount];
  if (row.split) {
    const { piece, of } = row.split;
    const cuts = leaves.pieceKey(top, known.asset, known.class, 0, of);
    units = leaves.pieceAmounts(cuts, row.account, row.amount, Number(of))[Number(piece) - 1];
    key = leaves.pieceKey(top, known.asset, known.class, piece, of);
    found.amount = String(units);
  }
  const detail = leaves.detailOf(row.parts, row.split && { ...row.split, whole: row.amount });
  const [orderKey, nonce] = leaves.orderKeyAndNonce(key, row.account);
  const digest = leaves.leafHash({ nonce, amount: units, account: row.account, credential: row.credential, detail });
  return { leaf: hex(digest), nonce: hex(nonce), order_key: hex(orderKey), ...found };
}

/** Siblings from the leaf up: RFC 9162, section 2.1.3.1. */
function pathTo(tops, index) {
  if (tops.length === 1) return [];
  let middle = 1;
  while (middle * 2 < tops.length) middle *= 2;
  const [low, high] = [tops.slice(0, middle), tops.slice(middle)];
  return index < middle ? [...pathTo(low, index), treeRoot(high)] : [...pathTo(high, index - middle), treeRoot(low)];
}

function sumTree(query, proof) {
  const known = record({ asset: assetId, class: liabilityClass, decimals, splits: listOf(integer(64)) })(query);
  const tops = record({ leaves: nodes })(proof).leaves;
  const root = treeRoot(tops);
  const count = BigInt(tops.length);
  tops.forEach((top, index) => {
    const path = pathTo(tops, index);
    const end = fold(top, BigInt(index), count, path);
    if (path.length !== pathLength(BigInt(index), count) || hex(end.digest) !== hex(root.digest)) {
      throw new Error(`the path of leaf ${index} does not lead to the root`);
    }
  });
  const bounds = [0n, ...known.splits, count];
  const ranges = bounds.slice(1).map((end, at) =>
    subtreeBounds(bounds[at], end).map(([begin, size]) => {
      const top = treeRoot(tops.slice(Number(begin), Number(begin + size)));
      return { begin: String(begin), digest: hex(top.digest), size: String(size), sum: String(top.sum) };
    }),
  );
  const committed = commitment(known.asset, known.class, known.decimals, count, root);
  return {
    commitment: hex(committed), leaf_count: String(count), ranges, root: hex(root.digest), total: String(root.sum),
  };
}

function inclusionProof(query, proof) {
  const expected = listOf(record({ amount: integer(128), asset: assetId }));
  const fields = { account: text, credential: text, expected, policy: policyShape, statement: text };
  const known = record(fields)(query);
  const { statement, digest } = verifyStatement(utf8(known.statement), known.policy);
  const { sequence, venue, liabilities: rows } = statement;
  const reference = { digest, sequence, venue: venue.id };
  const sent = proof instanceof Uint8Array ? proof : canonical(proof);
  const balances = verifyInclusion({ ...known, statement: reference, rows }, parseProof(sent));
  const shown = ({ row, amount: units }) => ({ amount: String(units), asset: row.asset, class: row.class });
  return { balances: balances.map(shown) };
}

function sealedProof(query, proof) {
  if (query.operation === "code") {
    record({ operation: text })(query);
    const code = parseCode(record({ text })(proof).text);
    return { bytes: hex(code), text: codeText(code) };
  }
  const locate = query.operation === "locate";
  const statement = locate ? statementRef : hexBytes(32);
  const known = record({ code: text, operation: oneOf("locate", "open"), statement })(query);
  const code = parseCode(known.code);
  if (locate) return { pack: locateSealed(proof, code, known.statement) };
  const opened = openSealed(proof, code, known.statement);
  return {
    key: hex(codeKey(code, known.statement)), name: hex(codeName(code, known.statement)), proof: string(opened),
  };
}

function canonicalJson(query, proof) {
  const { form } = record({ form: oneOf("strict", "canonical") })(query);
  const value = form === "canonical" ? parseCanonical(proof) : parseStrict(proof);
  return { canonical: string(canonical(value)) };
}

function signature(query, proof) {
  const known = record({ kind: oneOf("statement", "manifest", "transcript"), message: text })(query);
  const sent = record({ alg: oneOf("bip340", "ecdsa-secp256k1"), key: text, signature: text })(proof);
  const message = utf8(known.message);
  verifySignature(known.kind, message, sent.alg, sent.key, sent.signature);
  return { digest: hex(taggedHash(`counterfoil/${known.kind}`, message)) };
}

function statement(query, proof) {
  const { policy } = record({ policy: policyShape })(query);
  const found = verifyStatement(proof, policy);
  const commitments = found.statement.liabilities.map((row) =>
    hex(commitment(row.asset, row.class, row.decimals, row.leaf_count, { digest: row.root, sum: row.total })),
  );
  const signed = found.signers.map(({ alg, key }) => ({ alg, key }));
  return { commitments, digest: hex(found.digest), signed_by: signed };
}

function merkleSet(query, proof) {
  const tag = NODE_TAGS[query.nodes];
  if (query.operation === "root") {
    const known = record({ indices: listOf(integer(64)), nodes: text, operation: text })(query);
    const tops = record({ leaves: hashes })(proof).leaves;
    const root = setRoot(tops, tag);
    return { hashes: disclosure(tops, known.indices.map(Number), tag).map(hex), root: hex(root) };
  }
  const known = record({ count: integer(64), nodes: text, operation: oneOf("subset"), root: hexBytes(32) })(query);
  const sent = record({ hashes, indices: listOf(integer(64)), leaves: hashes })(proof);
  verifySubset({ ...known, ...sent, tag });
  return {};
}

function addressSet(query, proof) {
  const found = verifyAddressSet(proof, setShape(query));
  return { leaves: found.leaves.map(hex), root: hex(found.root) };
}

function compactRange(query, proof) {
  let merged = null;
  if (query.operation === "merge") {
    record({ operation: text })(query);
    merged = mergeRanges(record({ ranges: listOf(text) })(proof).ranges.map((file) => parseRange(utf8(file))));
  } else {
    const fields = { asset: assetId, begin: integer(64), class: liabilityClass, decimals, operation: oneOf("range") };
    const { begin, ...named } = record(fields)(query);
    const tops = record({ leaves: nodes })(proof).leaves;
    const single = tops.map((top, at) => ({ begin: begin + BigInt(at), end: begin + BigInt(at) + 1n, nodes: [top] }));
    merged = mergeRanges([{ begin, end: begin, nodes: [] }, ...single].map((range) => ({ ...named, ...range })));
  }
  const found = { range: string(printRange(merged)) };
  if (merged.begin !== 0n || merged.nodes.length === 0) return found;
  const root = rangeRoot(merged);
  const committed = commitment(merged.asset, merged.class, merged.decimals, merged.end, root);
  return {
    ...found, commitment: hex(committed), leaf_count: String(merged.end), root: hex(root.digest), total: String(root.sum),
  };
}

function descriptor(query, proof) {
  return verifyDescriptors(proof, record({ addresses: text })(query).addresses);
}

function challenge(query, proof) {
  const known = record({
    address_set: setShape, chains: listOf(shape.chainId), cutoff: shape.time, keys: listOf(keyShape), log_origin: text,
    venue: shape.venueId,
  })(query);
  return { line: verifyChallenge(proof, known) };
}

function utxoSnapshot(query, proof) {
  const known = record({ network: oneOf(...Object.keys(NETWORK_MARKS)), wanted: listOf(text) })(query);
  const found = readSnapshot(proof, known.network, new Set(known.wanted));
  const reversed = (bytes) => hex(Uint8Array.from(bytes).reverse());
  const coins = found.found.map((coin) => ({
    amount: String(coin.amount),
    coinbase: coin.place % 2n === 1n ? "yes" : "no",
    height: String(coin.place / 2n),
    outpoint: `${reversed(coin.txid)}:${coin.vout}`,
    script: coin.script,
  }));
  return { block: reversed(found.block), coins, count: String(found.count), hash: reversed(found.hash) };
}

function venueCard(query, proof) {
  const { fingerprint: told } = record({ fingerprint: shape.optional(text) })(query);
  const card = parseCard(proof);
  if (told !== null) compareFingerprint(card, told);
  return { digest: card.digest, fingerprint: card.fingerprint };
}

export const runners = {
  ...logRunners,
  "address-set": addressSet,
  amount,
  "balance-sheet": balanceSheet,
  "canonical-json": canonicalJson,
  challenge,
  clearing,
  "compact-range": compactRange,
  custodian,
  descriptor,
  "evm-pool": evmPool,
  hash,
  "inclusion-proof": inclusionProof,
  issuer,
  leaf,
  "merkle-set": merkleSet,
  network,
  receipt,
  reconcile,
  "sealed-proof": sealedProof,
  sheet,
  signature,
  statement,
  "sum-tree": sumTree,
  tiers,
  "utxo-snapshot": utxoSnapshot,
  "venue-card": venueCard,
};
