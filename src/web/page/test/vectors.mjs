// Runs every vector of vectors/ through the page's verifier.
//
//     node src/web/page/test/vectors.mjs [DIR]

import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runners } from "./runners.mjs";
import { parseStrict } from "../verifier/json.js";
import { Refused } from "../verifier/refusal.js";

const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "../../../../vectors");
/** Folders that hold no vectors, and what they hold. */
// what holdings would bring is no question of a customer: Rust and Python answer it
const OTHER_FOLDERS = ["episodes", "reference", "golden", "quality"];

function sentBy(vector) {
  const kinds = ["proof", "proof_hex", "proof_text"].filter((kind) => kind in vector);
  if (kinds.length !== 1) throw new Error(`one of proof, proof_hex and proof_text, found ${kinds}`);
  const value = vector[kinds[0]];
  if (kinds[0] === "proof_hex") return new Uint8Array(Buffer.from(value, "hex"));
  return kinds[0] === "proof" ? value : new TextEncoder().encode(value);
}

/** JSON with sorted keys, so that two values are compared as one text. */
const text = (value) =>
  JSON.stringify(value, (_, found) =>
    found && typeof found === "object" && !Array.isArray(found)
      ? Object.fromEntries(Object.entries(found).sort(([left], [right]) => (left < right ? -1 : 1)))
      : found,
  );

function check(kind, name) {
  const vector = parseStrict(readFileSync(join(root, kind, name)));
  let found;
  try {
    found = { result: "valid", ...runners[kind](vector.query, sentBy(vector)) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    found = { result: error.result, stage: error.stage, code: error.code };
  }
  if (text(found) !== text(vector.expect)) throw new Error(`file ${text(vector.expect)}, computed ${text(found)}`);
}

const folders = readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory());
let [total, wrong] = [0, 0];
for (const kind of new Set([...folders, ...Object.keys(runners)])) {
  if (OTHER_FOLDERS.includes(kind)) continue;
  const names = folders.includes(kind) ? readdirSync(join(root, kind)).sort() : [];
  if (!(kind in runners) || names.length === 0) {
    console.log(`WRONG ${kind}: ${names.length === 0 ? "no vectors" : "unknown kind"}`);
    wrong += 1;
    continue;
  }
  let good = 0;
  for (const name of names) {
    try {
      check(kind, name);
      good += 1;
    } catch (error) {
      wrong += 1;
      console.log(`WRONG ${kind}/${name}: ${error.stack}`);
    }
  }
  total += names.length;
  console.log(`${kind}: ${good} of ${names.length} agree`);
}
process.exitCode = wrong > 0 || total === 0 ? 1 : 0;
