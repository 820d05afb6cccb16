// Refusals: the layer that makes them, their code, and what was found. Codes and results are those of docs/errors.md.

/** Codes of checks that were made and failed; every other code is a check that could not be made. */
const FAILED = new Set([
  "CF-2004", "CF-2005", "CF-2006", "CF-2007", "CF-2008", "CF-2009", "CF-2010", "CF-2011", "CF-2012", "CF-2013",
  "CF-2020", "CF-2021", "CF-2022", "CF-2023", "CF-3007", "CF-3021", "CF-3103", "CF-3108", "CF-3109", "CF-3154", "CF-3155",
  "CF-3202", "CF-3220", "CF-3233", "CF-3235", "CF-3236",
  "CF-4007", "CF-4008", "CF-4009", "CF-4010", "CF-4011", "CF-7037", "CF-7133",
]);

export class Refused extends Error {
  /** `facts` are the values that a sentence about the refusal names. */
  constructor(stage, code, why, facts = {}) {
    super(`${code} at ${stage}: ${why}`);
    this.stage = stage;
    this.code = code;
    this.why = why;
    this.facts = facts;
  }

  get result() {
    return FAILED.has(this.code) ? "invalid" : "undetermined";
  }
}

/** A value that is not of the shape that its format has; each format gives it a code of its own. */
export class Misshapen extends Error {}

/** Runs `read`; what is misshapen, and what `also` accepts, becomes a refusal with `code`. */
export function withCode(code, read, also = () => false) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Misshapen || (error instanceof Refused && also(error))) {
      throw new Refused("parse", code, error.why ?? error.message);
    }
    throw error;
  }
}
