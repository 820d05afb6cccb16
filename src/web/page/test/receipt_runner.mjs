// What the vectors of receipts ask, and how the page's verifier answers.

import { hex, utf8 } from "../verifier/bytes.js";
import { keyHistory } from "../verifier/key_history.js";
import { logPins } from "../verifier/log.js";
import { checkEvidence, checkOwner, judge, verifyReceipt } from "../verifier/receipt.js";
import { any, has, integer, listOf, record, text, time } from "../verifier/shape.js";
import { keyShape } from "../verifier/signature.js";

const policy = record({ keys: listOf(keyShape), log_origin: text, threshold: any, venue: text });
const log = record({ key: text, quorum: integer(64), witnesses: listOf(text) });
const named = { operation: text, policy };

function shown(value) {
  const may = Object.fromEntries(["credential", "opening"].filter((name) => has(value, name)).map((name) => [name, text]));
  return record({ log_proof: text, statement: text, ...may })(value);
}

function pinsOf(known) {
  const { key, quorum, witnesses } = known.log;
  return logPins({ key, quorum, witnesses: witnesses.map((one) => ({ key: one })) }, known.policy.log_origin);
}

export function receipt(query, proof) {
  if (query.operation === "check") {
    const known = record({ ...named, log })(query);
    const { digest, why } = checkEvidence(proof, known.policy, pinsOf(known));
    return { contradictions: String(why.length), digest: hex(digest) };
  }
  const rotations = listOf(text);
  if (query.operation === "judge") {
    const known = record({ ...named, dispute: text, log, now: time, rotations })(query);
    const brought = record({ answers: listOf(text), shown: listOf(shown) })(proof);
    const history = keyHistory(known.policy, known.rotations.map(utf8));
    const found = judge(utf8(known.dispute), brought, history, pinsOf(known), known.now);
    const figures = {};
    if (found.why) figures.contradictions = String(found.why.length);
    if (found.amount !== undefined) figures.amount = String(found.amount);
    return { ...figures, outcome: found.outcome, set_aside: found.setAside };
  }
  const known = record({ ...named, account: text, credential: text, rotations })(query);
  const found = verifyReceipt(proof, keyHistory(known.policy, known.rotations.map(utf8)));
  checkOwner(found.receipt, known.account, known.credential);
  const signed = found.signers.map(({ alg, key }) => ({ alg, key }));
  return { amount: String(found.receipt.amount), digest: hex(found.digest), signed_by: signed };
}
