"""ODBC, by pyodbc."""

import sys

import pyodbc

host, port, database, user, driver = sys.argv[1:6]
ROW = ["USD -1234.50", "EUR 0.01", "31-60", "partial", "30% due on receipt, 70% 2/10 net 60",
       '{"EUR 1.00",NULL,"USD -92233720368547758.08"}']
COLUMNS = ["amount", "charged", "bucket", "status", "terms", "amounts"]
SELECT = f"SELECT {', '.join(COLUMNS)} FROM kept WHERE driver = ? AND place = ?"
connection = pyodbc.connect(f"Driver={driver};Servername={host};Port={port};Database={database};Username={user}", autocommit=True)
cursor = connection.cursor()


def insert(place, row):
    cursor.execute("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ["odbc", place, *row])


def show(name, value):
    if isinstance(value, pyodbc.Row):
        value = "|".join("null" if v is None else str(v) for v in value)
    print(f"{name}={'null' if value is None else value}")


insert(1, ROW)
insert(2, [None] * 6)
for name, value in zip(COLUMNS, cursor.execute(SELECT, ["odbc", 1]).fetchone()):
    show(name, value)
show("nulls", cursor.execute(SELECT, ["odbc", 2]).fetchone())
show("parameter", cursor.execute("SELECT ar.abs(CAST(? AS ar.monetary))", ["USD -1.25"]).fetchone())
show("cast", cursor.execute("SELECT amount::numeric FROM kept WHERE driver = 'odbc' AND place = 1").fetchone())
for name, row in (("currency", [None, "USD 1.00", None, None, None, None]), ("malformed", ["USD 1.005", None, None, None, None, None])):
    try:
        insert(3, row)
    except pyodbc.Error as error:
        show(name, error.args[0])
