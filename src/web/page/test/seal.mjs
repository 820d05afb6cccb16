// Seals one proof as a venue does, for tests. Specification: docs/spec/sealed-proof.md.

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { concat, u32, utf8 } from "../verifier/bytes.js";
import { sha256, taggedHash } from "../verifier/hash.js";
import { canonical, parseStrict } from "../verifier/json.js";
import { codeKey, codeName, codeText, fileLength, paddedLength } from "../verifier/sealed_proof.js";

/** A pack with one entry for a statement file, the code that opens it, and a code that does not. */
export function sealedPack(proof, statement) {
  const digest = taggedHash("counterfoil/statement", canonical(parseStrict(utf8(statement)).statement));
  const code = Uint8Array.from({ length: 16 }, (_, at) => 7 * at + 1);
  const name = codeName(code, digest);
  const magic = concat(utf8("counterfoil\0sp\0"), Uint8Array.of(1));
  const content = utf8(proof);
  const padded = new Uint8Array(paddedLength(content.length));
  padded.set(concat(u32(content.length), content));
  const entry = chacha20poly1305(codeKey(code, digest), new Uint8Array(12), concat(magic, digest, name)).encrypt(padded);
  const head = concat(magic, digest, Uint8Array.of(0), u32(0), u32(1), name, u32(entry.length), entry);
  const body = new Uint8Array(fileLength(head.length + 32) - 32);
  body.set(head);
  const other = Uint8Array.from(code, (byte) => byte ^ 0x5a);
  return { pack: concat(body, sha256(body)), code: codeText(code), other: codeText(other) };
}
