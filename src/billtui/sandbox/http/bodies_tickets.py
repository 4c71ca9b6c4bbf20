"""Bodies of requests about tickets (TKT). How long a text may be is a rule with a code of its own, not a form."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, SecretStr, StrictBool

from billtui.domain.models.tickets import TicketPriority, TicketState
from billtui.domain.refusal import Refusal
from billtui.sandbox.engine.errors import Forbidden
from billtui.sandbox.engine.server_access import REASON_LENGTH
from billtui.sandbox.engine.ticket_messages import Draft
from billtui.sandbox.engine.ticket_triage import Change
from billtui.sandbox.engine.tickets import Wish
from billtui.sandbox.http.bodies import Body, Id, Word, storable, text_of_instant

Prose = Annotated[str, AfterValidator(storable)]
Tag = Annotated[str, Field(pattern=r"^\S{1,40}$"), AfterValidator(storable)]


class TicketBody(Body):
    """``POST /tickets`` (TKT-1)."""

    department: Word
    subject: Prose
    """1 to 200 characters."""
    body: Prose
    """1 to 1,000,000 characters."""
    order_id: Id | None = None
    invoice_id: Id | None = None
    attachments: Annotated[list[Id], Field(max_length=100)] = []
    """Ids of uploads (``POST /attachments``), at most 5 (TKT-6)."""
    account_id: Id | None = None
    """Staff: whose ticket it shall be."""

    def wish(self) -> Wish:
        """As the engine takes it."""
        return Wish(
            self.department,
            self.subject,
            self.body,
            self.order_id,
            self.invoice_id,
            tuple(self.attachments),
            self.account_id,
        )


class MessageBody(Body):
    """``POST /tickets/{id}/messages`` (TKT-6, TKT-9)."""

    body: Prose
    """1 to 1,000,000 characters."""
    seen: Id | None = None
    """The last message that the writer saw (TKT-9)."""
    attachments: Annotated[list[Id], Field(max_length=100)] = []
    internal: StrictBool = False
    """A note, that only staff sees."""
    close: StrictBool = False
    """Close the ticket with it (TKT-8)."""

    def draft(self) -> Draft:
        """As the engine takes it."""
        return Draft(self.body, self.seen, tuple(self.attachments), self.internal, self.close)


class TicketChangeBody(Body):
    """``PATCH /tickets/{id}``: what changes; all else stays. A client closes and rates (TKT-5), staff does the rest."""

    state: Literal["open", "on hold", "closed"] | None = None
    hold_until: Annotated[AwareDatetime, BeforeValidator(text_of_instant)] | None = None
    """With ``on hold`` (TKT-5)."""
    department: Word | None = None
    """Hands it over: nobody has it then, unless ``assignee`` says who (TKT-8)."""
    priority: TicketPriority | None = None
    assignee: Annotated[str, Field(max_length=200), AfterValidator(storable)] | None = None
    """The login of a colleague; empty gives it back."""
    subject: Prose | None = None
    tags_add: Annotated[list[Tag], Field(max_length=20)] = []
    tags_remove: Annotated[list[Tag], Field(max_length=20)] = []
    rating: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None
    """The client's, 1 to 5, once it was answered or closed."""
    rating_comment: Annotated[str, Field(max_length=2_000), AfterValidator(storable)] | None = None

    def staff_change(self) -> Change:
        """As the engine takes it from staff. Raises ``Forbidden`` for a rating, which is its client's."""
        if self.rating is not None or self.rating_comment is not None:
            text = "Only its client rates a ticket."
            raise Forbidden(Refusal("forbidden", "TKT-8", text))
        return Change(
            department=self.department,
            priority=self.priority,
            assignee=self.assignee,
            state=None if self.state is None else TicketState(self.state),
            hold_until=self.hold_until,
            subject=self.subject,
            tags_add=tuple(self.tags_add),
            tags_remove=tuple(self.tags_remove),
        )


def _storable_secret(secret: SecretStr) -> SecretStr:
    storable(secret.get_secret_value())
    return secret


class AccessBody(Body):
    """``PUT /tickets/{id}/access``: a secret (TKT-4)."""

    access: Annotated[SecretStr, Field(min_length=1, max_length=4_000), AfterValidator(_storable_secret)]


class RevealBody(Body):
    """``POST /tickets/{id}/access/reveal`` (TKT-4)."""

    reason: Annotated[str, Field(max_length=REASON_LENGTH), AfterValidator(storable)] = ""
