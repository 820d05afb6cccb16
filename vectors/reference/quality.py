"""What holdings bring for what is missing, under assumptions: docs/spec/quality.md.

A file of its own, because it is another method than the rest: every ladder is computed anew from the assumptions as
they were moved, with nothing kept from the ladder before.
"""

import tomllib
from copy import deepcopy
from fractions import Fraction

from sheet import BUCKETS, CAPS, ORDER, root_up, share, shown

WHOLE, FACTOR = 10_000, 1_000_000
LIMITS = {"participation": WHOLE, "impact": FACTOR, "float_share": WHOLE, "volatility": FACTOR, "wrong_way": WHOLE}
DEFAULTS = {"participation": 1_000, "impact": WHOLE, "float_share": WHOLE, "shares": [10_000, 7_500, 5_000, 2_500]}
DECIMALS = {"price", "daily_volume", "free_float", "circulating", "market_value"}
OF_ASSETS = ["price", "daily_volume", "volatility", "free_float", "market_value", "wrong_way", "bid"]
DOUBTED = ["participation", "float", "book", "impact", "market-value", "wrong-way"]


class Unusable(Exception):
    """A file of assumptions that does not fit."""


def want(condition, words):
    if not condition:
        raise Unusable(words)


def decimal(text):
    want(isinstance(text, str) and 0 < len(text) <= 60, "no decimal")
    whole, point, behind = text.partition(".")
    digits = all(part.isascii() and part.isdigit() for part in ([whole, behind] if point else [whole]))
    want(digits and (len(whole) == 1 or whole[0] != "0"), "no plain decimal")
    return Fraction(text)


def number(value, most):
    if isinstance(value, str):
        want(value.isascii() and value.isdigit(), "no number")
    else:
        want(isinstance(value, int) and not isinstance(value, bool) and value >= 0, "no number")
    want(int(value) <= most, "too large")
    return int(value)


def read(text):
    """The assumptions of a file, with numbers for texts."""
    try:
        file = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unusable(str(error)) from error
    want(set(file) <= {"format", "quality"} and file.get("format") == "counterfoil-assumptions-v1", "format")
    table = file.get("quality", {})
    want(set(table) <= {*DEFAULTS, "unit", "asset"}, "unknown field")
    rules = DEFAULTS | table
    for name in ("participation", "impact", "float_share"):
        rules[name] = number(rules[name], LIMITS[name])
    rules["shares"] = [number(part, WHOLE) for part in rules["shares"]]
    if "unit" in rules:
        unit = rules["unit"]
        want(0 < len(unit) <= 40 and unit.strip() and all(" " <= letter <= "~" for letter in unit), "unit")
    assets = {}
    for row in rules.pop("asset", []):
        known = DECIMALS | {"id", "volatility", "wrong_way", "relation", "bid"}
        want(set(row) <= known and "id" in row and row["id"] not in assets, "asset")
        want(row.get("relation", "none") in ("none", "self", "affiliate"), "relation")
        terms = {name: decimal(row[name]) for name in DECIMALS & set(row)}
        terms |= {name: number(row[name], LIMITS[name]) for name in ("volatility", "wrong_way") if name in row}
        for bid in row.get("bid", []):
            want(set(bid) == {"price", "amount"}, "bid")
        terms["bid"] = [(decimal(bid["price"]), decimal(bid["amount"])) for bid in row.get("bid", [])]
        prices = [price for price, _ in terms["bid"]]
        want(prices == sorted(prices, reverse=True), "bids that rise")
        want(terms.get("free_float", 0) <= terms.get("circulating", terms.get("free_float", 0)), "float")
        assets[row["id"]] = terms
    return rules, assets


