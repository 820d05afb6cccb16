#!/usr/bin/env python3
"""Clearing of mutual obligations, by the definition alone: docs/spec/clearing.md.

For every set of debtors it asks: if exactly these default, what is paid, and does it fit? All that fits is kept; the
greatest and the least of it are the answer. Exponential on purpose: it shares no step with a program that works its way
up or down. Standard library only.

    python3 vectors/reference/clearing.py COUNT SEED

prints COUNT networks drawn from SEED with their answers, one JSON object a line.
"""

import itertools
import json
import math
import random
import re
import sys
from fractions import Fraction

NODES_MAX, DEBTORS_MAX, BITS_MAX, TEXT_MAX = 64, 24, 320, 200


class Unclear(Exception):
    """What is no network, or too large a one; its first argument is the code."""


def parse(text):
    match = re.fullmatch(r"([0-9]+)(?:/([0-9]+))?", text, re.ASCII) if len(text) <= TEXT_MAX else None
    if match is None or match[2] is not None and int(match[2]) == 0:
        raise Unclear("CF-7300", f"{text!r} is no fraction")
    found = Fraction(int(match[1]), int(match[2] or "1"))
    if str(found) != text:
        raise Unclear("CF-7300", f"{text!r} is not in lowest terms")
    return found


def check_bits(number):
    if number.bit_length() > BITS_MAX:
        raise Unclear("CF-7301", f"a number of {number.bit_length()} bits")


def read(owes, outside, alpha, beta):
    owes = [[parse(text) for text in row] for row in owes]
    outside = [parse(text) for text in outside]
    alpha, beta = parse(alpha), parse(beta)
    count = len(outside)
    if len(owes) != count or any(len(row) != count for row in owes):
        raise Unclear("CF-7300", "not square")
    if count > NODES_MAX:
        raise Unclear("CF-7301", "too many nodes")
    if any(owes[node][node] for node in range(count)):
        raise Unclear("CF-7300", "a node owes itself")
    for share in (alpha, beta):
        if share > 1:
            raise Unclear("CF-7300", "a share above 1")
        check_bits(share.numerator)
        check_bits(share.denominator)
    if sum(any(row) for row in owes) > DEBTORS_MAX:
        raise Unclear("CF-7301", "too many debtors")
    scale = 1
    for amount in itertools.chain(*owes, outside):
        scale = math.lcm(scale, amount.denominator)
        check_bits(scale)
    for amount in [sum(row, Fraction(0)) for row in owes] + outside:
        check_bits(int(amount * scale))
    return owes, outside, alpha, beta


def solve(rows):
    """x of A x = b, or None when there is not exactly one."""
    rows = [list(row) for row in rows]
    count = len(rows)
    for at in range(count):
        found = next((number for number in range(at, count) if rows[number][at] != 0), None)
        if found is None:
            return None
        rows[at], rows[found] = rows[found], rows[at]
        rows[at] = [entry / rows[at][at] for entry in rows[at]]
        for number in range(count):
            if number != at and rows[number][at] != 0:
                factor = rows[number][at]
                rows[number] = [entry - factor * above for entry, above in zip(rows[number], rows[at])]
    return [row[count] for row in rows]


