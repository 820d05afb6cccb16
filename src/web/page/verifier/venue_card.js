// Venue cards: what a customer pins. Specification: docs/spec/venue-card.md.

import { hex } from "./bytes.js";
import { taggedHash } from "./hash.js";
import { canonical, parseStrict } from "./json.js";
import { Misshapen, Refused, withCode } from "./refusal.js";
import { hexBytes, integer, listOf, notEmpty, oneOf, optional, record, venueId } from "./shape.js";
import { decodeKey, keyOrder, keyShape, signerOf } from "./signature.js";

const witness = record({ key: notEmpty, name: notEmpty });
const cardShape = record({
  format: oneOf("counterfoil-venue-card-v1"),
  log: optional(record({ key: notEmpty, quorum: integer(64), witnesses: listOf(witness) })),
  page: optional(hexBytes(32)),
  venue: record({
    id: venueId,
    keys: listOf(keyShape, keyOrder),
    legal_entity: notEmpty,
    log_origin: notEmpty,
    threshold: integer(64),
  }),
});

/** The card, the pins that it gives, and its fingerprint in groups of four digits. */
export function parseCard(bytes) {
  return withCode("CF-3020", () => {
    const value = parseStrict(bytes);
    const card = cardShape(value);
    const { keys, threshold } = card.venue;
    for (const key of keys) decodeKey(key.alg, key.key);
    const signers = new Set(keys.map(signerOf)).size;
    if (signers < keys.length) throw new Misshapen("two keys of one signer");
    if (threshold < 1n || threshold > BigInt(keys.length)) throw new Misshapen("the threshold");
    const { quorum, witnesses } = card.log ?? { quorum: 0n, witnesses: [] };
    if (quorum > BigInt(witnesses.length)) throw new Misshapen("the quorum is above the number of witnesses");
    const digest = hex(taggedHash("counterfoil/venue-card", canonical(value)));
    const { id: venue, log_origin } = card.venue;
    const pins = { venue, log_origin, keys, threshold };
    return { card, pins, digest, fingerprint: digest.slice(0, 32).match(/.{4}/g).join(" ") };
  }, () => true);
}

/** Refuses a card whose fingerprint is not the one that the customer was told; spaces and case do not matter. */
export function compareFingerprint({ fingerprint }, told) {
  const plain = (text) => text.replace(/\s/g, "").toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(plain(told))) {
    throw new Refused("policy", "CF-3029", "no fingerprint", { got: told });
  }
  if (plain(told) !== plain(fingerprint)) {
    throw new Refused("policy", "CF-3021", "another fingerprint", { got: fingerprint, expected: told });
  }
}
