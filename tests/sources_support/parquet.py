"""Writes the rows of big.csv as Parquet, in every type that is accepted, and files that must be refused."""
import csv
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

rows = list(csv.DictReader(open("big.csv", encoding="utf-8")))
TEXTS = ["account", "asset", "credential", "product", "class"]
D = decimal.Decimal


def table(amounts, text=pa.string(), optional_null=True, source=rows):
    columns = {}
    for name in TEXTS:
        required = name in ("account", "asset")
        values = [row[name] if required or row[name] or not optional_null else None for row in source]
        columns[name] = pa.array(values, pa.string()).cast(text) if text == pa.large_string() else pa.array(values, text)
    columns["amount"] = amounts
    return pa.table(columns)


def decimals(kind):
    decimal.getcontext().prec = 80
    return pa.array([D(row["amount"]) for row in rows], kind)


def write(name, content, **options):
    pq.write_table(content, name + ".parquet", **options)


string = pa.array([row["amount"] for row in rows], pa.string())
write("same-string", table(string))
write("same-large-string", table(string, pa.large_string()), use_dictionary=False)
dictionary = table(string)
for name in ("asset", "class", "amount"):
    at = dictionary.column_names.index(name)
    dictionary = dictionary.set_column(at, name, dictionary[name].dictionary_encode())
write("same-dictionary", dictionary)
write("same-empty-texts", table(string, optional_null=False))
write("same-decimal38", table(decimals(pa.decimal128(38, 18))))
write("same-decimal25", table(decimals(pa.decimal128(25, 18))), row_group_size=777)
write("same-decimal256", table(decimals(pa.decimal256(60, 20))))
for codec in ("none", "gzip", "zstd", "lz4", "brotli"):
    write("same-" + codec, table(decimals(pa.decimal128(38, 18))), compression=codec, row_group_size=9000)
write("same-v2", table(decimals(pa.decimal128(38, 18))), data_page_version="2.0", data_page_size=500)

# whole units, small enough for every integer type
whole = [dict(row, amount=str(n % 100)) for n, row in enumerate(rows[:3000])]
with open("whole.csv", "w", encoding="utf-8", newline="") as file:
    writer = csv.DictWriter(file, whole[0].keys())
    writer.writeheader()
    writer.writerows(whole)
numbers = [int(row["amount"]) for row in whole]
write("whole-int64", table(pa.array(numbers, pa.int64()), source=whole))
write("whole-uint8", table(pa.array(numbers, pa.uint8()), source=whole))
small = pa.array([D(number) for number in numbers], pa.decimal128(9, 2))
write("whole-decimal9", table(small, source=whole), store_decimal_as_integer=True)
large = pa.array([D(number) for number in numbers], pa.decimal128(18, 6))
write("whole-decimal18", table(large, source=whole), store_decimal_as_integer=True)


def two(amounts, **others):
    columns = {"account": ["u1", "u2"], "asset": ["BTC", "USDT"], "amount": amounts}
    return pa.table(columns | others)


good = pa.array([D("1.5"), D("2.5")], pa.decimal128(20, 8))
write("float64", two(pa.array([1.5, 2.5], pa.float64())))
write("float32", two(pa.array([1.5, 2.5], pa.float32())))
write("float16", two(pa.array([1.5, 2.5], pa.float32()).cast(pa.float16())))
write("timestamp", two(pa.array([1, 2], pa.timestamp("us"))))
write("binary", two(pa.array([b"1", b"2"], pa.binary())))
write("list", two(pa.array([[1], [2]], pa.list_(pa.int64()))))
write("account-int", two(good, account=pa.array([1, 2], pa.int64())))
write("account-binary", two(good, account=pa.array([b"1", b"2"], pa.binary())))
write("null-account", two(good, account=pa.array(["u1", None])))
write("null-amount", two(pa.array([D("1.5"), None], pa.decimal128(20, 8))))
write("empty-account", two(good, account=pa.array(["u1", ""])))
write("missing", two(good).drop_columns(["amount"]))
write("note", two(good, note=pa.array([[1], [2]], pa.list_(pa.int64()))))
write("digits", two(pa.array([D("1"), D("0.12345678")], pa.decimal128(20, 8))))
write("wide", two(pa.array([D(10) ** 37, D(1)], pa.decimal128(38, 0))))
write("negative", two(pa.array([D("1.50"), D("-5.50")], pa.decimal128(9, 2))))
write("text-amount", two(pa.array(["1e3", "1"])))
content = pathlib.Path("same-string.parquet").read_bytes()
pathlib.Path("cut.parquet").write_bytes(content[: len(content) // 2])
