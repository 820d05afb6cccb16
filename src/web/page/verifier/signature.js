// Signatures by keys of secp256k1. Specification: docs/spec/signature.md.

import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { fromHex, hex, toInteger } from "./bytes.js";
import { taggedHash } from "./hash.js";
import { canonical, parseCanonical } from "./json.js";
import { Refused } from "./refusal.js";
import { any, by, listOf, oneOf, record, text } from "./shape.js";

const ORDER = secp256k1.Point.Fn.ORDER;

/** The point with these compressed bytes, or null. */
export function pointOf(bytes) {
  try {
    const point = secp256k1.Point.fromBytes(bytes);
    point.assertValidity();
    return point;
  } catch {
    return null;
  }
}

/** The compressed bytes of a key in its one encoding. */
export function decodeKey(alg, key) {
  const xOnly = alg === "bip340";
  const bytes = xOnly ? fromHex(`02${key}`, 33) : fromHex(key, 33);
  const wrong = bytes === null || ![2, 3].includes(bytes[0]) || pointOf(bytes) === null;
  if (wrong) throw new Refused("signature", "CF-3015", `no key of ${alg}`, { key });
  return bytes;
}

function isValid(alg, key, digest, signature) {
  if (alg === "bip340") return schnorr.verify(signature, digest, key.slice(1));
  const [r, s] = [toInteger(signature.slice(0, 32)), toInteger(signature.slice(32))];
  if (r === 0n || s === 0n || r >= ORDER || s >= ORDER) return false;
  if (s > ORDER / 2n) throw new Refused("signature", "CF-3015", "a high s");
  return secp256k1.verify(signature, digest, key, { prehash: false, format: "compact", lowS: true });
}

/** Refuses a signature that is not one of `key` over the document of this kind. */
export function verifySignature(kind, message, alg, key, signature) {
  const bytes = fromHex(signature, 64);
  if (bytes === null) throw new Refused("signature", "CF-3015", "a signature has 128 lower-case hexadecimal digits");
  const point = decodeKey(alg, key);
  if (!isValid(alg, point, taggedHash(`counterfoil/${kind}`, message), bytes)) {
    throw new Refused("signature", "CF-3007", "the signature does not fit", { key });
  }
}

const algorithm = oneOf("bip340", "ecdsa-secp256k1");
export const keyShape = record({ alg: algorithm, key: text });
const signatureShape = record({ alg: algorithm, key: text, signature: text });
export const keyOrder = by((entry) => entry.alg, (entry) => entry.key);

/** The document's canonical bytes, the document, and the signatures of a signed file. */
export function parseSigned(bytes, kind) {
  const value = parseCanonical(bytes);
  const envelope = record({ [kind]: any, signatures: listOf(signatureShape, keyOrder) })(value);
  return { message: canonical(envelope[kind]), document: envelope[kind], signatures: envelope.signatures };
}

/** What tells signers apart: keys with one x coordinate are one. */
export const signerOf = ({ alg, key }) => (alg === "bip340" ? key : key.slice(2));

/** 32 bytes in groups of four digits, as people compare them. */
export const inGroups = (bytes) => hex(bytes).match(/.{4}/g).join(" ");