class Stock:
    def __init__(self, given):
        self.asset, self.own = given["asset"], given["relation"] != "none"
        self.given = given
        scale = 10 ** int(given["decimals"])
        self.callable = {step["due"]: Fraction(int(step["callable"]), scale) for step in given["steps"]}
        self.available = {step["due"]: Fraction(int(step["available"]), scale) for step in given["steps"]}
        self.all = self.available["longer"]

    def missing(self, due):
        return max(Fraction(0), self.callable[due] - self.available[due])

    def left(self, due):
        return max(Fraction(0), self.available[due] - self.callable[due])

    def caps(self, rules, terms, due):
        """Every cap on what is left by then; None when nothing is left."""
        left = self.left(due)
        if left == 0:
            return None
        unlocked = max(left, self.all - self.callable[due])
        price, volume = terms.get("price"), terms.get("daily_volume")
        caps = {"market-value": terms.get("market_value")}
        if self.own:
            caps["issuer"] = Fraction(0)
        if terms.get("bid"):
            rest, caps["book"] = left, Fraction(0)
            for level, amount in terms["bid"]:
                part = min(rest, amount)
                rest, caps["book"] = rest - part, caps["book"] + part * level
        if price is not None:
            caps["price"] = unlocked * price
            if unlocked != left:
                caps["locked"] = left * price
            if "wrong_way" in terms:
                caps["wrong-way"] = left * price * share(terms["wrong_way"])
            if "free_float" in terms:
                caps["float"] = min(left, terms["free_float"] * share(rules["float_share"])) * price
            if volume is not None and BUCKETS[due] is not None:
                caps["participation"] = min(left, volume * share(rules["participation"]) * BUCKETS[due]) * price
            if volume is not None and "volatility" in terms:
                caps["impact"] = price * sold(left, volume, share(rules["impact"]) * share(terms["volatility"]))
        return {name: caps[name] for name in CAPS if caps.get(name) is not None}


def sold(left, volume, factor):
    """Units at the price before that a sale brings, at the best amount of it."""
    if factor == 0:
        return left
    amount = min(left, volume * (Fraction(2) / (3 * factor)) ** 2)
    return amount * max(Fraction(0), 1 - factor * root_up(amount / volume)) if volume else Fraction(0)


def ladder(stocks, rules, assets, counts=lambda cap: True, part=Fraction(1)):
    rungs = []
    for due in ORDER:
        prices = [(stock.missing(due), assets.get(stock.asset, {}).get("price")) for stock in stocks]
        owed = sum((amount * price for amount, price in prices if price is not None), Fraction(0))
        values = []
        for stock in stocks:
            caps = stock.caps(rules, assets.get(stock.asset, {}), due)
            kept = [Fraction(0)] if caps is None else [value for cap, value in caps.items() if counts(cap)]
            values.append(min(kept) * part if kept else None)
        paid = None if None in values else sum(values, Fraction(0))
        lack = owed - paid if paid is not None and paid < owed else None
        rungs.append({"callable": owed, "due": due, "missing": lack, "realisable": paid})
    return rungs


def failing(rungs):
    return next((rung["due"] for rung in rungs if rung["missing"] is not None), None)


def known(row):
    return {name: value for name, value in row.items() if value is not None}


def printed(rungs):
    rows = [known({name: value if name == "due" else shown(value) for name, value in rung.items()}) for rung in rungs]
    return known({"first_failing": failing(rungs), "rungs": rows})


def percent(value, whole):
    if not whole:
        return None
    hundredths = int(value / whole * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02} %"


def of_asset(stock, rules, terms):
    rungs = []
    for due in ORDER:
        caps = stock.caps(rules, terms, due)
        step = next(step for step in stock.given["steps"] if step["due"] == due)
        gap = int(step["available"]) - int(step["callable"])
        by, value = (None, Fraction(0)) if caps is None else (None, None)
        if caps:
            by, value = min(caps.items(), key=lambda cap: cap[1])
        listed = [{"cap": cap, "value": shown(found)} for cap, found in (caps or {}).items()]
        amounts = {"left": str(max(0, gap)), "missing": str(max(0, -gap))}
        rungs.append(known({"by": by, "caps": listed, "due": due, "value": shown(value), **amounts}))
    return known(
        {
            "all": stock.given["steps"][-1]["available"],
            "asset": stock.asset,
            "decimals": stock.given["decimals"],
            "relation": stock.given["relation"],
            "rungs": rungs,
            "share_of_circulating": percent(stock.all, terms.get("circulating")),
            "share_of_float": percent(stock.all, terms.get("free_float")),
        }
    )


