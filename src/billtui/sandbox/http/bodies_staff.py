"""Bodies of what only staff sends (TKT-8, TKT-9), as :mod:`billtui.sandbox.http.bodies` has the others."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from billtui.domain.models.tickets import Doing
from billtui.sandbox.http.bodies import Body, Id, Word, storable
from billtui.sandbox.http.bodies_tickets import Prose, TicketChangeBody


class BulkChangeBody(Body):
    """``POST /tickets/bulk``."""

    ticket_ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)]
    change: TicketChangeBody


class MergeBody(Body):
    """``POST /tickets/merge``: ``into`` may, and need not, stand among the others."""

    ticket_ids: Annotated[list[Id], Field(min_length=1, max_length=1_000)]
    into: Id


class SplitBody(Body):
    """``POST /tickets/{id}/split``."""

    message_ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)]
    subject: Prose
    department: Word


class PresenceBody(Body):
    """``PUT /tickets/{id}/presence``."""

    doing: Doing


class CannedReplyBody(Body):
    """``POST /canned-replies`` and ``PUT /canned-replies/{id}``."""

    title: Annotated[str, Field(max_length=2_000), AfterValidator(storable)]
    body: Annotated[str, Field(max_length=100_000), AfterValidator(storable)]
    department: Word | None = None
    language: Annotated[str, Field(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$", max_length=20)] = "en"
