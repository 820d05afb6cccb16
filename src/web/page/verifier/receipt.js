// Receipts, disputes, and the evidence of a contradiction. Specification: docs/spec/receipt.md.

import { LIMIT } from "./amount.js";
import { equal, utf8 } from "./bytes.js";
import { taggedHash } from "./hash.js";
import { parseProof, verifyInclusion } from "./inclusion_proof.js";
import { parseCanonical } from "./json.js";
import { keyHistory } from "./key_history.js";
import { detailOf, leafHash } from "./leaf.js";
import { parseLogProof, verifyLogged } from "./log.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { assetId, decimals, hexBytes, integer, liabilityClass, listOf, notEmpty, oneOf, optional, record, text, time, venueId } from "./shape.js";
import { decodeKey, keyOrder, keyShape, parseSigned } from "./signature.js";
import { KEYS_MAX, checkSigners, checkVenue } from "./statement.js";

const LEAVES_MAX = 256;
const MOVEMENTS_MAX = 100_000;
const FILE_SIZE_MAX = 1 << 20;
const keys = listOf(keyShape, keyOrder);
const receiptShape = record({
  account: notEmpty,
  amount: integer(128),
  asset: assetId,
  class: liabilityClass,
  credential: text,
  decimals,
  format: oneOf("counterfoil-receipt-v1"),
  keys,
  log_origin: notEmpty,
  snapshot: optional(record({ leaves: listOf(hexBytes(32)), sequence: integer(64) })),
  time,
  venue: venueId,
});
const disputeShape = record({
  deadline: time,
  format: oneOf("counterfoil-dispute-v1"),
  opened: time,
  receipt: text,
  sequence: integer(64),
});
const answerShape = record({
  format: oneOf("counterfoil-dispute-answer-v1"),
  keys,
  log_proof: text,
  movements: listOf(record({ amount: integer(128), reference: notEmpty, side: oneOf("credit", "debit"), time })),
  opening: optional(text),
  receipt: hexBytes(32),
  statement: text,
  venue: venueId,
});
const evidenceShape = record({
  credential: optional(text),
  format: oneOf("counterfoil-receipt-contradiction-v1"),
  log_proof: text,
  opening: optional(text),
  receipt: text,
  rotations: listOf(text),
  statement: text,
});

/** What `read` gives; whatever cannot be read has this code. */
const readAs = (code, read) => withCode(code, read, () => true);

/** A signed document that names its keys. */
function readNamed(bytes, field, code, shape, check) {
  return readAs(code, () => {
    const signed = parseSigned(bytes, field);
    const found = shape(signed.document);
    if (found.keys.length === 0 || found.keys.length > KEYS_MAX) throw new Misshapen("no keys, or too many");
    for (const { alg, key } of found.keys) decodeKey(alg, key);
    check(found);
    return { ...signed, found };
  });
}

function checkNamed(signers, found) {
  const named = ({ alg, key }) => found.keys.some((one) => one.alg === alg && one.key === key);
  if (!signers.every(named)) throw new Refused("signature", "CF-3203", "a key that the document does not name");
}

function checkLeaves({ snapshot }) {
  if (snapshot !== null && (snapshot.leaves.length === 0 || snapshot.leaves.length > LEAVES_MAX)) {
    throw new Misshapen("leaves");
  }
}

