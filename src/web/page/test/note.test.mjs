// What no vector can hold: signatures that only some implementations of Ed25519 refuse, and the forms of base64.
//
//     node --test src/web/page/test/note.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, hex, toIntegerLe, uint, utf8 } from "../verifier/bytes.js";
import { sha256 } from "../verifier/hash.js";
import { fromBase64, parseKey, parseNote, signedBy } from "../verifier/note.js";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const le = (value) => uint(value, 32).reverse();
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const NAME = "log.example";
const TEXT = "log.example\n1\nAAAA\n";

const idOf = (bytes) => sha256(concat(utf8(`${NAME}\n`), Uint8Array.of(1), bytes)).slice(0, 4);
const keyText = (bytes) => `${NAME}+${hex(idOf(bytes))}+${base64(concat(Uint8Array.of(1), bytes))}`;
const secret = new Uint8Array(32).fill(7);
const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(secret);
const note = (signature) => parseNote(utf8(`${TEXT}\n\u2014 ${NAME} ${base64(concat(idOf(pointBytes), signature))}\n`));
const check = (signature) => signedBy(note(signature), parseKey(keyText(pointBytes)));

test("a signature has one form, and R is not of small order", () => {
  const good = ed25519.sign(utf8(TEXT), secret);
  assert.deepEqual(check(good), [null]);
  const [r, s] = [good.slice(0, 32), toIntegerLe(good.slice(32))];
  assert.throws(() => check(concat(r, le(s + ORDER))), { code: "CF-3103" }, "s above the order");
  const zero = Point.ZERO.toBytes();
  const k = toIntegerLe(sha512(concat(zero, pointBytes, utf8(TEXT)))) % ORDER;
  const forged = concat(zero, le((k * scalar) % ORDER));
  assert.equal(ed25519.verify(forged, utf8(TEXT), pointBytes), true, "others accept it");
  assert.throws(() => check(forged), { code: "CF-3103" }, "R of small order");
  assert.throws(() => check(good.slice(0, 63)), { code: "CF-3103" });
});

test("a key of small order, or in another form, is none", () => {
  assert.throws(() => parseKey(keyText(Point.ZERO.toBytes())), { code: "CF-3101" });
  const above = le((1n << 255n) - 18n); // y = 1, written as p + 1
  assert.throws(() => parseKey(keyText(above)), { code: "CF-3101" });
  const other = parseKey(keyText(pointBytes)).shown.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  assert.throws(() => parseKey(`${other}+${keyText(pointBytes).split("+").slice(2).join("+")}`), { code: "CF-3101" });
  for (const text of ["", NAME, `${NAME}+00000000`, `+00000000+AQ==`]) assert.throws(() => parseKey(text), { code: "CF-3101" });
});

test("base64 has one form", () => {
  assert.deepEqual(fromBase64("AAEC/w=="), Uint8Array.of(0, 1, 2, 255));
  assert.deepEqual(fromBase64(""), new Uint8Array(0));
  for (const text of ["AA", "AA=", "AB==", "AAB=", "A===", "AA==AAAA", "AA-_", " AAAA", "AAAA\n"]) assert.equal(fromBase64(text), null, text);
});
