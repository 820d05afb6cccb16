// What the vectors of log, witness and sample ask, and how the page's verifier answers.

import { hex, utf8 } from "../verifier/bytes.js";
import { logPins, parseLogProof, verifyLogged } from "../verifier/log.js";
import { parseKey } from "../verifier/note.js";
import { verifySample } from "../verifier/sample.js";
import { hexBytes, integer, listOf, record, text } from "../verifier/shape.js";
import { decide } from "../verifier/witness.js";

function log(query, proof) {
  const fields = { entry: text, log: text, origin: text, quorum: integer(64), sequence: integer(64), witnesses: listOf(text) };
  const known = record(fields)(query);
  const witnesses = known.witnesses.map((key) => ({ key }));
  const pins = logPins({ key: known.log, quorum: known.quorum, witnesses }, known.origin);
  const found = verifyLogged(parseLogProof(proof), pins, known.sequence, utf8(known.entry));
  const cosigned = found.cosigned.map(({ witness, time }) => ({ time: String(time), witness }));
  return { cosigned, root: hex(found.root), size: String(found.size) };
}

function witness(query, proof) {
  const known = record({ latest_root: hexBytes(32), latest_size: integer(64), logs: listOf(text) })(query);
  const latest = { root: known.latest_root, size: known.latest_size };
  const { root, size } = decide(proof, latest, known.logs.map(parseKey));
  return { root: hex(root), size: String(size) };
}

function sample(query, proof) {
  const bytes = hexBytes(32);
  const known = record({ beacon: bytes, commitment: bytes, count: integer(64), from: integer(64), to: integer(64) })(query);
  const { heights } = record({ heights: listOf(integer(64)) })(proof);
  return { heights: verifySample(heights, known).map(String) };
}

export const logRunners = { log, sample, witness };