class Network:
    def __init__(self, owes, outside, alpha, beta):
        self.owes, self.outside, self.alpha, self.beta = owes, outside, alpha, beta
        self.nodes = range(len(outside))
        self.total = [sum(row, Fraction(0)) for row in owes]

    def received(self, node, paid):
        return sum((self.owes[k][node] / self.total[k] * paid[k] for k in self.nodes if self.total[k]), Fraction(0))

    def asked(self, paid):
        """What each would pay if the others paid this."""
        answer = []
        for node in self.nodes:
            got = self.received(node, paid)
            pays = self.outside[node] + got >= self.total[node]
            answer.append(self.total[node] if pays else self.alpha * self.outside[node] + self.beta * got)
        return answer

    def if_these_default(self, defaulters):
        """The least payments that are not negative when exactly these pay what default leaves them."""
        paid = [Fraction(0) if node in defaulters else self.total[node] for node in self.nodes]
        base = {k: self.alpha * self.outside[k] + self.beta * self.received(k, paid) for k in defaulters}
        reached = {node for node in defaulters if base[node]}
        while True:
            more = {k for k in defaulters - reached if self.beta and any(self.owes[j][k] for j in reached)}
            if not more:
                break
            reached |= more
        order = sorted(reached)
        share = lambda j, k: self.beta * self.owes[j][k] / self.total[j]  # noqa: E731
        rows = [[Fraction(j == k) - share(j, k) for j in order] + [base[k]] for k in order]
        solution = solve(rows)
        if solution is None:
            return None
        for node, value in zip(order, solution):
            paid[node] = value
        return paid

    def clear(self):
        debtors = [node for node in self.nodes if self.total[node]]
        fits = []
        for count in range(len(debtors) + 1):
            for chosen in itertools.combinations(debtors, count):
                paid = self.if_these_default(set(chosen))
                if paid is not None and min(paid, default=0) >= 0 and self.asked(paid) == paid:
                    fits.append(paid)
        greatest, least = [max(found) for found in zip(*fits)], [min(found) for found in zip(*fits)]
        if fits and (greatest not in fits or least not in fits):
            raise AssertionError("the payments that clear are no lattice")
        return greatest, least

    def waves(self):
        """Who falls when all others pay what they can so far. Each wave pays what is left to it, the waves before it too."""
        fallen, waves = set(), []
        while True:
            paid = self.if_these_default(fallen)
            short = [self.outside[k] + self.received(k, paid) < self.total[k] for k in self.nodes]
            wave = [node for node in self.nodes if short[node] and node not in fallen]
            if not wave:
                return waves
            waves.append(wave)
            fallen |= set(wave)


def net(owes):
    """Pairs, then rings: the shortest first, of these the first by its nodes."""
    nodes = range(len(owes))
    pairs = [[max(owes[j][k] - owes[k][j], Fraction(0)) for k in nodes] for j in nodes]
    left, rings = [list(row) for row in pairs], []
    while True:
        ring = None
        for length in range(2, len(owes) + 1):
            paths = []
            for start in nodes:
                stack = [[start]]
                for _ in range(length - 1):
                    stack = [path + [k] for path in stack for k in nodes if k > start and k not in path and left[path[-1]][k]]
                    # of the ways to one node the first by its nodes is enough
                    seen = {}
                    for path in stack:
                        seen.setdefault(path[-1], path)
                    stack = list(seen.values())
                paths += [path for path in stack if left[path[-1]][start]]
            if paths:
                ring = min(paths)
                break
        if ring is None:
            return pairs, left, rings
        edges = list(zip(ring, ring[1:] + ring[:1]))
        amount = min(left[j][k] for j, k in edges)
        for j, k in edges:
            left[j][k] -= amount
        rings.append((ring, amount))


def shown(value):
    return [shown(item) for item in value] if isinstance(value, list) else str(value)


def answer(owes, outside, alpha, beta):
    """Everything that a vector of `clearing` expects."""
    network = Network(*read(owes, outside, alpha, beta))
    greatest, least = network.clear()
    bilateral, netted, rings = net(network.owes)
    return {
        "bilateral": shown(bilateral),
        "greatest": shown(greatest),
        "least": shown(least),
        "netted": shown(netted),
        "rings": [{"amount": str(amount), "nodes": shown(nodes)} for nodes, amount in rings],
        "waves": shown(network.waves()),
    }


def draw(chance):
    count = chance.randint(2, 5)
    parts = chance.choice([1, 1, 2, 3, 10])
    amount = lambda most: str(Fraction(chance.randint(0, most * parts), parts))  # noqa: E731
    dense, rich = chance.choice([0.3, 0.6, 0.9]), chance.choice([0, 2, 6, 20])
    owes = [
        [amount(10) if j != k and chance.random() < dense else "0" for k in range(count)] for j in range(count)
    ]
    shares = ["1", "1", "1", "1/2", "4/5", "9/10", "1/3", "0"]
    outside = [amount(rich) if chance.random() < 0.7 else "0" for _ in range(count)]
    return {"alpha": chance.choice(shares), "beta": chance.choice(shares), "outside": outside, "owes": owes}


def main(arguments):
    chance = random.Random(int(arguments[1]))
    for _ in range(int(arguments[0])):
        network = draw(chance)
        print(json.dumps({"expect": answer(**network), "network": network}, sort_keys=True))


if __name__ == "__main__":
    main(sys.argv[1:])
