// One customer's check, from what the customer opened and typed to an outcome. Pure: no clock, no document, no network.

import { parseAmount } from "./verifier/amount.js";
import { hex } from "./verifier/bytes.js";
import { parseLogProof, verifyLogged } from "./verifier/log.js";
import { Refused } from "./verifier/refusal.js";
import { parseProof, verifyInclusion } from "./verifier/inclusion_proof.js";
import { isPack, openSealed, parseCode } from "./verifier/sealed_proof.js";
import { verifyStatement } from "./verifier/statement.js";

/** The amounts of lines such as BTC=0.75, under the decimals of the statement. */
function parseExpected(text, assets) {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const seen = new Set();
  return lines.map((line) => {
    const at = line.indexOf("=");
    const [id, amount] = at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    const asset = assets.find((entry) => entry.id === id);
    if (at < 0 || !asset || seen.has(id)) {
      throw new Refused("policy", "CF-9004", `${line}: expected ASSET=AMOUNT of an asset in the statement, each once`);
    }
    seen.add(id);
    return { asset: id, amount: parseAmount(amount, asset.decimals) };
  });
}

/** A moment as people read it; one that no calendar here reaches in seconds. */
function clock(seconds) {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? `unix:${seconds}` : date.toISOString().replace(".000Z", "Z");
}

/** Where the statement stands in the log that is pinned; null when none is. */
function checkLog({ logPins, logProof, now }, { statement, entry }) {
  if (logPins === null) return null;
  if (logProof === null) {
    throw new Refused("policy", "CF-3113", "no log proof", { expected: logPins.origin });
  }
  const logged = verifyLogged(parseLogProof(logProof), logPins, statement.sequence, entry);
  if (logged.seen !== null && logged.seen > BigInt(now)) {
    throw new Refused("policy", "CF-3111", "cosigned in the future", { got: clock(logged.seen), expected: clock(now) });
  }
  return logged;
}

/**
 * Checks. `given` has `pins` and `logPins` (of the venue card; `logPins` is null when it names no log), `statement`,
 * `proof` and `logProof` (bytes; the last one may be null), `code`, `account`, `credential`, `expected` (texts), and
 * `now`, in seconds by the reader's clock. The result has `result` (valid, invalid, undetermined) and what there is to say
 * about it.
 */
export function check(given) {
  const outcome = { statement: null, digest: null, logged: null };
  try {
    const verified = verifyStatement(given.statement, given.pins);
    outcome.statement = verified.statement;
    outcome.digest = hex(verified.digest);
    outcome.signers = verified.signers.length;
    outcome.logged = checkLog(given, verified);
    const { sequence, venue, liabilities: rows, assets } = verified.statement;
    const statement = { digest: verified.digest, sequence, venue: venue.id };
    const packed = isPack(given.proof);
    const bytes = packed ? openSealed(given.proof, parseCode(given.code), verified.digest) : given.proof;
    const proof = parseProof(bytes);
    const expected = parseExpected(given.expected, assets);
    const { account, credential } = given;
    const balances = verifyInclusion({ statement, rows, account, credential, expected }, proof);
    return { ...outcome, result: "valid", balances, expected };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { result, stage, code, why, facts } = error;
    return { ...outcome, result, stage, code, why, facts };
  }
}

/** Evidence of a failed check that names nobody: roots, rows and the step that failed. */
export function redactedEvidence(outcome, fingerprint) {
  const { asset, class: liability } = outcome.facts ?? {};
  const row = outcome.statement?.liabilities.find((entry) => entry.asset === asset && entry.class === liability);
  const evidence = {
    code: outcome.code,
    format: "counterfoil-redacted-evidence-v1",
    result: outcome.result,
    row: row && { asset, class: liability, leaf_count: String(row.leaf_count), root: hex(row.root), total: String(row.total) },
    root_computed: ["CF-2006", "CF-3109"].includes(outcome.code) ? outcome.facts.got : undefined,
    stage: outcome.stage,
    statement: outcome.statement && {
      cutoff: clock(outcome.statement.cutoff),
      digest: outcome.digest,
      sequence: String(outcome.statement.sequence),
      venue: outcome.statement.venue.id,
    },
    venue_card: fingerprint,
  };
  return `${JSON.stringify(evidence, null, 2)}\n`;
}
