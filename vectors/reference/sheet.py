"""Sheets that nobody has signed, computed from docs/spec/sheet.md, quality.md and liquidity.md alone.

python3 vectors/reference/sheet.py SHEET [ASSUMPTIONS]
"""

import datetime
import json
import re
import sys
import tomllib
import unicodedata
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
    return dict(known), value, by, free_priced if free_marked is None else free_marked


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
    rules["shares"] = [int(part) for part in rules["shares"]]
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

    def in_kind(group, value, due):
        """sheet.md: what is owed in an asset is paid with it, and not sold first."""
        asset, _, relation, _ = group
        if asset is None or relation != "none":
            return Fraction(0)
        return smallest(owed(due, asset), value[due][3])

    def pays(group, value, due, sold):
        kind = in_kind(group, value, due)
        if sold is None or kind == 0:
            return sold
        return kind + (sold if value[due][3] is None else min(sold, value[due][3] - kind))

    def together(parts):
        parts = list(parts)
        return None if None in parts else sum(parts, Fraction(0))

    def only(*kept):
        return together(
            pays(group, value, "longer", smallest(*(value["longer"][0].get(name) for name in kept)))
            for group, value in zip(groups, values)
        )

    def missing(held, callable_):
        return callable_ - held if held is not None and held < callable_ else None

    rungs = []
    for due in ORDER:
        held = together(pays(group, value, due, value[due][1]) for group, value in zip(groups, values))
        rungs.append({"callable": to_others(due), "due": due, "missing": missing(held, to_others(due)), "realisable": held})
    failing = next((rung["due"] for rung in rungs if rung["missing"] is not None), None)

    capped = rungs[-1]["realisable"]
    handed_over = sum((in_kind(group, value, "longer") for group, value in zip(groups, values)), Fraction(0))
    table = [
        ("as the sheet marks it", only("marked", "price"), owed("longer")),
        ("tokens of its own circle at zero", only("marked", "price", "issuer"), to_others("longer")),
        ("and none above the market value of all of it", only("marked", "price", "issuer", "market-value"), to_others("longer")),
        ("and every other cap that is assumed", capped, to_others("longer")),
    ]
    for part in rules["shares"]:
        if part != 10_000:
            name = f"and everything at {part // 100}.{part % 100:02} % of that"
            table.append((name, None if capped is None else handed_over + (capped - handed_over) * share(part), to_others("longer")))
    for entry in sheet.get("entry", []):
        name = f'every cap, and "{entry["name"]}" is owed'
        table.append((name, capped, to_others("longer") + Fraction(entry["amount"])))
    return {
        "assets": [printed(group, value) for group, value in zip(groups, values)],
        "findings": findings(sheet, groups, terms, {row["asset"]: owed("longer", row["asset"]) for row in liabilities if "asset" in row}),
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


SEVERITIES = {"CF-7375": "note", "CF-7378": "note"}


def findings(sheet, groups, assumed, owed_in):
    """sheet.md: what a reader must know beside the figures, in order of severity, code and subject."""
    found = []
    for asset, rows, relation, terms in groups:
        marked, market = total(rows, "marked"), terms.get("market_value")
        if asset is None:
            found.append(("CF-7373", "assets"))
            continue
        if relation != "none":
            found.append(("CF-7370", asset))
        if marked is not None and market is not None and marked > Fraction(market):
            found.append(("CF-7371", asset))
        if relation == "none" and marked != 0 and any("due" not in row for row in rows):
            found.append(("CF-7375", asset))
    totals = sheet.get("totals", {})
    listed = {
        "assets": [row for row in sheet.get("asset", []) if "part_of" not in row and "marked" in row],
        "liabilities": sheet.get("liability", []),
    }
    for side, field in (("assets", "marked"), ("liabilities", "amount")):
        if side in totals and total(listed[side], field) > Fraction(totals[side]):
            found.append(("CF-7377", side))
    if Fraction(totals.get("liabilities", 0)) > total(listed["liabilities"], "amount"):
        found.append(("CF-7373", "liabilities"))
    held = {asset: total(rows, "marked") for asset, rows, _, _ in groups}
    for asset, owed in owed_in.items():
        if asset not in held or (held[asset] is not None and held[asset] < owed):
            found.append(("CF-7374", asset))
    found += [("CF-7372", entry["name"]) for entry in sheet.get("entry", [])]
    found += [("CF-7376", row["name"]) for row in sheet.get("asset", []) if row.get("related_party")]
    named = {row["asset"] for row in sheet.get("asset", [])}
    found += [("CF-7378", asset) for asset in assumed if asset not in named]
    rows = [(SEVERITIES.get(code, "exception"), code, subject) for code, subject in found]
    rows.sort(key=lambda row: (row[0], row[1], row[2].encode("utf-8")))
    return [{"code": code, "severity": severity, "subject": subject} for severity, code, subject in rows]


# What is refused.


class Unreadable(Exception):
    """A code, and why."""


KINDS = "deposit bank stablecoin wrapped token coin fund security venture other".split()


def matching(expression):
    def check(value):
        if not isinstance(value, str) or not re.fullmatch(expression, value, re.ASCII):
            raise ValueError(f"{value!r} is not of the form {expression}")
        return value

    return check


def one_of(*words):
    def check(value):
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"{value!r} is none of {words}")
        return value

    return check


