"""What is reviewed: a ticket or a reply as it is written, and what is known of the account that writes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TECHNICAL: Final = "technical"
FINANCE: Final = "finance"
SALES: Final = "sales"
ABUSE: Final = "abuse"
DEPARTMENTS: Final = (TECHNICAL, FINANCE, SALES, ABUSE)
"""The departments whose matters can be told apart (TKT-1); a ticket to any other one is not told to go elsewhere."""


class Turn(StrEnum):
    """Whether it is a new ticket, and in an old one, who must act (TKT-5)."""

    NEW = "new"
    SUPPORT = "support"
    """The last message is the client's: support has not answered yet."""
    CLIENT = "client"
    """Support answered, or the ticket is closed."""


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order of the account, as far as a text can name it."""

    id: str
    name: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the account."""

    orders: tuple[KnownOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """A message before it is sent. Server access itself is never in here, only whether it is given (TKT-4)."""

    department: str
    subject: str
    body: str
    order_id: str | None = None
    attachments: tuple[str, ...] = ()
    """Names of the files."""
    access_given: bool = False
    turn: Turn = Turn.NEW
    held: bool = False
    """Kept back until support has answered."""
    split_off: tuple[TicketDraft, ...] = ()
    """Drafts of their own that a fix made of parts of this one."""
