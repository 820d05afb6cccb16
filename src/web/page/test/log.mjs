// A log with witnesses, made as a venue makes one, for tests. Specification: docs/spec/log.md.

import { ed25519 } from "@noble/curves/ed25519.js";
import { concat, hex, u64, utf8 } from "../verifier/bytes.js";
import { sha256 } from "../verifier/hash.js";
import { canonical, parseStrict } from "../verifier/json.js";
import { leafHash, nodeHash } from "../verifier/log.js";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const KINDS = { log: 1, witness: 4 };

/** A signer with a secret of one byte, repeated. */
function signer(byte, name, kind) {
  const secret = new Uint8Array(32).fill(byte);
  const key = concat(Uint8Array.of(KINDS[kind]), ed25519.getPublicKey(secret));
  const id = sha256(concat(utf8(`${name}\n`), key)).slice(0, 4);
  const line = (text, time) => {
    const own = kind === "log" ? utf8(text) : utf8(`cosignature/v1\ntime ${time}\n${text}`);
    const stamp = kind === "log" ? new Uint8Array(0) : u64(time);
    return `\u2014 ${name} ${base64(concat(id, stamp, ed25519.sign(own, secret)))}\n`;
  };
  return { name, key: `${name}+${hex(id)}+${base64(key)}`, line };
}

const witnesses = [1, 2, 3].map((number) => signer(0x40 + number, `witness.example/w${number}`, "witness"));
const logOf = (origin) => signer(0x31, origin, "log");

/** What a venue card says of the log. */
export function cardLog(origin, quorum = 2) {
  const named = witnesses.map(({ key, name }) => ({ key, name: `Union ${name.at(-1)}` }));
  return { key: logOf(origin).key, quorum: String(quorum), witnesses: quorum === 0 ? [] : named };
}

function split(leaves) {
  let middle = 1;
  while (middle * 2 < leaves.length) middle *= 2;
  return [leaves.slice(0, middle), leaves.slice(middle)];
}
function rootOf(leaves) {
  return leaves.length === 1 ? leaves[0] : nodeHash(...split(leaves).map(rootOf));
}
function pathTo(leaves, index) {
  if (leaves.length === 1) return [];
  const [low, high] = split(leaves);
  if (index < low.length) return [...pathTo(low, index), rootOf(high)];
  return [...pathTo(high, index - low.length), rootOf(low)];
}

/** The log proof of a statement file: its entry in the place of its number, `later` ones behind it. */
export function logProof(statement, { later = 0, cosigned = 2, time = 1_767_225_600, entry } = {}) {
  const document = parseStrict(utf8(statement)).statement;
  const index = Number(document.sequence);
  const leaves = Array.from({ length: index + 1 + later }, (_, at) => leafHash(utf8(`entry ${at}`)));
  leaves[index] = leafHash(entry ?? canonical(document));
  const origin = document.venue.log_origin;
  const text = `${origin}\n${leaves.length}\n${base64(rootOf(leaves))}\n`;
  const lines = [logOf(origin).line(text), ...witnesses.slice(0, cosigned).map((one, at) => one.line(text, time + at))];
  const path = pathTo(leaves, index).map((hash) => `${base64(hash)}\n`).join("");
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${path}\n${text}\n${lines.join("")}`;
}

/** The proof with one signature changed in one bit: that of the signer whose name contains this. */
export function tampered(proof, name) {
  return proof.replace(new RegExp(`(\u2014 \\S*${name}\\S* )(\\S+)`, "u"), (_, head, coded) => {
    const bytes = Buffer.from(coded, "base64");
    bytes[bytes.length - 40] ^= 1;
    return `${head}${base64(bytes)}`;
  });
}
