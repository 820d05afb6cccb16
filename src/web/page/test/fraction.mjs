// Exact fractions that are not negative, as pairs of BigInt, and their plain decimals. See docs/spec/quality.md.

const gcd = (a, b) => (b === 0n ? a : gcd(b, a % b));

export function make(n, d = 1n) {
  const by = gcd(n, d) || 1n;
  return { n: n / by, d: d / by };
}

export const ZERO = make(0n);
export const plus = (a, b) => make(a.n * b.d + b.n * a.d, a.d * b.d);
export const times = (a, b) => make(a.n * b.n, a.d * b.d);
export const over = (a, b) => make(a.n * b.d, a.d * b.n);
export const below = (a, b) => a.n * b.d < b.n * a.d;
export const less = (a, b) => (below(b, a) ? make(a.n * b.d - b.n * a.d, a.d * b.d) : ZERO);
export const least = (a, b) => (below(b, a) ? b : a);
export const isZero = (a) => a.n === 0n;
export const sum = (list) => list.reduce(plus, ZERO);

/** A plain decimal: the text has been checked. */
export function decimal(text) {
  const [whole, rest = ""] = text.split(".");
  return make(BigInt(whole + rest), 10n ** BigInt(rest.length));
}

/** At most six digits behind the point, rounded down. */
export function shown({ n, d }) {
  const units = (n * 1_000_000n) / d;
  const rest = String(units % 1_000_000n).padStart(6, "0").replace(/0+$/, "");
  return `${units / 1_000_000n}${rest && "."}${rest}`;
}

/** Percent of another one with two digits, rounded down. */
export function percent(part, whole) {
  const { n, d } = over(part, whole);
  const hundredths = (n * 10_000n) / d;
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")} %`;
}

/** The integer root, rounded down. */
export function root(square) {
  if (square < 2n) return square;
  let found = 1n << BigInt((square.toString(2).length + 1) >> 1);
  for (let next = found - 1n; next < found; next = (found + square / found) >> 1n) found = next;
  return found;
}

/** The root, rounded up in the twelfth digit behind the point. */
export function rootUp({ n, d }) {
  const unit = 10n ** 12n;
  const found = root((n * unit * unit) / d);
  return make(found * found * d === n * unit * unit ? found : found + 1n, unit);
}
