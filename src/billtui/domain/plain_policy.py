"""Numbers of the policy that a list for a program needs: :mod:`billtui.domain.policy` is a dataclass, too slow to load
for one number (P-START-3)."""

from __future__ import annotations

from typing import Final

DELETION_AFTER_BLOCK: Final = 7 * 86_400
"""Seconds from the block of an order to its deletion (ORD-2)."""
