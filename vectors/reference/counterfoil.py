#!/usr/bin/env python3
"""Second implementation of the formats in docs/spec/, and the runner of vectors/.

Slow and plain on purpose: it follows the text of the specifications, not another program. Standard library only.
Sections have the names of the specifications. What is refused is raised as `Refused` with stage and code.

    python3 vectors/reference/counterfoil.py [DIR]

recomputes every expected value of every vector below DIR (by default the folder above this file).
"""

import base64
import datetime
import functools
import hashlib
import hmac
import json
import re
import sys
from pathlib import Path

import clearing  # beside this file, as those below: parts that are methods of their own
import evm
import network
import quality
import sheet

# What a code means for the result: a check that failed, or one that could not be made.
INVALID = "invalid"
UNDETERMINED = "undetermined"
OUTCOME = {
    "CF-1004": UNDETERMINED,  # negative amount
    "CF-1005": UNDETERMINED,  # more digits than the asset has decimals
    "CF-1006": UNDETERMINED,  # exponent
    "CF-1007": UNDETERMINED,  # not a plain decimal
    "CF-1008": UNDETERMINED,  # amount too large
    "CF-1009": UNDETERMINED,  # two rows for one leaf
    "CF-1010": UNDETERMINED,  # total too large
    "CF-1011": UNDETERMINED,  # no leaves
    "CF-1012": UNDETERMINED,  # empty account
    "CF-1017": UNDETERMINED,  # field too long
    "CF-2001": UNDETERMINED,  # inclusion proof malformed
    "CF-2002": UNDETERMINED,  # proof of another statement
    "CF-2003": UNDETERMINED,  # proof of another account
    "CF-2004": INVALID,  # path length
    "CF-2005": INVALID,  # index beyond the leaf count
    "CF-2006": INVALID,  # root differs
    "CF-2007": INVALID,  # total differs
    "CF-2008": INVALID,  # sum overflows
    "CF-2009": INVALID,  # row is not in the statement
    "CF-2010": INVALID,  # amount is not the expected one
    "CF-2011": INVALID,  # parts do not make the leaf
    "CF-2012": INVALID,  # leaves not strictly increasing
    "CF-2013": INVALID,  # an expected asset has no leaf
    "CF-2019": UNDETERMINED,  # no leaf at all
    "CF-2020": INVALID,  # a piece of a split balance is missing
    "CF-2021": INVALID,  # leaves of one balance contradict each other
    "CF-2022": INVALID,  # pieces do not add up to the balance
    "CF-2023": INVALID,  # two pieces at one position
    "CF-2030": UNDETERMINED,  # no proof code
    "CF-2031": UNDETERMINED,  # proof code mistyped
    "CF-2032": UNDETERMINED,  # pack damaged
    "CF-2033": UNDETERMINED,  # pack of another version
    "CF-2034": UNDETERMINED,  # index of the packs malformed
    "CF-2035": UNDETERMINED,  # no proof for the code
    "CF-2036": UNDETERMINED,  # the name belongs into another pack
    "CF-2037": UNDETERMINED,  # the sealed proof does not open
    "CF-2038": UNDETERMINED,  # what was sealed is not in its form
    "CF-2050": UNDETERMINED,  # compact range malformed
    "CF-2051": UNDETERMINED,  # leaves missing between two ranges
    "CF-2052": UNDETERMINED,  # leaves in two ranges
    "CF-2053": UNDETERMINED,  # ranges in the wrong order
    "CF-2054": UNDETERMINED,  # ranges of two trees
    "CF-2055": UNDETERMINED,  # sums of ranges overflow
    "CF-3001": UNDETERMINED,  # statement malformed
    "CF-3002": UNDETERMINED,  # JSON number
    "CF-3003": UNDETERMINED,  # JSON key twice
    "CF-3004": UNDETERMINED,  # not canonical
    "CF-3005": UNDETERMINED,  # not JSON
    "CF-3006": UNDETERMINED,  # no pinned key has signed
    "CF-3007": INVALID,  # wrong signature
    "CF-3008": UNDETERMINED,  # too few signatures
    "CF-3012": UNDETERMINED,  # another venue than the policy's
    "CF-3015": UNDETERMINED,  # key or signature not in its one encoding
    "CF-3200": UNDETERMINED,  # receipt malformed
    "CF-3201": UNDETERMINED,  # receipt of another account or credential
    "CF-3203": UNDETERMINED,  # receipt signed by keys that it does not name
    "CF-3210": UNDETERMINED,  # dispute malformed
    "CF-3211": UNDETERMINED,  # answer malformed
    "CF-3212": UNDETERMINED,  # answer to another receipt
    "CF-3213": UNDETERMINED,  # opening of something else
    "CF-3214": UNDETERMINED,  # opening does not hold
    "CF-3215": UNDETERMINED,  # movements do not lead to the balance
    "CF-3223": UNDETERMINED,  # evidence malformed
    "CF-3224": UNDETERMINED,  # nothing is contradicted
    "CF-3225": UNDETERMINED,  # a balance receipt contradicts nothing
    "CF-3230": UNDETERMINED,  # statement of another kind
    "CF-3231": UNDETERMINED,  # keys were replaced
    "CF-3232": UNDETERMINED,  # statement was withdrawn
    "CF-3233": INVALID,  # signed by keys that were replaced
    "CF-3234": UNDETERMINED,  # change of keys not signed by both sides
    "CF-3020": UNDETERMINED,  # venue card malformed
    "CF-3021": INVALID,  # another fingerprint
    "CF-3029": UNDETERMINED,  # what was told is no fingerprint
    "CF-3100": UNDETERMINED,  # signed note malformed
    "CF-3102": UNDETERMINED,  # the log has not signed
    "CF-3103": INVALID,  # wrong signature of a note
    "CF-3104": UNDETERMINED,  # checkpoint malformed
    "CF-3105": UNDETERMINED,  # another log
    "CF-3106": UNDETERMINED,  # log proof malformed
    "CF-3107": UNDETERMINED,  # log proof of another entry
    "CF-3108": INVALID,  # length of a log proof's path
    "CF-3109": INVALID,  # not in the log
    "CF-3110": UNDETERMINED,  # too few witnesses
    "CF-3150": UNDETERMINED,  # request to a witness malformed
    "CF-3151": UNDETERMINED,  # log that the witness does not know
    "CF-3152": UNDETERMINED,  # checkpoint not signed by a known log
    "CF-3153": UNDETERMINED,  # the witness stands at another size
    "CF-3154": INVALID,  # two roots for one size
    "CF-3155": INVALID,  # consistency proof
    "CF-3250": UNDETERMINED,  # balance sheet beside older lists
    "CF-3251": UNDETERMINED,  # its rows out of order
    "CF-3252": UNDETERMINED,  # a unit of it missing
    "CF-3253": UNDETERMINED,  # a row of it that proves itself
    "CF-3254": UNDETERMINED,  # a list, name or sum of it too large
    "CF-3255": UNDETERMINED,  # the end of a lock
    "CF-3261": UNDETERMINED,  # assumptions
    "CF-4006": UNDETERMINED,  # address set malformed
    "CF-4007": INVALID,  # address set is not the committed one
    "CF-4008": INVALID,  # an address twice
    "CF-4009": INVALID,  # indices of a disclosure
    "CF-4010": INVALID,  # number of hashes of a disclosure
    "CF-4011": INVALID,  # root of a disclosure
    "CF-4013": UNDETERMINED,  # challenge cannot be used
    "CF-5110": UNDETERMINED,  # list of descriptors malformed
    "CF-5111": UNDETERMINED,  # descriptor malformed
    "CF-5112": UNDETERMINED,  # descriptor's checksum
    "CF-5113": UNDETERMINED,  # extended keys of another network
    "CF-5114": UNDETERMINED,  # a private key
    "CF-5115": UNDETERMINED,  # range and descriptor do not fit
    "CF-5116": UNDETERMINED,  # a hardened step
    "CF-5180": UNDETERMINED,  # no snapshot of unspent outputs
    "CF-5181": UNDETERMINED,  # snapshot of another version
    "CF-5182": UNDETERMINED,  # snapshot of another network
    "CF-5183": UNDETERMINED,  # snapshot ends too early
    "CF-5184": UNDETERMINED,  # snapshot goes on behind its last coin
    "CF-5185": UNDETERMINED,  # CompactSize longer than needed
    "CF-5186": UNDETERMINED,  # transactions of a snapshot out of order
    "CF-5187": UNDETERMINED,  # number of coins of a transaction
    "CF-5188": UNDETERMINED,  # a coin twice
    "CF-5189": UNDETERMINED,  # more bitcoins than there are
    "CF-5190": UNDETERMINED,  # height above 31 bits
    "CF-5191": UNDETERMINED,  # key not on the curve
    "CF-5192": UNDETERMINED,  # output that fits into no transaction
    "CF-3260": UNDETERMINED,  # no sheet
    "CF-6031": INVALID,  # no node of a state trie
    "CF-6051": UNDETERMINED,  # the nodes do not lead to the key
    "CF-6052": INVALID,  # no word in its one encoding
    "CF-6053": UNDETERMINED,  # a token that nobody knows
    "CF-6054": UNDETERMINED,  # a token with another code
    "CF-7442": UNDETERMINED,  # a pool with another code
    "CF-7443": UNDETERMINED,  # a state that no pool is in
    "CF-7444": UNDETERMINED,  # too large a figure of a pool
    "CF-8150": UNDETERMINED,  # no CSV
    "CF-8151": UNDETERMINED,  # columns of a table
    "CF-8152": UNDETERMINED,  # cells of a row
    "CF-8153": UNDETERMINED,  # a cell that cannot be read
    "CF-8154": UNDETERMINED,  # an empty cell
    "CF-8155": UNDETERMINED,  # a cell that nobody reads
    "CF-8157": UNDETERMINED,  # rows in two places
    "CF-7300": UNDETERMINED,  # no network of obligations
    "CF-7301": UNDETERMINED,  # too large a network
    "CF-7133": INVALID,  # another sample than the one that follows
    "CF-7035": UNDETERMINED,  # descriptors not disclosed
    "CF-7037": INVALID,  # the set is not what its descriptors give
}


class Refused(Exception):
    """A refusal: the layer that makes it, its code, and words for people."""

    def __init__(self, stage, code, why):
        super().__init__(f"{code} at {stage}: {why}")
        self.stage, self.code, self.why = stage, code, why
        self.result = OUTCOME[code]


# ---------------------------------------------------------------------------------------------------- hash.md


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged_hash(tag, message):
    tag_hash = sha256(tag.encode("ascii"))
    return sha256(tag_hash + tag_hash + message)


def u8(value):
    return value.to_bytes(1, "big")


def u16(value):
    return value.to_bytes(2, "big")


def u64(value):
    return value.to_bytes(8, "big")


def u128(value):
    return value.to_bytes(16, "big")


def length_prefixed(data):
    """`bytes(x)` of the specifications; text is taken as UTF-8."""
    if isinstance(data, str):
        data = data.encode("utf-8")
    return u16(len(data)) + data


def from_hex(text, length):
    """The bytes, or None: lower-case digits only, exactly `length` bytes."""
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{%d}" % (2 * length), text, re.ASCII):
        return None
    return bytes.fromhex(text)


TAGS = [
    "counterfoil/leaf",
    "counterfoil/parts",
    "counterfoil/seal",
    "counterfoil/split",
    "counterfoil/node",
    "counterfoil/answer",
    "counterfoil/asset",
    "counterfoil/receipt",
    "counterfoil/statement",
    "counterfoil/address",
    "counterfoil/address-node",
    "counterfoil/bundle-file",
    "counterfoil/bundle-node",
    "counterfoil/code-check",
    "counterfoil/code-name",
    "counterfoil/deposit",
    "counterfoil/descriptor",
    "counterfoil/manifest",
    "counterfoil/movement",
    "counterfoil/seal",
    "counterfoil/transcript",
    "counterfoil/venue-card",
]

# -------------------------------------------------------------------------------------------------- amount.md

LIMIT = 2**128


