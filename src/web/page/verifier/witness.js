// What a witness decides about a request. Specification: docs/spec/witness.md.

import { equal, hex } from "./bytes.js";
import { headAndNote, nodeHash, parseCheckpoint, pathOf } from "./log.js";
import { decimal, parseNote, signedBy } from "./note.js";
import { Refused, withCode } from "./refusal.js";

const SIZE_MAX = 64 << 10;

function parseRequest(bytes) {
  const refuse = (why) => new Refused("parse", "CF-3150", why);
  const parts = bytes.length > SIZE_MAX ? null : headAndNote(bytes);
  if (parts === null) throw refuse("too long, not UTF-8, or no empty line before the checkpoint");
  const [first, ...lines] = parts.lines;
  const old = decimal(/^old (.*)$/.exec(first)?.[1]);
  const path = pathOf(lines);
  if (old === null || path === null) throw refuse("no old size, or a line that is no hash");
  const note = withCode("CF-3150", () => parseNote(parts.note), () => true);
  return { old, path, note, checkpoint: withCode("CF-3150", () => parseCheckpoint(note.text), () => true) };
}

/** RFC 9162, section 2.1.4.2: whether the first entries of the later tree are those of the earlier one. */
function isConsistent(first, second, path) {
  if (first.size === 0n) return path.length === 0;
  if (first.size === second.size) return path.length === 0 && equal(first.root, second.root);
  const isPower = (first.size & (first.size - 1n)) === 0n;
  const [seed, ...rest] = isPower ? [first.root, ...path] : path;
  if (seed === undefined) return false;
  let [at, last] = [first.size - 1n, second.size - 1n];
  while (at % 2n === 1n) [at, last] = [at / 2n, last / 2n];
  let [earlier, later] = [seed, seed];
  for (const hash of rest) {
    if (last === 0n) return false;
    if (at % 2n === 1n || at === last) {
      [earlier, later] = [nodeHash(hash, earlier), nodeHash(hash, later)];
      while (at % 2n === 0n && at !== 0n) [at, last] = [at / 2n, last / 2n];
    } else {
      later = nodeHash(later, hash);
    }
    [at, last] = [at / 2n, last / 2n];
  }
  return last === 0n && equal(earlier, first.root) && equal(later, second.root);
}

/** The checkpoint that may be cosigned; `latest` is `{size, root}` of the one before, `logs` the keys that are listed. */
export function decide(bytes, latest, logs) {
  const { old, path, note, checkpoint } = parseRequest(bytes);
  const keys = logs.filter((key) => key.name === checkpoint.origin);
  if (keys.length === 0) throw new Refused("bind", "CF-3151", "a log that is not listed");
  const signed = () => keys.flatMap((key) => signedBy(note, key)).length > 0;
  let isSigned = false;
  try {
    isSigned = signed();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  if (!isSigned) throw new Refused("signature", "CF-3152", "not signed by a listed key");
  if (old > checkpoint.size) throw new Refused("parse", "CF-3150", "the proof goes backwards");
  if (old !== latest.size) throw new Refused("bind", "CF-3153", "the proof begins elsewhere", { got: old, expected: latest.size });
  if (checkpoint.size === latest.size && !equal(checkpoint.root, latest.root)) {
    const facts = { got: hex(checkpoint.root), expected: hex(latest.root) };
    throw new Refused("fold", "CF-3154", "two roots for one size", facts);
  }
  if (!isConsistent(latest, checkpoint, path)) throw new Refused("fold", "CF-3155", "the proof does not hold");
  return checkpoint;
}