def plain_text(value):
    if not isinstance(value, str):
        raise ValueError("expected text")
    return value


def truth(value):
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def amount(value):
    matching(r"(0|[1-9][0-9]*)(\.[0-9]+)?")(value)
    if len(value) > 60:
        raise ValueError("more than 60 characters")
    return value


def moment(value):
    matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")(value)
    datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
    return value


ASSET_ID, RELATION, DUE = matching("[A-Za-z0-9:._-]{1,64}"), one_of("none", "self", "affiliate"), one_of(*ORDER)
ASSET = (
    {"name": plain_text, "asset": ASSET_ID, "kind": one_of(*KINDS), "relation": RELATION},
    {"marked": amount, "quantity": amount, "due": DUE, "part_of": plain_text, "related_party": truth, "note": plain_text},
)
LIABILITY = ({"name": plain_text, "amount": amount}, {"asset": ASSET_ID, "due": DUE, "note": plain_text})
ENTRY = ({"name": plain_text, "amount": amount, "negative": truth}, {"note": plain_text})


def fields(required, perhaps):
    def check(value):
        if not isinstance(value, dict) or not set(required) <= set(value) <= set(required) | set(perhaps):
            raise ValueError(f"expected {sorted(required)}, perhaps {sorted(perhaps)}")
        return {name: {**required, **perhaps}[name](found) for name, found in value.items()}

    return check


def list_of(check):
    def each(value):
        if not isinstance(value, list):
            raise ValueError("expected a list")
        return [check(item) for item in value]

    return each


SHEET = fields(
    {
        "format": one_of("counterfoil-sheet-v1"),
        "name": plain_text,
        "as_of": moment,
        "unit": plain_text,
        "callable": one_of("at-once", "unknown"),
        "sources": list_of(plain_text),
    },
    {
        "totals": fields({}, {"assets": amount, "liabilities": amount}),
        "asset": list_of(fields(*ASSET)),
        "liability": list_of(fields(*LIABILITY)),
        "entry": list_of(fields(*ENTRY)),
    },
)


