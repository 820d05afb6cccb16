// The page: what the customer opens and types, and when it is checked.

import { check } from "./check.js";
import { element, facts, paragraph } from "./dom.js";
import { fileInput } from "./input.js";
import { pinned, pin } from "./pins.js";
import { draw } from "./result.js";
import { logPins } from "./verifier/log.js";
import { Refused } from "./verifier/refusal.js";
import { parseStrict } from "./verifier/json.js";
import { isPack } from "./verifier/sealed_proof.js";
import { parseCard } from "./verifier/venue_card.js";
import { explain, language, say, setLanguage, shown, tag } from "./wording.js";

const MIB = 1 << 20;
const id = (name) => document.getElementById(name);
const section = (name) => document.querySelector(`[data-input="${name}"]`);
const now = () => Math.floor(Date.now() / 1000);
let card = null;
let last = null;

const inputs = {
  card: fileInput(section("card"), { name: "card", limit: MIB, changed: readCard }),
  statement: fileInput(section("statement"), { name: "statement", limit: 64 * MIB, changed: readHint }),
  proof: fileInput(section("proof"), { name: "proof", limit: 64 * MIB, changed: () => forget() }),
  "log-proof": fileInput(section("log-proof"), { name: "log-proof", limit: MIB, ends: "\n", changed: () => forget() }),
};

/** A result belongs to what was checked; once something changes, it is none. */
function forget() {
  last = null;
  drawResult();
}

function readCard(bytes) {
  card = null;
  section("log-proof").hidden = true;
  const place = id("card-shown");
  place.replaceChildren();
  forget();
  if (bytes === null) return;
  try {
    const read = parseCard(bytes);
    const { log, venue } = read.card;
    card = { ...read, logPins: log && logPins(log, venue.log_origin) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { title, remedy } = explain(error.code);
    place.append(paragraph(`${error.code}: ${title} (${error.why}). ${remedy}`, "warning"));
    return;
  }
  section("log-proof").hidden = card.logPins === null;
  drawCard(place);
}

function drawCard(place) {
  const { venue } = card.card;
  const keys = venue.keys.map((key) => element("div", { class: "hash" }, `${key.alg} ${key.key.replace(/.{8}(?=.)/g, "$& ")}`));
  const list = facts([
    [say("card.name"), shown(venue.legal_entity)],
    [say("card.log"), shown(venue.log_origin)],
    ...watchers(),
    [say("card.fingerprint"), card.fingerprint, "hash"],
  ]);
  list.append(element("dt", {}, say("card.keys")), element("dd", {}, ...keys));
  place.replaceChildren(list, ...pinState(place));
}

/** Who watches the log, or that nothing is pinned of it. */
function watchers() {
  const { log } = card.card;
  if (log === null) return [[say("card.witnesses"), say("card.log.none")]];
  if (log.witnesses.length === 0) return [[say("card.witnesses"), say("card.witnesses.none")]];
  const names = log.witnesses.map(({ name }) => shown(name)).join(", ");
  return [[say("card.witnesses"), say("card.witnesses.some", { quorum: log.quorum, names })]];
}

/** Whether this card was pinned before, and what to do if not. */
function pinState(place) {
  const known = pinned(venueOf(card));
  if (known === undefined) return [paragraph(say("card.compare")), paragraph(say("card.cannot-remember"), "help")];
  if (known?.digest === card.digest) return [paragraph(say("card.pinned", { date: known.date }))];
  const button = element("button", { type: "button", id: "pin" }, say("card.pin"));
  button.addEventListener("click", () => {
    pin(venueOf(card), card.digest, new Date().toISOString().slice(0, 10));
    drawCard(place);
  });
  const changed = known && paragraph(say("card.changed", { venue: venueOf(card), date: known.date }), "warning");
  return [...(changed ? [changed] : []), paragraph(say("card.compare")), element("p", {}, button)];
}

const venueOf = (found) => found.card.venue.id;

/** Shows what the statement says about account ids. Nothing is believed yet: it is a hint for typing. */
function readHint(bytes) {
  forget();
  let hint = null;
  try {
    hint = bytes && parseStrict(bytes).statement.account_hint;
  } catch {
    // a statement that cannot be read is told when it is checked
  }
  const known = typeof hint === "string" && hint !== "";
  id("account-help").textContent = known ? say("account.help", { hint: shown(hint) }) : say("account.help.unknown");
}

/** The first thing that is missing, or null. */
function missing() {
  const [account, code] = [id("account").value, id("code").value];
  const asked = [
    ["missing.card", card === null, "card-text"],
    ["missing.statement", inputs.statement.bytes === null, "statement-text"],
    ["missing.proof", inputs.proof.bytes === null, "proof-text"],
    ["missing.code", inputs.proof.bytes && isPack(inputs.proof.bytes) && code.trim() === "", "code"],
    ["missing.account", account === "", "account"],
  ];
  return asked.find(([, is]) => is) ?? null;
}

function run() {
  const gap = missing();
  if (gap) {
    last = { missing: gap[0] };
    drawResult();
    id(gap[2])?.focus();
    return;
  }
  last = check({
    pins: card.pins,
    logPins: card.logPins,
    logProof: inputs["log-proof"].bytes,
    now: now(),
    statement: inputs.statement.bytes,
    proof: inputs.proof.bytes,
    code: id("code").value,
    account: id("account").value,
    credential: id("credential").value,
    expected: id("expected").value,
  });
  drawResult();
  id("result").focus();
}

function drawResult() {
  const place = id("outcome");
  if (last === null) place.replaceChildren(paragraph(say("result.waiting"), "help"));
  else if (last.missing) place.replaceChildren(paragraph(say(last.missing), "note"));
  else place.replaceChildren(draw(last, card.fingerprint, now()));
}

function drawTexts() {
  document.documentElement.lang = tag();
  document.title = `counterfoil: ${say("title")}`;
  for (const found of document.querySelectorAll("[data-text]")) found.textContent = say(found.dataset.text);
  for (const input of Object.values(inputs)) input.draw();
  if (card) drawCard(id("card-shown"));
  readHintText();
  drawResult();
}

function readHintText() {
  const kept = last;
  readHint(inputs.statement.bytes);
  last = kept;
}

/** What a link or a QR code carries behind its `#`, which no browser sends to a server. */
function readFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  const text = (name) => {
    const coded = given.get(name);
    if (coded === null) return null;
    try {
      const binary = atob(coded.replaceAll("-", "+").replaceAll("_", "/"));
      return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
    } catch {
      return null;
    }
  };
  // never the card: what is pinned does not come with what is checked
  for (const name of ["statement", "proof", "log-proof"]) if (text(name) !== null) inputs[name].set(text(name));
  if (given.has("code")) id("code").value = given.get("code");
}

id("language").addEventListener("click", () => {
  setLanguage(language() === "en" ? "zh" : "en");
  drawTexts();
});
id("form").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
id("form").addEventListener("reset", () => {
  for (const input of Object.values(inputs)) input.clear();
  id("credential").type = "password";
  history.replaceState(null, "", location.pathname);
});
id("credential-show").addEventListener("change", (event) => {
  id("credential").type = event.target.checked ? "text" : "password";
});
for (const name of ["code", "account", "credential", "expected"]) id(name).addEventListener("input", forget);

setLanguage(navigator.language?.toLowerCase().startsWith("zh") ? "zh" : "en");
readFragment();
drawTexts();
