"""Proofs of other venues, a second time: written from the pages in docs/foreign, with nothing but the standard library.

usage: foreign.py FILE...    prints for each file: format, root, first balance at the root
"""
import hashlib
import json
import sys
from decimal import ROUND_DOWN, Decimal, getcontext
from pathlib import Path

getcontext().prec = 100
FOLDER = Path(__file__).resolve().parents[2] / "src" / "foreign"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def short(value):
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def cut(value):
    return value.quantize(Decimal("1e-8"), rounding=ROUND_DOWN)


def fixed(value):
    return format(cut(value), "f")


def order(name, names):
    for line in (FOLDER / f"{name}_assets.txt").read_text().splitlines():
        if not line.startswith("#") and set(line.split(":")[1].split()) == set(names):
            return line.split(":")[1].split()
    raise ValueError("no list of assets")


def quote(pairs):
    return json.dumps(dict(pairs), separators=(",", ":"))


def fold(leaf, own, path, parent, rounding=lambda value: value):
    """path: (is_left, hash, sums) of each sibling, from the leaf up."""
    for above, (is_left, other, sums) in enumerate(path, 1):
        own = [rounding(mine + theirs) for mine, theirs in zip(own, sums)]
        leaf = parent(other, leaf, own, above) if is_left else parent(leaf, other, own, above)
    return leaf, own


def numbers(balances, names):
    return [Decimal(balances[name]) for name in names]


def okx(file):
    names, me = ["BTC", "ETH", "USDT"], file["self"]
    leaf = sha(me["nonce"] + quote((name, me["balances"][name]) for name in names))
    path = [(e["type"] == 1, e["hash"], numbers(e["balances"], names)) for e in file["path"][:-1]]
    parent = lambda l, r, sums, above: sha(l + r + "".join(map(short, sums)) + str(above + 1))
    return "okx-v1", *fold(leaf, numbers(me["balances"], names), path, parent, cut)


def bybit(file):
    me = file["self"]
    names = order("bybit", me["balance"])
    leaf = sha(me["userHash"] + "".join(me["balance"][name] for name in names))
    path = [(e["type"] == 1, e["hash"], numbers(e["balance"], names)) for e in file["path"][:-1]]
    parent = lambda l, r, sums, above: sha(l + r + "".join(map(fixed, sums)) + str(above + 1))
    return "bybit", *fold(leaf, numbers(me["balance"], names), path, parent, cut)


def bitget(file):
    me = file["self"]
    names = order("bitget", me["balances"])
    text = lambda sums: quote(zip(names, map(short, sums)))
    own = numbers(me["balances"], names)
    leaf = sha(f'{me["encryptUid"]},{me["nonce"]},{text(own)}')[:16]
    path = [(e["role"] == 1, e["merkelLeaf"], numbers(e["balances"], names)) for e in file["path"][:-1]]
    parent = lambda l, r, sums, above: sha(f"{l}{r},{text(sums)},{me['level'] - above}")[:16]
    return "bitget", *fold(leaf, own, path, parent)


def hotcoin(file):
    def tagged(domain, fields):
        text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(bytes([domain]) + text.encode()).hexdigest()

    me, protocol, names = file["self"], file["protocol"], [asset["coin"] for asset in file["assets"]]
    config = tagged(3, [protocol] + [str(x) for a in file["assets"] for x in (a["coin"], a["decimals"])])
    head = [protocol, me["snapshotId"], config, me["accountId"], me["nonce"]]
    leaf = tagged(0, head + [me["balances"][name] for name in names])
    path = [(s["position"] == "LEFT", s["hash"], numbers(s["balances"], names)) for s in file["path"]]
    parent = lambda l, r, sums, above: tagged(1, [protocol, config, l, r] + list(map(short, sums)))
    return "hotcoin", *fold(leaf, numbers(me["balances"], names), path, parent)


def olalonde(file):
    def below(node):
        if "left" not in node:
            data = node["data"]
            total = Decimal(data["sum"])
            return data.get("hash") or sha(f'{data["user"]}|{fixed(total)}|{data["nonce"]}'), total
        (left, a), (right, b) = below(node["left"]), below(node["right"])
        return sha(f"{fixed(a + b)}|{left}|{right}"), a + b

    root, total = below(file["partial_tree"])
    return "olalonde", root, [total]


def bitmex(text):
    lines = text.splitlines()
    nodes = [(bytes.fromhex(h), int(v)) for h, v in (line.split(",") for line in lines[1:])]
    level = nodes[len(nodes) // 2:]
    le = lambda number: number.to_bytes(8, "little")
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2])
        level = [(hashlib.sha256(a[0] + le(a[1]) + b[0] + le(b[1])).digest(), a[1] + b[1]) for a, b in pairs]
    return "bitmex", level[0][0].hex(), [Decimal(level[0][1])]


def read(text):
    if text.startswith("block_height:"):
        return bitmex(text)
    file = json.loads(text)
    if file.get("protocol") == "HOTCOIN-POR-SUM":
        return hotcoin(file)
    if "partial_tree" in file:
        return olalonde(file)
    kind = bybit if "userHash" in file["self"] else bitget if "merkelLeaf" in file["self"] else okx
    return kind(file)


for name in sys.argv[1:]:
    kind, root, sums = read(Path(name).read_text())
    print(kind, root, short(sums[0]))