def check_sheet(sheet):
    """That a sheet has its form; a copy of it."""
    try:
        sheet = SHEET(sheet)
    except ValueError as error:
        raise Unreadable("CF-3260", str(error)) from error
    parts = {row["name"]: row.get("part_of") for row in sheet.get("asset", [])}
    wrong = [
        not sheet["sources"] or not sheet["name"] or not sheet["unit"],
        any(len(sheet.get(name, [])) > 10_000 for name in ("asset", "liability", "entry")),
        len(parts) < len(sheet.get("asset", [])),
        any(whole is not None and parts.get(whole, whole) is not None for whole in parts.values()),
    ]
    within = {}
    for row in sheet.get("asset", []):
        if "part_of" in row and "marked" in row:
            within[row["part_of"]] = within.get(row["part_of"], 0) + Fraction(row["marked"])
    for row in sheet.get("asset", []):
        wrong.append("marked" in row and within.get(row["name"], 0) > Fraction(row["marked"]))
    if any(wrong):
        raise Unreadable("CF-3260", f"{wrong}")
    return sheet


def cells(line):
    """The cells of one line; None where programs read it in two ways."""
    found, cell, at = [], "", "start"
    for char in line:
        if at == "quoted":
            at, cell = ("closed", cell) if char == '"' else (at, cell + char)
        elif char == ",":
            found, cell, at = [*found, cell], "", "start"
        elif char == '"':
            if at == "plain":
                return None
            at, cell = "quoted", cell + ('"' if at == "closed" else "")
        elif at == "closed":
            return None
        else:
            at, cell = "plain", cell + char
    return None if at == "quoted" else [*found, cell]


def yes(value):
    return {"yes": True, "no": False}[one_of("yes", "no")(value)]


COLUMNS = "list name asset amount kind quantity relation due part_of related_party negative note".split()
LISTS = {
    "asset": (ASSET[0], {**ASSET[1], "amount": amount, "related_party": yes}),
    "liability": LIABILITY,
    "entry": ({**ENTRY[0], "negative": yes}, ENTRY[1]),
}


def rows_of_table(text):
    """sheet.md: the rows of a table, as rows of a sheet."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    lines = [line for line in lines if line]
    hidden = any(unicodedata.category(char) == "Cc" and char != "\t" for line in lines for char in line)
    rows = [cells(line) for line in lines]
    if hidden or not rows or None in rows:
        raise Unreadable("CF-8150", "not CSV")
    head, rows = rows[0], rows[1:]
    if not set(head) <= set(COLUMNS) or len(set(head)) < len(head) or "list" not in head:
        raise Unreadable("CF-8151", f"columns {head}")
    sheet = {name: [] for name in LISTS}
    for row in rows:
        if len(row) != len(head):
            raise Unreadable("CF-8152", f"{row}")
        filled = {name: cell for name, cell in zip(head, row) if cell}
        if not filled:
            continue
        if "list" not in filled:
            raise Unreadable("CF-8154", "no list")
        kind = filled.pop("list")
        if kind not in LISTS:
            raise Unreadable("CF-8153", f"list {kind!r}")
        required, perhaps = LISTS[kind]
        if not set(required) <= set(filled):
            raise Unreadable("CF-8154", f"{sorted(set(required) - set(filled))} of {kind}")
        if not set(filled) <= (set(required) | set(perhaps)) - {"marked"}:
            raise Unreadable("CF-8155", f"{sorted(filled)} of {kind}")
        try:
            found = {name: {**required, **perhaps}[name](cell) for name, cell in filled.items()}
        except ValueError as error:
            raise Unreadable("CF-8153", str(error)) from error
        if kind == "asset" and "amount" in found:
            found["marked"] = found.pop("amount")
        sheet[kind].append(found)
    return sheet


def answer(sheet, rows, rules):
    """Everything that a vector expects; what is not known is left out."""
    sheet = check_sheet(sheet)
    if rows is not None:
        if any(sheet.get(name) for name in LISTS):
            raise Unreadable("CF-8157", "rows in two places")
        sheet = check_sheet({**sheet, **rows_of_table(rows)})
    return known(judge(sheet, rules))


def known(value):
    if isinstance(value, dict):
        return {name: known(found) for name, found in value.items() if found is not None}
    return [known(found) for found in value] if isinstance(value, list) else value


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
