// Tagged hashes. Specification: docs/spec/hash.md.

import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concat, utf8 } from "./bytes.js";

export { sha256 };

export const TAGS = [
  "leaf", "parts", "split", "node", "answer", "asset", "receipt", "statement", "address", "address-node", "bundle-file",
  "bundle-node", "code-check", "code-name", "deposit", "descriptor", "manifest", "movement", "seal", "transcript", "venue-card",
].map((name) => `counterfoil/${name}`);

const prefixes = new Map();

/** TH(tag, message) = SHA256(SHA256(tag) ‖ SHA256(tag) ‖ message). */
export function taggedHash(tag, message) {
  if (!prefixes.has(tag)) {
    const digest = sha256(utf8(tag));
    prefixes.set(tag, concat(digest, digest));
  }
  return sha256(concat(prefixes.get(tag), message));
}

export const hmacSha256 = (key, message) => hmac(sha256, key, message);
export const hmacSha512 = (key, message) => hmac(sha512, key, message);
export const hkdfSha256 = (ikm, salt, info) => hkdf(sha256, ikm, salt, info, 32);
