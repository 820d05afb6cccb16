// Challenges: what addresses sign. Specification: docs/spec/challenge.md.

import { equal, hex } from "./bytes.js";
import { sha256 } from "./hash.js";
import { parseCanonical } from "./json.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { by, hexBytes, listOf, oneOf, record, text, time, venueId } from "./shape.js";
import { keyOrder, keyShape } from "./signature.js";
import { blockShape, setShape } from "./statement.js";

const challengeShape = record({
  address_set: setShape,
  blocks: listOf(blockShape, by((block) => block.chain)),
  expires: time,
  format: oneOf("counterfoil-challenge-v1"),
  id: hexBytes(4),
  issued: time,
  log_origin: text,
  nonce: hexBytes(16),
  purpose: oneOf("custody"),
  venue: record({ id: venueId, keys: listOf(keyShape, keyOrder) }),
});
const OWN_CODES = ["CF-3002", "CF-3003"];

/** The challenge, and the line that is signed for it. */
function challengeLine(bytes) {
  const read = () => {
    const document = parseCanonical(bytes);
    const challenge = challengeShape(document);
    if (challenge.expires % 86_400 !== 0) throw new Misshapen("the expiry is not at midnight");
    if (challenge.issued >= challenge.expires) throw new Misshapen("not issued before it expires");
    const day = document.expires.slice(0, 10);
    const line = `counterfoil v1 ${challenge.venue.id} ${document.id} exp ${day} sha256 ${hex(sha256(bytes))}`;
    if (line.length > 160) throw new Misshapen("the line is longer than 160 characters");
    return { challenge, line };
  };
  return withCode("CF-4013", read, (error) => !OWN_CODES.includes(error.code));
}

const sameKeys = (left, right) =>
  left.length === right.length && left.every((key, at) => key.alg === right[at].alg && key.key === right[at].key);

/** The line, for a document that fits what the verifier knows of the statement. */
export function verifyChallenge(bytes, known) {
  const { challenge, line } = challengeLine(bytes);
  const chains = new Set(challenge.blocks.map((block) => block.chain));
  const set = challenge.address_set;
  const wrong = [
    ["another venue", challenge.venue.id !== known.venue],
    ["other keys", !sameKeys(challenge.venue.keys, known.keys)],
    ["another log", challenge.log_origin !== known.log_origin],
    ["another address set", set.count !== known.address_set.count || !equal(set.root, known.address_set.root)],
    ["other chains", chains.size !== known.chains.length || known.chains.some((chain) => !chains.has(chain))],
    ["not yet issued", challenge.issued > known.cutoff],
    ["expired", known.cutoff >= challenge.expires],
  ];
  const first = wrong.find(([, is]) => is);
  if (first) throw new Refused("bind", "CF-4013", first[0]);
  return line;
}
