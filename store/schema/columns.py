"""What every table shares: the metadata, the organisation column, and Postgres types."""

from __future__ import annotations

from typing import Any

from sqlalchemy import TIMESTAMP, Column, Integer, MetaData, Text, text
from sqlalchemy.types import UserDefinedType

METADATA = MetaData()


class TransactionId(UserDefinedType[str]):
    """Postgres `xid8`: the transaction that wrote the row, 64 bits, never reused."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "XID8"


def org_id() -> Column[int]:
    return Column("org_id", Integer, primary_key=True, autoincrement=False)


def words(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def moment(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, TIMESTAMP(timezone=True), nullable=null)


def written_by() -> Column[str]:
    """The transaction horizon of the lake export reads this."""
    return Column("xid", TransactionId, nullable=False, server_default=text("pg_current_xact_id()"))
