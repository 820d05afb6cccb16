// Which keys were the venue's at which sequence number. Specification: docs/spec/statement.md.
//
// From the keys that are pinned it reaches back, over changes that these have accepted; it never reaches forward.

import { Refused } from "./refusal.js";
import { signerOf } from "./signature.js";
import { checkSigners, checkVenue, keySetText, readStatement, verifyStatement } from "./statement.js";

const FEW = ["CF-3006", "CF-3008"];
const same = (left, right) => left.alg === right.alg && left.key === right.key;

/** The old keys hand over, and the new ones accept. */
function checkBothSides({ message, found, signatures }) {
  for (const side of [found.venue, found.new]) {
    try {
      checkSigners("statement", message, signatures, side);
    } catch (error) {
      if (error instanceof Refused && FEW.includes(error.code)) {
        throw new Refused("policy", "CF-3234", "one side has not signed the change of keys");
      }
      throw error;
    }
  }
}

function readChange(bytes, pins) {
  const read = readStatement(bytes);
  if (read.found.kind !== "key-rotation") throw new Refused("parse", "CF-3230", "no change of keys");
  checkVenue(read.found.venue.id, read.found.venue.log_origin, pins);
  checkBothSides(read);
  return read;
}

function checkFollows(before, after) {
  if (before.sequence === after.sequence) throw new Refused("parse", "CF-3001", "two changes of keys for one number");
  if (keySetText(before.new) !== keySetText(after.venue)) {
    throw new Refused("policy", "CF-3234", "it replaces other keys than the one before gave");
  }
}

const announced = ({ sequence, reason }) =>
  new Refused("policy", "CF-3231", "the venue says that its keys changed", { sequence: String(sequence), reason });

/** The pins of a verifier, with the signed changes of keys that it was shown. */
export function keyHistory(pins, files) {
  const texts = new Set();
  const read = files.map((bytes) => readChange(bytes, pins)).filter(({ message }) => {
    const text = new TextDecoder().decode(message);
    return !texts.has(text) && texts.add(text);
  });
  read.sort((left, right) => (left.found.sequence < right.found.sequence ? -1 : 1));
  const changes = read.map(({ found }) => found);
  changes.slice(1).forEach((after, at) => checkFollows(changes[at], after));

  const place = (sequence) => changes.filter((change) => change.sequence < sequence).length;
  const stretch = (at) => {
    const { keys, threshold } = at > 0 ? changes[at - 1].new : changes[0].venue;
    return { ...pins, keys, threshold };
  };
  // those of the pinned keys that are in force, when they are enough; null when the pins do not hold
  const held = (at) => {
    const own = pins.keys.filter((key) => stretch(at).keys.some((one) => same(one, key)));
    const enough = BigInt(new Set(own.map(signerOf)).size) >= BigInt(pins.threshold);
    return enough ? { ...pins, keys: own } : null;
  };
  const holds = changes.length === 0 ? [pins] : [...changes, null].map((_, at) => held(at));
  // anybody can name a pinned key beside keys of their own: the change itself must bear the pinned signatures
  read.forEach(({ message, signatures }, at) => {
    if (holds[at] || holds[at + 1]) checkSigners("statement", message, signatures, pins);
  });
  const last = holds.map(Boolean).lastIndexOf(true);
  if (last < 0) throw new Refused("policy", "CF-3006", "the changes of keys touch no pinned key");

  function pinsAt(sequence) {
    const at = place(sequence);
    if (holds[at]) return holds[at];
    if (last > at) return stretch(at);
    throw announced(changes[at - 1]);
  }

  /** The verifier's pins that are in force now, and those that they reach back to, each up to the moment at which it was replaced. */
  function pinsOfTime(moment) {
    const earlier = changes.slice(0, last).flatMap((change, at) => (moment <= change.issued ? [holds[at] ?? stretch(at)] : []));
    return [holds[last], ...earlier];
  }

  /** Whether a key has signed that was in force before, and is not any more. */
  function retired(signatures, at) {
    const gone = (key) => !stretch(at).keys.some((one) => same(one, key)) && signatures.some((one) => same(one, key));
    return changes.slice(0, at).some(({ venue }) => venue.keys.some(gone));
  }

  /** A statement of any kind under the keys of its number, and these keys. */
  function verifyStated(bytes) {
    const read = readStatement(bytes);
    const { message, found, signatures } = read;
    checkVenue(found.venue.id, found.venue.log_origin, pins);
    const at = place(found.sequence);
    let [asked, told] = [null, null];
    try {
      asked = pinsAt(found.sequence);
    } catch (error) {
      [asked, told] = [stretch(at), error];
    }
    try {
      checkSigners("statement", message, signatures, asked);
    } catch (error) {
      if (error instanceof Refused && FEW.includes(error.code) && retired(signatures, at)) {
        throw new Refused("signature", "CF-3233", "signed by keys that were replaced", { sequence: String(found.sequence) });
      }
      throw error;
    }
    if (told !== null) throw told;
    if (found.kind === "key-rotation") checkBothSides(read);
    return { found, asked, entry: message };
  }

  const verifySnapshot = (bytes) => verifyStatement(bytes, verifyStated(bytes).asked);

  return { pins, pinsNow: holds[last], pinsAt, pinsOfTime, verifyStated, verifySnapshot };
}
