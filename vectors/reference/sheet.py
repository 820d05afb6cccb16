"""Sheets that nobody has signed, computed from docs/spec/sheet.md, quality.md and liquidity.md alone.

python3 vectors/reference/sheet.py SHEET [ASSUMPTIONS]
"""

import json
import sys
import tomllib
from fractions import Fraction
from math import isqrt

BUCKETS = {"now": 0, "24h": 1, "7d": 7, "30d": 30, "longer": None}
ORDER = list(BUCKETS)
CAPS = "issuer locked marked price participation float book impact market-value wrong-way".split()
ROOT = 10**12


def shown(value):
    """At most six digits behind the point, rounded down; None stays None."""
    if value is None:
        return None
    units = value.numerator * 10**6 // value.denominator
    whole, rest = divmod(units, 10**6)
    digits = f"{rest:06}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def share(hundredths):
    return Fraction(int(hundredths), 10_000)


def root_up(value):
    scaled = value * ROOT * ROOT
    root = isqrt(scaled.numerator // scaled.denominator)
    return Fraction(root if root * root == scaled else root + 1, ROOT)


def total(rows, field):
    """The sum of a field; None when a row lacks it."""
    values = [row.get(field) for row in rows]
    return None if None in values else sum(map(Fraction, values), Fraction(0))


def smallest(*values):
    known = [value for value in values if value is not None]
    return min(known) if known else None


def values_of(rows, terms, rules, own, due):
    """quality.md: every cap of a position by the end of a bucket."""
    number = {name: Fraction(terms[name]) for name in ("price", "daily_volume", "free_float", "market_value") if name in terms}
    price, volume = number.get("price"), number.get("daily_volume")
    free = [row for row in rows if "due" not in row or ORDER.index(row["due"]) <= ORDER.index(due)]
    marked, quantity = total(rows, "marked"), total(rows, "quantity")
    free_marked, free_quantity = total(free, "marked"), total(free, "quantity")
    priced = None if price is None or quantity is None else quantity * price
    free_priced = None if price is None or free_quantity is None else free_quantity * price
    base = smallest(free_marked, free_priced)
    caps = {"marked": marked, "price": priced, "market-value": number.get("market_value")}
    if own:
        caps["issuer"] = Fraction(0)
    if (free_marked, free_quantity) != (marked, quantity):
        caps["locked"] = base
    if "wrong_way" in terms and base is not None:
        caps["wrong-way"] = base * share(terms["wrong_way"])
    sold = free_quantity
    if sold is None and free_marked is not None and price:
        sold = free_marked / price
    if sold is not None:
        if terms.get("bid"):
            rest, paid = sold, Fraction(0)
            for bid in terms["bid"]:
                part = min(rest, Fraction(bid["amount"]))
                rest, paid = rest - part, paid + part * Fraction(bid["price"])
            caps["book"] = paid
        if price is not None and "free_float" in number:
            caps["float"] = min(sold, number["free_float"] * share(rules["float_share"])) * price
        if price is not None and volume is not None:
            if BUCKETS[due] is not None:
                caps["participation"] = min(sold, volume * share(rules["participation"]) * BUCKETS[due]) * price
            if "volatility" in terms:
                caps["impact"] = impact(sold, volume, share(rules["impact"]) * share(terms["volatility"])) * price
    known = [(name, caps[name]) for name in CAPS if caps.get(name) is not None]
    by, value = min(known, key=lambda cap: cap[1]) if known else (None, None)
    return dict(known), value, by


def impact(sold, volume, factor):
    if factor == 0:
        return sold
    sold = min(sold, volume * (Fraction(2) / (3 * factor)) ** 2)
    if volume == 0:
        return Fraction(0)
    return sold * max(Fraction(0), 1 - factor * root_up(sold / volume))


def judge(sheet, rules):
    terms = {entry["id"]: entry for entry in rules.get("asset", [])}
    rules = {"participation": 1000, "impact": 10_000, "float_share": 10_000, "shares": [10_000, 7_500, 5_000, 2_500]} | rules
    rows = [row for row in sheet.get("asset", []) if "part_of" not in row]
    totals = {side: Fraction(value) for side, value in sheet.get("totals", {}).items()}
    groups = []
    for asset in sorted({row["asset"] for row in rows}):
        group = [row for row in rows if row["asset"] == asset]
        relations = [row["relation"] for row in group] + [terms.get(asset, {}).get("relation", "none")]
        relation = next((word for word in relations if word != "none"), "none")
        groups.append((asset, group, relation, terms.get(asset, {})))
    listed = sum((Fraction(row["marked"]) for row in rows if "marked" in row), Fraction(0))
    rest = max(Fraction(0), totals.get("assets", Fraction(0)) - listed)
    if rest:
        groups = [group for group in groups if total(group[1], "marked") is not None or total(group[1], "quantity") is not None]
        groups.append((None, [{"marked": str(rest), "name": None}], "none", {}))
    values = [{due: values_of(rows, own, rules, relation != "none", due) for due in ORDER} for _, rows, relation, own in groups]

    liabilities = [dict(row) for row in sheet.get("liability", [])]
    without_rows = totals.get("liabilities", Fraction(0)) - sum(Fraction(row["amount"]) for row in liabilities)
    if without_rows > 0:
        liabilities.append({"amount": without_rows})
    for row in liabilities:
        row.setdefault("due", "now" if sheet["callable"] == "at-once" else "longer")

    def owed(due, asset=None):
        fits = lambda row: ORDER.index(row["due"]) <= ORDER.index(due) and (asset is None or row.get("asset") == asset)
        return sum((Fraction(row["amount"]) for row in liabilities if fits(row)), Fraction(0))

    def to_others(due):
        own = [(asset, total(rows, "marked")) for asset, rows, relation, _ in groups if relation != "none"]
        paid = [owed(due, asset) if marked is None else min(marked, owed(due, asset)) for asset, marked in own]
        return owed(due) - sum(paid, Fraction(0))

    def together(parts):
        parts = list(parts)
        return None if None in parts else sum(parts, Fraction(0))

    def only(*kept):
        return together(smallest(*(value["longer"][0].get(name) for name in kept)) for value in values)

    def missing(held, callable_):
        return callable_ - held if held is not None and held < callable_ else None

    rungs = []
    for due in ORDER:
        held = together(value[due][1] for value in values)
        rungs.append({"callable": to_others(due), "due": due, "missing": missing(held, to_others(due)), "realisable": held})
    failing = next((rung["due"] for rung in rungs if rung["missing"] is not None), None)

    capped = rungs[-1]["realisable"]
    table = [
        ("as the sheet marks it", only("marked", "price"), owed("longer")),
        ("tokens of its own circle at zero", only("marked", "price", "issuer"), to_others("longer")),
        ("and none above the market value of all of it", only("marked", "price", "issuer", "market-value"), to_others("longer")),
        ("and every other cap that is assumed", capped, to_others("longer")),
    ]
    for part in rules["shares"]:
        if part != 10_000:
            name = f"and everything at {part // 100}.{part % 100:02} % of that"
            table.append((name, None if capped is None else capped * share(part), to_others("longer")))
    for entry in sheet.get("entry", []):
        name = f'every cap, and "{entry["name"]}" is owed'
        table.append((name, capped, to_others("longer") + Fraction(entry["amount"])))
    return {
        "assets": [printed(group, value) for group, value in zip(groups, values)],
        "ladder": {
            "first_failing": failing,
            "rungs": [{name: value if name == "due" else shown(value) for name, value in rung.items()} for rung in rungs],
        },
        "sensitivity": [
            {"assets": shown(held), "missing": shown(missing(held, owed_)), "name": name, "owed": shown(owed_)}
            for name, held, owed_ in table
        ],
        "verdict": "not-determinable" if failing is None else "short",
    }


def printed(group, value):
    asset, rows, relation, terms = group
    marked, market = total(rows, "marked"), terms.get("market_value")
    of_market = None
    if marked is not None and market is not None and Fraction(market):
        hundredths = int(marked / Fraction(market) * 10_000)
        of_market = f"{hundredths // 100}.{hundredths % 100:02} %"
    return {
        "asset": asset,
        "marked": shown(marked),
        "quantity": shown(total(rows, "quantity")),
        "relation": relation,
        "rows": [row["name"] for row in rows if row["name"] is not None],
        "share_of_market": of_market,
        "values": [{"by": value[due][2], "due": due, "value": shown(value[due][1])} for due in ORDER],
    }


def main():
    with open(sys.argv[1], "rb") as file:
        sheet = tomllib.load(file)
    rules = {}
    if len(sys.argv) > 2:
        with open(sys.argv[2], "rb") as file:
            rules = tomllib.load(file).get("quality", {})
    print(json.dumps(judge(sheet, rules), sort_keys=True))


if __name__ == "__main__":
    main()