def scenarios(stocks, rules, assets):
    believed = {"locked", "price"}
    rows = [("at the assumed prices, own tokens too", believed)]
    for name, cap in [("tokens of its own circle at zero", "issuer"), ("and none above the market value of all of it", "market-value")]:
        believed = believed | {cap}
        rows.append((name, believed))
    rows.append(("every cap that is assumed", set(CAPS)))
    binding = set()
    for stock in stocks:
        for due in ORDER:
            caps = stock.caps(rules, assets.get(stock.asset, {}), due)
            binding |= {min(caps.items(), key=lambda cap: cap[1])[0]} if caps else set()
    rows += [(f"every cap but {cap}", set(CAPS) - {cap}) for cap in DOUBTED if cap in binding]
    table = [(name, ladder(stocks, rules, assets, counts.__contains__)) for name, counts in rows]
    for part in rules["shares"]:
        if part != WHOLE:
            name = f"everything at {part // 100}.{part % 100:02} % of every cap"
            table.append((name, ladder(stocks, rules, assets, part=share(part))))
    return [{"ladder": printed(rungs), "name": name} for name, rungs in table]


def moved(rules, assets, parameter, asset, step):
    """Copies in which one assumption is at a step, and what it is then."""
    rules, assets = dict(rules), deepcopy(assets)
    if asset is None:
        rules[parameter] = step
        return rules, assets, Fraction(step)
    terms = assets[asset]
    if parameter == "bid":
        terms["bid"] = [(price, amount * share(step)) for price, amount in terms["bid"]]
        return rules, assets, sum((amount for _, amount in terms["bid"]), Fraction(0))
    terms[parameter] = step if parameter in LIMITS else terms[parameter] * share(step)
    return rules, assets, Fraction(terms[parameter])


def turn(stocks, rules, assets, parameter, asset):
    held = rules if asset is None else assets[asset]
    if parameter in LIMITS:
        now, most = held[parameter], LIMITS[parameter]
    else:
        now, most = WHOLE, FACTOR

    def fails(step):
        rungs = ladder(stocks, *moved(rules, assets, parameter, asset, step)[:2])
        return [rung["missing"] is not None for rung in rungs], failing(rungs)

    before, outcome = fails(now)
    found = {"below": None, "above": None}
    for side, end in (("below", 0), ("above", most)):
        steps = set()
        after = fails(end)[0]
        for rung in range(len(ORDER)):
            same, other = now, end
            while after[rung] != before[rung] and abs(same - other) > 1:
                middle = (same + other) // 2
                same, other = (middle, other) if fails(middle)[0][rung] == before[rung] else (same, middle)
            if after[rung] != before[rung]:
                steps.add(other)
        for step in sorted(steps, key=lambda step: abs(step - now)):
            then = fails(step)[1]
            if then != outcome:
                value = moved(rules, assets, parameter, asset, step)[2]
                found[side] = known({"first_failing": then, "value": shown(value)})
                break
    value = moved(rules, assets, parameter, asset, now)[2]
    return known({"asset": asset, "now": shown(value), "parameter": parameter, **found})


def judge(text, given):
    rules, assets = read(text)
    stocks = [Stock(stock) for stock in given]
    turns = [turn(stocks, rules, assets, parameter, None) for parameter in ("participation", "impact", "float_share")]
    for stock in stocks:
        terms = assets.get(stock.asset, {})
        for parameter in OF_ASSETS:
            offered = sum((amount for _, amount in terms.get("bid", [])), Fraction(0))
            value = offered if parameter == "bid" else terms.get(parameter)
            if value if parameter not in LIMITS else value is not None:
                turns.append(turn(stocks, rules, assets, parameter, stock.asset))

    def somewhere(test):
        return [stock.asset for stock in stocks if any(test(stock, assets.get(stock.asset, {}), due) for due in ORDER)]

    answer = {
        "assets": [of_asset(stock, rules, assets.get(stock.asset, {})) for stock in stocks],
        "basis": "assumed",
        "ladder": printed(ladder(stocks, rules, assets)),
        "scenarios": scenarios(stocks, rules, assets),
        "turns": turns,
        "unit": rules.get("unit"),
        "unpriced": somewhere(lambda stock, terms, due: stock.missing(due) and "price" not in terms),
        "unvalued": somewhere(lambda stock, terms, due: stock.caps(rules, terms, due) == {}),
    }
    return known(answer)
