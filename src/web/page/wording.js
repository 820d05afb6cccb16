// Sentences in the customer's language. The English ones are those of the command.

import en from "./locales/en.json";
import zh from "./locales/zh.json";
import codesEn from "./locales/codes.en.json";
import codesZh from "./locales/codes.zh.json";

const LOCALES = { en: { texts: en, codes: codesEn, tag: "en" }, zh: { texts: zh, codes: codesZh, tag: "zh-Hans" } };
let current = "en";

export const language = () => current;
export const tag = () => LOCALES[current].tag;

export function setLanguage(name) {
  current = name in LOCALES ? name : "en";
}

/** The sentence with this key, its {fields} filled in. */
export function say(key, fields = {}) {
  const text = LOCALES[current].texts[key] ?? en[key] ?? key;
  return text.replace(/\{([a-z]+)\}/g, (whole, name) => (name in fields ? String(fields[name]) : whole));
}

/** Title, meaning and remedy of a code. */
export function explain(code) {
  return LOCALES[current].codes[code] ?? codesEn[code] ?? { title: code, meaning: "", remedy: "" };
}

/** A text of the venue, without what could draw anything of its own: control characters and marks of direction. */
export function shown(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
