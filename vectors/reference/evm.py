"""Shares of vaults and pools in a proved state, from docs/spec/evm-pool.md, evm-token.md and evm-balance.md alone: Keccak,
RLP and the walk down a Merkle Patricia trie (yellow paper, appendices B, C and D).
"""

from math import isqrt

MASK = 2**64 - 1


def rotated(word, count):
    return (word << count | word >> (64 - count)) & MASK if count else word


def keccak_f(lanes):
    register = 1
    for _ in range(24):
        # theta
        columns = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        mixed = [columns[(x + 4) % 5] ^ rotated(columns[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ mixed[x] for y in range(5)] for x in range(5)]
        # rho and pi
        x, y, current = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], rotated(current, (step + 1) * (step + 2) // 2 % 64)
        # chi
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & MASK & row[(x + 2) % 5])
        # iota
        for bit in range(7):
            register = (register << 1 ^ (register >> 7) * 0x71) % 256
            if register & 2:
                lanes[0][0] ^= 1 << ((1 << bit) - 1)
    return lanes


def keccak(data):
    """Keccak-256 as Ethereum has it: padded with 1, not with SHA-3's 6."""
    rate = 136
    padded = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % rate)
    padded[-1] |= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for at in range(rate // 8):
            word = padded[start + 8 * at : start + 8 * at + 8]
            lanes[at % 5][at // 5] ^= int.from_bytes(word, "little")
        lanes = keccak_f(lanes)
    return b"".join(lanes[at % 5][at // 5].to_bytes(8, "little") for at in range(4))


class NotShown(Exception):
    """The layer that refuses, a code, and why."""


def bad_node(why):
    return NotShown("fold", "CF-6031", why)


def item(data):
    """The first RLP item: bytes or a list, and what stands behind it."""
    if not data:
        raise bad_node("nothing where an item should be")
    first = data[0]
    if first < 0x80:
        return data[:1], data[1:]
    base, short = (0x80, first < 0xB8) if first < 0xC0 else (0xC0, first < 0xF8)
    width = 0 if short else first - base - 55
    length = first - base if short else int.from_bytes(data[1 : 1 + width], "big")
    body, rest = data[1 + width : 1 + width + length], data[1 + width + length :]
    if len(body) != length or (not short and (data[1] == 0 or length < 56)) or (base == 0x80 and length == 1 and body[0] < 0x80):
        raise bad_node("not in its one encoding")
    if base == 0x80:
        return body, rest
    items = []
    while body:
        found, body = item(body)
        items.append(found)
    return items, rest


def whole(data):
    found, rest = item(data)
    if rest:
        raise bad_node("bytes behind an item")
    return found


def encoded_length(found):
    """Bytes of an item in RLP; a node of fewer than 32 stands inside its parent."""
    if isinstance(found, bytes):
        return 1 if len(found) == 1 and found[0] < 0x80 else len(found) + (1 if len(found) < 56 else 2)
    body = sum(encoded_length(one) for one in found)
    return body + (1 if body < 56 else 1 + (body.bit_length() + 7) // 8)


def nibbles(data):
    return [half for byte in data for half in (byte >> 4, byte & 15)]


def path_of(encoded):
    """Hex-prefix: whether it is a leaf's path, and its nibbles."""
    halves = nibbles(encoded)
    if not halves or halves[0] > 3 or (halves[0] % 2 == 0 and halves[1] != 0):
        raise bad_node("a path of no kind")
    return halves[0] >= 2, halves[1:] if halves[0] % 2 else halves[2:]


def lookup(root, key, pool):
    """What the trie has at the hash of a key; None where it shows that there is nothing."""
    if root == keccak(b"\x80"):
        return None
    rest, child = nibbles(keccak(key)), root
    while True:
        if isinstance(child, bytes):
            if not child:
                return None
            if len(child) != 32:
                raise bad_node("a child that is no hash")
            if child not in pool:
                raise NotShown("fold", "CF-6051", "the nodes do not lead to the key")
            node = whole(pool[child])
        else:
            node = child
            if encoded_length(node) >= 32:
                raise bad_node("a long node inside another")
        if not isinstance(node, list) or len(node) not in (2, 17):
            raise bad_node("no node")
        if len(node) == 17:
            if node[16] != b"" or not rest:
                raise bad_node("a value in a branch")
            child, rest = node[rest[0]], rest[1:]
            continue
        if not isinstance(node[0], bytes):
            raise bad_node("a path that is a list")
        leaf, path = path_of(node[0])
        if leaf:
            if len(path) != len(rest) or not isinstance(node[1], bytes):
                raise bad_node("a leaf of another depth")
            return node[1] if path == rest else None
        if not path or len(path) > len(rest) or node[1] == b"":
            raise bad_node("an extension to nothing")
        if rest[: len(path)] != path:
            return None
        child, rest = node[1], rest[len(path) :]


def account(root, address, pool):
    """Storage root and code hash; None when there is no such account."""
    found = lookup(root, address, pool)
    if found is None:
        return None
    found = whole(found)
    if len(found) != 4 or len(found[2]) != 32 or len(found[3]) != 32:
        raise bad_node("no account")
    return found[2], found[3]


def word(root, place, pool):
    found = lookup(root, place, pool)
    if found is None:
        return 0
    found = whole(found)
    if not isinstance(found, bytes) or not 0 < len(found) <= 32 or found[0] == 0:
        raise NotShown("fold", "CF-6052", "no word in its one encoding")
    return int.from_bytes(found, "big")


def slot(number):
    return number.to_bytes(32, "big")


def mapping(address, base):
    return keccak(bytes(12) + address + slot(base))


def from_text(text):
    return bytes.fromhex(text.removeprefix("0x"))


def part(shares, amount, of):
    if of == 0:
        return 0
    found = shares * amount // of
    if shares * amount >= 2**512 or found >= 2**128:
        raise NotShown("sum", "CF-7444", "too large")
    return found


def position(asked, nodes):
    """evm-pool.md: what the shares of a holder stand for."""
    pool, root = {keccak(node): node for node in nodes}, asked["state_root"]
    contract, holder, rule = from_text(asked["contract"]), from_text(asked["holder"]), asked["rule"]
    found = account(root, contract, pool)
    if found is None or found[1] != asked["code_hash"]:
        raise NotShown("bind", "CF-7442", "another code, or none")
    read = lambda place: word(found[0], place, pool)
    shares, supply = read(mapping(holder, asked["balance_slot"])), read(slot(asked["supply_slot"]))
    if shares > supply:
        raise NotShown("bind", "CF-7443", "more shares than there are")
    if rule["kind"] == "vault":
        held = balance(asked.get("token"), root, from_text(rule["asset"]), contract, pool)
        scale = 10 ** rule["offset"]
        if scale >= 2**512:
            raise NotShown("sum", "CF-7444", "too large")
        parts = [(rule["asset"], part(shares, held + 1, supply + scale))]
    else:
        tokens = [read(slot(rule[name])) for name in ("token0_slot", "token1_slot")]
        own = int.from_bytes(contract, "big")
        if tokens[0] == tokens[1] or own in tokens or any(not 0 < token < 2**160 for token in tokens):
            raise NotShown("bind", "CF-7443", "tokens that no such pool has")
        both, last = read(slot(rule["reserves_slot"])), read(slot(rule["last_product_slot"]))
        reserves = [both & (2**112 - 1), both >> 112 & (2**112 - 1)]
        now, before = isqrt(reserves[0] * reserves[1]), isqrt(last)
        fee = -(-supply * (now - before) // (5 * now + before)) if last and now > before else 0
        names = ["0x" + token.to_bytes(20, "big").hex() for token in tokens]
        parts = [(name, part(shares, reserve, supply + fee)) for name, reserve in zip(names, reserves)]
    return {"parts": [{"amount": amount, "token": name} for name, amount in parts], "shares": shares}


def balance(entry, root, token, holder, pool):
    """evm-token.md: what a holder has of an ordinary token."""
    if entry is None or from_text(entry["contract"]) != token:
        raise NotShown("bind", "CF-6053", "a token that nobody knows")
    found = account(root, token, pool)
    if found is None or found[1] != entry["code_hash"]:
        raise NotShown("bind", "CF-6054", "another code")
    return word(found[0], mapping(holder, entry["balance_slot"]), pool)
