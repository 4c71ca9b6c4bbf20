"""What the panel's tables are made of; see :mod:`billtui.sandbox.tables` for units and kinds of columns."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Text

metadata = MetaData()


def text_column(name: str, **kwargs: object) -> Column[str]:
    """Text that is never missing."""
    return Column(name, Text, nullable=False, server_default=str(kwargs.get("default", "")))


def int_column(name: str, default: int = 0) -> Column[int]:
    """A number that is never missing: a count, an instant, cents, or 0 and 1 for no and yes."""
    return Column(name, Integer, nullable=False, server_default=str(default))


def instant_column(name: str) -> Column[int]:
    """An instant that there may not be."""
    return Column(name, Integer, nullable=True)
