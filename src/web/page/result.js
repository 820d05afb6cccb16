// The outcome of a check in plain sentences.

import { redactedEvidence } from "./check.js";
import { element, facts, paragraph } from "./dom.js";
import { printAmount } from "./verifier/amount.js";
import { inGroups } from "./verifier/signature.js";
import { explain, say, shown } from "./wording.js";

const time = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
const cell = (text, className) => element("td", className ? { class: className } : {}, text);
const groups = (digits) => digits.match(/.{4}/g).join(" ");

function leavesSentence({ row, leaves }) {
  const fields = { count: row.leaf_count, own: leaves, total: printAmount(row.total, row.decimals) };
  if (row.leaf_count === 1n) return say("verify.leaf.only", fields);
  return say(leaves === 1 ? "verify.leaf.one" : "verify.leaf.some", fields);
}

function balanceRows(balance) {
  const { row, amount, parts } = balance;
  const spread = (text, className) => element("tr", { class: "part" }, element("td", { colspan: "3", class: className }, text));
  return [
    element("tr", {}, cell(row.asset), cell(say(`class.${row.class}`)), cell(printAmount(amount, row.decimals), "amount")),
    ...parts.map((part) =>
      element("tr", { class: "part" }, cell(""), cell(shown(part.product)), cell(printAmount(part.amount, row.decimals), "amount")),
    ),
    spread(leavesSentence(balance), ""),
    spread(say("verify.root", { root: inGroups(row.root) }), "hash"),
  ];
}

function balanceTable(balances) {
  const head = ["asset", "class", "amount"].map((name) =>
    element("th", { scope: "col", class: name === "amount" ? "amount" : "" }, say(`amount.${name}`)),
  );
  return element(
    "table",
    {},
    element("caption", {}, say("amount.caption")),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...balances.flatMap(balanceRows)),
  );
}

function comparison({ balances, expected }) {
  const named = new Set(expected.map((entry) => entry.asset));
  const others = [...new Set(balances.map((balance) => balance.row.asset))].filter((asset) => !named.has(asset));
  if (expected.length === 0) return say("verify.compare");
  return others.length === 0 ? say("verify.expected") : say("verify.expected.some", { assets: others.join(", ") });
}

/** Whether everybody is shown this statement, in the command's words. */
function logSentences({ logged, statement }) {
  if (logged === null) return [paragraph(say("verify.not-logged"))];
  const { index, size, cosigned, seen, later } = logged;
  const witnesses = cosigned.map(({ witness }) => shown(witness)).join(", ");
  const fields = { index, size, origin: shown(statement.venue.log_origin), witnesses, time: seen === null ? "" : time(Number(seen)) };
  const found = [paragraph(say(seen === null ? "verify.logged.unwatched" : "verify.logged", fields))];
  if (later > 0n) found.push(paragraph(say(later === 1n ? "verify.superseded" : "verify.superseded.some", { later }), "note"));
  return found;
}

/** What a customer should know about the statement, whatever the proof says. */
function warnings({ statement, signers, logged }, now) {
  const { cutoff, due, venue } = statement;
  const found = [];
  if (cutoff > now) found.push(say("verify.not-yet"));
  if (BigInt(signers) < venue.threshold) {
    found.push(say("verify.fewer-signers", { declared: venue.threshold, signed: signers }));
  }
  if (now > due && !(logged?.later > 0n)) found.push(say("verify.overdue", { due: time(due) }));
  return found.map((text) => paragraph(text, "note"));
}

function valid(outcome, now) {
  const { statement, balances, digest } = outcome;
  const { sequence, cutoff, venue } = statement;
  const fields = { entity: shown(venue.legal_entity), cutoff: time(cutoff), sequence };
  return [
    paragraph(say("verify.included", fields)),
    balanceTable(balances),
    paragraph(comparison(outcome)),
    paragraph(say("verify.not-shown")),
    ...logSentences(outcome),
    ...warnings(outcome, now),
    facts([[say("statement.digest"), groups(digest), "hash"]]),
  ];
}