def parse_amount(text, decimals):
    """Base units of a plain decimal."""
    if re.fullmatch(r"-[0-9.eE]+", text, re.ASCII):
        raise Refused("parse", "CF-1004", f"negative: {text!r}")
    if re.fullmatch(r"[0-9.]+[eE][-+]?[0-9]+", text, re.ASCII):
        raise Refused("parse", "CF-1006", f"an exponent: {text!r}")
    match = re.fullmatch(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?", text, re.ASCII)
    if not match:
        raise Refused("parse", "CF-1007", f"not a plain decimal: {text!r}")
    whole, fraction = match.group(1), match.group(2) or ""
    if fraction[decimals:].strip("0"):
        raise Refused("parse", "CF-1005", f"more than {decimals} decimals: {text!r}")
    value = int(whole + fraction[:decimals].ljust(decimals, "0"))
    if value >= LIMIT:
        raise Refused("parse", "CF-1008", f"2^128 base units or more: {text!r}")
    return value


def parse_base_units(text):
    """An amount as it stands in JSON: base units without a leading zero."""
    if re.fullmatch(r"-[0-9]+", text, re.ASCII):
        raise Refused("parse", "CF-1004", f"negative: {text!r}")
    if not re.fullmatch(r"0|[1-9][0-9]*", text, re.ASCII):
        raise Refused("parse", "CF-1007", f"not a count of base units: {text!r}")
    if int(text) >= LIMIT:
        raise Refused("parse", "CF-1008", f"2^128 base units or more: {text!r}")
    return int(text)


def print_amount(value, decimals):
    """The shortest plain decimal of a count of base units, with every decimal of the asset."""
    digits = str(value).rjust(decimals + 1, "0")
    return digits if decimals == 0 else digits[:-decimals] + "." + digits[-decimals:]


def rescale(value, source, target):
    if target >= source:
        value *= 10 ** (target - source)
        if value >= LIMIT:
            raise Refused("sum", "CF-1008", "the rescaled amount is 2^128 or more")
        return value
    divisor = 10 ** (source - target)
    if value % divisor:
        raise Refused("sum", "CF-1005", "digits would be lost")
    return value // divisor


# ---------------------------------------------------------------------------------------------------- leaf.md


def hkdf_sha256(ikm, salt, info):
    """RFC 5869 for 32 bytes of output: extract, then the first block of expand."""
    pseudo_random_key = hmac.digest(salt, ikm, "sha256")
    return hmac.digest(pseudo_random_key, info + b"\x01", "sha256")


def snapshot_key(master_secret, build_id, venue, sequence):
    return hkdf_sha256(master_secret, build_id, b"counterfoil/snapshot" + length_prefixed(venue) + u64(sequence))


def tree_key(key, asset, liability_class):
    return hmac.digest(key, length_prefixed(asset) + length_prefixed(liability_class), "sha256")


def order_key_and_nonce(key, account):
    output = hmac.digest(key, account.encode("utf-8"), "sha256")
    return output[:16], output[16:]


def check_parts(parts, amount):
    products = [product.encode("utf-8") for product, _ in parts]
    if any(not left < right for left, right in zip(products, products[1:])):
        raise Refused("sum", "CF-2011", "products are not strictly increasing")
    if sum(value for _, value in parts) != amount:
        raise Refused("sum", "CF-2011", "the parts do not add up to the amount")


def detail_of(parts):
    """Empty without parts, otherwise their digest."""
    if not parts:
        return b""
    message = u16(len(parts)) + b"".join(length_prefixed(product) + u128(value) for product, value in parts)
    return tagged_hash("counterfoil/parts", message)


def leaf_hash(nonce, amount, account, credential, detail):
    message = nonce + u128(amount) + length_prefixed(account) + length_prefixed(credential) + length_prefixed(detail)
    return tagged_hash("counterfoil/leaf", message)


def piece_key(key, asset, liability_class, piece, of):
    """The tree key of piece 1 to `of`; that of piece 0 makes the cuts."""
    message = length_prefixed(asset) + length_prefixed(liability_class) + u16(piece) + u16(of)
    return hmac.digest(key, message, "sha256")


def piece_amounts(cut_key, account, whole, of):
    """The gaps between `of` - 1 cuts of [0, whole]."""
    cuts = [0, whole]
    for number in range(1, of):
        output = hmac.digest(cut_key, account.encode("utf-8") + u16(number), "sha256")
        cuts.append(whole * int.from_bytes(output[:16], "big") // 2**128)
    cuts.sort()
    return [right - left for left, right in zip(cuts, cuts[1:])]


def piece_detail(piece, of, whole, parts):
    return tagged_hash("counterfoil/split", u16(piece) + u16(of) + u128(whole) + length_prefixed(detail_of(parts)))


def decoy_account(key, index):
    return "counterfoil-decoy/" + hmac.digest(key, b"\xff" + u64(index), "sha256")[:16].hex()


def check_account(account, credential):
    if account == "":
        raise Refused("parse", "CF-1012", "an empty account")
    for field in (account, credential):
        if len(field.encode("utf-8")) > 1024:
            raise Refused("parse", "CF-1017", "more than 1024 bytes")


# ------------------------------------------------------------------------------------------------ sum-tree.md


def node(left, right):
    """Each is a pair (digest, sum)."""
    total = left[1] + right[1]
    if total >= LIMIT:
        raise Refused("sum", "CF-2008", "a sum of 2^128 or more")
    return tagged_hash("counterfoil/node", left[0] + u128(left[1]) + right[0] + u128(right[1])), total


def split_point(count):
    """The largest power of two smaller than `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def tree_root(leaves):
    """RFC 9162, section 2.1.1, literally."""
    if not leaves:
        raise Refused("sum", "CF-1011", "there is no tree without leaves")
    if len(leaves) == 1:
        return leaves[0]
    middle = split_point(len(leaves))
    return node(tree_root(leaves[:middle]), tree_root(leaves[middle:]))


def inclusion_path(leaves, index):
    """RFC 9162, section 2.1.3.1: siblings from the leaf up."""
    if len(leaves) == 1:
        return []
    middle = split_point(len(leaves))
    if index < middle:
        return inclusion_path(leaves[:middle], index) + [tree_root(leaves[middle:])]
    return inclusion_path(leaves[middle:], index - middle) + [tree_root(leaves[:middle])]


def commitment(asset, liability_class, decimals, count, root):
    message = length_prefixed(asset) + length_prefixed(liability_class) + u8(decimals) + u64(count)
    return tagged_hash("counterfoil/asset", message + u128(root[1]) + root[0])


def subtree_bounds(begin, end):
    """Begin and size of the maximal aligned perfect subtrees of [begin, end), found by trying every size."""
    bounds = []
    while begin < end:
        size = 1
        while begin % (size * 2) == 0 and begin + size * 2 <= end:
            size *= 2
        bounds.append((begin, size))
        begin += size
    return bounds


def compact_range(leaves, begin, end):
    """The roots of these subtrees."""
    bounds = subtree_bounds(begin, end)
    return [(start, size, tree_root(leaves[start : start + size])) for start, size in bounds]


# -------------------------------------------------------------------------------------------- canonical-json.md

DEPTH_MAX = 127


def parse_strict(data):
    """A value of objects, lists, text, true, false and null; everything else is refused."""

    def no_number(text):
        raise Refused("parse", "CF-3002", f"a JSON number: {text}")

    def no_constant(text):
        raise Refused("parse", "CF-3005", f"not JSON: {text}")

    def no_key_twice(pairs):
        keys = [key for key, _ in pairs]
        twice = [key for key in keys if keys.count(key) > 1]
        if twice:
            raise Refused("parse", "CF-3003", f"a key twice: {twice[0]!r}")
        return dict(pairs)

    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            parse_int=no_number,
            parse_float=no_number,
            parse_constant=no_constant,
            object_pairs_hook=no_key_twice,
        )
        value_depth = depth(value)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Refused("parse", "CF-3005", str(error)) from None
    if value_depth > DEPTH_MAX:
        raise Refused("parse", "CF-3005", f"{value_depth} levels of nesting")
    if has_lone_surrogate(value):
        raise Refused("parse", "CF-3005", "half of a surrogate pair")
    return value


def children(value):
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def depth(value):
    if not isinstance(value, (dict, list)):
        return 0
    return 1 + max((depth(child) for child in children(value)), default=0)


def has_lone_surrogate(value):
    texts = list(value) if isinstance(value, dict) else [value] if isinstance(value, str) else []
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        return True
    return any(has_lone_surrogate(child) for child in children(value))


SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def canonical_text(text):
    out = ""
    for character in text:
        if character in SHORT_ESCAPES:
            out += SHORT_ESCAPES[character]
        elif character < " ":
            out += f"\\u{ord(character):04x}"
        else:
            out += character
    return f'"{out}"'


def canonical_value(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return canonical_text(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical_value(item) for item in value) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical_text(key)}:{canonical_value(value[key])}" for key in keys) + "}"


def canonical(value):
    return canonical_value(value).encode("utf-8")


def parse_canonical(data):
    value = parse_strict(data)
    if canonical(value) != data:
        raise Refused("parse", "CF-3004", "not in the canonical form")
    return value


# Shapes: a shape is a function that returns the value read, or raises Misshapen.


class Misshapen(Exception):
    pass


def record(fields):
    """An object with exactly these fields."""

    def read(value):
        if not isinstance(value, dict) or set(value) != set(fields):
            found = sorted(value) if isinstance(value, dict) else type(value).__name__
            raise Misshapen(f"expected the fields {sorted(fields)}, found {found}")
        return {name: shape(value[name]) for name, shape in fields.items()}

    return read


def sequence_of(shape, key=None):
    """A list; with `key`, in strictly increasing order of it."""

    def read(value):
        if not isinstance(value, list):
            raise Misshapen("expected a list")
        items = [shape(item) for item in value]
        if key and any(not key(left) < key(right) for left, right in zip(items, items[1:])):
            raise Misshapen("not strictly increasing")
        return items

    return read


def optional(shape):
    return lambda value: None if value is None else shape(value)


def text(value):
    if not isinstance(value, str):
        raise Misshapen("expected text")
    return value


def not_empty(value):
    if text(value) == "":
        raise Misshapen("empty text")
    return value


def boolean(value):
    if not isinstance(value, bool):
        raise Misshapen("expected true or false")
    return value


def pattern(expression):
    def read(value):
        if not re.fullmatch(expression, text(value), re.ASCII):
            raise Misshapen(f"{value!r} is not of the form {expression}")
        return value

    return read


def one_of(*words):
    def read(value):
        if text(value) not in words:
            raise Misshapen(f"{value!r} is none of {words}")
        return value

    return read


def uint(bits):
    def read(value):
        if not re.fullmatch("0|[1-9][0-9]*", text(value), re.ASCII) or int(value) >= 2**bits:
            raise Misshapen(f"{value!r} is not an integer of {bits} bits")
        return int(value)

    return read


def decimals_shape(value):
    number = uint(8)(value)
    if number > 38:
        raise Misshapen("more than 38 decimals")
    return number


def hex_bytes(length):
    def read(value):
        if from_hex(value, length) is None:
            raise Misshapen(f"{value!r} is not {2 * length} lower-case hexadecimal digits")
        return bytes.fromhex(value)

    return read


def time(value):
    """Seconds since 1970."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text(value), re.ASCII):
        raise Misshapen(f"{value!r} is not a time")
    if not "0001-01-01T00:00:00Z" <= value <= "9999-12-30T22:00:00Z":
        raise Misshapen(f"{value!r} is before the first or after the last time")
    try:
        moment = datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise Misshapen(str(error)) from None
    return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())


ASSET_ID = pattern(r"[A-Za-z0-9:._-]{1,64}")
CHAIN_ID = pattern(r"[A-Za-z0-9:_-]{1,72}")
DEPLOYMENT_ID = pattern(r"[A-Za-z0-9:_./%-]{1,240}")
VENUE_ID = pattern(r"[a-z0-9.-]{1,32}")
CLASS = one_of("custody", "lent", "collateral", "derivative")

# ------------------------------------------------------------------------------------------------ signature.md

# secp256k1: y^2 = x^3 + 7 over the integers modulo P; G has order N.
P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def point_add(a, b):
    """Affine addition; None is the point at infinity."""
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def point_mul(point, scalar):
    result = None
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def lift_x(x, odd):
    """The point with this x and the wanted parity of y, or None."""
    if x >= P:
        return None
    square = (pow(x, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return x, y if y % 2 == odd else P - y


def bip340_verify(key, message, signature):
    point = lift_x(int.from_bytes(key, "big"), 0)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if point is None or r >= P or s >= N:
        return False
    challenge = int.from_bytes(tagged_hash("BIP0340/challenge", signature[:32] + key + message), "big") % N
    result = point_add(point_mul(G, s), point_mul(point, N - challenge))
    return result is not None and result[1] % 2 == 0 and result[0] == r


def ecdsa_verify(point, message, signature):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < N and 0 < s < N):
        return False
    inverse = pow(s, -1, N)
    z = int.from_bytes(message, "big")
    result = point_add(point_mul(G, z * inverse % N), point_mul(point, r * inverse % N))
    return result is not None and result[0] % N == r


def decode_key(alg, key):
    """The point of a key in its one encoding, or a refusal."""
    if alg == "bip340":
        data = from_hex(key, 32)
        point = data and lift_x(int.from_bytes(data, "big"), 0)
    else:
        data = from_hex(key, 33)
        point = data and data[0] in (2, 3) and lift_x(int.from_bytes(data[1:], "big"), data[0] - 2)
    if not point:
        raise Refused("signature", "CF-3015", f"not a key of {alg}: {key!r}")
    return point


def verify_signature(kind, message, alg, key, signature):
    digest = tagged_hash("counterfoil/" + kind, message)
    data = from_hex(signature, 64)
    if data is None:
        raise Refused("signature", "CF-3015", "a signature is 128 lower-case hexadecimal digits")
    point = decode_key(alg, key)
    if alg == "bip340":
        valid = bip340_verify(bytes.fromhex(key), digest, data)
    else:
        if N // 2 < int.from_bytes(data[32:], "big") < N and 0 < int.from_bytes(data[:32], "big") < N:
            raise Refused("signature", "CF-3015", "a high s")
        valid = ecdsa_verify(point, digest, data)
    if not valid:
        raise Refused("signature", "CF-3007", f"the signature by {key} does not fit")


KEY = record({"alg": one_of("bip340", "ecdsa-secp256k1"), "key": text})
SIGNATURE = record({"alg": one_of("bip340", "ecdsa-secp256k1"), "key": text, "signature": text})


def key_order(entry):
    return entry["alg"], entry["key"]


def parse_signed(data, kind):
    """The document's canonical bytes, the document, and the signatures of a signed file."""
    value = parse_canonical(data)
    envelope = record({kind: lambda document: document, "signatures": sequence_of(SIGNATURE, key_order)})(value)
    return canonical(envelope[kind]), envelope[kind], envelope["signatures"]


# ------------------------------------------------------------------------------------------------ statement.md

VENUE = record(
    {
        "id": VENUE_ID,
        "keys": sequence_of(KEY, key_order),
        "legal_entity": not_empty,
        "lei": optional(pattern("[A-Z0-9]{20}")),
        "log_origin": not_empty,
        "threshold": uint(64),
    }
)
BLOCK = record({"chain": CHAIN_ID, "hash": hex_bytes(32), "height": uint(64)})
DEPLOYMENT = record({"decimals": decimals_shape, "id": DEPLOYMENT_ID})
SET = record({"count": uint(64), "root": hex_bytes(32)})
ROW = record(
    {
        "asset": ASSET_ID,
        "class": CLASS,
        "decimals": decimals_shape,
        "leaf_count": uint(64),
        "root": hex_bytes(32),
        "total": uint(128),
    }
)
DUE = ["now", "24h", "7d", "30d", "longer"]
SHEET_KINDS = {
    "holdings": "bank coin deposit fund other security stablecoin token venture wrapped",
    "liabilities": "bond deposit fiat loan margin other withdrawal",
    "receivables": "customer loan margin other",
}


def sheet_row(kinds):
    return record(
        {
            "amount": uint(128),
            "asset": ASSET_ID,
            "basis": one_of("proved", "observed", "stated", "assumed"),
            "counterparty": text,
            "due": one_of(*DUE),
            "evidence": optional(hex_bytes(32)),
            "kind": one_of(*kinds.split()),
            "related_party": boolean,
        }
    )


BALANCE_SHEET = record(
    {
        "encumbrances": sequence_of(
            record(
                {
                    "address": optional(text),
                    "amount": uint(128),
                    "asset": ASSET_ID,
                    "basis": one_of("proved", "observed", "stated", "assumed"),
                    "counterparty": text,
                    "due": one_of(*DUE),
                    "kind": one_of("pledged", "frozen", "locked", "staked", "in-flight"),
                    "related_party": boolean,
                    "until": optional(time),
                }
            )
        ),
        "units": sequence_of(
            record(
                {
                    "decimals": decimals_shape,
                    "id": ASSET_ID,
                    "issuer": optional(text),
                    "relation": one_of("none", "self", "affiliate"),
                }
            )
        ),
        **{name: sequence_of(sheet_row(kinds)) for name, kinds in SHEET_KINDS.items()},
    }
)


def sheet_key(row):
    due, address = DUE.index(row["due"]), (row.get("address") or "").encode()
    return row["asset"], row["kind"], row["counterparty"].encode(), due, address, row["amount"]


def due_within(seconds):
    return next((word for word, days in zip(DUE, (0, 1, 7, 30)) if seconds <= days * 86400), "longer")


def check_balance_sheet(sheet, statement):
    """balance-sheet.md: form, order, and units."""

    def refuse(code, is_wrong, what):
        if is_wrong:
            raise Refused("parse", code, what)

    units = {unit["id"]: unit for unit in sheet["units"]}
    lists = {name: sheet[name] for name in ("encumbrances", "holdings", "liabilities", "receivables")}
    for name in ("other_liabilities", "receivables"):
        refuse("CF-3250", statement["schedules"][name], f"{name} beside a balance sheet")
    for rows, key in [(sheet["units"], lambda unit: unit["id"])] + [(rows, sheet_key) for rows in lists.values()]:
        refuse("CF-3251", any(key(left) >= key(right) for left, right in zip(rows, rows[1:])), "not in order")
    for unit in sheet["units"]:
        refuse("CF-3252", unit["relation"] == "affiliate" and unit["issuer"] is None, "an affiliate without a name")
    for asset in statement["assets"]:
        refuse("CF-3252", units.get(asset["id"], {}).get("decimals") != asset["decimals"], f"no unit {asset['id']}")
    assets = {asset["id"] for asset in statement["assets"]}
    refuse("CF-3252", any(row["asset"] not in assets for row in sheet["liabilities"]), "owed in another unit")
    names = [unit["issuer"] for unit in sheet["units"] if unit["issuer"] is not None]
    names += [row["address"] for row in sheet["encumbrances"] if row["address"] is not None]
    for rows in [sheet["units"], *lists.values()]:
        refuse("CF-3254", len(rows) > 100_000, "too many rows")
    for rows in lists.values():
        names += [row["counterparty"] for row in rows]
        refuse("CF-3252", any(row["asset"] not in units for row in rows), "a unit is missing")
        refuse("CF-3253", any(row["basis"] in ("proved", "observed") for row in rows), "nothing proves itself")
        for unit in units:
            total = sum(row["amount"] for row in rows if row["asset"] == unit)
            refuse("CF-3254", total >= LIMIT, "a sum is too large")
    refuse("CF-3254", any(not 1 <= len(name.encode()) <= 256 for name in names), "a name")
    for row in sheet["encumbrances"]:
        if row["until"] is not None:
            refuse("CF-3255", row["kind"] not in ("locked", "staked"), "a day for what is not locked")
            refuse("CF-3255", row["due"] != due_within(row["until"] - statement["cutoff"]), "another bucket")


def schedules_shape(value):
    """Balance sheet, tiers and custody may be left out; then statements are as they were before they existed."""
    perhaps = {"balance_sheet": BALANCE_SHEET, "custody_accounts": CUSTODY_ACCOUNTS, "tiers": TIERS}
    there = {name: shape for name, shape in perhaps.items() if isinstance(value, dict) and name in value}
    return record({**SCHEDULE_LISTS, **there})(value)


# tiers.md and custodian.md: what a statement may declare
TIERS = sequence_of(
    record({"amount": uint(128), "asset": ASSET_ID, "role": one_of("cold", "custodian", "deposit", "hot", "warm")}),
    lambda row: (row["asset"], row["role"]),
)
CUSTODY_ACCOUNTS = sequence_of(
    record(
        {
            "asset": ASSET_ID,
            "closing": uint(128),
            "lines": sequence_of(
                record({"amount": uint(128), "direction": one_of("in", "out"), "reference": pattern("[!-~]{1,256}")}),
                lambda line: line["reference"],
            ),
            "opening": uint(128),
            "party": VENUE_ID,
        }
    ),
    lambda account: (account["asset"], account["party"]),
)


SCHEDULE_LISTS = {
    "in_flight": sequence_of(
        record(
            {
                "amount": uint(128),
                "asset": ASSET_ID,
                "chain": CHAIN_ID,
                "direction": one_of("deposit", "withdrawal"),
                "txid": text,
            }
        )
    ),
    "other_liabilities": sequence_of(
        record({"amount": uint(128), "asset": ASSET_ID, "counterparty": text, "due": optional(time), "kind": text})
    ),
    "receivables": sequence_of(
        record({"amount": uint(128), "asset": ASSET_ID, "counterparty": text, "related_party": boolean})
    ),
}


def source(value):
    """A source of the ledger; one that is a database says which state of it answered."""
    fields = {"kind": text, "length": uint(64), "name": text, "rows": uint(64), "sha256": hex_bytes(32)}
    if isinstance(value, dict) and "database" in value:
        fields["database"] = record({"query": text, "server": text, "snapshot": text})
    return record(fields)(value)


LEDGER = record(
    {
        "as_of": time,
        "control_total": one_of("compared", "none"),
        "rows_filtered": uint(64),
        "rows_read": uint(64),
        "rows_zero": uint(64),
        "sources": sequence_of(source),
    }
)
STATEMENT = record(
    {
        "account_hint": not_empty,
        "address_set": optional(SET),
        "assets": sequence_of(
            record({"decimals": decimals_shape, "deployments": sequence_of(DEPLOYMENT), "id": ASSET_ID}),
            lambda asset: asset["id"],
        ),
        "chains": sequence_of(BLOCK, lambda block: block["chain"]),
        "custody": optional(hex_bytes(32)),
        "cutoff": time,
        "due": time,
        "format": one_of("counterfoil-statement-v1"),
        "kind": one_of("snapshot"),
        "ledger": LEDGER,
        "liabilities": sequence_of(ROW, lambda row: (row["asset"], row["class"])),
        "next_cutoff": time,
        "predecessor": optional(hex_bytes(32)),
        "schedules": schedules_shape,
        "scope": sequence_of(record({"entity": text, "product": text, "scope": one_of("in", "out", "unknown")})),
        "sequence": uint(64),
        "tool": text,
        "venue": VENUE,
        "without_rows": sequence_of(ASSET_ID, lambda asset: asset),
    }
)


def check_statement(document):
    """Step 1: the shape, and that the fields fit together."""
    statement = STATEMENT(document)
    decimals = {asset["id"]: asset["decimals"] for asset in statement["assets"]}
    rows, sheet = statement["liabilities"], statement["schedules"].get("balance_sheet")
    schedules = [statement["schedules"][name] for name in SCHEDULE_LISTS]
    if sheet is not None:
        check_balance_sheet(sheet, statement)
    others = statement["schedules"]["other_liabilities"] + (sheet["liabilities"] if sheet else [])
    tiers, custody = (statement["schedules"].get(name, []) for name in ("tiers", "custody_accounts"))
    in_tiers = {asset: sum(row["amount"] for row in tiers if row["asset"] == asset) for asset in decimals}
    with_rows, without_rows = {row["asset"] for row in rows}, set(statement["without_rows"])
    owed = dict.fromkeys(decimals, 0)
    for asset, amount in [(row["asset"], row["total"]) for row in rows] + [
        (row["asset"], row["amount"]) for row in others
    ]:
        owed[asset] = owed.get(asset, 0) + amount
    wrong = [
        ("no liabilities", not rows),
        ("a row without leaves", any(row["leaf_count"] == 0 for row in rows)),
        ("a row with other decimals than its asset", any(decimals.get(r["asset"]) != r["decimals"] for r in rows)),
        ("an asset both with and without rows", with_rows & without_rows),
        ("an asset on which nothing is said", with_rows | without_rows != set(decimals)),
        ("a schedule of an unlisted asset", any(row["asset"] not in decimals for rows in schedules for row in rows)),
        ("a line that moves nothing", any(line["amount"] == 0 for row in custody for line in row["lines"])),
        ("custody of an unlisted asset", any(row["asset"] not in decimals for row in tiers + custody)),
        ("tiers above 2^128 - 1", any(total >= LIMIT for total in in_tiers.values())),
        ("more owed than 2^128 - 1", any(total >= LIMIT for total in owed.values())),
        ("predecessor and sequence", (statement["predecessor"] is None) != (statement["sequence"] == 0)),
        ("times", not statement["cutoff"] < statement["next_cutoff"] < statement["due"]),
        ("threshold", not 1 <= statement["venue"]["threshold"] <= len(statement["venue"]["keys"])),
        ("too many keys", len(statement["venue"]["keys"]) > KEYS_MAX),
    ]
    for what, is_wrong in wrong:
        if is_wrong:
            raise Misshapen(what)
    for key in statement["venue"]["keys"]:
        decode_key(key["alg"], key["key"])
    return statement


KEYS_MAX = 100
KEY_SET = record({"keys": sequence_of(KEY, key_order), "threshold": uint(64)})
NOTICE = {
    "format": one_of("counterfoil-statement-v1"),
    "issued": time,
    "predecessor": hex_bytes(32),
    "reason": not_empty,
    "sequence": uint(64),
    "tool": text,
    "venue": VENUE,
}
ROTATION = record({**NOTICE, "kind": one_of("key-rotation"), "new": KEY_SET})
VOID = record(
    {**NOTICE, "kind": one_of("void"), "voids": record({"digest": hex_bytes(32), "sequence": uint(64)})}
)


def check_notice(document):
    """A change of keys or a withdrawal; None for anything else."""
    kind = document.get("kind") if isinstance(document, dict) else None
    if kind not in ("key-rotation", "void"):
        return None
    notice = (ROTATION if kind == "key-rotation" else VOID)(document)
    sets = [notice["venue"]]
    wrong = [
        ("the first statement is a snapshot", notice["sequence"] == 0),
        ("a long reason", len(notice["reason"].encode("utf-8")) > 1000),
    ]
    if kind == "key-rotation":
        sets.append(notice["new"])
        old = {"keys": notice["venue"]["keys"], "threshold": notice["venue"]["threshold"]}
        wrong.append(("the new keys are the old ones", notice["new"] == old))
    else:
        before = notice["voids"]["sequence"] == notice["sequence"] - 1
        wrong.append(("not an earlier one", notice["voids"]["sequence"] >= notice["sequence"]))
        wrong.append(("another predecessor", before and notice["voids"]["digest"] != notice["predecessor"]))
    for one in sets:
        wrong.append(("threshold", not 1 <= one["threshold"] <= len(one["keys"])))
        wrong.append(("too many keys", len(one["keys"]) > KEYS_MAX))
        for key in one["keys"]:
            decode_key(key["alg"], key["key"])
    for what, is_wrong in wrong:
        if is_wrong:
            raise Misshapen(what)
    return notice


def check_signers(kind, message, signatures, pins):
    """The pinned keys that have signed, at least as many as the pins demand; one x coordinate is one signer."""
    pinned = [(key["alg"], key["key"]) for key in pins["keys"]]
    signed = [entry for entry in signatures if key_order(entry) in pinned]
    for entry in signed:
        verify_signature(kind, message, entry["alg"], entry["key"], entry["signature"])
    if not signed:
        raise Refused("policy", "CF-3006", "no pinned key has signed")
    if len({entry["key"][-64:] for entry in signed}) < int(pins["threshold"]):
        raise Refused("policy", "CF-3008", f"{len(signed)} of {pins['threshold']} signatures")
    return [key_order(entry) for entry in signed]


def check_venue(venue, log_origin, policy):
    if venue != policy["venue"] or log_origin != policy["log_origin"]:
        raise Refused("policy", "CF-3012", "another venue or log")


def read_statement(data):
    """Canonical bytes, a statement of any kind, and its signatures."""
    try:
        message, document, signatures = parse_signed(data, "statement")
        return message, check_notice(document) or check_statement(document), signatures
    except Misshapen as error:
        raise Refused("parse", "CF-3001", str(error)) from None


def verify_statement(data, policy):
    """The statement, its digest and the pinned keys that have signed it."""
    message, statement, signatures = read_statement(data)
    check_venue(statement["venue"]["id"], statement["venue"]["log_origin"], policy)
    signed = check_signers("statement", message, signatures, policy)
    if statement["kind"] == "key-rotation":
        raise Refused("policy", "CF-3231", "the venue says that its keys changed")
    if statement["kind"] == "void":
        raise Refused("policy", "CF-3232", "the venue withdraws a statement")
    return statement, tagged_hash("counterfoil/statement", message), signed


def check_both_sides(message, change, signatures):
    """The old keys hand over, and the new ones accept."""
    for side in (change["venue"], change["new"]):
        try:
            check_signers("statement", message, signatures, side)
        except Refused as error:
            if error.code in ("CF-3006", "CF-3008"):
                raise Refused("policy", "CF-3234", "one side has not signed") from None
            raise


class KeyHistory:
    """Which keys were the venue's at which sequence number: back from the pinned ones, never forward."""

    def __init__(self, policy, files):
        self.policy, self.changes, self.holds = policy, [], [policy]
        read = []
        for file in files:
            message, change, signatures = read_statement(file.encode("utf-8"))
            if change["kind"] != "key-rotation":
                raise Refused("parse", "CF-3230", "no change of keys")
            check_venue(change["venue"]["id"], change["venue"]["log_origin"], policy)
            check_both_sides(message, change, signatures)
            if all(known[1] != change for known in read):
                read.append((message, change, signatures))
        if not read:
            return
        read.sort(key=lambda entry: entry[1]["sequence"])
        self.changes = [change for _, change, _ in read]
        for before, after in zip(self.changes, self.changes[1:]):
            if before["sequence"] == after["sequence"]:
                raise Refused("parse", "CF-3001", "two changes of keys for one number")
            if before["new"] != {"keys": after["venue"]["keys"], "threshold": after["venue"]["threshold"]}:
                raise Refused("policy", "CF-3234", "it replaces other keys than the one before gave")
        self.holds = [self.held(place) for place in range(len(self.changes) + 1)]
        for place, (message, _, signatures) in enumerate(read):
            if self.holds[place] or self.holds[place + 1]:
                check_signers("statement", message, signatures, policy)
        if not any(self.holds):
            raise Refused("policy", "CF-3006", "the changes touch no pinned key")

    def stretch(self, place):
        """Keys between two changes."""
        held = self.changes[place - 1]["new"] if place > 0 else self.changes[0]["venue"]
        return {"keys": held["keys"], "threshold": held["threshold"]}

    def held(self, place):
        """Those of the pinned keys that are in force, when they are enough."""
        own = [key for key in self.policy["keys"] if key in self.stretch(place)["keys"]]
        if len({key["key"][-64:] for key in own}) < int(self.policy["threshold"]):
            return None
        return {**self.policy, "keys": own}

    def last_held(self):
        return max(place for place, pins in enumerate(self.holds) if pins)

    def pins_now(self):
        return self.holds[self.last_held()]

    def pins_at(self, sequence):
        place = sum(change["sequence"] < sequence for change in self.changes)
        if self.holds[place]:
            return self.holds[place]
        if any(self.holds[place:]):
            return {**self.policy, **self.stretch(place)}
        raise Refused("policy", "CF-3231", "the venue says that its keys changed")

    def pins_of_time(self, moment):
        earlier = [place for place in range(self.last_held()) if moment <= self.changes[place]["issued"]]
        return [self.pins_now()] + [self.holds[place] or {**self.policy, **self.stretch(place)} for place in earlier]

    def verify_stated(self, data):
        """A statement of any kind under the keys of its number, these keys, and the bytes in the log."""
        message, statement, signatures = read_statement(data)
        check_venue(statement["venue"]["id"], statement["venue"]["log_origin"], self.policy)
        place = sum(change["sequence"] < statement["sequence"] for change in self.changes)
        told = None
        try:
            pins = self.pins_at(statement["sequence"])
        except Refused as error:
            pins, told = {**self.policy, **self.stretch(place)}, error
        try:
            check_signers("statement", message, signatures, pins)
        except Refused as error:
            signed = [{"alg": entry["alg"], "key": entry["key"]} for entry in signatures]
            gone = [key for key in signed if place > 0 and key not in self.stretch(place)["keys"]]
            old = any(key in change["venue"]["keys"] for change in self.changes[:place] for key in gone)
            if error.code in ("CF-3006", "CF-3008") and old:
                raise Refused("signature", "CF-3233", "signed by keys that were replaced") from None
            raise
        if told is not None:
            raise told
        if statement["kind"] == "key-rotation":
            check_both_sides(message, statement, signatures)
        return statement, pins, message

    def verify_snapshot(self, data):
        return verify_statement(data, self.verify_stated(data)[1])


# ---------------------------------------------------------------------------------------------- venue-card.md

CARD = record(
    {
        "format": one_of("counterfoil-venue-card-v1"),
        "log": optional(
            record(
                {
                    "key": not_empty,
                    "quorum": uint(64),
                    "witnesses": sequence_of(record({"key": not_empty, "name": not_empty})),
                }
            )
        ),
        "page": optional(hex_bytes(32)),
        "venue": record(
            {
                "id": VENUE_ID,
                "keys": sequence_of(KEY, key_order),
                "legal_entity": not_empty,
                "log_origin": not_empty,
                "threshold": uint(64),
            }
        ),
    }
)


def read_card(data):
    """The digest of a venue card."""
    try:
        value = parse_strict(data)
        card = CARD(value)
        keys = card["venue"]["keys"]
        signers = {decode_key(key["alg"], key["key"])[0] for key in keys}
        if len(signers) != len(keys):
            raise Misshapen("two keys of one signer")
        if not 1 <= card["venue"]["threshold"] <= len(keys):
            raise Misshapen("the threshold")
        if card["log"] and card["log"]["quorum"] > len(card["log"]["witnesses"]):
            raise Misshapen("the quorum")
    except (Misshapen, Refused) as error:
        raise Refused("parse", "CF-3020", str(error)) from None
    return tagged_hash("counterfoil/venue-card", canonical(value))


def fingerprint(digest):
    return " ".join(digest.hex()[at : at + 4] for at in range(0, 32, 4))


# ------------------------------------------------------------------------------------------- inclusion-proof.md


def split_shape(value):
    split = record({"of": uint(16), "piece": uint(16), "whole": uint(128)})(value)
    if not 2 <= split["of"] <= 256 or not 1 <= split["piece"] <= split["of"]:
        raise Misshapen(f"piece {split['piece']} of {split['of']}")
    return split


LEAF = {
    "amount": uint(128),
    "asset": ASSET_ID,
    "class": CLASS,
    "index": uint(64),
    "nonce": hex_bytes(16),
    "parts": sequence_of(record({"amount": uint(128), "product": text})),
    "path": sequence_of(record({"digest": hex_bytes(32), "sum": uint(128)})),
}


def leaf_shape(value):
    """`split` is there, or it is not; it is never null."""
    there = isinstance(value, dict) and "split" in value
    return record({**LEAF, "split": split_shape} if there else LEAF)(value)


STATEMENT_REF = record({"digest": hex_bytes(32), "sequence": uint(64), "venue": VENUE_ID})
INCLUSION_PROOF = record(
    {
        "account": text,
        "format": one_of("counterfoil-inclusion-proof-v1"),
        "leaves": sequence_of(leaf_shape),
        "statement": STATEMENT_REF,
    }
)


def path_length(index, count):
    """The number of levels at which the node above leaf `index` has a sibling."""
    length, last = 0, count - 1
    while last > 0:
        if index % 2 == 1 or index < last:
            length += 1
        index, last = index // 2, last // 2
    return length


def fold(leaf, index, count, path):
    """RFC 9162, section 2.1.3.2, with sums."""
    f, k, current = index, count - 1, leaf
    for sibling in path:
        if f % 2 == 1 or f == k:
            current = node(sibling, current)
            if f % 2 == 0:
                while f % 2 == 0 and f != 0:
                    f, k = f // 2, k // 2
        else:
            current = node(current, sibling)
        f, k = f // 2, k // 2
    return current


def verify_leaf(leaf, row, account, credential):
    if leaf["index"] >= row["leaf_count"]:
        raise Refused("fold", "CF-2005", "the index is not below the leaf count")
    if len(leaf["path"]) != path_length(leaf["index"], row["leaf_count"]):
        raise Refused("fold", "CF-2004", "the path has another length than index and leaf count give")
    parts = [(part["product"], part["amount"]) for part in leaf["parts"]]
    split = leaf.get("split")
    if parts:
        check_parts(parts, split["whole"] if split else leaf["amount"])
    detail = piece_detail(split["piece"], split["of"], split["whole"], parts) if split else detail_of(parts)
    own = leaf_hash(leaf["nonce"], leaf["amount"], account, credential, detail), leaf["amount"]
    path = [(element["digest"], element["sum"]) for element in leaf["path"]]
    digest, total = fold(own, leaf["index"], row["leaf_count"], path)
    if digest != row["root"]:
        raise Refused("fold", "CF-2006", "another root")
    if total != row["total"]:
        raise Refused("sum", "CF-2007", "another total")


def balance_of(leaves):
    """The balance that the leaves of one asset and class make, if they make one."""
    splits = [leaf.get("split") for leaf in leaves]
    if splits == [None]:
        return leaves[0]["amount"]
    if None in splits:
        raise Refused("bind", "CF-2021", "a piece beside a leaf that is the balance")
    said = [(split["of"], split["whole"], leaf["parts"]) for split, leaf in zip(splits, leaves)]
    if any(one != said[0] for one in said):
        raise Refused("bind", "CF-2021", "the pieces say different things about the balance")
    if len({leaf["index"] for leaf in leaves}) < len(leaves):
        raise Refused("bind", "CF-2023", "two pieces at one position")
    of, whole, _ = said[0]
    if [split["piece"] for split in splits] != list(range(1, of + 1)):
        raise Refused("bind", "CF-2020", "a piece is missing")
    if sum(leaf["amount"] for leaf in leaves) != whole:
        raise Refused("sum", "CF-2022", "the pieces do not add up to the balance")
    return whole


def verify_inclusion(data, statement, digest, account, credential, expected):
    """The balances that the statement commits to for this account, one per asset and class."""
    try:
        proof = INCLUSION_PROOF(parse_strict(data))
    except (Misshapen, Refused) as error:
        raise Refused("parse", "CF-2001", str(error)) from None
    order = [(leaf["asset"], leaf["class"], leaf.get("split", {"piece": 0})["piece"]) for leaf in proof["leaves"]]
    if any(left > right for left, right in zip(order, order[1:])):
        raise Refused("parse", "CF-2001", "leaves are out of order")
    named = {"digest": digest, "sequence": statement["sequence"], "venue": statement["venue"]["id"]}
    if proof["statement"] != named:
        raise Refused("bind", "CF-2002", "another statement")
    if proof["account"] != account:
        raise Refused("bind", "CF-2003", "another account")
    if not order:
        raise Refused("bind", "CF-2019", "no leaf")
    if len(set(order)) < len(order):
        raise Refused("bind", "CF-2012", "a leaf twice")
    groups = {}
    for leaf in proof["leaves"]:
        groups.setdefault((leaf["asset"], leaf["class"]), []).append(leaf)
    balances = [
        {"asset": asset, "class": liability_class, "amount": balance_of(leaves)}
        for (asset, liability_class), leaves in groups.items()
    ]
    rows = {(row["asset"], row["class"]): row for row in statement["liabilities"]}
    for leaf in proof["leaves"]:
        row = rows.get((leaf["asset"], leaf["class"]))
        if row is None:
            raise Refused("bind", "CF-2009", "the statement has no such row")
        verify_leaf(leaf, row, account, credential)
    for entry in expected:
        amounts = [balance["amount"] for balance in balances if balance["asset"] == entry["asset"]]
        if not amounts:
            raise Refused("policy", "CF-2013", "an expected asset has no leaf")
        if sum(amounts) != int(entry["amount"]):
            raise Refused("policy", "CF-2010", "another amount is expected")
    return balances


# --------------------------------------------------------------------------------------------- compact-range.md


def parse_range(data):
    try:
        shape = {"asset": ASSET_ID, "begin": uint(64), "class": CLASS, "decimals": decimals_shape, "end": uint(64)}
        shape |= {"format": one_of("counterfoil-compact-range-v1"), "nodes": NODES}
        file = record(shape)(parse_canonical(data))
        if file["end"] < file["begin"]:
            raise Misshapen("it ends before it begins")
        file["nodes"] = [(entry["digest"], entry["sum"]) for entry in file["nodes"]]
        if len(file["nodes"]) != len(subtree_bounds(file["begin"], file["end"])):
            raise Misshapen("another number of nodes")
    except (Misshapen, Refused) as error:
        raise Refused("parse", "CF-2050", str(error)) from None
    return check_range_sums(file)


def check_range_sums(file):
    if sum(total for _, total in file["nodes"]) >= LIMIT:
        raise Refused("sum", "CF-2055", "the nodes add up to 2^128 or more")
    return file


def print_range(file):
    nodes = [{"digest": top.hex(), "sum": str(total)} for top, total in file["nodes"]]
    numbers = {name: str(file[name]) for name in ("begin", "decimals", "end")}
    return canonical({**file, **numbers, "format": "counterfoil-compact-range-v1", "nodes": nodes})


def range_node(left, right):
    """`node`, with the code that a range has for it."""
    try:
        return node(left, right)
    except Refused as refusal:
        raise Refused("sum", "CF-2055", str(refusal)) from None


def merge_ranges(files):
    """Subtrees by begin and size; two of one size join where the first begins at a multiple of both together."""
    known = {}
    for position, file in enumerate(files):
        if any(file[name] != files[0][name] for name in ("asset", "class", "decimals")):
            raise Refused("bind", "CF-2054", f"file {position} is of another tree than the first")
        check_follows(files, position)
        known |= dict(zip(subtree_bounds(file["begin"], file["end"]), file["nodes"]))
    begin, end = files[0]["begin"], files[-1]["end"]
    size = 1
    while size < end - begin:
        for start in sorted(start for start, length in known if length == size and start % (2 * size) == 0):
            if (start + size, size) in known:
                known[start, 2 * size] = range_node(known.pop((start, size)), known.pop((start + size, size)))
        size *= 2
    if sorted(known) != subtree_bounds(begin, end):
        raise AssertionError("what was joined is not the range")
    return check_range_sums({**files[0], "end": end, "nodes": [known[place] for place in sorted(known)]})


def check_follows(files, position):
    """Whether a file begins where the one before it ends, and if not, which of three mistakes it is."""
    file, before = files[position], files[:position]
    if not before or file["begin"] == before[-1]["end"]:
        return
    if any(max(file["begin"], other["begin"]) < min(file["end"], other["end"]) for other in before):
        raise Refused("bind", "CF-2052", f"file {position} has leaves of an earlier one")
    end = before[-1]["end"]
    if file["begin"] < end or any(other["begin"] <= end < other["end"] for other in files[position:]):
        raise Refused("bind", "CF-2053", f"file {position} is not in its place")
    raise Refused("bind", "CF-2051", f"leaves are missing before file {position}")


def range_root(file):
    """The nodes of a whole tree, folded from right to left."""
    root = file["nodes"][-1]
    for left in reversed(file["nodes"][:-1]):
        root = node(left, root)
    return root


# ---------------------------------------------------------------------------------------------- sealed-proof.md


def rotate_left(word, count):
    return (word << count | word >> (32 - count)) & 0xFFFFFFFF


def quarter_round(state, a, b, c, d):
    """RFC 8439, section 2.1."""
    for first, second, third, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[first] = (state[first] + state[second]) & 0xFFFFFFFF
        state[third] = rotate_left(state[third] ^ state[first], count)


def chacha20_block(key, counter, nonce):
    """RFC 8439, section 2.3: 64 bytes of the key stream."""
    data = b"expand 32-byte k" + key + counter.to_bytes(4, "little") + nonce
    first = [int.from_bytes(data[at : at + 4], "little") for at in range(0, 64, 4)]
    state = list(first)
    for _ in range(10):
        for column in range(4):
            quarter_round(state, column, column + 4, column + 8, column + 12)
        for column in range(4):
            quarter_round(state, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    words = [(left + right) & 0xFFFFFFFF for left, right in zip(state, first)]
    return b"".join(word.to_bytes(4, "little") for word in words)


def chacha20(key, counter, nonce, data):
    """RFC 8439, section 2.4; the same function encrypts and decrypts."""
    out = b""
    for at in range(0, len(data), 64):
        stream = chacha20_block(key, counter + at // 64, nonce)
        out += bytes(left ^ right for left, right in zip(data[at : at + 64], stream))
    return out


def poly1305(key, message):
    """RFC 8439, section 2.5."""
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    accumulator = 0
    for at in range(0, len(message), 16):
        block = int.from_bytes(message[at : at + 16] + b"\x01", "little")
        accumulator = (accumulator + block) * r % (2**130 - 5)
    return ((accumulator + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def aead_tag(key, nonce, associated, ciphertext):
    """RFC 8439, section 2.8."""

    def in_blocks(data):
        return data + bytes(-len(data) % 16)

    lengths = len(associated).to_bytes(8, "little") + len(ciphertext).to_bytes(8, "little")
    return poly1305(chacha20_block(key, 0, nonce)[:32], in_blocks(associated) + in_blocks(ciphertext) + lengths)


def aead_open(key, nonce, associated, sealed):
    """The plaintext, or None."""
    ciphertext, tag = sealed[:-16], sealed[-16:]
    if not hmac.compare_digest(tag, aead_tag(key, nonce, associated, ciphertext)):
        return None
    return chacha20(key, 1, nonce, ciphertext)


def check_rfc_8439():
    """The examples of the sections that the functions above name."""
    counting, nonce = bytes(range(32)), bytes.fromhex("000000090000004a00000000")
    block = chacha20_block(counting, 1, nonce).hex()
    assert block == (
        "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
        "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"
    )
    one_time = bytes.fromhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")
    assert poly1305(one_time, b"Cryptographic Forum Research Group").hex() == "a8061dc1305136c6c22b8baf0c0127a9"
    sunscreen = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    sunscreen += b"sunscreen would be it."
    key, nonce = bytes(range(0x80, 0xA0)), bytes.fromhex("070000004041424344454647")
    associated = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    ciphertext = chacha20(key, 1, nonce, sunscreen)
    assert ciphertext.hex() == (
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
        "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
        "3ff4def08e4b7a9de576d26586cec64b6116"
    )
    tag = aead_tag(key, nonce, associated, ciphertext)
    assert tag.hex() == "1ae10b594f09e26a7e902ecbd0600691"
    assert aead_open(key, nonce, associated, ciphertext + tag) == sunscreen
    assert aead_open(key, nonce, associated + b"x", ciphertext + tag) is None


CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_SHAPE = "digits and letters without I, L, O and U"


def code_digits(code):
    """The first 150 bits of code and check, five at a time."""
    bits = int.from_bytes(code + tagged_hash("counterfoil/code-check", code)[:3], "big") >> 2
    return "".join(CODE_ALPHABET[bits >> shift & 31] for shift in range(145, -1, -5))


def code_text(code):
    digits = code_digits(code)
    return "-".join(digits[at : at + 5] for at in range(0, 30, 5))


def parse_code(typed):
    digits = re.sub("[- ]", "", typed.strip(" \t\n\f\r"))
    if not re.fullmatch("[0-9A-Za-z]*", digits, re.ASCII):
        raise Refused("parse", "CF-2030", CODE_SHAPE)
    digits = digits.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    if any(digit not in CODE_ALPHABET for digit in digits):
        raise Refused("parse", "CF-2030", CODE_SHAPE)
    if len(digits) != 30:
        raise Refused("parse", "CF-2030", f"{len(digits)} characters")
    bits = 0
    for digit in digits:
        bits = bits << 5 | CODE_ALPHABET.index(digit)
    code = (bits >> 22).to_bytes(16, "big")
    if code_digits(code) != digits:
        raise Refused("parse", "CF-2031", "the check does not fit")
    return code


def code_name(code, statement):
    return tagged_hash("counterfoil/code-name", statement + code)


def code_key(code, statement):
    return hkdf_sha256(code, statement, b"counterfoil/sealed-proof")


PACK_MAGIC = b"counterfoil\0sp\0\x01"
PREFIX_BITS_MAX = 24


def prefix_of(name, bits):
    return int.from_bytes(name[:4], "big") >> (32 - bits)


def pack_file(prefix, bits):
    return "packs/" + f"{prefix:x}".zfill(max(1, -(-bits // 4))) + ".pack"


def file_length(content):
    """The next multiple of an eighth of the largest power of two."""
    step = 2 ** max(0, content.bit_length() - 1 - 3)
    return -(-content // step) * step


def padded_length(length):
    """The smallest power of two, 1024 or more, for the length and the content."""
    size = 1024
    while size < length + 4:
        size *= 2
    return size


def parse_pack(data):
    """Digest of the statement, prefix bits, prefix, and the entries by name."""

    def damaged(why):
        return Refused("parse", "CF-2032", why)

    if len(data) < 16 or data[:15] != PACK_MAGIC[:15]:
        raise damaged("no pack")
    if data[15] != PACK_MAGIC[15]:
        raise Refused("parse", "CF-2033", f"version {data[15]}")
    if len(data) < 57:
        raise damaged("no header")
    bits, prefix, count = data[48], int.from_bytes(data[49:53], "big"), int.from_bytes(data[53:57], "big")
    if bits > PREFIX_BITS_MAX or prefix >= 2**bits:
        raise damaged("prefix")
    at, names, entries = 57 + 36 * count, [], {}
    if at > len(data):
        raise damaged("no index")
    for row in (data[start : start + 36] for start in range(57, at, 36)):
        name, length = row[:32], int.from_bytes(row[32:], "big")
        if names and not names[-1] < name:
            raise damaged("order of names")
        if prefix_of(name, bits) != prefix:
            raise damaged("a name of another pack")
        if length - 16 not in {2**power for power in range(10, 25)}:
            raise damaged("length of an entry")
        names.append(name)
        entries[name] = data[at : at + length]
        at += length
    if len(data) != file_length(at + 32):
        raise damaged("length of the file")
    if sha256(data[:-32]) != data[-32:]:
        raise damaged("checksum")
    if any(data[at:-32]):
        raise damaged("no zeros behind the last entry")
    return data[16:48], bits, prefix, entries


def open_sealed(data, code, statement):
    """The proof that was sealed under the code for the statement."""
    digest, bits, prefix, entries = parse_pack(data)
    if digest != statement:
        raise Refused("bind", "CF-2002", "another statement")
    name = code_name(code, statement)
    if prefix_of(name, bits) != prefix:
        raise Refused("bind", "CF-2036", "another pack")
    if name not in entries:
        raise Refused("bind", "CF-2035", "no proof for this code")
    padded = aead_open(code_key(code, statement), bytes(12), PACK_MAGIC + statement + name, entries[name])
    if padded is None:
        raise Refused("signature", "CF-2037", "it does not open")
    length = int.from_bytes(padded[:4], "big")
    if padded_length(length) != len(padded) or any(padded[4 + length :]):
        raise Refused("parse", "CF-2038", "padding")
    return padded[4 : 4 + length]


SEALED_INDEX = record(
    {"format": one_of("counterfoil-sealed-proofs-v1"), "prefix_bits": uint(8), "statement": STATEMENT_REF}
)


def locate_sealed(data, code, statement):
    """The pack in which the proof must be."""
    try:
        index = SEALED_INDEX(parse_strict(data))
    except (Misshapen, Refused) as error:
        raise Refused("parse", "CF-2034", str(error)) from None
    if index["prefix_bits"] > PREFIX_BITS_MAX:
        raise Refused("parse", "CF-2034", "too many prefix bits")
    if index["statement"] != statement:
        raise Refused("bind", "CF-2002", "another statement")
    bits = index["prefix_bits"]
    return pack_file(prefix_of(code_name(code, statement["digest"]), bits), bits)


# ----------------------------------------------------------------------------------------------- merkle-set.md

NODE_TAGS = {"address": "counterfoil/address-node", "bundle": "counterfoil/bundle-node"}


def set_levels(leaves, tag):
    """All levels from the leaves up: pairs from the left, a last one without a neighbour moves up."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [tagged_hash(tag, below[at] + below[at + 1]) for at in range(0, len(below) - 1, 2)]
        levels.append(above + below[len(above) * 2 :])
    return levels


def set_root(leaves, tag):
    if not leaves:
        raise Refused("parse", "CF-4006", "an empty set has no root")
    return set_levels(leaves, tag)[-1][0]


def disclosure(leaves, indices, tag):
    """The missing siblings, level by level, left to right."""
    hashes, known = [], sorted(indices)
    for level in set_levels(leaves, tag):
        missing = sorted({index ^ 1 for index in known} - set(known))
        hashes += [level[index] for index in missing if index < len(level)]
        known = sorted({index // 2 for index in known})
    return hashes


def verify_subset(root, count, indices, leaves, hashes, tag):
    for at, index in enumerate(indices):
        if index >= count or (at > 0 and index <= indices[at - 1]):
            raise Refused("bind", "CF-4009", "indices are not strictly increasing below the count")
    if len(leaves) != len(indices) or not indices:
        raise Refused("bind", "CF-4009", "not as many leaves as indices, or none")
    required, level, width = 0, set(indices), count
    while width > 1:
        required += len({index ^ 1 for index in level if index ^ 1 < width} - level)
        level, width = {index // 2 for index in level}, (width + 1) // 2
    if len(hashes) != required:
        raise Refused("fold", "CF-4010", f"{len(hashes)} hashes, not {required}")
    known, width, rest = dict(zip(indices, leaves)), count, list(hashes)
    while width > 1:
        for index in sorted(known):
            if index ^ 1 < width and index ^ 1 not in known:
                known[index ^ 1] = rest.pop(0)
        above = {}
        for index in sorted(known):
            if index % 2 == 0:
                lonely = index + 1 == width
                above[index // 2] = known[index] if lonely else tagged_hash(tag, known[index] + known[index + 1])
        known, width = above, (width + 1) // 2
    if known[0] != root:
        raise Refused("fold", "CF-4011", "another root")


# ---------------------------------------------------------------------------------------------- address-set.md


def check_spelling(entry):
    """One address has one spelling. Checksums are not looked at here."""
    spellings = {
        "bip122": r"[a-z]{2,4}1[02-9ac-hj-np-z]{6,87}|[1-9A-HJ-NP-Za-km-z]{26,35}",
        "eip155": r"0x[0-9a-f]{40}",
    }
    return pattern(spellings.get(entry["chain"].split(":")[0], "$^"))(entry["address"]) and entry


ADDRESS_FIELDS = {
    "address": not_empty,
    "chain": CHAIN_ID,
    "custodian": optional(not_empty),
    "encumbrance": optional(not_empty),
    "issuer": one_of("none", "self", "affiliate"),
    "role": one_of("hot", "warm", "cold", "custodian", "internal", "deposit"),
    "salt": hex_bytes(16),
}
DERIVED_FROM = record({"id": hex_bytes(32), "index": uint(32)})


def ADDRESS(value):
    """An address; `descriptor` is there or left out, and never null."""
    if not isinstance(value, dict) or "descriptor" not in value:
        return record(ADDRESS_FIELDS)(value)
    entry = record({**ADDRESS_FIELDS, "descriptor": DERIVED_FROM})(value)
    if not entry["chain"].startswith("bip122:"):
        raise Misshapen("only Bitcoin addresses come from descriptors")
    return entry


def address_leaf(entry):
    fields = [entry[name] or "" for name in ("chain", "address", "role", "custodian", "encumbrance", "issuer")]
    message = entry["salt"] + b"".join(length_prefixed(field) for field in fields)
    if "descriptor" in entry:
        message += entry["descriptor"]["id"] + entry["descriptor"]["index"].to_bytes(4, "big")
    return tagged_hash("counterfoil/address", message)


def parse_addresses(data):
    """The leaves of an `addresses.jsonl`."""
    lines = data.split(b"\n")
    if lines.pop() != b"" or not lines:
        raise Refused("parse", "CF-4006", "the last line does not end")
    try:
        entries = [check_spelling(ADDRESS(parse_strict(line))) for line in lines]
    except (Misshapen, Refused) as error:
        raise Refused("parse", "CF-4006", str(error)) from None
    order = [(entry["chain"], entry["address"]) for entry in entries]
    for left, right in zip(order, order[1:]):
        if not left < right:
            raise Refused("parse", "CF-4008", f"{right} stands twice, or addresses are out of order")
    return [address_leaf(entry) for entry in entries]


# ----------------------------------------------------------------------------------------------- descriptor.md

# Of the descriptors there are, those whose scripts need no other hash than SHA-256: addr(...), tr(KEY) and wsh(multi
# or sortedmulti). What is understood of them follows BIP-32, BIP-173, BIP-340, BIP-350, BIP-380, BIP-383 and BIP-386.

MAINNET = "bip122:000000000019d6689c085ae165831e93"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
DESCRIPTOR_CHARACTERS = (
    "0123456789()[],'/*abcdefgh@:$%{}" + "IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~" + 'ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
)
LAST_MAX = 9999999
LISTED = record({"chain": CHAIN_ID, "descriptor": text, "last": optional(text)})
KEY_TEXT = r"(?:\[[0-9a-f]{8}(?:/[0-9]+'?)*\])?([xt]pub[1-9A-HJ-NP-Za-km-z]{107})((?:/[0-9]+)*)(/\*)?"


def polynomial(generators, shift, mask, values):
    """The remainder of a checksum's code."""
    state = 1
    for value in values:
        top = state >> shift
        state = (state & mask) << 5 ^ value
        for bit, generator in enumerate(generators):
            state ^= generator if top >> bit & 1 else 0
    return state


def descriptor_checksum(body):
    generators = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)
    places = [DESCRIPTOR_CHARACTERS.index(character) for character in body]
    groups = [places[at : at + 3] for at in range(0, len(places), 3)]
    values = []
    for group in groups:
        values += [place & 31 for place in group]
        high = 0
        for place in group:
            high = 3 * high + (place >> 5)
        values.append(high)
    state = polynomial(generators, 35, 2**35 - 1, values + [0] * 8) ^ 1
    return "".join(BECH32[state >> 5 * (7 - at) & 31] for at in range(8))


def witness_address(version, program):
    """BIP-173 for version 0, BIP-350 for others, on the main network."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    data = [version] + [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]
    expanded = [ord(character) >> 5 for character in "bc"] + [0] + [ord(character) & 31 for character in "bc"]
    generators = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
    constant = 1 if version == 0 else 0x2BC830A3
    state = polynomial(generators, 25, 2**25 - 1, expanded + data + [0] * 6) ^ constant
    return "bc1" + "".join(BECH32[value] for value in data + [state >> 5 * (5 - at) & 31 for at in range(6)])


def compressed(point):
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


def read_extended_key(words):
    """Chain code and point of an extended public key of the main network."""
    value = 0
    for character in words:
        value = 58 * value + BASE58.index(character)
    data = value.to_bytes(82, "big")
    if sha256(sha256(data[:78]))[:4] != data[78:]:
        raise Refused("parse", "CF-5111", "the checksum of an extended key")
    if data[:4] != bytes.fromhex("0488b21e"):
        raise Refused("parse", "CF-5113", "an extended key of another network")
    point = lift_x(int.from_bytes(data[46:78], "big"), data[45] == 3)
    if data[45] not in (2, 3) or point is None:
        raise Refused("parse", "CF-5111", "not a point")
    return data[13:45], point


def child_key(key, index):
    code, point = key
    digest = hmac.digest(code, compressed(point) + index.to_bytes(4, "big"), "sha512")
    return digest[32:], point_add(point_mul(G, int.from_bytes(digest[:32], "big")), point)


def derive_key(words, index):
    """The point of a key expression at an index."""
    extended, steps, wildcard = re.fullmatch(KEY_TEXT, words).groups()
    key = read_extended_key(extended)
    for step in [int(number) for number in steps.split("/")[1:]] + ([index] if wildcard else []):
        key = child_key(key, step)
    return key[1]


def derive_address(body, index):
    if match := re.fullmatch(r"addr\((.+)\)", body):
        return match[1]
    if match := re.fullmatch(r"tr\((.+)\)", body):
        inner = derive_key(match[1], index)[0]
        point = lift_x(inner, 0)
        tweak = int.from_bytes(tagged_hash("TapTweak", inner.to_bytes(32, "big")), "big")
        return witness_address(1, point_add(point, point_mul(G, tweak))[0].to_bytes(32, "big"))
    sorted_keys, threshold, keys = re.fullmatch(r"wsh\((sorted)?multi\(([1-9]),(.+)\)\)", body).groups()
    keys = [compressed(derive_key(words, index)) for words in keys.split(",")]
    keys = sorted(keys) if sorted_keys else keys
    pushes = b"".join(b"\x21" + key for key in keys)
    script = bytes([80 + int(threshold)]) + pushes + bytes([80 + len(keys), 0xAE])
    return witness_address(0, sha256(script))


def read_descriptor(line):
    """A line of the list: chain, text and last index."""
    if re.search(rb"\b[a-z]prv[1-9A-HJ-NP-Za-km-z]{50,}|\b[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}\b", line):
        raise Refused("parse", "CF-5114", "a private key")
    try:
        listed = LISTED(parse_strict(line))
    except (Misshapen, Refused) as error:
        raise Refused("parse", "CF-5110", str(error)) from None
    last = listed["last"]
    if last is not None and not re.fullmatch("0|[1-9][0-9]{0,9}", last, re.ASCII):
        raise Refused("parse", "CF-5115", f"last index {last!r}")
    body, _, checksum = listed["descriptor"].rpartition("#")
    if not body or descriptor_checksum(body) != checksum:
        raise Refused("parse", "CF-5112", "the checksum is missing or wrong")
    if re.search(r"pub[^,)]*(/[0-9]+['h]|/\*['h])", body):
        raise Refused("parse", "CF-5116", "a hardened step behind an extended public key")
    spelled = body
    body = re.sub(r"\[[^]]*\]", lambda origin: origin[0].replace("h", "'"), body)
    keys = rf"{KEY_TEXT}(?:,{KEY_TEXT})*".replace("(?:", "\0").replace("(", "(?:").replace("\0", "(?:")
    if not re.fullmatch(rf"addr\([0-9A-Za-z]+\)|tr\({keys}\)|wsh\((?:sorted)?multi\([1-9],{keys}\)\)", body):
        raise Refused("parse", "CF-5111", "not a descriptor that is understood here")
    if ("/*" in body) != (last is not None) or int(last or 0) > LAST_MAX:
        raise Refused("parse", "CF-5115", "the range does not fit")
    derive_address(body, 0)
    if spelled != body:
        raise Refused("parse", "CF-5110", "another spelling")
    if listed["chain"] != MAINNET:
        raise Misshapen("vectors are of the main network")
    return listed["chain"], listed["descriptor"], None if last is None else int(last)


def parse_descriptors(data):
    lines = data.split(b"\n")
    if lines.pop() != b"" or not lines:
        raise Refused("parse", "CF-5110", "no lines, or the last one does not end")
    found = [read_descriptor(line) for line in lines]
    for left, right in zip(found, found[1:]):
        if not left[:2] < right[:2]:
            raise Refused("parse", "CF-5110", "a descriptor stands twice, or they are out of order")
    return found


def descriptor_id(chain, words, last):
    ranged = u8(last is not None) + (last or 0).to_bytes(4, "big")
    return tagged_hash("counterfoil/descriptor", length_prefixed(chain) + length_prefixed(words) + ranged)


def verify_descriptors(data, addresses):
    """Ids of the listed descriptors and their addresses, when the set has exactly these."""
    found = parse_descriptors(data)
    ids = [descriptor_id(*one) for one in found]
    derived = []
    for _, words, last in found:
        body = words.rpartition("#")[0]
        derived.append([derive_address(body, index) for index in range((last or 0) + 1)])
    lines = addresses.encode("utf-8").split(b"\n")[:-1]
    entries = [ADDRESS(parse_strict(line)) for line in lines]
    named = [(entry["descriptor"], entry["address"]) for entry in entries if "descriptor" in entry]
    for origin, _ in named:
        if origin["id"] not in ids:
            raise Refused("fold", "CF-7035", "a descriptor that is not listed")
    in_set = sorted((origin["id"], origin["index"], address) for origin, address in named)
    expected = [(key, index, address) for key, all_of in zip(ids, derived) for index, address in enumerate(all_of)]
    if in_set != sorted(expected):
        raise Refused("fold", "CF-7037", "not exactly the addresses of the descriptors")
    return ids, derived


# ------------------------------------------------------------------------------------------------ challenge.md

CHALLENGE = record(
    {
        "address_set": SET,
        "blocks": sequence_of(BLOCK, lambda block: block["chain"]),
        "expires": time,
        "format": one_of("counterfoil-challenge-v1"),
        "id": hex_bytes(4),
        "issued": time,
        "log_origin": text,
        "nonce": hex_bytes(16),
        "purpose": one_of("custody"),
        "venue": record({"id": VENUE_ID, "keys": sequence_of(KEY, key_order)}),
    }
)


def challenge_line(data):
    """The line that is signed for a document."""
    try:
        document = parse_canonical(data)
        challenge = CHALLENGE(document)
    except Refused as refusal:
        code = refusal.code if refusal.code in ("CF-3002", "CF-3003") else "CF-4013"
        raise Refused("parse", code, refusal.why) from None
    except Misshapen as error:
        raise Refused("parse", "CF-4013", str(error)) from None
    if challenge["expires"] % 86400:
        raise Refused("parse", "CF-4013", "the expiry is not at midnight")
    if challenge["issued"] >= challenge["expires"]:
        raise Refused("parse", "CF-4013", "not issued before it expires")
    venue, day = challenge["venue"]["id"], document["expires"][:10]
    line = f"counterfoil v1 {venue} {document['id']} exp {day} sha256 {sha256(data).hex()}"
    if len(line) > 160:
        raise Refused("parse", "CF-4013", "the line is longer than 160 characters")
    return challenge, line


def verify_challenge(data, question):
    """The line, for a document that fits what the verifier knows of the statement."""
    challenge, line = challenge_line(data)
    cutoff = time(question["cutoff"])
    known = [
        ("venue", challenge["venue"]["id"] == question["venue"]),
        ("keys", challenge["venue"]["keys"] == question["keys"]),
        ("log origin", challenge["log_origin"] == question["log_origin"]),
        ("address set", challenge["address_set"] == SET(question["address_set"])),
        ("blocks", {block["chain"] for block in challenge["blocks"]} == set(question["chains"])),
        ("not yet issued", challenge["issued"] <= cutoff),
        ("expired", cutoff < challenge["expires"]),
    ]
    for what, holds in known:
        if not holds:
            raise Refused("bind", "CF-4013", what)
    return line

# ------------------------------------------------------------------------------------------- utxo-snapshot.md

NETWORK_MARKS = {
    "bitcoin": "f9beb4d9",
    "regtest": "fabfb5da",
    "signet": "0a03cf40",
    "testnet": "0b110907",
    "testnet4": "1c163f28",
}
ALL_SATOSHIS = 21_000_000 * 10**8


class Reader:
    """Bytes from front to end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Refused("parse", "CF-5183", "the file ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def compact_size(self):
        first = self.take(1)[0]
        if first < 0xFD:
            return first
        width = {0xFD: 2, 0xFE: 4, 0xFF: 8}[first]
        value = int.from_bytes(self.take(width), "little")
        if value < {2: 0xFD, 4: 2**16, 8: 2**32}[width]:
            raise Refused("parse", "CF-5185", "a longer form than needed")
        return value

    def varint(self, bits, code):
        value = 0
        while True:
            byte = self.take(1)[0]
            value = value * 128 + byte % 128
            if byte < 128:
                break
            value += 1
            if value >= 2**64:
                raise Refused("parse", code, "above 64 bits")
        if value >= 2**bits:
            raise Refused("parse", code, f"above {bits} bits")
        return value

    def amount(self):
        stored = self.varint(64, "CF-5189")
        if stored == 0:
            return 0
        rest, zeros = divmod(stored - 1, 10)
        digits = rest // 9 * 10 + rest % 9 + 1 if zeros < 9 else rest + 1
        if digits * 10**zeros > ALL_SATOSHIS:
            raise Refused("parse", "CF-5189", "above 21 million bitcoins")
        return digits * 10**zeros

    def script(self):
        kind = self.varint(32, "CF-5192")
        if kind == 0:
            return bytes.fromhex("76a914") + self.take(20) + bytes.fromhex("88ac")
        if kind == 1:
            return bytes.fromhex("a914") + self.take(20) + bytes.fromhex("87")
        if kind in (2, 3):
            return bytes([33, kind]) + self.take(32) + bytes.fromhex("ac")
        if kind in (4, 5):
            point = lift_x(int.from_bytes(self.take(32), "big"), kind - 4)
            if point is None:
                raise Refused("parse", "CF-5191", "no point")
            return bytes([65, 4]) + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big") + bytes.fromhex("ac")
        if kind - 6 > 10_000:
            raise Refused("parse", "CF-5192", "a script that nobody can satisfy")
        return self.take(kind - 6)


def written_compact_size(value):
    if value < 0xFD:
        return bytes([value])
    return bytes([0xFD]) + value.to_bytes(2, "little")


def read_snapshot(data, network, wanted):
    """Block, hash, number of coins, and the coins of the wanted scripts by outpoint."""
    reader = Reader(data)
    if data[:5] != b"utxo\xff":
        raise Refused("parse", "CF-5180", "no snapshot")
    reader.take(5)
    if reader.take(2) != b"\x02\x00":
        raise Refused("parse", "CF-5181", "another version")
    if reader.take(4).hex() != NETWORK_MARKS[network]:
        raise Refused("parse", "CF-5182", "another network")
    block, count = reader.take(32), int.from_bytes(reader.take(8), "little")
    hasher, seen, total, last, found = hashlib.sha256(), 0, 0, None, {}
    while seen < count:
        txid, number = reader.take(32), reader.compact_size()
        if last is not None and not last < txid:
            raise Refused("parse", "CF-5186", "ids do not rise")
        if not 1 <= number <= count - seen:
            raise Refused("parse", "CF-5187", "no coin, or more than are left")
        coins, size, last = {}, 0, txid
        for _ in range(number):
            vout = reader.compact_size()
            if vout >= 111_111:
                raise Refused("parse", "CF-5192", "no such output")
            place = reader.varint(32, "CF-5190")
            amount, script = reader.amount(), reader.script()
            total += amount
            if total > ALL_SATOSHIS:
                raise Refused("parse", "CF-5189", "the sum")
            output = amount.to_bytes(8, "little") + written_compact_size(len(script)) + script
            size += len(output)
            if size > 1_000_000:
                raise Refused("parse", "CF-5192", "no transaction has so many bytes")
            if vout in coins:
                raise Refused("parse", "CF-5188", "one output twice")
            coins[vout] = place.to_bytes(4, "little") + output
            if script in wanted:
                found[txid, vout] = (place, amount, script)
        for vout in sorted(coins):
            hasher.update(txid + vout.to_bytes(4, "little") + coins[vout])
        seen += number
    if reader.at != len(data):
        raise Refused("parse", "CF-5184", "something behind")
    return block, sha256(hasher.digest()), count, found


# ---------------------------------------------------------------------------------------------------- log.md

# Ed25519 after RFC 8032, section 5.1: the curve -x^2 + y^2 = 1 + d x^2 y^2 over 2^255 - 19.
ED_FIELD = 2**255 - 19
ED_ORDER = 2**252 + 27742317777372353535851937790883648493
ED_D = -121665 * pow(121666, -1, ED_FIELD) % ED_FIELD
ED_ROOT = pow(2, (ED_FIELD - 1) // 4, ED_FIELD)


def ed_point(data):
    """The point with this encoding, or None."""
    number = int.from_bytes(data, "little")
    y, odd = number & (2**255 - 1), number >> 255
    if y >= ED_FIELD:
        return None
    square = (y * y - 1) * pow(ED_D * y * y + 1, -1, ED_FIELD) % ED_FIELD
    x = pow(square, (ED_FIELD + 3) // 8, ED_FIELD)
    if (x * x - square) % ED_FIELD:
        x = x * ED_ROOT % ED_FIELD
    if (x * x - square) % ED_FIELD or (x == 0 and odd):
        return None
    return (x if x % 2 == odd else ED_FIELD - x, y)


def ed_add(a, b):
    cross = ED_D * a[0] * b[0] * a[1] * b[1] % ED_FIELD
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + cross, -1, ED_FIELD)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - cross, -1, ED_FIELD)
    return (x % ED_FIELD, y % ED_FIELD)


def ed_mul(point, scalar):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = ed_add(result, point)
        point, scalar = ed_add(point, point), scalar >> 1
    return result


ED_BASE = ed_point((4 * pow(5, -1, ED_FIELD) % ED_FIELD).to_bytes(32, "little"))


def ed25519_verify(key, message, signature):
    if len(signature) != 64:
        return False
    point, commitment = ed_point(key), ed_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or commitment is None or scalar >= ED_ORDER:
        return False
    if (0, 1) in (ed_mul(point, 8), ed_mul(commitment, 8)):
        return False  # a point of small order fits many messages
    hashed = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(hashed, "little") % ED_ORDER
    return ed_mul(ED_BASE, scalar) == ed_add(commitment, ed_mul(point, challenge))


LOG_KEY, WITNESS_KEY = 1, 4


def from_base64(text_):
    """The bytes of the one form of base64, or None."""
    try:
        data = base64.b64decode(text_, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode("ascii") == text_ else None


def note_key(text_):
    """(name, identifier, kind, key) of a verifier key."""
    name, identifier, encoded = text_.split("+", 2)
    data = from_base64(encoded)
    if len(data) != 33 or data[0] not in (LOG_KEY, WITNESS_KEY):
        raise Misshapen(f"{text_} is no verifier key")
    if sha256(name.encode("utf-8") + b"\n" + data)[:4].hex() != identifier:
        raise Misshapen(f"the identifier of {text_} is wrong")
    return name, bytes.fromhex(identifier), data[0], data[1:]


def is_name(name):
    return name != "" and "+" not in name and not any(letter.isspace() or not letter.isprintable() for letter in name)


def parse_note(data):
    """Text and signatures (name, identifier, bytes) of a signed note."""

    def malformed(why):
        return Refused("parse", "CF-3100", why)

    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("not UTF-8") from None
    if any(ord(letter) < 32 and letter != "\n" for letter in whole):
        raise malformed("a control character")
    at = whole.rfind("\n\n")
    if at < 0 or not whole.endswith("\n"):
        raise malformed("no empty line before the signatures, or no newline at the end")
    lines = whole[at + 2 : -1].split("\n")
    if len(lines) > 128 or len(data) > 2**20:
        raise malformed("too large")
    signatures = []
    for line in lines:
        dash, name, encoded, *more = [*line.split(" ", 2), "", ""][:3]
        blob = from_base64(encoded)
        if dash != "\u2014" or not is_name(name) or blob is None or len(blob) < 5:
            raise malformed(f"no signature: {line}")
        signatures.append((name, blob[:4], blob[4:]))
    return whole[: at + 1], signatures


def parse_number(digits):
    """A decimal number of 64 bits in its one form, or None."""
    fits_ = re.fullmatch("0|[1-9][0-9]*", digits) is not None and int(digits) < 2**64
    return int(digits) if fits_ else None


def parse_hash(line):
    """32 bytes, or None."""
    data = from_base64(line)
    return data if data is not None and len(data) == 32 else None


def parse_checkpoint(note_text):
    """Origin, size and root."""
    lines = note_text.removesuffix("\n").split("\n")
    if len(lines) < 3 or "" in lines:
        raise Refused("parse", "CF-3104", "fewer than three lines, or an empty one")
    size, root = parse_number(lines[1]), parse_hash(lines[2])
    if size is None or root is None:
        raise Refused("parse", "CF-3104", "no size or no root")
    return lines[0], size, root


def signed_by(note, key):
    """The times at which a key has signed; None for each signature of a log."""
    (note_text, signatures), (name, identifier, kind, public) = note, key
    times = []
    for signer, signer_id, blob in signatures:
        if (signer, signer_id) != (name, identifier):
            continue
        message, signature, time_ = note_text, blob, None
        if kind == WITNESS_KEY:
            time_, signature = int.from_bytes(blob[:8], "big"), blob[8:]
            message = f"cosignature/v1\ntime {time_}\n{note_text}"
        if not ed25519_verify(public, message.encode("utf-8"), signature):
            raise Refused("signature", "CF-3103", f"the signature of {name}")
        times.append(time_)
    return times


def log_leaf(entry):
    return sha256(b"\x00" + entry)


def log_node(left, right):
    return sha256(b"\x01" + left + right)


def log_root_of_path(leaf, index, size, path):
    """The root to which a path leads; it has exactly one hash for every level at which the leaf has a sibling."""

    def climb(index, size, path):
        if size == 1:
            if path:
                raise Refused("fold", "CF-3108", "too many hashes")
            return leaf
        if not path:
            raise Refused("fold", "CF-3108", "too few hashes")
        split = split_point(size)
        if index < split:
            return log_node(climb(index, split, path[:-1]), path[-1])
        return log_node(path[-1], climb(index - split, size - split, path[:-1]))

    return climb(index, size, path)


def parse_log_proof(data):
    """Index, path and checkpoint note."""

    def malformed(why):
        return Refused("parse", "CF-3106", why)

    try:
        head, separator, rest = data.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise malformed("not UTF-8") from None
    lines = head.split("\n")
    if not separator or lines[0] != "c2sp.org/tlog-proof@v1":
        raise malformed("another form")
    del lines[0]
    if lines and lines[0].startswith("extra "):
        if from_base64(lines.pop(0)[6:]) is None:
            raise malformed("the extra line is not base64")
    index = parse_number(lines[0][6:]) if lines and lines[0].startswith("index ") else None
    path = [parse_hash(line) for line in lines[1:]]
    if index is None or None in path or len(path) > 63:
        raise malformed("no index, or a line that is no hash")
    return index, path, parse_note(rest.encode("utf-8"))


def verify_log_proof(data, query):
    index, path, note = parse_log_proof(data)
    origin, size, root = parse_checkpoint(note[0])
    if origin != query["origin"]:
        raise Refused("bind", "CF-3105", origin)
    if not signed_by(note, note_key(query["log"])):
        raise Refused("signature", "CF-3102", "the log has not signed")
    cosigned = []
    for witness in map(note_key, query["witnesses"]):
        times = signed_by(note, witness)
        if times:
            cosigned.append({"time": str(min(times)), "witness": witness[0]})
    if len(cosigned) < query["quorum"]:
        raise Refused("policy", "CF-3110", f"{len(cosigned)} witnesses")
    if index != query["sequence"]:
        raise Refused("bind", "CF-3107", f"index {index}")
    if index >= size:
        raise Refused("parse", "CF-3106", f"index {index} of {size}")
    if log_root_of_path(log_leaf(query["entry"].encode("utf-8")), index, size, path) != root:
        raise Refused("fold", "CF-3109", "another root")
    return {"cosigned": cosigned, "root": root.hex(), "size": str(size)}


# ------------------------------------------------------------------------------------------------ receipt.md

COMMITTED = record({"leaves": sequence_of(hex_bytes(32)), "sequence": uint(64)})
RECEIPT = record(
    {
        "account": not_empty,
        "amount": uint(128),
        "asset": ASSET_ID,
        "class": CLASS,
        "credential": text,
        "decimals": decimals_shape,
        "format": one_of("counterfoil-receipt-v1"),
        "keys": sequence_of(KEY, key_order),
        "log_origin": not_empty,
        "snapshot": optional(COMMITTED),
        "time": time,
        "venue": VENUE_ID,
    }
)
DISPUTE = record(
    {
        "deadline": time,
        "format": one_of("counterfoil-dispute-v1"),
        "opened": time,
        "receipt": text,
        "sequence": uint(64),
    }
)
MOVEMENT = record({"amount": uint(128), "reference": not_empty, "side": one_of("credit", "debit"), "time": time})
ANSWER_DOCUMENT = record(
    {
        "format": one_of("counterfoil-dispute-answer-v1"),
        "keys": sequence_of(KEY, key_order),
        "log_proof": text,
        "movements": sequence_of(MOVEMENT),
        "opening": optional(text),
        "receipt": hex_bytes(32),
        "statement": text,
        "venue": VENUE_ID,
    }
)
EVIDENCE = record(
    {
        "credential": optional(text),
        "format": one_of("counterfoil-receipt-contradiction-v1"),
        "log_proof": text,
        "opening": optional(text),
        "receipt": text,
        "rotations": sequence_of(text),
        "statement": text,
    }
)


def read_as(code, read):
    """What `read` gives; what cannot be read has this code."""
    try:
        return read()
    except Misshapen as error:
        raise Refused("parse", code, str(error)) from None
    except Refused as error:
        raise Refused("parse", code, str(error)) from None


def check_named_keys(document):
    if not 1 <= len(document["keys"]) <= KEYS_MAX:
        raise Misshapen("no keys")
    for key in document["keys"]:
        decode_key(key["alg"], key["key"])
    return document


def verify_receipt(data, history):
    """The receipt, its digest and who signed it."""

    if len(data) > 1 << 20:
        raise Refused("parse", "CF-3200", "too large")

    def read():
        message, document, signatures = parse_signed(data, "receipt")
        receipt = check_named_keys(RECEIPT(document))
        if receipt["snapshot"] is not None and not 1 <= len(receipt["snapshot"]["leaves"]) <= 256:
            raise Misshapen("leaves")
        return message, receipt, signatures

    message, receipt, signatures = read_as("CF-3200", read)
    check_venue(receipt["venue"], receipt["log_origin"], history.policy)
    if receipt["snapshot"] is not None:
        signed = check_signers("receipt", message, signatures, history.pins_at(receipt["snapshot"]["sequence"]))
    else:
        signed, first = None, None
        for pins in history.pins_of_time(receipt["time"]):
            try:
                signed = signed or check_signers("receipt", message, signatures, pins)
            except Refused as error:
                first = first or error
        if signed is None:
            raise first
    if any(key not in [key_order(named) for named in receipt["keys"]] for key in signed):
        raise Refused("signature", "CF-3203", "a key that the receipt does not name")
    return receipt, tagged_hash("counterfoil/receipt", message), signed


def check_shown_in_log(shown, statement, entry, history, log):
    asked = {
        "entry": entry.decode("utf-8"),
        "log": log["key"],
        "origin": history.policy["log_origin"],
        "quorum": log["quorum"],
        "sequence": statement["sequence"],
        "witnesses": log["witnesses"],
    }
    verify_log_proof(shown["log_proof"].encode("utf-8"), asked)


def open_shown(receipt, shown, history, log):
    """The statement, the balance of the receipt in it, and the hashes of its leaves."""
    data = shown["statement"].encode("utf-8")
    committed = receipt["snapshot"]
    if committed is not None and shown.get("opening") is None:
        # a logged entry of another kind under the receipt's number has nothing to open
        notice, _, entry = history.verify_stated(data)
        if notice["kind"] != "snapshot" and notice["sequence"] == committed["sequence"]:
            check_shown_in_log(shown, notice, entry, history, log)
            return notice, None, []
    statement, digest, _ = history.verify_snapshot(data)
    if committed is not None and committed["sequence"] != statement["sequence"]:
        raise Refused("bind", "CF-3213", "another statement")
    if committed is None and statement["cutoff"] < receipt["time"]:
        raise Refused("bind", "CF-3213", "a statement of before")
    check_shown_in_log(shown, statement, parse_signed(data, "statement")[0], history, log)
    if shown.get("opening") is None:
        return statement, None, []
    credential = shown.get("credential")
    credential = receipt["credential"] if credential is None else credential
    opening = shown["opening"].encode("utf-8")
    try:
        balances = verify_inclusion(opening, statement, digest, receipt["account"], credential, [])
    except Refused as error:
        raise Refused("bind", "CF-3214", str(error)) from None
    row = (receipt["asset"], receipt["class"])
    own = [balance["amount"] for balance in balances if (balance["asset"], balance["class"]) == row]
    if not own:
        raise Refused("bind", "CF-3213", "another asset or class")
    decimals_of = {(one["asset"], one["class"]): one["decimals"] for one in statement["liabilities"]}
    if committed is None and decimals_of[row] != receipt["decimals"]:
        raise Refused("bind", "CF-3213", "other decimals")
    leaves = []
    for leaf in INCLUSION_PROOF(parse_strict(opening))["leaves"]:
        if (leaf["asset"], leaf["class"]) == row:
            split = leaf.get("split")
            detail = detail_of(leaf["parts"])
            if split:
                detail = piece_detail(split["piece"], split["of"], split["whole"], leaf["parts"])
            leaves.append(leaf_hash(leaf["nonce"], leaf["amount"], receipt["account"], credential, detail))
    return statement, own[0], leaves


def exclusions(receipt, opened):
    """In how many ways the statement excludes the receipt."""
    statement, amount, leaves = opened
    if receipt["snapshot"] is None:
        return 0
    if statement["kind"] != "snapshot":
        return 1
    wanted = (receipt["asset"], receipt["class"], receipt["decimals"])
    rows = [row for row in statement["liabilities"] if (row["asset"], row["class"], row["decimals"]) == wanted]
    found = [statement["cutoff"] != receipt["time"], not rows, bool(rows) and rows[0]["total"] < receipt["amount"]]
    if amount is not None:
        found += [amount != receipt["amount"], leaves != receipt["snapshot"]["leaves"]]
    return sum(found)


def read_answer(data, digest, history):
    def read():
        message, document, signatures = parse_signed(data, "answer")
        answer = check_named_keys(ANSWER_DOCUMENT(document))
        times = [movement["time"] for movement in answer["movements"]]
        if len(times) > 100_000:
            raise Misshapen("too many movements")
        if times != sorted(times):
            raise Misshapen("movements out of order")
        return message, answer, signatures

    message, answer, signatures = read_as("CF-3211", read)
    check_venue(answer["venue"], history.policy["log_origin"], history.policy)
    signed = check_signers("answer", message, signatures, history.pins_now())
    if any(key not in [key_order(named) for named in answer["keys"]] for key in signed):
        raise Refused("signature", "CF-3203", "a key that the answer does not name")
    if answer["receipt"] != digest:
        raise Refused("bind", "CF-3212", "another receipt")
    return answer


def settle(receipt, opened, answer, known):
    """The balance in the statement, when that settles the question; `known` is the one that anybody has opened."""
    statement, amount, _ = opened
    if receipt["snapshot"] is not None or answer is None:
        if amount is None or (receipt["snapshot"] is None and amount != receipt["amount"]):
            raise Refused("bind", "CF-3213", "nothing is settled")
        return amount
    closing = next((one for one in (amount, known) if one is not None), 0)
    balance = receipt["amount"]
    for movement in answer["movements"]:
        if not receipt["time"] < movement["time"] <= statement["cutoff"]:
            raise Refused("sum", "CF-3215", "a movement of another time")
        balance += movement["amount"] if movement["side"] == "credit" else -movement["amount"]
        if not 0 <= balance < LIMIT:
            raise Refused("sum", "CF-3215", "below zero or too far")
    if balance != closing:
        raise Refused("sum", "CF-3215", "another balance")
    return closing


def judge_dispute(query, proof):
    history = KeyHistory(query["policy"], query["rotations"])
    dispute = read_as("CF-3210", lambda: DISPUTE(parse_canonical(query["dispute"].encode("utf-8"))))
    if dispute["deadline"] <= dispute["opened"]:
        raise Refused("parse", "CF-3210", "no time to answer")
    receipt, digest, _ = verify_receipt(dispute["receipt"].encode("utf-8"), history)
    if receipt["snapshot"] is not None and receipt["snapshot"]["sequence"] != dispute["sequence"]:
        raise Refused("parse", "CF-3210", "another statement than the receipt's")
    aside, answers, held, answered = [], [], [], None
    for file in proof["answers"]:
        try:
            answers.append(read_answer(file.encode("utf-8"), digest, history))
        except Refused as error:
            aside.append(error.code)
    for shown, answer in [(shown, None) for shown in proof["shown"]] + [(answer, answer) for answer in answers]:
        try:
            opened = open_shown(receipt, shown, history, query["log"])
            if opened[0]["sequence"] != dispute["sequence"]:
                raise Refused("bind", "CF-3213", "another statement")
            count = exclusions(receipt, opened)
            if count:
                return {"contradictions": str(count), "outcome": "contradicted", "set_aside": aside}
            held.append((opened, answer))
        except Refused as error:
            aside.append(error.code)
    known = next((opened[1] for opened, _ in held if opened[1] is not None), None)
    for opened, answer in held:
        try:
            amount = settle(receipt, opened, answer, known)
            answered = amount if answered is None else answered
        except Refused as error:
            aside.append(error.code)
    if answered is not None:
        return {"amount": str(answered), "outcome": "answered", "set_aside": aside}
    return {"outcome": "unanswered" if query["now"] > dispute["deadline"] else "open", "set_aside": aside}


def check_evidence(data, query):
    file = read_as("CF-3223", lambda: EVIDENCE(parse_canonical(data)))
    history = KeyHistory(query["policy"], file["rotations"])
    receipt, digest, _ = verify_receipt(file["receipt"].encode("utf-8"), history)
    if receipt["snapshot"] is None:
        raise Refused("bind", "CF-3225", "a balance receipt")
    count = exclusions(receipt, open_shown(receipt, file, history, query["log"]))
    if count == 0:
        raise Refused("bind", "CF-3224", "nothing is contradicted")
    return {"contradictions": str(count), "digest": digest.hex()}


# ------------------------------------------------------------------------------------------------ witness.md


def consistent(old, new, path):
    """Whether a tree (size, root) is the beginning of another one: RFC 6962, section 2.1.2, undone from its end."""
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size == 0:
        return not path and old_root == sha256(b"")

    def undo(old_size, new_size, path, whole):
        """Both roots of the part that is left; `whole` while the old tree is a beginning of it that is known."""
        if old_size == new_size:
            if whole:
                return (old_root, old_root) if not path else None
            return (path[0], path[0]) if len(path) == 1 else None
        if not path:
            return None
        split = split_point(new_size)
        if old_size <= split:
            roots = undo(old_size, split, path[:-1], whole)
            return roots and (roots[0], log_node(roots[1], path[-1]))
        roots = undo(old_size - split, new_size - split, path[:-1], False)
        return roots and (log_node(path[-1], roots[0]), log_node(path[-1], roots[1]))

    return undo(old_size, new_size, path, True) == (old_root, new_root)


def answer_request(data, query):
    def malformed(why):
        return Refused("parse", "CF-3150", why)

    try:
        head, separator, rest = data.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise malformed("not UTF-8") from None
    lines = head.split("\n")
    old = parse_number(lines[0][4:]) if lines[0].startswith("old ") else None
    path = [parse_hash(line) for line in lines[1:]]
    if not separator or old is None or None in path or len(path) > 63:
        raise malformed("another form")
    try:
        note = parse_note(rest.encode("utf-8"))
        origin, size, root = parse_checkpoint(note[0])
    except Refused as refusal:
        raise malformed(refusal.why) from None
    keys = [key for key in map(note_key, query["logs"]) if key[0] == origin]
    if not keys:
        raise Refused("bind", "CF-3151", origin)
    try:
        signed = [signed_by(note, key) for key in keys]
    except Refused as refusal:
        raise Refused("signature", "CF-3152", refusal.why) from None
    if not any(signed):
        raise Refused("signature", "CF-3152", "nobody who is known has signed")
    latest = query["latest_size"], query["latest_root"]
    if old > size:
        raise malformed("a proof backwards")
    if old != latest[0]:
        raise Refused("bind", "CF-3153", f"the witness stands at {latest[0]}")
    if size == latest[0] and root != latest[1]:
        raise Refused("fold", "CF-3154", "two roots")
    if not consistent(latest, (size, root), path):
        raise Refused("fold", "CF-3155", "another history")
    return {"root": root.hex(), "size": str(size)}


# ----------------------------------------------------------------------------------- window.md and reconcile.md

# Everything is done block by block and second by second, with no list of changes kept: slow, and the text itself.

BASES = ["assumed", "stated", "observed", "proved"]
COMPLETENESS = [
    "existed", "unspent-stated", "unspent-observed", "unspent-until-spend", "replayed", "full-set", "exact",
]  # fmt: skip


def percent_down(part, whole):
    """Hundredths of a percent, rounded down, also below zero; None of nothing."""
    if whole == 0:
        return None
    hundredths = part * 10_000 // whole
    sign, rest = ("-", -hundredths) if hundredths < 0 else ("", hundredths)
    return f"{sign}{rest // 100}.{rest % 100:02} %"


def sum_of(parts):
    return sum(part["amount"] for part in parts)


def ranges_of(blocks):
    """Stretches of consecutive blocks."""
    found = []
    for block in blocks:
        if found and found[-1][1] == block - 1:
            found[-1][1] = block
        else:
            found.append([block, block])
    return found


def steps_of(balance, first, last):
    """Where a balance changes: the first block, and every block after which it is another one."""
    return [at for at in range(first, last + 1) if at == first or balance[at] != balance[at - 1]]


class Net:
    """What one transaction did to the addresses that count, together."""

    def __init__(self, place, moved, counted):
        def split(parts):
            return [p for p in parts if p["address"] in counted], [p for p in parts if p["address"] not in counted]

        (own_spent, other_spent), (own_received, other_received) = split(moved["spent"]), split(moved["received"])
        gain = sum_of(own_received) - sum_of(own_spent)
        self.place, self.height, self.txid = place, moved["height"], moved["txid"]
        self.direction, self.amount = ("in", gain) if gain >= 0 else ("out", -gain)
        self.authenticity = BASES.index(moved["authenticity"])
        named = [(p["name"], p.get("amount")) for p in moved["from"]]
        paid_in = named + [(p["address"], p["amount"]) for p in other_spent]
        named = [(p["name"], p.get("amount")) for p in moved["to"]]
        paid_out = named + [(p["address"], p["amount"]) for p in other_received]
        self.paid_in = paid_in
        self.senders = {name for name, amount in paid_in if amount is not None}
        is_account = any(part["id"] == part["address"] for part in moved["spent"] + moved["received"])
        if len(paid_out) == 1 and paid_in and not is_account:
            self.senders.add(paid_out[0][0])
        self.paid = {}
        for name, amount in paid_out:
            self.paid[name] = self.paid.get(name, 0) + amount
        self.losses = {}
        for address in sorted({part["address"] for part in own_spent}):
            spent = sum_of([part for part in own_spent if part["address"] == address])
            self.losses[address] = max(0, spent - sum_of([p for p in own_received if p["address"] == address]))

    def own(self, name):
        """Of what came: as much as nobody's coins but this one's can have paid."""
        others = [amount for other, amount in self.paid_in if other != name]
        if self.direction == "out" or None in others or all(a is None for n, a in self.paid_in if n == name):
            return 0
        return max(0, self.amount - sum(others))


class Trip:
    """Coins of one counterparty: the transactions that brought them, and those that paid back, with how much."""

    def __init__(self, name, came, went, snapshot):
        self.name, self.came, self.went = name, came, went
        self.amount_in = sum(net.amount for net in came)
        self.amount_out = sum(net.paid[name] for net in went)
        self.in_at, self.last_in_at = min(net.height for net in came), max(net.height for net in came)
        self.first_out_at, self.out_at = min(net.height for net in went), max(net.height for net in went)
        self.authenticity = min(net.authenticity for net in came + went)
        self.bound = self.stated = 0
        self.around_snapshot = self.is_around(snapshot)
        self.losses, left = {}, self.amount_in
        for net in went:
            for address, loss in net.losses.items():
                own = min(left, loss)
                left -= own
                self.losses[address] = self.losses.get(address, 0) + own

    def open_losses(self):
        """Of what each address lost, in the order of their names, the coins that nobody explains."""
        found, left = {}, self.unexplained()
        for address in sorted(self.losses, key=lambda address: address.encode()):
            found[address] = min(left, self.losses[address])
            left -= found[address]
        return found

    def is_around(self, block):
        return self.last_in_at <= block < self.first_out_at

    def unexplained(self):
        return self.amount_in - self.bound

    def coins(self):
        """What certainly came and went and is in no leaf, whoever's."""
        return max(0, min(self.amount_in, self.amount_out) - self.bound - self.stated)

    def there(self, block):
        """Unexplained coins of the trip that are there after a block: none any more from the last payment back on."""
        if block >= max(self.out_at, self.last_in_at):
            return 0
        came = sum(net.amount for net in self.came if net.height <= block)
        here = max(0, came - sum(net.paid[self.name] for net in self.went if net.height <= block))
        return min(here, self.unexplained())


class Leaves:
    """What customers are owed, statement by statement, and what of it has explained nothing yet."""

    def __init__(self, query):
        self.credential = {leaf["name"]: leaf["credential"] for leaf in query.get("leaves", [])}
        self.left = {
            (leaf["name"], balance["sequence"]): balance["amount"]
            for leaf in query.get("leaves", [])
            for balance in leaf["balances"]
        }
        self.commitments, self.subject = query["commitments"], query["subject"]
        self.measured = []  # of each window: its chain, and the first and last block that it shows

    def is_compared(self, commitment):
        """Whether what is owed there is compared with what is held, and others have seen that it is owed."""
        blocks = commitment["blocks"]
        return commitment["sequence"] == self.subject or commitment["logged"] == "yes" and all(
            chain in blocks and first <= blocks[chain] <= last for chain, first, last in self.measured
        )

    def is_bound(self, leaf, name):
        own = self.credential[leaf]
        return own == name or (own[:2] == name[:2] == "0x" and own.lower() == name.lower())

    def explain(self, trips, brought, chain, scale):
        """Each trip at every cut-off at which its coins were there; the one at which least is owed decides."""
        for trip in trips:
            spanned = []
            for commitment in self.commitments:
                height = commitment["blocks"].get(chain)
                if height is not None and trip.in_at <= height < trip.out_at:
                    spanned.append(commitment)
            if any(self.is_compared(commitment) for commitment in spanned):
                found = [self.take(trip, brought, commitment["sequence"], scale) for commitment in spanned]
                trip.bound = min(bound for bound, _ in found)
                trip.stated = min(bound + stated for bound, stated in found) - trip.bound

    def take(self, trip, brought, sequence, scale):
        sums = [0, 0]
        for net in trip.came:
            open_amount = net.amount
            named = [leaf for leaf in self.credential if {"leaf": leaf, "txid": net.txid} in brought]
            bound, own = [leaf for leaf in named if self.is_bound(leaf, trip.name)], net.own(trip.name)
            for leaf, kind in [(leaf, 0) for leaf in bound] + [(leaf, 1) for leaf in named]:
                units = min(open_amount if kind else own, self.left.get((leaf, sequence), 0) // scale)
                if units:
                    self.left[leaf, sequence] -= units * scale
                    open_amount -= units
                    own -= 0 if kind else units
                    sums[kind] += units
        return sums


def find_trips(nets, query, asked, heights, told):
    """First one transaction in and one out, the earliest that fits; then around the blocks of commitments all that is
    left of one counterparty together."""
    trips, used_in, used_out = [], set(), set()

    def alike(left, right):
        return abs(left - right) * 10_000 <= max(left, right) * query["round_trip_tolerance"]

    def take(name, came, went):
        used_in.update(net.place for net in came)
        used_out.update((net.place, name) for net in went)
        trips.append(Trip(name, came, went, asked["snapshot"]))

    incoming = [net for net in nets if net.direction == "in"]
    outgoing = [net for net in nets if net.direction == "out"]
    reach = query["round_trip_blocks"]
    for came in incoming:
        if came.amount < told:
            continue
        fits = [
            (went.place, name, went)
            for went in outgoing
            for name in came.senders
            if went.place > came.place and went.height <= came.height + reach and name in went.paid
            if alike(came.amount, went.paid[name]) and (went.place, name) not in used_out
        ]
        if fits:
            _, name, went = min(fits, key=lambda fit: fit[:2])
            take(name, [came], [went])
    for around in [asked["snapshot"]] + [height for height in heights if height != asked["snapshot"]]:
        before = [net for net in incoming if around - reach <= net.height <= around]
        after = [net for net in outgoing if around < net.height <= around + reach]
        for name in sorted({name for net in before for name in net.senders}, key=lambda name: name.encode()):
            came = [net for net in before if name in net.senders and net.place not in used_in]
            went = [net for net in after if name in net.paid and (net.place, name) not in used_out]
            amount = sum(net.amount for net in came)
            if came and went and amount >= told and alike(amount, sum(net.paid[name] for net in went)):
                take(name, came, went)
    return sorted(trips, key=lambda trip: (trip.in_at, trip.out_at, trip.name.encode()))


class WindowFigures:
    """The figures of one window, or `measured` is None when it shows none of the blocks asked about."""

    def __init__(self, shown, asked, query, heights, explain):
        self.asked, self.shown = asked, shown
        self.first, self.last = max(asked["from"], shown["from"]), min(asked["to"], shown["to"])
        self.times = {clock["height"]: clock["seconds"] for clock in shown["times"]}
        self.counted = sorted(asked["addresses"], key=lambda address: address.encode())
        self.blocks = range(self.first, self.last + 1)
        known = {name: self.known_blocks(name) for name in self.counted}
        self.own = {name: {at: self.balance_of(name, at) for at in self.blocks} for name in self.counted}
        self.balance = {at: sum(self.own[name][at] for name in self.counted) for at in self.blocks}
        seen = [at for at in self.blocks if all(known[name].get(at) for name in self.counted)]
        self.exact_at = {at for at in seen if all(known[name][at] != "nonce" for name in self.counted)}
        self.known = known
        self.is_exact = "opening" in shown or len(self.exact_at) == len(self.blocks)
        holes = [at for gap in shown.get("gaps", []) for at in range(gap["from"], gap["to"] + 1)]
        inside = set(seen) - set(holes)
        missing = [[at for at in range(asked["from"], asked["to"] + 1) if at < shown["from"]]]
        missing += [[at for at in self.blocks if at not in inside]]
        missing += [[at for at in range(asked["from"], asked["to"] + 1) if at > shown["to"]]]
        self.gaps = [stretch for part in missing for stretch in ranges_of(part)]
        self.snapshot = self.balance.get(asked["snapshot"])
        if "stretches" in shown and asked["snapshot"] not in self.exact_at:
            self.snapshot = None
        told = max(1, -(-max(self.balance.values()) * query["flow_share"] // 10_000))
        nets = [Net(place, moved, set(self.counted)) for place, moved in enumerate(shown["transfers"])]
        nets = [net for net in nets if self.first <= net.height <= self.last]
        self.flows = [net for net in nets if net.amount >= told]
        self.trips = find_trips(nets, query, asked, heights, told)
        explain(self.trips)
        self.firm = {at: max(0, self.balance[at] - sum(trip.there(at) for trip in self.trips)) for at in self.blocks}
        self.closing_figures()

    def known_blocks(self, address):
        """What the balance of an address rests on, block by block."""
        if "opening" in self.shown:
            return {at: "replay" for at in self.blocks}
        own = [stretch for stretch in self.shown["stretches"] if stretch["address"] == address]
        return {at: s["reason"] for s in own for at in self.blocks if s["from"] <= at <= s["to"]}

    def balance_of(self, address, block):
        if "stretches" in self.shown:
            own = [s for s in self.shown["stretches"] if s["address"] == address and s["from"] <= block <= s["to"]]
            return sum(stretch["minimum"] for stretch in own)
        moved = [moved for moved in self.shown["transfers"] if moved["height"] <= block]
        came = self.shown["opening"] + [part for found in moved for part in found["received"]]
        went = [part for found in moved for part in found["spent"]]
        return sum_of([p for p in came if p["address"] == address]) - sum_of([p for p in went if p["address"] == address])

    def snapshot_of(self, address):
        """Its balance at the cut-off, where that is known exactly."""
        if self.known[address].get(self.asked["snapshot"]) in (None, "nonce"):
            return None
        return self.own[address].get(self.asked["snapshot"])

    def closing_figures(self):
        """What of the snapshot is not known to have been there for longer."""
        around = [trip for trip in self.trips if trip.around_snapshot]
        closing = self.asked.get("closing")
        self.gone, both = 0, 0
        for address in self.counted:
            then, later = self.snapshot_of(address), None
            if closing is not None and closing > self.asked["snapshot"] and closing in self.known[address]:
                later = self.own[address].get(closing)
            if then is None or later is None or later >= then:
                continue
            back = sum(trip.open_losses().get(address, 0) for trip in around if trip.out_at <= closing)
            self.gone += then - later
            both += min(then - later, back)
        self.sustained = None
        if self.snapshot is not None:
            less = sum(trip.unexplained() for trip in around) + self.gone - both
            self.sustained = max(0, self.snapshot - less)

    def median(self):
        balances = sorted(self.balance.values())
        return balances[(len(balances) - 1) // 2]

    def mean(self):
        begins = steps_of(self.balance, self.first, self.last)
        ends = begins[1:] + [self.last]
        if not self.is_exact or any(at not in self.times for at in begins + ends):
            return None
        seconds = [self.times[end] - self.times[at] for at, end in zip(begins, ends)]
        if sum(seconds) == 0:
            return None
        return sum(self.balance[at] * lasts for at, lasts in zip(begins, seconds)) // sum(seconds)

    def dressing_ratio(self):
        if self.snapshot is None or not self.is_exact:
            return None
        return percent_down(self.snapshot - self.median(), self.snapshot)

    def around(self, block, least):
        """Coins that came and went around a block, of trips whose transactions rest on enough."""
        fit = [trip for trip in self.trips if trip.is_around(block)]
        return sum(trip.coins() for trip in fit if trip.authenticity >= least)

    def is_whole(self):
        return not self.gaps and (self.first, self.last) == (self.asked["from"], self.asked["to"])

    def is_accepted(self, query):
        weakest = BASES.index(self.shown["authenticity"]), COMPLETENESS.index(self.shown["completeness"])
        least = BASES.index(query["authenticity"]), COMPLETENESS.index(query["completeness"])
        return all(found >= asked for found, asked in zip(weakest, least))

    def address_row(self, address):
        own, snapshot = self.own[address], self.asked["snapshot"]
        minimum = min(own.values())
        sure = all(self.known[address].get(at) not in (None, "nonce") for at in self.blocks)
        row = {
            "address": address,
            "appeared_at": None,
            "emptied_at": None,
            "minimum": minimum,
            "minimum_at": min(at for at in self.blocks if own[at] == minimum),
            "snapshot": self.snapshot_of(address),
        }
        if sure and own.get(snapshot):
            if own[self.first] == 0:
                row["appeared_at"] = min(at for at in self.blocks if own[at] > 0)
            if own[self.last] == 0:
                row["emptied_at"] = max(at for at in self.blocks if own[at] > 0) + 1
        return row

    def report(self):
        def curve(balance):
            return [{"height": at, "amount": balance[at]} for at in steps_of(balance, self.first, self.last)]

        minimum = min(self.balance.values())
        gaps = [{"from": first, "to": last} for first, last in self.gaps]
        blocks = self.asked["to"] - self.asked["from"] + 1
        trips = [
            {
                "amount_in": trip.amount_in,
                "amount_out": trip.amount_out,
                "around": "yes" if trip.around_snapshot else "no",
                "counterparty": trip.name,
                "explained": "yes" if trip.unexplained() == 0 else "no",
                "explained_bound": trip.bound or None,
                "explained_stated": trip.stated or None,
                "first_out_at": trip.first_out_at,
                "in_at": trip.in_at,
                "last_in_at": trip.last_in_at,
                "out_at": trip.out_at,
            }
            for trip in self.trips
        ]
        return {
            "addresses": [self.address_row(address) for address in self.counted],
            "blocks": blocks,
            "covered": blocks - sum(gap["to"] - gap["from"] + 1 for gap in gaps),
            "curve": curve(self.balance),
            "deployment": self.shown["deployment"],
            "dressing_ratio": self.dressing_ratio(),
            "exact": "yes" if self.is_exact else "no",
            "flows": [
                {"amount": net.amount, "direction": net.direction, "height": net.height, "txid": net.txid}
                for net in self.flows
            ],
            "gaps": gaps,
            "gone_before_closing": self.gone,
            "mean": self.mean(),
            "median": self.median(),
            "minimum": minimum,
            "minimum_at": min(at for at in self.blocks if self.balance[at] == minimum),
            "round_trips": trips,
            "snapshot": self.snapshot,
            "sustained": self.sustained,
            "without_trips": curve(self.firm),
        }


class Holding:
    """One deployment, with its window if one shows any of the blocks asked about."""

    def __init__(self, row, query, windows, heights, leaves):
        self.row, self.window = row, None
        self.chain = row["id"].split("/")[0]
        self.scale = 10 ** (query["decimals"] - row["decimals"])
        self.least = BASES.index(query["authenticity"])
        asked = row["window"]
        for shown in windows:
            overlap = max(asked["from"], shown["from"]) <= min(asked["to"], shown["to"])
            if shown["deployment"] == row["id"] and overlap:
                explain = functools.partial(
                    leaves.explain, brought=asked["explained"], chain=self.chain, scale=self.scale
                )
                self.window = WindowFigures(shown, asked, query, heights.get(self.chain, []), explain)

    def is_empty(self):
        return self.row["possible"] == 0 and self.window is None

    def not_sustained(self):
        if self.window is None or self.window.snapshot is None:
            return 0
        counted = self.row["counted"] - self.row["apart"]
        lost = self.window.snapshot - self.window.sustained
        return max(counted - self.window.sustained, min(lost, counted))

    def high(self):
        possible, window = self.row["possible"], self.window
        if window is None or window.snapshot is None:
            return possible
        listed = max(0, possible - self.row["outside"])
        if listed > window.snapshot:
            return possible
        trips = window.around(window.asked["snapshot"], self.least)
        return possible - max(0, listed - max(0, window.snapshot - trips))


def share_a_moment(measured, alignment):
    """Whether there is a block, or a second, that all windows cover."""
    ends = [(holding.window, holding.window.first, holding.window.last) for holding in measured]
    if alignment == "times":
        ends = [(window, window.times[first], window.times[last]) for window, first, last in ends]
    return max(first for _, first, _ in ends) <= min(last for _, _, last in ends)


def balance_line(measured, alignment, which):
    """The balance over the blocks or seconds that any window covers: position, lowest balance there, balance after.
    Beyond the ends of its own window a holding stays as it is there."""
    if alignment == "blocks":
        first = min(holding.window.first for holding in measured)
        last = max(holding.window.last for holding in measured)

        def held(holding, at):
            window = holding.window
            return which(window)[min(max(at, window.first), window.last)] * holding.scale

        sums = [(at, sum(held(holding, at) for holding in measured)) for at in range(first, last + 1)]
        return [(at, total, total) for at, total in sums]
    moves = []  # per deployment: what it holds from which second on, in the order of blocks
    for holding in measured:
        balance, window = which(holding.window), holding.window
        at = steps_of(balance, window.first, window.last)
        moves.append([(window.times[height], balance[height] * holding.scale) for height in at])
    first = min(holding.window.times[holding.window.first] for holding in measured)
    last = max(holding.window.times[holding.window.last] for holding in measured)
    line = []
    for second in sorted({first} | {when for own in moves for when, _ in own if first < when <= last}):
        lowest, after = 0, 0
        for own in moves:
            before = [own[0][1]] + [amount for when, amount in own if when < second]
            at_once = [amount for when, amount in own if when == second]
            stays = (before + at_once)[-1]
            after += stays
            lowest += stays if second == first or not at_once else min(before[-1:] + at_once)
        line.append((second, lowest, after))
    return line


def asked_beside(query, within, left, right):
    """What is asked for between two statements. One that no log shows never makes it less."""
    at = 0 if left is None else within.index(left) + 1
    seen = [row["logged"] == "yes" or row["sequence"] == query["subject"] for row in within]
    shown = [row for row, is_seen in list(zip(within, seen))[:at] if is_seen][-1:]
    shown += [row for row, is_seen in list(zip(within, seen))[at:] if is_seen][:1]
    beside = min(row["owed"] for row in (left, right) if row is not None)
    return max([beside] + ([min(row["owed"] for row in shown)] if shown else []))


def below_of(query, measured, missing, within, alignment, found):
    """Stretches between commitments in which the balance does not reach what is asked for; and the minima."""
    found["minimum"] = found["minimum_without_trips"] = None
    if not measured:
        return []
    asked_ratio = max(10_000, query["minimum_ratio"])
    line = None
    if alignment != "minima":
        line = balance_line(measured, alignment, lambda window: window.firm)
        raw = balance_line(measured, alignment, lambda window: window.balance)
        minima = min(lowest for _, lowest, _ in raw), min(lowest for _, lowest, _ in line)
    else:
        minima = (
            sum(min(holding.window.balance.values()) * holding.scale for holding in measured),
            sum(min(holding.window.firm.values()) * holding.scale for holding in measured),
        )
    if not missing:
        found["minimum"], found["minimum_without_trips"] = minima
    below = []
    for left, right in zip([None] + within, within + [None]):
        if left is None and right is None:
            continue
        owed = asked_beside(query, within, left, right)
        if line is None:
            held, at = 0, None
            for holding in measured:
                window = holding.window
                start = window.first if left is None else left["blocks"][holding.chain]
                end = window.last if right is None else right["blocks"][holding.chain]
                held += min(window.firm[block] for block in range(start, end + 1)) * holding.scale
        else:

            def place(side):
                return side["cutoff"] if alignment == "times" else side["blocks"][measured[0].chain]

            after = None if left is None else place(left)
            spots = [
                (lowest, at)
                for at, lowest, _ in line
                if (after is None or at > after) and (right is None or at <= place(right))
            ]
            if after is not None:
                spots += [(stays, after) for at, _, stays in line if at <= after][-1:]
            if not spots:
                continue
            held, at = min(spots)
        if held * 10_000 < owed * asked_ratio:
            below.append({"at": at, "held": held, "owed": owed})
    return below


def other_commitment(query, holdings, measured, commitment):
    """R_low and R_high at another commitment than the subject's; None where nothing shows or bounds them."""
    low = 0
    for holding in measured:
        if not holding.window.is_accepted(query):
            continue
        firm = holding.window.firm.get(commitment["blocks"][holding.chain])
        low = None if low is None or firm is None else low + firm * holding.scale
    if commitment["same_set"] == "no":
        return low, None
    high = 0
    for holding in holdings:
        window = holding.window
        if holding.row["every_address"] == "no" or window is None or not window.is_exact:
            return low, None
        block = commitment["blocks"][holding.chain]
        if any(first <= block for first, _ in window.gaps):
            return low, None
        high += max(0, window.balance[block] - window.around(block, holding.least)) * holding.scale
    return low, high


def verdict_of(query, holdings, rows, below):
    """Verdict and reason: the first row of the table that fits."""
    subject = [row for row in rows if row["sequence"] == query["subject"]]
    if not subject:
        return "not-determinable", "nothing-stated"
    if not holdings:
        return "not-determinable", "not-claimed"
    if query["readable"] == "no":
        return "not-determinable", "not-readable"
    if any(row["high"] is not None and row["high"] < row["owed"] for row in rows):
        return "short", "less-than-owed"

    def enough(row):
        return row["low"] is not None and row["low"] * 10_000 >= row["owed"] * max(10_000, query["minimum_ratio"])

    if not enough(subject[0]):
        return "not-determinable", "between-both"
    needed = [holding for holding in holdings if not holding.is_empty()]
    shown = [holding for holding in needed if holding.window is not None]
    if not shown:
        return "not-determinable", "window-incomplete"
    if any(holding.row["window"]["demanded"] == "no" for holding in shown):
        return "not-determinable", "snapshot-only"
    if len(shown) < len(needed) or any(not h.window.is_accepted(query) or not h.window.is_whole() for h in shown):
        return "not-determinable", "window-incomplete"
    if below:
        return "not-determinable", "fell-below"
    if not all(enough(row) for row in rows):
        return "not-determinable", "between-both"
    if query["critical"] == "yes":
        return "not-determinable", "critical-finding"
    return "covered", "enough"


def reconcile(query, windows):
    heights = {}
    for commitment in query["commitments"]:
        commitment["blocks"] = {block["chain"]: block["height"] for block in commitment["blocks"]}
        for chain, height in commitment["blocks"].items():
            heights.setdefault(chain, []).append(height)
    leaves = Leaves(query)
    for row in query["deployments"]:
        for shown in windows:
            first, last = max(row["window"]["from"], shown["from"]), min(row["window"]["to"], shown["to"])
            if shown["deployment"] == row["id"] and first <= last:
                leaves.measured.append((row["id"].split("/")[0], first, last))
    holdings = [Holding(row, query, windows, heights, leaves) for row in query["deployments"]]
    measured = [holding for holding in holdings if holding.window is not None]
    totals = [sum(h.row[name] * h.scale for h in holdings) for name in ("counted", "possible")]
    found = {"alignment": "blocks", "below": [], "came_and_went": 0, "commitments": [], "high": 0, "low": 0}
    found |= {"not_sustained": 0, "verdict": "not-determinable", "reason": "not-readable"}
    found["windows"] = [holding.window.report() for holding in measured]
    if max(totals) >= LIMIT:
        return found
    found["not_sustained"] = sum(holding.not_sustained() * holding.scale for holding in holdings)
    found["low"] = totals[0] - found["not_sustained"]
    found["high"] = sum(holding.high() * holding.scale for holding in holdings)
    found["came_and_went"] = totals[1] - found["high"]

    def is_within(commitment):
        inside = [commitment["blocks"].get(h.chain, -1) in h.window.blocks for h in measured]
        return commitment["sequence"] == query["subject"] or (measured and all(inside))

    within = [commitment for commitment in query["commitments"] if is_within(commitment)]
    rows = []
    for commitment in within:
        low, high = found["low"], found["high"]
        if commitment["sequence"] != query["subject"]:
            low, high = other_commitment(query, holdings, measured, commitment)
        rows.append({"high": high, "low": low, "owed": commitment["owed"], "sequence": commitment["sequence"]})
    if len({holding.chain for holding in measured}) > 1:
        timed = all(
            at in h.window.times
            for h in measured
            for balance in (h.window.balance, h.window.firm)
            for at in [*steps_of(balance, h.window.first, h.window.last), h.window.last]
        )
        found["alignment"] = "times" if timed else "minima"
    if measured and not share_a_moment(measured, found["alignment"]):
        found["alignment"] = "minima"
    missing = any(holding.window is None and not holding.is_empty() for holding in holdings)
    found["below"] = below_of(query, measured, missing, within, found["alignment"], found)
    found["verdict"], found["reason"] = verdict_of(query, holdings, rows, found["below"])
    for row in rows:
        coverage = None if row["low"] is None else percent_down(row["low"], row["owed"])
        named = {name: row[name] for name in ("high", "low", "sequence")}
        found["commitments"].append({"coverage": coverage, **named})
    return found


# ----------------------------------------------------------------------------------------- the runner of vectors/

# A runner takes `query` and what was sent, and returns the computed values. `bytes` are sent for `proof_text` and
# `proof_hex`, an object for `proof`. Vectors themselves are well-formed: a misshapen query is an error of the vector.

PARTS = sequence_of(record({"amount": uint(128), "product": text}))
NODES = sequence_of(record({"digest": hex_bytes(32), "sum": uint(128)}))
POLICY = record({"keys": sequence_of(KEY), "log_origin": text, "threshold": uint(64), "venue": text})


def run_amount(query, proof):
    operation = query["operation"]
    given = record({"text": text})(proof)["text"]
    if operation == "parse":
        query = record({"decimals": decimals_shape, "operation": text})(query)
        units, decimals = parse_amount(given, query["decimals"]), query["decimals"]
    elif operation == "base_units":
        query = record({"operation": text})(query)
        units, decimals = parse_base_units(given), 0
    elif operation == "rescale":
        query = record({"from": decimals_shape, "operation": text, "to": decimals_shape})(query)
        units, decimals = rescale(parse_base_units(given), query["from"], query["to"]), query["to"]
    else:
        raise Misshapen(f"unknown operation {operation!r}")
    return {"base_units": str(units), "text": print_amount(units, decimals)}


def run_hash(query, proof):
    tag = record({"tag": one_of(*TAGS)})(query)["tag"]
    message = b""
    for field in record({"fields": sequence_of(lambda field: field)})(proof)["fields"]:
        ((kind, value),) = field.items()
        writers = {"bytes": length_prefixed, "fixed": lambda data: data}
        message += writers[kind](bytes.fromhex(value))
    return {"digest": tagged_hash(tag, message).hex(), "message": message.hex()}


def run_leaf(query, proof):
    shape = {"master_secret": hex_bytes(32), "build_id": hex_bytes(32), "venue": VENUE_ID, "sequence": uint(64)}
    query = record({**shape, "asset": ASSET_ID, "class": CLASS})(query)
    top = snapshot_key(query["master_secret"], query["build_id"], query["venue"], query["sequence"])
    asset, liability_class = query["asset"], query["class"]
    key, found = tree_key(top, asset, liability_class), {}
    if "decoy" in proof:
        account = decoy_account(key, record({"decoy": uint(64)})(proof)["decoy"])
        row, found["account"] = {"account": account, "amount": 0, "credential": "", "parts": []}, account
    else:
        shape = {"account": text, "amount": uint(128), "credential": text, "parts": PARTS}
        split = {"split": record({"of": uint(16), "piece": uint(16)})} if "split" in proof else {}
        row = record({**shape, **split})(proof)
    account, parts = row["account"], [(part["product"], part["amount"]) for part in row["parts"]]
    check_account(account, row["credential"])
    if parts:
        check_parts(parts, row["amount"])
    amount, detail = row["amount"], detail_of(parts)
    if "split" in row:
        piece, of = row["split"]["piece"], row["split"]["of"]
        cut_key = piece_key(top, asset, liability_class, 0, of)
        amount = piece_amounts(cut_key, account, row["amount"], of)[piece - 1]
        detail = piece_detail(piece, of, row["amount"], parts)
        key, found["amount"] = piece_key(top, asset, liability_class, piece, of), str(amount)
    order_key, nonce = order_key_and_nonce(key, account)
    leaf = leaf_hash(nonce, amount, account, row["credential"], detail)
    return {"leaf": leaf.hex(), "nonce": nonce.hex(), "order_key": order_key.hex(), **found}


def run_sum_tree(query, proof):
    shape = {"asset": ASSET_ID, "class": CLASS, "decimals": decimals_shape, "splits": sequence_of(uint(64))}
    query = record(shape)(query)
    leaves = [(leaf["digest"], leaf["sum"]) for leaf in record({"leaves": NODES})(proof)["leaves"]]
    root = tree_root(leaves)
    bounds = [0, *query["splits"], len(leaves)]
    ranges = [
        [
            {"begin": str(begin), "digest": top[0].hex(), "size": str(size), "sum": str(top[1])}
            for begin, size, top in compact_range(leaves, start, end)
        ]
        for start, end in zip(bounds, bounds[1:])
    ]
    for index in range(len(leaves)):
        path = inclusion_path(leaves, index)
        if len(path) != path_length(index, len(leaves)) or fold(leaves[index], index, len(leaves), path) != root:
            raise AssertionError(f"the path of leaf {index} does not lead to the root")
    return {
        "commitment": commitment(query["asset"], query["class"], query["decimals"], len(leaves), root).hex(),
        "leaf_count": str(len(leaves)),
        "ranges": ranges,
        "root": root[0].hex(),
        "total": str(root[1]),
    }


def run_inclusion_proof(query, proof):
    expected = sequence_of(record({"amount": uint(128), "asset": ASSET_ID}))
    fields = {"account": text, "credential": text, "expected": expected, "policy": POLICY, "statement": text}
    query = record(fields)(query)
    statement, digest, _ = verify_statement(query["statement"].encode("utf-8"), query["policy"])
    sent = proof if isinstance(proof, bytes) else canonical(proof)
    balances = verify_inclusion(sent, statement, digest, query["account"], query["credential"], query["expected"])
    return {"balances": [{**balance, "amount": str(balance["amount"])} for balance in balances]}


def run_sealed_proof(query, proof):
    if query["operation"] == "code":
        record({"operation": text})(query)
        code = parse_code(record({"text": text})(proof)["text"])
        return {"bytes": code.hex(), "text": code_text(code)}
    statement = STATEMENT_REF if query["operation"] == "locate" else hex_bytes(32)
    query = record({"code": text, "operation": one_of("locate", "open"), "statement": statement})(query)
    code = parse_code(query["code"])
    if query["operation"] == "locate":
        return {"pack": locate_sealed(proof, code, query["statement"])}
    opened = open_sealed(proof, code, query["statement"])
    name, key = code_name(code, query["statement"]), code_key(code, query["statement"])
    return {"key": key.hex(), "name": name.hex(), "proof": opened.decode("utf-8")}


def run_canonical_json(query, proof):
    form = record({"form": one_of("strict", "canonical")})(query)["form"]
    value = parse_canonical(proof) if form == "canonical" else parse_strict(proof)
    return {"canonical": canonical(value).decode("utf-8")}


def run_signature(query, proof):
    query = record({"kind": one_of("statement", "manifest", "transcript"), "message": text})(query)
    sent, message = SIGNATURE(proof), query["message"].encode("utf-8")
    verify_signature(query["kind"], message, sent["alg"], sent["key"], sent["signature"])
    return {"digest": tagged_hash("counterfoil/" + query["kind"], message).hex()}


def run_statement(query, proof):
    policy = record({"policy": POLICY})(query)["policy"]
    statement, digest, signed_by = verify_statement(proof, policy)
    commitments = [
        commitment(row["asset"], row["class"], row["decimals"], row["leaf_count"], (row["root"], row["total"])).hex()
        for row in statement["liabilities"]
    ]
    signers = [{"alg": alg, "key": key} for alg, key in signed_by]
    return {"commitments": commitments, "digest": digest.hex(), "signed_by": signers}


def run_venue_card(query, proof):
    told = record({"fingerprint": optional(text)})(query)["fingerprint"]
    digest = read_card(proof)
    plain = None if told is None else "".join(told.split()).lower()
    if plain is not None and not re.fullmatch("[0-9a-f]{32}", plain):
        raise Refused("policy", "CF-3029", "no fingerprint")
    if plain is not None and plain != fingerprint(digest).replace(" ", ""):
        raise Refused("policy", "CF-3021", "another fingerprint")
    return {"digest": digest.hex(), "fingerprint": fingerprint(digest)}


def run_merkle_set(query, proof):
    tag = NODE_TAGS[query["nodes"]]
    hashes = sequence_of(hex_bytes(32))
    if query["operation"] == "root":
        query = record({"indices": sequence_of(uint(64)), "nodes": text, "operation": text})(query)
        leaves = record({"leaves": hashes})(proof)["leaves"]
        root = set_root(leaves, tag)
        missing = disclosure(leaves, query["indices"], tag)
        return {"hashes": [value.hex() for value in missing], "root": root.hex()}
    query = record({"count": uint(64), "nodes": text, "operation": one_of("subset"), "root": hex_bytes(32)})(query)
    sent = record({"hashes": hashes, "indices": sequence_of(uint(64)), "leaves": hashes})(proof)
    verify_subset(query["root"], query["count"], sent["indices"], sent["leaves"], sent["hashes"], tag)
    return {}


def record_with(required, perhaps):
    """An object with these fields, some of which may be left out."""

    def read(value):
        there = {name: shape for name, shape in perhaps.items() if isinstance(value, dict) and name in value}
        return record({**required, **there})(value)

    return read


ANSWER = one_of("yes", "no")
BLOCKS = {"from": uint(64), "to": uint(64)}
OWED = record(
    {
        "blocks": sequence_of(record({"chain": CHAIN_ID, "height": uint(64)})),
        "cutoff": time,
        "logged": ANSWER,
        "owed": uint(128),
        "same_set": ANSWER,
        "sequence": uint(64),
    }
)
BROUGHT = record({"leaf": text, "txid": text})
OWED_LEAF = record(
    {
        "balances": sequence_of(record({"amount": uint(128), "sequence": uint(64)})),
        "credential": text,
        "name": text,
    }
)
ASKED = record_with(
    {
        "addresses": sequence_of(text),
        "demanded": ANSWER,
        "explained": sequence_of(BROUGHT),
        "snapshot": uint(64),
        **BLOCKS,
    },
    {"closing": uint(64)},
)
HELD = record(
    {
        **{name: uint(128) for name in ("apart", "counted", "outside", "possible")},
        "decimals": decimals_shape,
        "every_address": ANSWER,
        "id": DEPLOYMENT_ID,
        "window": ASKED,
    }
)
KNOBS = ("flow_share", "minimum_ratio", "round_trip_blocks", "round_trip_tolerance", "subject")
CASE = record_with(
    {
        **{name: uint(64) for name in KNOBS},
        "authenticity": one_of(*BASES),
        "commitments": sequence_of(OWED),
        "completeness": one_of(*COMPLETENESS),
        "critical": ANSWER,
        "decimals": decimals_shape,
        "deployments": sequence_of(HELD),
        "readable": ANSWER,
    },
    {"leaves": sequence_of(OWED_LEAF)},
)
COIN = record({"address": text, "amount": uint(128), "id": text})
PARTY = record_with({"name": text}, {"amount": uint(128)})
MOVED = record(
    {
        "authenticity": one_of(*BASES),
        "from": sequence_of(PARTY),
        "height": uint(64),
        "received": sequence_of(COIN),
        "spent": sequence_of(COIN),
        "to": sequence_of(PARTY),
        "txid": text,
    }
)
STRETCH = record(
    {"address": text, "minimum": uint(128), "reason": one_of("logs", "nonce", "proof"), **BLOCKS}
)
SHOWN = record_with(
    {
        "authenticity": one_of(*BASES),
        "completeness": one_of(*COMPLETENESS),
        "deployment": DEPLOYMENT_ID,
        "times": sequence_of(record({"height": uint(64), "seconds": uint(63)})),
        "transfers": sequence_of(MOVED),
        **BLOCKS,
    },
    {"gaps": sequence_of(record(BLOCKS)), "opening": sequence_of(COIN), "stretches": sequence_of(STRETCH)},
)


def printed(value):
    """Integers as decimal strings; what is not known is left out."""
    if isinstance(value, dict):
        return {name: printed(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [printed(item) for item in value]
    return str(value) if isinstance(value, int) else value


def run_reconcile(query, proof):
    return printed(reconcile(CASE(query), record({"windows": sequence_of(SHOWN)})(proof)["windows"]))


def run_sample(query, proof):
    query = record(
        {"beacon": hex_bytes(32), "commitment": hex_bytes(32), "count": uint(32), "from": uint(64), "to": uint(64)}
    )(query)
    blocks = query["to"] - query["from"] + 1
    drawn = []
    for number in range(query["count"]):
        message = b"counterfoil/sample-v1" + query["commitment"] + query["beacon"] + u64(number)
        drawn.append(str(query["from"] + int.from_bytes(sha256(message), "big") % blocks))
    if record({"heights": sequence_of(text)})(proof)["heights"] != drawn:
        raise Refused("bind", "CF-7133", "another sample than the one that follows")
    return {"heights": drawn}


def run_clearing(query, proof):
    record({})(query)
    rows = sequence_of(text)
    sent = record({"alpha": text, "beta": text, "outside": rows, "owes": sequence_of(rows)})(proof)
    try:
        return clearing.answer(**sent)
    except clearing.Unclear as unclear:
        raise Refused("parse", *unclear.args) from unclear


def run_network(query, proof):
    cutoffs = record({"cutoffs": sequence_of(uint(64))})(query)["cutoffs"]
    party = record({"address": text, "amount": text})
    flow = record(
        {"amount": text, "direction": text, "height": uint(64), "parties": sequence_of(party), "txid": text}
    )
    venue = record(
        {
            "addresses": sequence_of(text),
            "flows": sequence_of(flow),
            "from": uint(64),
            "listed": sequence_of(text),
            "to": uint(64),
            "uncounted": sequence_of(text),
            "venue": text,
        }
    )
    sent = record(
        {
            "deployments": sequence_of(sequence_of(venue)),
            "deposits": sequence_of(record({"amount": text, "debtor": text, "depositor": text})),
            "judged": sequence_of(record({"amount": text, "borrower": text, "lender": text})),
            "sheets": sequence_of(record({"holds": text, "owes": text, "venue": text})),
        }
    )(proof)
    try:
        return network.answer(cutoffs, **sent)
    except network.Unclear as unclear:
        raise Refused("parse", *unclear.args) from unclear


def run_quality(query, proof):
    step = record({"available": uint(128), "callable": uint(128), "due": text})
    stocks = sequence_of(record({"asset": text, "decimals": uint(8), "relation": text, "steps": sequence_of(step)}))
    record({"stocks": stocks})(query)
    try:
        return quality.judge(proof.decode("utf-8"), query["stocks"])
    except quality.Unusable as unusable:
        raise Refused("parse", "CF-3261", *unusable.args) from unusable


def run_sheet(query, proof):
    rules = record_with({}, {"quality": lambda value: value})(query).get("quality", {})
    sent = record_with({"sheet": lambda value: value}, {"rows": text})(proof)
    try:
        return sheet.answer(sent["sheet"], sent.get("rows"), rules)
    except sheet.Unreadable as refusal:
        raise Refused("parse", *refusal.args) from refusal


def run_evm_pool(query, proof):
    rule = one_of("constant-product", "vault")(query["rule"]["kind"])
    slots = ("last_product_slot", "reserves_slot", "token0_slot", "token1_slot")
    of_rule = {"vault": {"asset": text, "offset": uint(8)}, "constant-product": {name: uint(64) for name in slots}}
    token = record({"balance_slot": uint(64), "code_hash": hex_bytes(32), "contract": text})
    entry = {
        "balance_slot": uint(64), "code_hash": hex_bytes(32), "contract": text, "holder": text, "state_root": hex_bytes(32),
        "supply_slot": uint(64), "rule": record({"kind": text, **of_rule[rule]}),
    }
    asked = record_with(entry, {"token": token})(query)
    nodes = [bytes.fromhex(node) for node in record({"nodes": sequence_of(text)})(proof)["nodes"]]
    try:
        return printed(evm.position(asked, nodes))
    except evm.NotShown as refusal:
        raise Refused(*refusal.args) from refusal


def run_issuer(query, proof):
    """issuer.md: what is held of issued coins, beside what their issuers show."""
    deployment = record({"decimals": decimals_shape, "id": DEPLOYMENT_ID})
    asset = record({"decimals": decimals_shape, "deployments": sequence_of(deployment), "id": ASSET_ID})
    issuer = record({"deployments": sequence_of(DEPLOYMENT_ID), "id": VENUE_ID})
    asked = record({"assets": sequence_of(asset), "issuers": sequence_of(issuer)})(query)
    backing = record_with({"issuer": VENUE_ID}, {"kept": uint(128), "owed": uint(128)})
    lying = record({"amount": uint(128), "deployment": DEPLOYMENT_ID})
    sent = record({"backing": sequence_of(backing), "held": sequence_of(lying)})(proof)
    issued = {one: issuer["id"] for issuer in asked["issuers"] for one in issuer["deployments"]}
    kept = {row["issuer"]: row for row in sent["backing"]}
    held = {row["deployment"]: row["amount"] for row in sent["held"]}
    claims, findings = [], []
    for asset in asked["assets"]:
        ids = [one["id"] for one in asset["deployments"]]
        native = any(one not in issued for one in ids)
        for one in (one for one in ids if one in issued):
            amount, shown = held.get(one, 0), kept.get(issued[one], {})
            claim = {
                "asset": asset["id"], "counts": "no" if native else "yes", "deployment": one, "held": amount,
                "issuer": issued[one],
            }
            if "kept" in shown and shown["owed"]:
                claim["backed"] = min(amount, amount * shown["kept"] // shown["owed"])
                claim["coverage"] = percent_down(shown["kept"], shown["owed"])
            claims.append(claim)
            if native:
                findings.append({"code": "CF-7430", "severity": "exception", "subject": one})
    return printed({"claims": claims, "findings": findings})


def run_address_set(query, proof):
    committed = SET(query)
    leaves = parse_addresses(proof)
    root = set_root(leaves, NODE_TAGS["address"])
    if root != committed["root"] or len(leaves) != committed["count"]:
        raise Refused("fold", "CF-4007", "another root or count than the committed one")
    return {"leaves": [leaf.hex() for leaf in leaves], "root": root.hex()}


def run_compact_range(query, proof):
    if query["operation"] == "merge":
        record({"operation": text})(query)
        sent = record({"ranges": sequence_of(text)})(proof)["ranges"]
        merged = merge_ranges([parse_range(file.encode("utf-8")) for file in sent])
    else:
        shape = {"asset": ASSET_ID, "begin": uint(64), "class": CLASS, "decimals": decimals_shape}
        query = record({**shape, "operation": one_of("range")})(query)
        begin, named = query["begin"], {name: query[name] for name in ("asset", "class", "decimals")}
        leaves = [(leaf["digest"], leaf["sum"]) for leaf in record({"leaves": NODES})(proof)["leaves"]]
        # each leaf is a range of its own, behind the empty one
        ends = [begin, *range(begin + 1, begin + len(leaves) + 1)]
        single = zip([begin, *ends], ends, [[], *([leaf] for leaf in leaves)])
        merged = merge_ranges([{**named, "begin": low, "end": high, "nodes": nodes} for low, high, nodes in single])
    found = {"range": print_range(merged).decode("utf-8")}
    if merged["begin"] == 0 and merged["nodes"]:
        root, count = range_root(merged), merged["end"]
        digest = commitment(merged["asset"], merged["class"], merged["decimals"], count, root)
        found |= {"commitment": digest.hex(), "leaf_count": str(count), "root": root[0].hex(), "total": str(root[1])}
    return found


def run_descriptor(query, proof):
    query = record({"addresses": text})(query)
    ids, derived = verify_descriptors(proof, query["addresses"])
    return {"derived": derived, "ids": [value.hex() for value in ids]}


def run_challenge(query, proof):
    fields = {"address_set": lambda value: value, "chains": sequence_of(CHAIN_ID), "cutoff": text}
    known = {"keys": sequence_of(KEY), "log_origin": text, "venue": VENUE_ID}
    return {"line": verify_challenge(proof, record({**fields, **known})(query))}


def run_utxo_snapshot(query, proof):
    query = record({"network": one_of(*NETWORK_MARKS), "wanted": sequence_of(text)})(query)
    wanted = {bytes.fromhex(script) for script in query["wanted"]}
    block, digest, count, found = read_snapshot(proof, query["network"], wanted)
    coins = [
        {
            "amount": str(amount),
            "coinbase": "yes" if place % 2 else "no",
            "height": str(place // 2),
            "outpoint": f"{txid[::-1].hex()}:{vout}",
            "script": script.hex(),
        }
        for (txid, vout), (place, amount, script) in sorted(found.items())
    ]
    return {"block": block[::-1].hex(), "coins": coins, "count": str(count), "hash": digest[::-1].hex()}


def run_log(query, proof):
    fields = {"entry": text, "log": text, "origin": text, "quorum": uint(64), "sequence": uint(64)}
    return verify_log_proof(proof, record({**fields, "witnesses": sequence_of(text)})(query))


def run_witness(query, proof):
    fields = {"latest_root": hex_bytes(32), "latest_size": uint(64), "logs": sequence_of(text)}
    return answer_request(proof, record(fields)(query))


LOG_PINS = record({"key": text, "quorum": uint(64), "witnesses": sequence_of(text)})
OPENED = record_with({"log_proof": text, "statement": text}, {"credential": text, "opening": text})


def run_receipt(query, proof):
    named = {"operation": text, "policy": POLICY}
    if query["operation"] == "check":
        return check_evidence(proof, record({**named, "log": LOG_PINS})(query))
    named["rotations"] = sequence_of(text)
    if query["operation"] == "judge":
        known = record({**named, "dispute": text, "log": LOG_PINS, "now": time})(query)
        return judge_dispute(known, record({"answers": sequence_of(text), "shown": sequence_of(OPENED)})(proof))
    known = record({**named, "account": text, "credential": text})(query)
    receipt, digest, signed = verify_receipt(proof, KeyHistory(known["policy"], known["rotations"]))
    if (receipt["account"], receipt["credential"]) != (known["account"], known["credential"]):
        raise Refused("bind", "CF-3201", "another account or credential")
    signers = [{"alg": alg, "key": key} for alg, key in signed]
    return {"amount": str(receipt["amount"]), "digest": digest.hex(), "signed_by": signers}


def run_balance_sheet(query, proof):
    """balance-sheet.md: findings about a sheet, beside the policy's map and what lies on addresses."""
    asset = record({"decimals": decimals_shape, "deployments": sequence_of(DEPLOYMENT), "id": ASSET_ID})
    query = record({"assets": sequence_of(asset), "own_tokens": sequence_of(text)})(query)
    lying = record({"address": text, "amount": uint(128), "deployment": text, "encumbered": one_of("yes", "no")})
    fields = {"addresses": sequence_of(lying), "assets": sequence_of(asset)}
    if "balance_sheet" in proof:
        fields["balance_sheet"] = BALANCE_SHEET
    sent = record(fields)(proof)
    found = []
    for listed in sent["assets"] + query["assets"]:
        if listed["id"].startswith("iso4217:"):
            found += [("CF-7354", "exception", deployment["id"]) for deployment in listed["deployments"]]
    sheet = sent.get("balance_sheet")
    if sheet is None:
        found.append(("CF-7350", "exception", "schedules.balance_sheet"))
    else:
        found += claims_and_pledges(sheet, query, sent["addresses"])
    rows = [{"code": code, "severity": severity, "subject": subject} for code, severity, subject in sorted(found)]
    return {"findings": rows}


def claims_and_pledges(sheet, policy, addresses):
    units = {unit["id"]: unit for unit in sheet["units"]}
    deployed = {asset["id"]: {found["id"] for found in asset["deployments"]} for asset in policy["assets"]}
    found = [("CF-7352", "note", kind) for _, kind in {(row["asset"], row["kind"]) for row in sheet["holdings"]}]
    for row in sheet["holdings"]:
        if row["kind"] in ("stablecoin", "wrapped") and units[row["asset"]]["issuer"] is None:
            found.append(("CF-7354", "exception", row["counterparty"]))
    for row in sheet["holdings"] + sheet["receivables"]:
        if row["related_party"]:
            found.append(("CF-7353", "exception", row["counterparty"]))
    for unit in sheet["units"]:
        if unit["relation"] == "none" and deployed.get(unit["id"], set()) & set(policy["own_tokens"]):
            found.append(("CF-7357", "exception", unit["id"]))

    def held(asset, fits):
        lying = [row for row in addresses if row["deployment"] in deployed.get(asset, set())]
        return sum(row["amount"] for row in lying if fits(row))

    rows = [row for row in sheet["encumbrances"] if row["kind"] != "staked"]
    encumbered = {row["address"] for row in addresses if row["encumbered"] == "yes"}
    contradicted = set()
    for row in rows:
        at = row["address"]
        if at is not None and at not in encumbered and held(row["asset"], lambda lying: lying["address"] == at):
            contradicted.add(row["asset"])
            found.append(("CF-7355", "critical", at))
    for asset in {row["asset"] for row in rows} - contradicted:
        stated = sum(row["amount"] for row in rows if row["asset"] == asset)
        beyond = stated - held(asset, lambda lying: lying["encumbered"] == "yes")
        if beyond > 0 and held(asset, lambda lying: lying["encumbered"] == "no"):
            found.append(("CF-7355", "critical", "schedules.balance_sheet"))
    if all(row["address"] is not None for row in rows):
        named = {row["address"] for row in rows}
        found += [("CF-7356", "exception", address) for address in encumbered - named]
    return found
TIER_ORDER = ("hot", "warm", "cold", "custodian", "deposit")


def run_tiers(query, proof):
    """tiers.md: what is declared beside what is shown."""
    figures = record({**{name: uint(128) for name in ("counted", "least", "most")}, "role": one_of(*TIER_ORDER)})
    shown = {row["role"]: row for row in record({"shown": sequence_of(figures)})(query)["shown"]}
    rows = sequence_of(record({"amount": uint(128), "role": one_of(*TIER_ORDER)}))
    declared = record_with({}, {"declared": rows})(proof).get("declared")
    declared = None if declared is None else {row["role"]: row["amount"] for row in declared}
    found, together = [], 0
    for role in TIER_ORDER:
        here = shown.get(role, {"counted": 0, "least": 0, "most": 0})
        stated = None if declared is None else declared.get(role, 0)
        if not here["most"] and not stated:
            continue
        if stated is None:
            result, difference = "not-declared", 0
        elif stated > here["most"]:
            result, difference = "declared-more", stated - here["most"]
        elif stated < here["least"]:
            result, difference = "declared-less", here["least"] - stated
        else:
            result, difference = ("same" if here["least"] == here["most"] else "not-determinable"), 0
        together += here["counted"]
        row = {"counted": here["counted"], "declared": stated, "difference": difference}
        found.append({**row, "result": result, "role": role})
    return printed({"counted": together, "tiers": found})


CUSTODIAN_QUERY = record(
    {
        "clients": sequence_of(
            record_with(
                {"cutoff": time, "keys": sequence_of(KEY), "venue": VENUE_ID},
                {
                    "accounts": CUSTODY_ACCOUNTS,
                    "leaves": sequence_of(record({"amount": uint(128), "asset": ASSET_ID})),
                    "since": time,
                },
            )
        ),
        "custodian": VENUE_ID,
        "kept": uint(128),
        "keys": sequence_of(KEY),
        "owed": uint(128),
    }
)
CUSTODIAN_DAY = record(
    {
        "accounts": CUSTODY_ACCOUNTS,
        "balances": sequence_of(record_with({"asset": ASSET_ID, "liabilities": uint(128)}, {"assets": uint(128)})),
        "cutoff": time,
        "sequence": uint(64),
    }
)


def rolls_to(account):
    moved = [line["amount"] if line["direction"] == "in" else -line["amount"] for line in account["lines"]]
    return account["opening"] + sum(moved)


def custody_differences(client, custodian, keys, days):
    """custodian.md: everything that does not fit, by code and subject."""
    found, venue = [], client["venue"]

    def tell(number, subject, amount=None):
        found.append({"amount": None if amount is None else abs(amount), "code": f"CF-{number}", "subject": subject})

    if {key["key"][-64:] for key in keys} & {key["key"][-64:] for key in client["keys"]}:
        tell(7410, custodian)
    if not days or days[-1]["cutoff"] != client["cutoff"]:
        tell(7411, custodian)
    if len(days) == 1:
        tell(7414, f"statement {days[0]['sequence']}")
    if days and "since" in client and days[0]["cutoff"] - client["since"] > 86_400:
        tell(7414, f"before statement {days[0]['sequence']}")
    for before, day in zip(days, days[1:]):
        if day["sequence"] != before["sequence"] + 1 or day["cutoff"] - before["cutoff"] > 86_400:
            tell(7414, f"statement {day['sequence']}")
    closed = None
    for day in days:
        for side in day["balances"]:
            subject = f"{side['asset']} statement {day['sequence']}"
            booked = sum(row["closing"] for row in day["accounts"] if row["asset"] == side["asset"])
            if "assets" not in side:
                tell(7413, subject)
            elif side["assets"] != side["liabilities"]:
                tell(7412, subject, side["assets"] - side["liabilities"])
            if booked != side["liabilities"]:
                tell(7416, subject, booked - side["liabilities"])
        accounts = {(row["asset"], row["party"]): row for row in day["accounts"]}
        for name in sorted(set(accounts) | set(closed or {})):
            subject, row = f"{name[0]} {name[1]} statement {day['sequence']}", accounts.get(name)
            if row and rolls_to(row) != row["closing"]:
                tell(7415, subject, rolls_to(row) - row["closing"])
            ended, opening = (closed or {}).get(name, 0), row["opening"] if row else 0
            if closed is not None and ended != opening:
                tell(7415, subject, ended - opening)
        closed = {name: row["closing"] for name, row in accounts.items()}
    if "accounts" not in client:
        tell(7420, custodian)
    else:
        books_differ(client, custodian, days, tell)
    if "leaves" in client and days:
        leaves = {row["asset"]: row["amount"] for row in client["leaves"]}
        booked = {row["asset"]: row["closing"] for row in days[-1]["accounts"] if row["party"] == venue}
        for asset in set(leaves) | set(booked):
            if leaves.get(asset, 0) != booked.get(asset, 0):
                tell(7419, asset, leaves.get(asset, 0) - booked.get(asset, 0))
    return sorted(found, key=lambda one: (one["code"], one["subject"]))


def books_differ(client, custodian, days, tell):
    """The client's books against the custodian's, line by line."""
    venue, nothing = client["venue"], {"closing": 0, "lines": [], "opening": 0}
    own = {row["asset"]: row for row in client["accounts"] if row["party"] == custodian}
    theirs = [{row["asset"]: row for row in day["accounts"] if row["party"] == venue} for day in days]
    for asset in set(own).union(*theirs):
        here, there = own.get(asset, nothing), [day.get(asset, nothing) for day in theirs]
        for end, at in (("opening", 0), ("closing", -1)):
            other = there[at][end] if there else 0
            if here[end] != other:
                tell(7417, f"{asset} {end}", here[end] - other)
        if asset in own and rolls_to(here) != here["closing"]:
            tell(7415, f"{asset} in the books of {venue}", rolls_to(here) - here["closing"])
        mine = {line["reference"]: line for line in here["lines"]}
        for reference in set(mine) | {line["reference"] for day in there for line in day["lines"]}:
            lines = [line for day in there for line in day["lines"] if line["reference"] == reference]
            line = mine.get(reference)
            if [line] == lines:
                continue
            if line is None or len(lines) > 1:
                amount = lines[0]["amount"]
            elif not lines:
                amount = line["amount"]
            else:
                same = line["direction"] == lines[0]["direction"]
                amount = line["amount"] - lines[0]["amount"] if same else line["amount"] + lines[0]["amount"]
            tell(7418, f"{asset} {reference}", amount)


def run_custodian(query, proof):
    query = CUSTODIAN_QUERY(query)
    days = record({"days": sequence_of(CUSTODIAN_DAY)})(proof)["days"]
    clients = []
    for client in query["clients"]:
        differences = custody_differences(client, query["custodian"], query["keys"], days)
        nothing = any(one["code"] in ("CF-7410", "CF-7411") for one in differences)
        shares = []
        for leaf in client.get("leaves", []):
            kept, owed = min(query["kept"], query["owed"]), query["owed"]
            counted = 0 if nothing or owed == 0 else leaf["amount"] * kept // owed
            shares.append({"asset": leaf["asset"], "counted": counted, "in_tree": leaf["amount"]})
        clients.append({"differences": differences, "shares": shares, "venue": client["venue"]})
    return printed({"clients": clients})


RUNNERS = {
    "address-set": run_address_set,
    "amount": run_amount,
    "balance-sheet": run_balance_sheet,
    "canonical-json": run_canonical_json,
    "challenge": run_challenge,
    "clearing": run_clearing,
    "network": run_network,
    "compact-range": run_compact_range,
    "custodian": run_custodian,
    "descriptor": run_descriptor,
    "evm-pool": run_evm_pool,
    "hash": run_hash,
    "inclusion-proof": run_inclusion_proof,
    "issuer": run_issuer,
    "leaf": run_leaf,
    "log": run_log,
    "merkle-set": run_merkle_set,
    "quality": run_quality,
    "receipt": run_receipt,
    "reconcile": run_reconcile,
    "sample": run_sample,
    "sealed-proof": run_sealed_proof,
    "sheet": run_sheet,
    "signature": run_signature,
    "statement": run_statement,
    "sum-tree": run_sum_tree,
    "tiers": run_tiers,
    "utxo-snapshot": run_utxo_snapshot,
    "venue-card": run_venue_card,
    "witness": run_witness,
}
FOLDERS_WITHOUT_VECTORS = {"episodes", "reference"}


def fits(value, schema, root):
    """Whether a value fits a JSON schema, as far as schema.json uses that language."""
    known = {"$defs", "$ref", "$schema", "additionalProperties", "const", "enum", "items", "minLength", "oneOf"}
    known |= {"pattern", "properties", "required", "title", "type"}
    if not set(schema) <= known:
        raise Misshapen(f"schema.json uses {sorted(set(schema) - known)}, which is not known here")
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    types = {"array": list, "object": dict, "string": str}
    properties = schema.get("properties", {})
    wanted = [
        "type" not in schema or isinstance(value, types[schema["type"]]),
        "const" not in schema or value == schema["const"],
        "enum" not in schema or value in schema["enum"],
    ]
    if isinstance(value, str):
        wanted += [len(value) >= schema.get("minLength", 0), re.search(schema.get("pattern", ""), value) is not None]
    if isinstance(value, list) and "items" in schema:
        wanted += [fits(item, schema["items"], root) for item in value]
    if isinstance(value, dict):
        closed = schema.get("additionalProperties") is False
        wanted += [not closed or set(value) <= set(properties), set(schema.get("required", [])) <= set(value)]
        wanted += [fits(value[name], properties[name], root) for name in set(value) & set(properties)]
    if "oneOf" in schema:
        wanted.append(sum(fits(value, alternative, root) for alternative in schema["oneOf"]) == 1)
    return all(wanted)


def sent_by(vector):
    """What was sent: exactly one of three fields."""
    kinds = [kind for kind in ("proof", "proof_hex", "proof_text") if kind in vector]
    if len(kinds) != 1:
        raise Misshapen(f"expected one of proof, proof_hex and proof_text, found {kinds}")
    value = vector[kinds[0]]
    if kinds[0] == "proof":
        return kinds[0], value
    return kinds[0], bytes.fromhex(value) if kinds[0] == "proof_hex" else value.encode("utf-8")


def check_vector(path, kind, flags, schema):
    """What is wrong with one vector, or None."""
    data = path.read_bytes()
    vector = parse_strict(data)
    if (json.dumps(vector, indent=2, sort_keys=True) + "\n").encode("ascii") != data:
        return "the file is not in the one form: ASCII, sorted keys, two spaces, a newline at the end"
    if not fits(vector, schema, schema):
        return "it does not fit schema.json"
    field, sent = sent_by(vector)
    if set(vector) != {"id", "comment", "source", "flags", "query", "expect", field}:
        return f"unexpected or missing fields: {sorted(vector)}"
    if vector["id"] != f"{kind}/{path.stem}" or not re.fullmatch("[a-z0-9_]+", path.stem):
        return f"the id {vector['id']!r} is not the path"
    if vector["source"] != "generated" or not vector["comment"]:
        return "unknown source or empty comment"
    unknown = [flag for flag in vector["flags"] if flag not in flags]
    if unknown:
        return f"unknown flags: {unknown}"
    try:
        found = {"result": "valid", **RUNNERS[kind](vector["query"], sent)}
    except Refused as refusal:
        found = {"result": refusal.result, "stage": refusal.stage, "code": refusal.code}
    if found == vector["expect"]:
        return None
    names = sorted(set(found) | set(vector["expect"]))
    differences = [name for name in names if found.get(name) != vector["expect"].get(name)]
    wanted = vector["expect"]
    return "; ".join(f"{name}: file {wanted.get(name)!r}, computed {found.get(name)!r}" for name in differences)


def main(arguments):
    check_rfc_8439()
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    flags = json.loads((root / "flags.json").read_text(encoding="ascii"))
    schema = json.loads((root / "schema.json").read_text(encoding="ascii"))
    folders = sorted(path.name for path in root.iterdir() if path.is_dir())
    wrong, total = [], 0
    for kind in sorted(set(folders) | set(RUNNERS)):
        if kind in FOLDERS_WITHOUT_VECTORS:
            continue
        files = sorted((root / kind).glob("*")) if kind in folders else []
        if kind not in RUNNERS:
            wrong.append((kind, "unknown kind"))
            continue
        if not files:
            wrong.append((kind, "no vectors"))
        good = 0
        for path in files:
            try:
                fault = check_vector(path, kind, flags, schema)
            except Exception as error:  # whatever a vector does to this program is reported with the others
                fault = f"{type(error).__name__}: {error}"
            good += fault is None
            wrong += [(f"{kind}/{path.name}", fault)] if fault else []
        total += len(files)
        print(f"{kind}: {good} of {len(files)} agree")
    for name, fault in wrong:
        print(f"WRONG {name}: {fault}")
    return 1 if wrong or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
