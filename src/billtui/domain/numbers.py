"""Whole numbers as other programs write them."""

from __future__ import annotations


def is_number(text: str, digits: int = 18) -> bool:
    """Whether ``text`` is a whole number of at most so many ASCII digits; 18 fit into a column of SQLite.

    ``int()`` alone takes more: digits of other scripts, spaces around, underscores, signs, and a million of them.
    """
    return text.isascii() and text.isdigit() and len(text) <= digits
