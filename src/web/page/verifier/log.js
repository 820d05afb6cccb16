// A statement in the public log. Specification: docs/spec/log.md.

import { concat, equal, hex, utf8 } from "./bytes.js";
import { sha256 } from "./hash.js";
import { decimal, fromBase64, hashLine, parseKey, parseNote, signedBy, signersOf, textOf } from "./note.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { pathLength } from "./sum_tree.js";

const FORMAT = "c2sp.org/tlog-proof@v1";
const SIZE_MAX = 1 << 20;
export const PATH_MAX = 63;

/** Hashes of RFC 6962. */
export const leafHash = (entry) => sha256(concat(Uint8Array.of(0), entry));
export const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

/** Origin, number of entries and root of a checkpoint. */
export function parseCheckpoint(text) {
  const [origin, size, root, ...more] = text.split("\n").slice(0, -1);
  const found = { origin, size: decimal(size), root: root === undefined ? null : hashLine(root) };
  if (!origin || found.size === null || found.root === null || more.includes("")) {
    throw new Refused("parse", "CF-3104", "not origin, number of entries and root");
  }
  return found;
}

/** The lines before the first empty one, and the bytes behind it; null where there is none. */
export function headAndNote(bytes) {
  const text = textOf(bytes);
  const at = text === null ? -1 : text.indexOf("\n\n");
  return at < 0 ? null : { lines: text.slice(0, at).split("\n"), note: utf8(text.slice(at + 2)) };
}

/** The hashes of a path, or null. */
export function pathOf(lines) {
  const path = lines.map(hashLine);
  return path.length > PATH_MAX || path.includes(null) ? null : path;
}

/** A log proof: its index, path and checkpoint. Nothing is verified yet. */
export function parseLogProof(bytes) {
  const refuse = (why) => new Refused("parse", "CF-3106", why);
  if (bytes.length > SIZE_MAX) throw refuse("longer than 1 MiB");
  const parts = headAndNote(bytes);
  if (parts === null) throw refuse("not UTF-8, or no empty line before the checkpoint");
  const [format, ...lines] = parts.lines;
  if (format !== FORMAT) throw refuse(`it does not begin with ${FORMAT}`);
  if (lines[0]?.startsWith("extra ") && fromBase64(lines.shift().slice(6)) === null) throw refuse("the extra line");
  const index = decimal(/^index (.*)$/.exec(lines.shift() ?? "")?.[1]);
  if (index === null) throw refuse("no line with the index");
  const path = pathOf(lines);
  if (path === null) throw refuse(`a line that is no hash, or more than ${PATH_MAX}`);
  return { index, path, checkpoint: parseNote(parts.note) };
}

/** Folds the path of RFC 9162, section 2.1.3.2; it has exactly the length of its place. */
function rootFromPath(leaf, index, size, path) {
  if (index >= size) throw new Refused("parse", "CF-3106", "the index is not below the number of entries");
  if (path.length !== pathLength(index, size)) {
    const facts = { got: path.length, expected: pathLength(index, size) };
    throw new Refused("fold", "CF-3108", "another length of the path", facts);
  }
  let [at, last, current] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (at % 2n === 1n || at === last) {
      current = nodeHash(sibling, current);
      while (at % 2n === 0n && at !== 0n) [at, last] = [at / 2n, last / 2n];
    } else {
      current = nodeHash(current, sibling);
    }
    [at, last] = [at / 2n, last / 2n];
  }
  return current;
}

/** What a verifier pins of a log, from the texts of a venue card. */
export function logPins({ key, quorum, witnesses }, origin) {
  return withCode("CF-3020", () => {
    const log = parseKey(key);
    const watching = witnesses.map((witness) => parseKey(witness.key));
    const publics = [log, ...watching].map((entry) => hex(entry.public));
    const count = BigInt(watching.length);
    const wrong = [
      ["the log's key is another log's, or a witness's", log.kind !== "log" || log.name !== origin],
      ["a witness has a log's key", watching.some((entry) => entry.kind !== "witness")],
      // one key under two names would count as two witnesses
      ["one key stands twice", new Set(publics).size < publics.length],
      ["the quorum", quorum > count || (quorum === 0n) !== (count === 0n)],
    ];
    const first = wrong.find(([, is]) => is);
    if (first) throw new Misshapen(first[0]);
    return { origin, key: log, quorum, witnesses: watching };
  }, () => true);
}

const least = (times) => times.reduce((left, right) => (left < right ? left : right));

/** The checkpoint of a note that the pinned log has signed and enough pinned witnesses have cosigned. */
export function verifyCheckpoint(note, pins) {
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== pins.origin) {
    throw new Refused("bind", "CF-3105", "another log", { got: checkpoint.origin, expected: pins.origin });
  }
  if (signedBy(note, pins.key).length === 0) {
    throw new Refused("signature", "CF-3102", "not signed by the log", { got: signersOf(note), expected: pins.key.shown });
  }
  const cosigned = pins.witnesses.flatMap((key) => {
    const times = signedBy(note, key);
    return times.length === 0 ? [] : [{ witness: key.name, time: least(times) }];
  });
  if (BigInt(cosigned.length) < pins.quorum) {
    throw new Refused("policy", "CF-3110", "too few witnesses", { got: cosigned.length, expected: pins.quorum });
  }
  return { ...checkpoint, cosigned };
}

/** Where an entry stands, when the log proof leads from it to a checkpoint that the pins accept. */
export function verifyLogged(proof, pins, sequence, entry) {
  const { size, root, cosigned } = verifyCheckpoint(proof.checkpoint, pins);
  if (proof.index !== sequence) {
    throw new Refused("bind", "CF-3107", "another entry", { got: proof.index, expected: sequence });
  }
  const found = rootFromPath(leafHash(entry), proof.index, size, proof.path);
  if (!equal(found, root)) throw new Refused("fold", "CF-3109", "another root", { got: hex(found), expected: hex(root) });
  const ordered = cosigned.map(({ time }) => time).sort((left, right) => (left < right ? -1 : 1));
  // since when a quorum has known it; without witnesses nobody says
  const seen = pins.quorum === 0n ? null : ordered[Number(pins.quorum) - 1];
  return { index: proof.index, size, root, cosigned, seen, later: size - proof.index - 1n };
}
