"""Coins between venues, by the text of docs/spec/network.md alone. Standard library only."""

from collections import defaultdict
from itertools import accumulate

from clearing import Unclear, parse  # beside this file: how a fraction is written


def fraction_or_unknown(text):
    return None if text == "unknown" else parse(text)


def side(flow, wanted):
    """Of a flow, what these addresses have of it for certain, and at most."""
    shares = [fraction_or_unknown(one["amount"]) for one in flow["parties"] if one["address"] in wanted]
    amount = parse(flow["amount"])
    certain = min(amount, sum(share for share in shares if share is not None))
    return certain, amount if None in shares else certain


def payment(flow, own, other):
    """Amount, what of it rests on no mere list, and what certainly left the payer; None without a payment."""
    amount = parse(flow["amount"])
    for told in other["flows"]:
        if (told["height"], told["txid"]) == (flow["height"], flow["txid"]) and told["direction"] != flow["direction"]:
            return (min(amount, parse(told["amount"])),) * 3
    theirs = set(other["addresses"]) - set(own["addresses"])
    controlled = theirs - set(other["listed"])
    _, most = side(flow, theirs)
    if most == 0:
        return None
    _, sure = side(flow, controlled)
    # an outgoing flow is the payer's own word about what counts; an incoming one names the payer's addresses
    left, _ = side(flow, controlled if flow["direction"] == "out" else controlled - set(other["uncounted"]))
    return most, sure, left


def payments(venues):
    """Every payment from one venue to another, once."""
    found = {}
    for one, own in enumerate(venues):
        for two, other in enumerate(venues):
            for flow in own["flows"] if one != two else []:
                going = payment(flow, own, other)
                if going is None:
                    continue
                pair = (one, two) if flow["direction"] == "out" else (two, one)
                has_block = other["from"] <= flow["height"] <= other["to"]
                row = dict(zip(("most", "sure", "left"), going), height=flow["height"], outside=not has_block)
                found.setdefault((*pair, flow["txid"]), row)
    # one transaction takes what it takes from the payer once
    spent = defaultdict(int)
    for (payer, _, txid), row in sorted(found.items()):
        told = [
            parse(flow["amount"])
            for flow in venues[payer]["flows"]
            if (flow["txid"], flow["height"], flow["direction"]) == (txid, row["height"], "out")
        ]
        if told:
            row["left"] = min(row["left"], told[0] - spent[payer, row["height"], txid])
            spent[payer, row["height"], txid] += row["left"]
    return found


def highest(steps):
    return max(accumulate(steps, initial=0))


def came_and_went(found, cutoff, pair, measure):
    """What came from the one to the other up to the cut-off block, and what went back after it."""
    lender, borrower = pair
    came, went = defaultdict(int), defaultdict(int)
    for (payer, payee, _), row in found.items():
        if (payer, payee) == (lender, borrower):
            came[row["height"]] += row[measure]
            went[row["height"]] -= row["left"]
        elif (payer, payee) == (borrower, lender):
            came[row["height"]] -= row["left"]
            went[row["height"]] += row[measure]
    before = highest(came[height] for height in sorted(came, reverse=True) if height <= cutoff)
    return before, highest(went[height] for height in sorted(went) if height > cutoff)


def pairs_of(count):
    return [(one, two) for one in range(count) for two in range(count) if one != two]


def routes(left, count, start, end):
    """Ways from one venue to another, straight and over one other, each with its pairs and what is left of them."""
    ways = [[(start, end)]] + [[(start, by), (by, end)] for by in range(count) if by not in (start, end)]
    return [(way, min(left.get(pair, 0) for pair in way)) for way in ways]


def consume(left, ways, amount):
    for way, most in ways:
        part = min(most, amount)
        amount -= part
        for pair in way:
            if pair in left:
                left[pair] -= part


def difference(sums):
    return {pair: sums[pair] - sums.get(pair[::-1], 0) for pair in sums if sums[pair] > sums.get(pair[::-1], 0)}


def loans(cutoffs, chains, count, deposits, measure):
    """What was lent, by lender, borrower and way, less deposits; and what each lent in all."""
    rows, given, owed = {}, defaultdict(int), dict(deposits)

    def note(key, amount):
        given[key[0]] += amount
        answered = min(amount, owed.get(key[:2], 0))
        if answered:
            owed[key[:2]] -= answered
        if amount > answered:
            rows[key] = amount - answered

    came, back = defaultdict(int), defaultdict(int)
    for place, (cutoff, found) in enumerate(zip(cutoffs, chains)):
        for pair in pairs_of(count):
            before, after = came_and_went(found, cutoff, pair, measure)
            note((*pair, place), min(before, after))
            came[pair] += before - min(before, after)
            back[pair[::-1]] += after - min(before, after)
    came, back = difference(came), difference(back)
    for pair in pairs_of(count):
        there, home = routes(came, count, *pair), routes(back, count, *pair[::-1])
        amount = min(sum(most for _, most in there), sum(most for _, most in home))
        consume(came, there, amount)
        consume(back, home, amount)
        note((*pair, len(cutoffs)), amount)
    return rows, given


def answer(cutoffs, deployments, deposits, judged, sheets):
    """Everything that a vector of `network` expects."""
    names = [sheet["venue"] for sheet in sheets]
    chains = [payments(venues) for venues in deployments]
    owed, known = defaultdict(int), defaultdict(int)
    for one in deposits:
        owed[names.index(one["depositor"]), names.index(one["debtor"])] += parse(one["amount"])
    for one in judged:
        known[names.index(one["lender"]), names.index(one["borrower"])] += parse(one["amount"])
    stands = [None if one["owes"] == "unknown" else (parse(one["holds"]), parse(one["owes"])) for one in sheets]
    sure, _ = loans(cutoffs, chains, len(names), owed, "sure")
    everything, _ = loans(cutoffs, chains, len(names), owed, "most")
    _, given = loans(cutoffs, chains, len(names), owed, "left")
    around = len(cutoffs)

    def is_critical(borrower):
        rest = sum(amount for key, amount in sure.items() if key[1] == borrower) - given[borrower]
        for lender in range(len(names)):
            direct = sum(sure.get((lender, borrower, place), 0) for place in range(around))
            rest -= min(direct, known[lender, borrower])
        return rest > 0 and (stands[borrower] is None or stands[borrower][0] - rest < stands[borrower][1])

    lists = {"loans": [], "listed": []}
    for key in sorted(set(sure) | set(everything)):
        lender, borrower, place = key
        row = {"borrower": names[borrower], "lender": names[lender], "way": "around" if place == around else str(place)}
        shown = sure.get(key, 0)
        if shown > 0:
            weight = "critical" if is_critical(borrower) else "exception"
            lists["loans"].append({**row, "amount": str(shown), "weight": weight})
        if everything.get(key, 0) > shown:
            lists["listed"].append({**row, "amount": str(everything[key] - shown)})
    transfers = [
        {
            "amount": str(row["most"]),
            "deployment": str(place),
            "from": names[payer],
            "height": str(row["height"]),
            "left": str(row["left"]),
            "outside": "yes" if row["outside"] else "no",
            "to": names[payee],
            "txid": txid,
        }
        for place, found in enumerate(chains)
        for (payer, payee, txid), row in sorted(found.items())
    ]
    return {**lists, "transfers": transfers}


__all__ = ["Unclear", "answer"]
