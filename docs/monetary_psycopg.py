"""ar.monetary in psycopg 3: a value of its own, for parameters, results, arrays and COPY, in text and in binary.

Take this file into your program, and register it once a connection:

    register_monetary(connection)
    cursor.execute("INSERT INTO fee (charged) VALUES (%s)", [Monetary("EUR", Decimal("1.50"))])
"""

import struct
from dataclasses import dataclass
from decimal import Decimal

from psycopg import Connection
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo


@dataclass(frozen=True)
class Monetary:
    currency: str
    amount: Decimal

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:f}"


# A version, the code of the currency, its decimals, the minor units: high byte first.
_BINARY = struct.Struct(">B3sBq")


class MonetaryLoader(Loader):
    def load(self, data):
        currency, amount = bytes(data).decode("ascii").split(" ")
        return Monetary(currency, Decimal(amount))


class MonetaryBinaryLoader(Loader):
    format = Format.BINARY

    def load(self, data):
        _, currency, decimals, minor_units = _BINARY.unpack(data)
        digits = tuple(map(int, str(abs(minor_units))))
        return Monetary(currency.decode("ascii"), Decimal((int(minor_units < 0), digits, -decimals)))


class MonetaryDumper(Dumper):
    def dump(self, obj):
        return str(obj).encode("ascii")


class MonetaryBinaryDumper(Dumper):
    """Needs an amount with exactly the decimals of its currency: the server refuses any other in binary."""

    format = Format.BINARY

    def dump(self, obj):
        sign, digits, exponent = obj.amount.as_tuple()
        minor_units = int("".join(map(str, digits)))
        return _BINARY.pack(1, obj.currency.encode("ascii"), -exponent, -minor_units if sign else minor_units)


def register_monetary(connection: Connection) -> None:
    info = TypeInfo.fetch(connection, "ar.monetary")
    if info is None:
        raise LookupError("there is no type ar.monetary in this database: CREATE EXTENSION ar_ext")
    info.register(connection)
    adapters = connection.adapters
    adapters.register_loader(info.oid, MonetaryLoader)
    adapters.register_loader(info.oid, MonetaryBinaryLoader)
    # %s takes the last one registered; %b the binary one.
    for dumper in (MonetaryBinaryDumper, MonetaryDumper):
        adapters.register_dumper(Monetary, type(dumper.__name__, (dumper,), {"oid": info.oid}))
