"""psycopg 3: in text, in binary, and with docs/monetary_psycopg.py."""

import sys
from decimal import Decimal

sys.dont_write_bytecode = True
sys.path.insert(0, "docs")

import psycopg
from monetary_psycopg import Monetary, register_monetary

host, port, database, user = sys.argv[1:5]
ROW = ["USD -1234.50", "EUR 0.01", "31-60", "partial", "30% due on receipt, 70% 2/10 net 60",
       ["EUR 1.00", None, "USD -92233720368547758.08"]]
COLUMNS = ["amount", "charged", "bucket", "status", "terms", "amounts"]
SELECT = f"SELECT {', '.join(COLUMNS)} FROM kept WHERE driver = %s AND place = %s"
connection = psycopg.connect(host=host, port=port, dbname=database, user=user, autocommit=True)
cursor = connection.cursor()


def insert(driver, place, row, mark="%s"):
    cursor.execute(f"INSERT INTO kept VALUES ({', '.join([mark] * 8)})", [driver, place, *row])


def show(name, value):
    if isinstance(value, (list, tuple)):
        value = "|".join("null" if v is None else str(v) for v in value)
    print(f"{name}={'null' if value is None else value}")


insert("psycopg", 1, ROW)
insert("psycopg", 2, [None] * 6)
for name, value in zip(COLUMNS, cursor.execute(SELECT, ["psycopg", 1]).fetchone()):
    show(name, value)
show("nulls", cursor.execute(SELECT, ["psycopg", 2]).fetchone())
show("parameter", cursor.execute("SELECT ar.abs(%s::ar.monetary)", ["USD -1.25"]).fetchone())
show("cast", cursor.execute("SELECT amount::numeric FROM kept WHERE driver = 'psycopg' AND place = 1").fetchone())
for name, place, row in (("currency", 3, [None, "USD 1.00", None, None, None, None]),
                         ("malformed", 3, ["USD 1.005", None, None, None, None, None])):
    try:
        insert("psycopg", place, row)
    except psycopg.Error as error:
        show(name, error.sqlstate)

# In binary, and not told what the types are: parameters are of type text, results the bytes of the send functions.
insert("psycopg_binary", 1, ROW, "%b")
cursor.execute(SELECT, ["psycopg_binary", 1], binary=True)
for name, value in zip(COLUMNS[:5], cursor.fetchone()):
    show("binary_" + name, value.hex())

# Told what the type is.
register_monetary(connection)
cursor = connection.cursor()
amounts = [Monetary("USD", Decimal("-1234.50")), Monetary("JPY", Decimal("7")), Monetary("BHD", Decimal("0.001")), None]
for mark in ("%s", "%t", "%b"):
    for binary in (False, True):
        cursor.execute(f"SELECT {mark}::ar.monetary, {mark}::ar.monetary[]", [amounts[0], amounts], binary=binary)
        show(f"registered_{mark[1]}_{'binary' if binary else 'text'}", cursor.fetchone() == (amounts[0], amounts))
for binary in (False, True):
    formats = " WITH (FORMAT binary)" if binary else ""
    with cursor.copy("COPY copied (amount) FROM STDIN" + formats) as copy:
        copy.set_types(["monetary"])
        for amount in amounts:
            copy.write_row([amount])
    with cursor.copy("COPY (SELECT amount FROM copied ORDER BY place) TO STDOUT" + formats) as copy:
        copy.set_types(["monetary"])
        show(f"copied_{'binary' if binary else 'text'}", [row[0] for row in copy.rows()] == amounts)
    cursor.execute("TRUNCATE copied")
insert("psycopg_registered", 1, [Monetary("USD", Decimal("-1234.50")), Monetary("EUR", Decimal("0.01")), *ROW[2:5],
                                 [Monetary("EUR", Decimal("1.00")), None, Monetary("USD", Decimal("-92233720368547758.08"))]])
