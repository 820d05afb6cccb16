// Strict and canonical JSON. Specification: docs/spec/canonical-json.md.
//
// JSON.parse keeps the last of two equal keys and reads numbers as floats: neither may happen to what is signed.

import { concat, equal, utf8 } from "./bytes.js";
import { Refused } from "./refusal.js";

const DEPTH_MAX = 127;
const VALUES_MAX = 8_388_608;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function broken(why) {
  return new Refused("parse", "CF-3005", why);
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.values = 0;
  }

  space() {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  /** Takes the one character that must stand here. */
  take(expected) {
    if (this.text[this.at] !== expected) throw broken(`position ${this.at}: expected ${expected}`);
    this.at += 1;
  }

  word(word, value) {
    if (!this.text.startsWith(word, this.at)) throw broken(`position ${this.at}: no JSON`);
    this.at += word.length;
    return value;
  }

  value(depth) {
    this.values += 1;
    if (this.values > VALUES_MAX) throw broken("too many values");
    this.space();
    const first = this.text[this.at];
    if (first === "{") return this.object(depth + 1);
    if (first === "[") return this.list(depth + 1);
    if (first === '"') return this.string();
    if (first === "t") return this.word("true", true);
    if (first === "f") return this.word("false", false);
    if (first === "n") return this.word("null", null);
    if (/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/.test(this.text.slice(this.at, this.at + 64))) {
      throw new Refused("parse", "CF-3002", `position ${this.at}: a JSON number`);
    }
    throw broken(`position ${this.at}: no JSON`);
  }

  /** Calls `item` for everything between the brackets. */
  items(open, close, depth, item) {
    if (depth > DEPTH_MAX) throw broken(`more than ${DEPTH_MAX} levels`);
    this.take(open);
    this.space();
    if (this.text[this.at] === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      item();
      this.space();
      if (this.text[this.at] === close) break;
      this.take(",");
    }
    this.at += 1;
  }

  list(depth) {
    const list = [];
    this.items("[", "]", depth, () => list.push(this.value(depth)));
    return list;
  }

  object(depth) {
    // without a prototype, so that no key means anything to JavaScript
    const object = Object.create(null);
    this.items("{", "}", depth, () => {
      this.space();
      const key = this.string();
      if (key in object) throw new Refused("parse", "CF-3003", `position ${this.at}: a key twice`);
      this.space();
      this.take(":");
      object[key] = this.value(depth);
    });
    return object;
  }

  string() {
    this.take('"');
    let text = "";
    for (;;) {
      const end = this.text.slice(this.at).search(/["\\\u0000-\u001f]/);
      if (end < 0) throw broken("a text without an end");
      text += this.text.slice(this.at, this.at + end);
      this.at += end + 1;
      const mark = this.text[this.at - 1];
      if (mark === '"') break;
      if (mark !== "\\") throw broken(`position ${this.at - 1}: a control character`);
      text += this.escape();
    }
    if (/\p{Surrogate}/u.test(text)) throw broken("half of a surrogate pair");
    return text;
  }

  escape() {
    const mark = this.text[this.at];
    this.at += 1;
    if (mark in ESCAPES) return ESCAPES[mark];
    const digits = this.text.slice(this.at, this.at + 4);
    if (mark !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) throw broken(`position ${this.at}: no escape`);
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
}

/** A value of objects, lists, texts, true, false and null; everything else is refused. */
export function parseStrict(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken("not UTF-8");
  }
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.space();
  if (reader.at !== text.length) throw broken(`position ${reader.at}: something behind the value`);
  return value;
}

function canonicalText(text) {
  // JSON.stringify writes the shortest escapes that RFC 8785 asks for
  return JSON.stringify(text);
}

function canonicalValue(value, out) {
  if (value === null || typeof value === "boolean") out.push(String(value));
  else if (typeof value === "string") out.push(canonicalText(value));
  else if (Array.isArray(value)) {
    value.forEach((item, at) => {
      out.push(at === 0 ? "[" : ",");
      canonicalValue(item, out);
    });
    out.push(value.length === 0 ? "[]" : "]");
  } else {
    // JavaScript orders texts by UTF-16 code units, as RFC 8785 does
    const keys = Object.keys(value).sort();
    keys.forEach((key, at) => {
      out.push(at === 0 ? "{" : ",", canonicalText(key), ":");
      canonicalValue(value[key], out);
    });
    out.push(keys.length === 0 ? "{}" : "}");
  }
  return out;
}

/** The bytes of RFC 8785 for a value that `parseStrict` gave. */
export function canonical(value) {
  return concat(utf8(canonicalValue(value, []).join("")));
}

/** Reads bytes that must be in the canonical form. */
export function parseCanonical(bytes) {
  const value = parseStrict(bytes);
  if (!equal(canonical(value), bytes)) throw new Refused("parse", "CF-3004", "not in the canonical form");
  return value;
}
