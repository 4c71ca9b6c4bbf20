"""What an invoice can be had as (INV-9). Light: the command line and the sandbox's routes know it by these words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

DocumentFormat = Literal["pdf", "csv", "json"]
DOCUMENT_TYPES: Final[Mapping[str, str]] = {"pdf": "application/pdf", "csv": "text/csv", "json": "application/json"}
"""Format → media type, without parameters."""