/** Signers of a receipt without a sequence number: the pinned keys, or those of its time. */
function signersOfTime(message, signatures, history, moment) {
  let first = null;
  for (const pins of history.pinsOfTime(moment)) {
    try {
      return checkSigners("receipt", message, signatures, pins);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** The receipt, its digest, and who signed it. */
export function verifyReceipt(bytes, history) {
  if (bytes.length > FILE_SIZE_MAX) throw new Refused("parse", "CF-3200", "too large");
  const { message, found, signatures } = readNamed(bytes, "receipt", "CF-3200", receiptShape, checkLeaves);
  checkVenue(found.venue, found.log_origin, history.pins);
  const signers =
    found.snapshot === null
      ? signersOfTime(message, signatures, history, found.time)
      : checkSigners("receipt", message, signatures, history.pinsAt(found.snapshot.sequence));
  checkNamed(signers, found);
  return { receipt: found, digest: taggedHash("counterfoil/receipt", message), signers };
}

/** Refuses a receipt of somebody else. */
export function checkOwner(receipt, account, credential) {
  if (receipt.account !== account) {
    throw new Refused("bind", "CF-3201", "another account", { got: receipt.account, expected: account });
  }
  if (receipt.credential !== credential) throw new Refused("bind", "CF-3201", "another credential");
}

/** An inclusion proof that holds. One that does not shows nothing, whatever is wrong with it. */
function openLeaf(bytes, query) {
  try {
    const proof = parseProof(bytes);
    return { proof, balances: verifyInclusion(query, proof) };
  } catch (error) {
    if (error instanceof Refused) throw new Refused("bind", "CF-3214", `${error.code}: ${error.why}`);
    throw error;
  }
}

/** A logged entry of another kind under the number of a snapshot receipt, with nothing to open; null for anything else. */
function openNotice(receipt, shown, history, log) {
  if (receipt.snapshot === null || (shown.opening ?? null) !== null) return null;
  const { found, entry } = history.verifyStated(utf8(shown.statement));
  if (found.kind === "snapshot" || found.sequence !== receipt.snapshot.sequence) return null;
  verifyLogged(parseLogProof(utf8(shown.log_proof)), log, found.sequence, entry);
  return { statement: found, amount: null, leaves: [] };
}

/** What was shown, checked: the statement, the balance of the receipt in it, and the hashes of its leaves. */
function openShown(receipt, shown, history, log) {
  const notice = openNotice(receipt, shown, history, log);
  if (notice !== null) return notice;
  const { statement, digest, entry } = history.verifySnapshot(utf8(shown.statement));
  const other = (why) => new Refused("bind", "CF-3213", why);
  const { sequence, venue, liabilities: rows } = statement;
  if (receipt.snapshot !== null && receipt.snapshot.sequence !== sequence) throw other("another statement");
  if (receipt.snapshot === null && statement.cutoff < receipt.time) throw other("a statement of before");
  verifyLogged(parseLogProof(utf8(shown.log_proof)), log, sequence, entry);
  if ((shown.opening ?? null) === null) return { statement, amount: null, leaves: [] };
  const { account } = receipt;
  const credential = shown.credential ?? receipt.credential;
  const isOwn = (leaf) => leaf.asset === receipt.asset && leaf.class === receipt.class;
  const query = { account, credential, expected: [], rows, statement: { digest, sequence, venue: venue.id } };
  const { proof, balances } = openLeaf(utf8(shown.opening), query);
  const own = balances.find(({ row }) => isOwn(row));
  if (!own) throw other("another asset or class");
  if (receipt.snapshot === null && own.row.decimals !== receipt.decimals) throw other("other decimals");
  const leaves = proof.leaves.filter(isOwn).map(({ nonce, amount, parts, split }) =>
    leafHash({ nonce, amount, account, credential, detail: detailOf(parts, split) }));
  return { statement, amount: own.amount, leaves };
}

/** In which ways the statement excludes the receipt. */
function exclusions(receipt, { statement, amount, leaves }) {
  if (receipt.snapshot === null) return [];
  if (statement.kind !== "snapshot") return ["kind"];
  const row = statement.liabilities.find((one) =>
    one.asset === receipt.asset && one.class === receipt.class && one.decimals === receipt.decimals);
  const told = receipt.snapshot.leaves;
  const found = [
    ["cutoff", statement.cutoff !== receipt.time],
    ["row", row === undefined],
    ["total", row !== undefined && row.total < receipt.amount],
    ["amount", amount !== null && amount !== receipt.amount],
    ["leaf", amount !== null && (told.length !== leaves.length || told.some((one, at) => !equal(one, leaves[at])))],
  ];
  return found.flatMap(([what, is]) => (is ? [what] : []));
}

function readAnswer(bytes, digest, history) {
  const inOrder = ({ movements }) => {
    if (movements.length > MOVEMENTS_MAX) throw new Misshapen("too many movements");
    if (movements.some((one, at) => at > 0 && movements[at - 1].time > one.time)) throw new Misshapen("movements");
  };
  const { message, found, signatures } = readNamed(bytes, "answer", "CF-3211", answerShape, inOrder);
  checkVenue(found.venue, history.pins.log_origin, history.pins);
  checkNamed(checkSigners("answer", message, signatures, history.pinsNow), found);
  if (!equal(found.receipt, digest)) throw new Refused("bind", "CF-3212", "the answer to another receipt");
  return found;
}

/** The balance in the statement, when it settles the question. `known` is the one that anybody has opened. */
function settle(receipt, { statement, amount }, answer, known) {
  if (receipt.snapshot !== null || answer === null) {
    const settled = amount !== null && (receipt.snapshot !== null || amount === receipt.amount);
    if (!settled) throw new Refused("bind", "CF-3213", "nothing is settled");
    return amount;
  }
  const wrong = (why) => new Refused("sum", "CF-3215", why);
  let balance = receipt.amount;
  for (const movement of answer.movements) {
    if (movement.time <= receipt.time || movement.time > statement.cutoff) throw wrong("a movement of another time");
    balance += movement.side === "credit" ? movement.amount : -movement.amount;
    if (balance < 0n || balance >= LIMIT) throw wrong("below zero or too far");
  }
  if (balance !== (amount ?? known ?? 0n)) throw wrong("another balance");
  return balance;
}

/** Reads a dispute and the receipt in it. */
function readDispute(bytes, history) {
  const dispute = readAs("CF-3210", () => disputeShape(parseCanonical(bytes)));
  const wrong = (why) => new Refused("parse", "CF-3210", why);
  if (dispute.deadline <= dispute.opened) throw wrong("no time to answer");
  const verified = verifyReceipt(utf8(dispute.receipt), history);
  const { snapshot } = verified.receipt;
  if (snapshot !== null && snapshot.sequence !== dispute.sequence) throw wrong("another statement than the receipt's");
  return { dispute, ...verified };
}

/**
 * The outcome of a dispute: contradicted, answered, unanswered, or open while there is time. What does not hold is set
 * aside. `log` are the pins of the log, `now` seconds since 1970.
 */
export function judge(bytes, { shown, answers }, history, log, now) {
  const { dispute, receipt, digest } = readDispute(bytes, history);
  const setAside = [];
  const attempt = (run) => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setAside.push(error.code);
      return null;
    }
  };
  const signed = answers.map((file) => attempt(() => readAnswer(utf8(file), digest, history))).filter(Boolean);
  const brought = [...shown.map((one) => [one, null]), ...signed.map((one) => [{ ...one, credential: null }, one])];
  const held = [];
  for (const [one, answer] of brought) {
    const opened = attempt(() => {
      const opened = openShown(receipt, one, history, log);
      if (opened.statement.sequence !== dispute.sequence) throw new Refused("bind", "CF-3213", "another statement");
      return opened;
    });
    if (opened === null) continue;
    const why = exclusions(receipt, opened);
    if (why.length > 0) return { outcome: "contradicted", why, setAside };
    held.push([opened, answer]);
  }
  const known = held.map(([{ amount }]) => amount).find((amount) => amount !== null) ?? null;
  const settled = held.map(([opened, answer]) => attempt(() => settle(receipt, opened, answer, known)));
  const answered = settled.find((amount) => amount !== null) ?? null;
  if (answered !== null) return { outcome: "answered", amount: answered, setAside };
  return { outcome: now > dispute.deadline ? "unanswered" : "open", setAside };
}

/** What a file of evidence shows under the verifier's own pins. */
export function checkEvidence(bytes, pins, log) {
  const file = readAs("CF-3223", () => evidenceShape(parseCanonical(bytes)));
  const history = keyHistory(pins, file.rotations.map(utf8));
  const { receipt, digest } = verifyReceipt(utf8(file.receipt), history);
  if (receipt.snapshot === null) throw new Refused("bind", "CF-3225", "a balance receipt contradicts nothing");
  const why = exclusions(receipt, openShown(receipt, file, history, log));
  if (why.length === 0) throw new Refused("bind", "CF-3224", "nothing is contradicted");
  return { digest, why };
}