function gotAndExpected({ facts: found, why, statement }) {
  const rows = [];
  const decimals = statement?.liabilities.find((row) => row.asset === found.asset)?.decimals ?? 0;
  const text = (value) => {
    if (typeof value === "bigint" && found.asset) return printAmount(value, decimals);
    return /^[0-9a-f]{64}$/.test(value) ? groups(value) : String(value);
  };
  if (found.asset) rows.push(`${found.asset}${found.class ? ` (${say(`class.${found.class}`)})` : ""}`);
  if ("got" in found) rows.push(say("error.got", { got: shown(text(found.got)) }));
  if ("expected" in found) rows.push(say("error.expected", { expected: shown(text(found.expected)) }));
  if (rows.length === 0) rows.push(say("error.detail", { why: shown(why) }));
  return rows.join(", ");
}

function evidenceButton(outcome, fingerprint) {
  const button = element("button", { type: "button" }, say("failed.evidence"));
  button.addEventListener("click", () => {
    const text = redactedEvidence(outcome, fingerprint);
    const link = element("a", { download: "counterfoil-evidence.json" });
    link.href = `data:application/json;charset=utf-8,${encodeURIComponent(text)}`;
    link.click();
  });
  return element("p", {}, button, " ", element("span", { class: "help" }, say("failed.evidence.help")));
}

/** What may explain a failure before anybody is accused. */
function afterFailure(outcome, fingerprint) {
  const { statement } = outcome;
  const outside = statement.scope.filter((row) => row.scope !== "in");
  const list = element("ul", {}, element("li", {}, say("failed.older", { cutoff: time(statement.cutoff) })));
  const scope = element("li", {}, say(outside.length === 0 ? "failed.scope.none" : "failed.scope"));
  if (outside.length > 0) {
    const rows = outside.map((row) => element("li", {}, `${shown(row.product)} (${shown(row.entity)})`));
    scope.append(element("ul", {}, ...rows));
  }
  list.append(scope, element("li", {}, say("failed.account")));
  return [
    list,
    paragraph(say("failed.compare")),
    facts([[say("statement.digest"), groups(outcome.digest), "hash"], [say("card.fingerprint"), fingerprint, "hash"]]),
    paragraph(say("failed.tell")),
    paragraph(say("failed.receipt")),
    evidenceButton(outcome, fingerprint),
  ];
}

/** What to keep, and whom to tell, when the log is not what it should be. */
function afterLogFailure(outcome, fingerprint) {
  return [
    facts([[say("statement.digest"), groups(outcome.digest), "hash"], [say("card.fingerprint"), fingerprint, "hash"]]),
    paragraph(say("failed.log.tell")),
    evidenceButton(outcome, fingerprint),
  ];
}

function after(outcome, fingerprint) {
  if (outcome.result !== "invalid" || !outcome.statement) return [];
  return isOfLog(outcome) ? afterLogFailure(outcome, fingerprint) : afterFailure(outcome, fingerprint);
}

/** Codes of the log speak of the statement, not of a balance. */
const isOfLog = ({ code }) => code.startsWith("CF-31");
/** The log proof could be read, and is of this log and statement: nothing was mixed up, it does not suffice. */
const NOT_ENOUGH = ["CF-3110", "CF-3111", "CF-3113"];

function remark(outcome) {
  if (NOT_ENOUGH.includes(outcome.code)) return [paragraph(say("failed.unlogged"), "note")];
  if (outcome.result === "undetermined") return [paragraph(say("failed.mix-up"), "note")];
  return isOfLog(outcome) ? [paragraph(say("failed.log"), "note")] : [];
}

function refused(outcome, fingerprint) {
  const { title, meaning, remedy } = explain(outcome.code);
  return [
    ...remark(outcome),
    facts([
      [say("failed.what"), `${outcome.code}: ${title} (${gotAndExpected(outcome)})`],
      [say("failed.means"), meaning],
      [say("failed.do"), remedy],
    ]),
    ...after(outcome, fingerprint),
  ];
}

/** The outcome as elements; `now` is in seconds, by the reader's clock. */
export function draw(outcome, fingerprint, now) {
  const body = outcome.result === "valid" ? valid(outcome, now) : refused(outcome, fingerprint);
  const headline = element("p", { class: "headline" }, say(`result.${outcome.result}`));
  return element("div", { class: outcome.result }, headline, ...body);
}
