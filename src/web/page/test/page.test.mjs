// The bundled page in a real Chromium, from its file on disk, as a customer uses it.
//
//     node --test src/web/page/test/page.test.mjs          (CHROMIUM names another browser)
//
// COUNTERFOIL_SCREENSHOTS=DIR keeps pictures of the page in both languages, both themes and two widths.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { printAmount } from "../verifier/amount.js";
import { Chromium } from "./chromium.mjs";
import { cardLog, logProof, tampered } from "./log.mjs";
import { sealedPack } from "./seal.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const vectors = join(here, "../../../../vectors/inclusion-proof");
const page = pathToFileURL(join(here, "../../verify.html")).href;
const read = (name) => JSON.parse(readFileSync(join(vectors, `${name}.json`), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "counterfoil-page-"));
let browser = null;

before(async () => {
  browser = await Chromium.start();
});
after(async () => {
  await browser?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** The venue card that says what a vector's policy says. */
function cardOf(policy, log = null) {
  const { keys, log_origin, threshold, venue } = policy;
  const card = {
    format: "counterfoil-venue-card-v1",
    log,
    page: null,
    venue: { id: venue, keys, legal_entity: "Example Exchange Ltd", log_origin, threshold },
  };
  return JSON.stringify(card);
}

/** What a vector sends as its proof, and what its customer knows. */
function caseOf(vector) {
  const { query } = vector;
  const sent = "proof" in vector ? JSON.stringify(vector.proof) : vector.proof_text ?? Buffer.from(vector.proof_hex, "hex");
  const decimals = Object.fromEntries(JSON.parse(query.statement).statement.assets.map(({ id, decimals: value }) => [id, value]));
  const expected = query.expected.map(({ asset, amount }) => `${asset}=${printAmount(BigInt(amount), Number(decimals[asset] ?? 0))}`);
  return { card: cardOf(query.policy), statement: query.statement, proof: sent, ...query, expected: expected.join("\n"), expectedAssets: query.expected.map(({ asset }) => asset) };
}

/** Fills the page in as a person does: files are chosen, texts are set as a paste sets them. */
async function fill(given) {
  await browser.evaluate('document.getElementById("form").reset()');
  const files = ["card", "statement", "proof", "log-proof"].filter((name) => given[name] !== undefined);
  for (const name of files) {
    const file = join(scratch, `${name}.bin`);
    writeFileSync(file, given[name]);
    await browser.choose(`#${name}-file`, [file]);
  }
  const texts = { account: given.account, credential: given.credential ?? "", expected: given.expected ?? "", code: given.code ?? "" };
  await browser.evaluate(`(async () => {
    for (const [name, text] of Object.entries(${JSON.stringify(texts)})) {
      const field = document.getElementById(name);
      field.value = text;
      field.dispatchEvent(new Event("input"));
    }
    for (let at = 0; at < 200; at += 1) {
      const notes = ${JSON.stringify(files)}.map((name) => document.querySelector('[data-input="' + name + '"] [role=status]'));
      if (notes.every((note) => note.textContent !== "")) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error("a file was not read");
  })()`);
}

/** Presses the button and reads the outcome. */
async function check() {
  await browser.evaluate('document.querySelector("button.primary").click()');
  return browser.evaluate(`(() => {
    const outcome = document.querySelector("#outcome > div");
    const text = document.getElementById("outcome").innerText;
    return { result: outcome?.className ?? "none", text, code: /CF-[0-9]{4}/.exec(text)?.[0] };
  })()`);
}

async function outcomeOf(given) {
  await browser.open(page);
  await fill(given);
  return check();
}

const widths = () => browser.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]");
const quiet = () => assert.deepEqual(browser.complaints(page), []);

test("every vector of an inclusion proof ends as it says", async () => {
  await browser.open(page);
  const names = readdirSync(vectors);
  assert.ok(names.length > 100, "there are vectors");
  for (const file of names) {
    const vector = JSON.parse(readFileSync(join(vectors, file), "utf8"));
    const given = caseOf(vector);
    if (given.account === "") continue; // the page does not check before an account is typed
    await fill(given);
    const found = await check();
    const listed = JSON.parse(given.statement).statement.assets.map(({ id }) => id);
    if (given.expectedAssets.some((asset) => !listed.includes(asset))) {
      assert.equal(found.code, "CF-9004", "a person cannot type an amount of an asset whose decimals nobody states");
      continue;
    }
    assert.equal(found.result, vector.expect.result, `${file}: ${found.text}`);
    assert.equal(found.code, vector.expect.code, `${file}: ${found.text}`);
  }
  quiet();
});

test("a balance that is in the total is shown with its parts", async () => {
  const found = await outcomeOf(caseOf(read("with_parts")));
  assert.equal(found.result, "valid");
  assert.match(found.text, /Your balance is in the total that .* committed to as of \d{4}-.*, statement 7:/);
  for (const { product } of read("with_parts").proof.leaves[0].parts) assert.ok(found.text.includes(product), product);
  assert.match(found.text, /root [0-9a-f]{4} [0-9a-f]{4} /);
  assert.match(found.text, /does not show that the venue holds the coins/);
  quiet();
});

test("a mix-up is told apart from a failed proof", async () => {
  const good = caseOf(read("with_parts"));
  const other = { ...good, account: `${good.account}x` };
  const mixedUp = await outcomeOf(other);
  assert.equal(mixedUp.code, "CF-2003");
  assert.match(mixedUp.text, /This is a mix-up, not a failed proof/);
  const failed = await outcomeOf(caseOf(read("amount_lowered")));
  assert.match(failed.text, /The check failed[\s\S]*CF-2006[\s\S]*Is it an older snapshot\?/);
  assert.doesNotMatch(failed.text, /mix-up/);
});

test("evidence of a failure names nobody", async () => {
  const given = caseOf(read("amount_lowered"));
  await outcomeOf(given);
  const evidence = await browser.evaluate(`new Promise((resolve) => {
    HTMLAnchorElement.prototype.click = function () { resolve(decodeURIComponent(this.href.split(",")[1])); };
    [...document.querySelectorAll("#outcome button")].at(-1).click();
  })`);
  const parsed = JSON.parse(evidence);
  assert.equal(parsed.code, "CF-2006");
  assert.match(parsed.root_computed, /^[0-9a-f]{64}$/);
  assert.ok(!evidence.includes(given.account), "the account is not in it");
  const leaf = JSON.parse(given.proof).leaves[0];
  for (const secret of [leaf.nonce, `"${leaf.amount}"`]) assert.ok(!evidence.includes(secret), "nor nonce and amount");
});

test("another venue's card, a wrong key, a statement of another snapshot", async () => {
  const good = caseOf(read("with_parts"));
  const card = JSON.parse(good.card);
  const changed = (change) => {
    const copy = structuredClone(card);
    change(copy.venue);
    return { ...good, card: JSON.stringify(copy) };
  };
  const key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
  assert.equal((await outcomeOf(changed((venue) => { venue.id = "another"; }))).code, "CF-3012");
  const wrongKey = (venue) => { Object.assign(venue, { keys: [{ alg: "bip340", key }], threshold: "1" }); };
  assert.equal((await outcomeOf(changed(wrongKey))).code, "CF-3006");
  const statement = JSON.parse(readFileSync(join(vectors, "../statement/every_field.json"), "utf8")).proof_text;
  const found = await outcomeOf({ ...good, statement });
  assert.ok(["CF-2002", "CF-3006", "CF-3012"].includes(found.code), found.text);
  assert.equal(found.result, "undetermined");
});

/** A customer whose venue card names a log, with what a change of the log proof makes of it. */
function loggedCase({ quorum, later, cosigned, time, entry } = {}) {
  const vector = read("with_parts");
  const good = caseOf(vector);
  const card = cardOf(vector.query.policy, cardLog(vector.query.policy.log_origin, quorum));
  return { ...good, card, "log-proof": logProof(good.statement, { later, cosigned, time, entry }) };
}

test("a statement in the log is told from one that is not", async () => {
  const good = loggedCase();
  const logged = await outcomeOf(good);
  assert.equal(logged.result, "valid", logged.text);
  const said = "entry 7 of 8 in the log log.example/por, cosigned by witness.example/w1, witness.example/w2 until";
  assert.ok(logged.text.includes(`${said} 2026-01-01T00:00:01Z: everybody is shown this one.`), logged.text);
  assert.doesNotMatch(logged.text, /superseded|Nor that everybody/);
  assert.match(await browser.evaluate('document.getElementById("card-shown").innerText'), /at least 2 of Union 1, Union 2, Union 3/);
  const { "log-proof": _, ...without } = good;
  const missing = await outcomeOf(without);
  assert.deepEqual([missing.result, missing.code], ["undetermined", "CF-3113"]);
  assert.match(missing.text, /not certain that everybody is shown this statement/);
  assert.doesNotMatch(missing.text, /mix-up/);
  const other = await outcomeOf(loggedCase({ entry: Buffer.from("{}") }));
  assert.deepEqual([other.result, other.code], ["invalid", "CF-3109"]);
  assert.match(other.text, /about the public log, not about your balance[\s\S]*keep the statement and the log proof/);
  quiet();
});

test("witnesses that are tampered with, too few, of tomorrow, or none", async () => {
  const good = loggedCase();
  for (const [name, code] of [["w1", "CF-3103"], ["log.example", "CF-3103"]]) {
    const found = await outcomeOf({ ...good, "log-proof": tampered(good["log-proof"], name) });
    assert.deepEqual([found.result, found.code], ["invalid", code], found.text);
  }
  const few = await outcomeOf(loggedCase({ cosigned: 1 }));
  assert.deepEqual([few.result, few.code], ["undetermined", "CF-3110"]);
  assert.match(few.text, /got 1, expected 2/);
  const future = await outcomeOf(loggedCase({ time: 4_102_444_800 }));
  assert.deepEqual([future.result, future.code], ["undetermined", "CF-3111"]);
  const unwatched = await outcomeOf(loggedCase({ quorum: 0, cosigned: 0 }));
  assert.equal(unwatched.result, "valid");
  assert.match(unwatched.text, /no witness that you pin watches: others may be shown another log/);
});

test("a superseded statement is told", async () => {
  const one = await outcomeOf(loggedCase({ later: 1 }));
  assert.equal(one.result, "valid");
  assert.match(one.text, /the log has a later statement/);
  assert.doesNotMatch(one.text, /overdue/);
  assert.match((await outcomeOf(loggedCase({ later: 5 }))).text, /the log has 5 later statements/);
});

test("the log proof is asked for when the card names a log", async () => {
  const hidden = () => browser.evaluate('document.querySelector(\'[data-input="log-proof"]\').hidden');
  const good = caseOf(read("with_parts"));
  const found = await outcomeOf(good);
  assert.equal(await hidden(), true);
  assert.match(found.text, /no public log is pinned/);
  const logged = loggedCase();
  await fill({ card: logged.card, account: "" });
  assert.equal(await hidden(), false);
  const pasted = `  ${logged["log-proof"].trim()}\n\n`;
  await fill({ ...logged, "log-proof": undefined });
  await browser.evaluate(`(() => {
    const area = document.getElementById("log-proof-text");
    area.value = ${JSON.stringify(pasted)};
    area.dispatchEvent(new Event("input"));
  })()`);
  assert.equal((await check()).result, "valid", "a pasted proof is one, whatever stands around it");
  const card = JSON.parse(logged.card);
  card.log.witnesses[1].key = card.log.witnesses[0].key;
  await fill({ card: JSON.stringify(card), account: "" });
  const refused = await browser.evaluate('document.getElementById("card-shown").innerText');
  assert.match(refused, /CF-3020[\s\S]*one key stands twice/);
});

test("a sealed proof opens with its code, and with no other", async () => {
  const good = caseOf(read("with_parts"));
  const { pack, code, other } = sealedPack(good.proof, good.statement);
  const opened = await outcomeOf({ ...good, proof: pack, code });
  assert.equal(opened.result, "valid", opened.text);
  assert.equal((await outcomeOf({ ...good, proof: pack, code: other })).code, "CF-2035");
  assert.equal((await outcomeOf({ ...good, proof: pack, code: `${code.slice(0, -1)}${code.endsWith("7") ? "8" : "7"}` })).code, "CF-2031");
  const missing = await outcomeOf({ ...good, proof: pack, code: "" });
  assert.match(missing.text, /needs the code/);
});

test("a pinned card is remembered, and another one for the same venue is announced", async () => {
  const good = caseOf(read("with_parts"));
  await browser.open(page);
  await browser.evaluate("localStorage.clear()");
  await fill(good);
  await browser.evaluate('document.getElementById("pin").click()');
  const shown = () => browser.evaluate('document.getElementById("card-shown").innerText');
  assert.match(await shown(), /You pinned this card on \d{4}-\d\d-\d\d/);
  await browser.open(page);
  const card = JSON.parse(good.card);
  card.venue.keys = card.venue.keys.slice(0, 1);
  card.venue.threshold = "1";
  await fill({ ...good, card: JSON.stringify(card) });
  assert.match(await shown(), /This is NOT the card that you pinned/);
  await browser.evaluate("localStorage.clear()");
});

test("texts of a venue draw nothing of their own", async () => {
  const good = caseOf(read("with_parts"));
  const card = JSON.parse(good.card);
  card.venue.legal_entity = "<img src=x onerror=alert(1)>\u202eevil\u0007";
  await browser.open(page);
  await fill({ ...good, card: JSON.stringify(card) });
  const shown = await browser.evaluate('document.getElementById("card-shown").innerText');
  assert.ok(shown.includes("<img src=x onerror=alert(1)>\ufffdevil\ufffd"), shown);
  assert.equal(await browser.evaluate('document.querySelectorAll("img").length'), 0);
  quiet();
});

test("nothing is sent: the policy of the page forbids it", async () => {
  await browser.open(page);
  const refused = await browser.evaluate(`Promise.all([
    fetch("http://127.0.0.1:9/").then(() => false, () => true),
    new Promise((resolve) => { const image = new Image(); image.onerror = () => resolve(true); image.onload = () => resolve(false); image.src = "http://127.0.0.1:9/x.png"; }),
  ])`);
  assert.deepEqual(refused, [true, true]);
});

test("a link may carry the proof behind its hash, and never the card", async () => {
  const good = caseOf(read("with_parts"));
  const coded = (text) => Buffer.from(text).toString("base64url");
  await browser.open(`${page}#proof=${coded(good.proof)}&statement=${coded(good.statement)}&card=${coded(good.card)}`);
  const values = await browser.evaluate('["card", "statement", "proof"].map((name) => document.getElementById(`${name}-text`).value)');
  assert.deepEqual(values, ["", good.statement, good.proof]);
});

test("the keyboard alone is enough", async () => {
  const good = caseOf(read("with_parts"));
  await browser.open(page);
  const focused = () => browser.evaluate("document.activeElement.id || document.activeElement.className");
  const reach = async (id) => {
    for (let at = 0; at < 40; at += 1) {
      if ((await focused()) === id) return;
      await browser.press("Tab");
    }
    assert.fail(`${id} is not reached`);
  };
  for (const name of ["card", "statement", "proof"]) {
    await reach(`${name}-text`);
    await browser.type(good[name]);
  }
  await reach("account");
  await browser.type(good.account);
  await reach("primary");
  await browser.press("Enter");
  assert.equal(await focused(), "result", "the focus moves to the result");
  assert.equal(await browser.evaluate('document.querySelector("#outcome > div").className'), "valid");
});

test("every control has a name, and headings are in order", async () => {
  await browser.open(page);
  const nameless = await browser.evaluate(`[...document.querySelectorAll("button, input, textarea")].filter((control) => {
    const label = control.id && document.querySelector('label[for="' + control.id + '"]');
    return !control.hidden && !(label || control.closest("label") || control).textContent.trim();
  }).map((control) => control.outerHTML)`);
  assert.deepEqual(nameless, []);
  const levels = await browser.evaluate('[...document.querySelectorAll("h1, h2, h3")].map((heading) => Number(heading.tagName[1]))');
  levels.forEach((level, at) => assert.ok(at === 0 ? level === 1 : level <= levels[at - 1] + 1, String(levels)));
});

test("it fits a phone and a desk, in both themes and languages", async () => {
  const failed = caseOf(read("amount_lowered"));
  const valid = loggedCase({ later: 1 });
  const unlogged = loggedCase({ entry: Buffer.from("{}") });
  const folder = process.env.COUNTERFOIL_SCREENSHOTS;
  if (folder) mkdirSync(folder, { recursive: true });
  for (const [name, given] of Object.entries({ failed, unlogged, valid })) {
    for (const dark of [false, true]) {
      for (const chinese of [false, true]) {
        for (const width of [360, 1000]) {
          await browser.open(page, { width, dark, mobile: width < 500 });
          if (chinese) await browser.evaluate('document.getElementById("language").click()');
          await fill(given);
          await check();
          const [content, room] = await widths();
          assert.ok(content <= room, `${width}: ${content} in ${room}`);
          const says = await browser.evaluate("document.documentElement.lang");
          assert.equal(says, chinese ? "zh-Hans" : "en");
          const picture = `${name}-${dark ? "dark" : "light"}-${says}-${width}.png`;
          if (folder) writeFileSync(join(folder, picture), await browser.screenshot());
          quiet();
        }
      }
    }
  }
});
