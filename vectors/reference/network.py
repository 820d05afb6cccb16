"""Coins between venues, by the text of docs/spec/network.md alone. Standard library only."""

from clearing import Unclear, parse  # beside this file: how a fraction is written


def fraction_or_unknown(text):
    return None if text == "unknown" else parse(text)


def payments(venues):
    """Every payment from one venue to another, once: (from, to, txid) with block, amount and who has not the block."""
    found = {}
    for one in venues:
        for two in venues:
            if one is two:
                continue
            for flow in one["flows"]:
                amount = parse(flow["amount"])
                same = [
                    parse(other["amount"])
                    for other in two["flows"]
                    if (other["height"], other["txid"]) == (flow["height"], flow["txid"])
                    and other["direction"] != flow["direction"]
                ]
                theirs = set(two["addresses"]) - set(one["addresses"])
                shares = [fraction_or_unknown(party["amount"]) for party in flow["parties"]]
                named = [share for share, party in zip(shares, flow["parties"], strict=True) if party["address"] in theirs]
                if same:
                    part = min(amount, same[0])
                elif not named:
                    continue
                else:
                    part = amount if None in named else min(amount, sum(named))
                    if part == 0:
                        continue
                way = (one, two) if flow["direction"] == "out" else (two, one)
                has_block = two["from"] <= flow["height"] <= two["to"]
                key = (venues.index(way[0]), venues.index(way[1]), flow["txid"])
                found.setdefault(key, (flow["height"], part, not has_block))
    return found


def answer(cutoff, deposits, venues):
    """Everything that a vector of `network` expects."""
    found = payments(venues)
    loans = []
    for lender in range(len(venues)):
        for borrower in range(len(venues)):
            came = sum(part for key, (height, part, _) in found.items() if key[:2] == (lender, borrower) and height <= cutoff)
            left = sum(part for key, (height, part, _) in found.items() if key[:2] == (borrower, lender) and height > cutoff)
            names = (venues[lender]["venue"], venues[borrower]["venue"])
            owed = sum(parse(one["amount"]) for one in deposits if (one["depositor"], one["debtor"]) == names)
            lent = min(came, left) - owed
            if lent > 0:
                loans.append({"amount": str(lent), "borrower": names[1], "lender": names[0]})
    transfers = [
        {
            "amount": str(part),
            "from": venues[key[0]]["venue"],
            "height": str(height),
            "outside": "yes" if outside else "no",
            "to": venues[key[1]]["venue"],
            "txid": key[2],
        }
        for key, (height, part, outside) in sorted(found.items())
    ]
    return {"loans": loans, "transfers": transfers}


__all__ = ["Unclear", "answer"]
