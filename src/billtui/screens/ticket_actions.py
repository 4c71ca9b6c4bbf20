"""What a person does to the ticket that is open: answer, close, reopen, rate, give server access (TKT-4, TKT-5)."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from billtui.client.errors import ClientError
from billtui.commands import Command, handles
from billtui.domain.models import AccessState, Ticket, TicketChange, TicketState
from billtui.screens.base import BilltuiScreen
from billtui.screens.flows import SIGN_IN_FIRST, busy_targets, say_nothing_left, signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.prompt import Prompt
from billtui.screens.next_ticket import after_acting
from billtui.services import planner
from billtui.terminal.harmless import one_line
from billtui.widgets.formats import moment_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

STAFF_ROLES: Final = ("support", "admin")
LONGEST_COMMENT: Final = 500
ACTION_OF: Final = {
    "ticket.answer": "reply",
    "ticket.quote": "reply",
    "ticket.close": "close",
    "ticket.reopen": "reopen",
    "ticket.rate": "rate",
    "ticket.access": "give-access",
}
"""Command → what the panel calls it in a ticket's actions."""
RATINGS: Final = (
    ("5", "5  Very good", "Quick, and it solved the problem"),
    ("4", "4  Good", "It solved the problem"),
    ("3", "3  So so", "It helped somewhat"),
    ("2", "2  Poor", "It took long, or helped little"),
    ("1", "1  Bad", "It did not help"),
)


class TicketActions(BilltuiScreen):
    """The part of a ticket's screen that writes. The screen says which ticket, and what would be quoted."""

    @property
    @abstractmethod
    def open_ticket_id(self) -> str:
        """The raw id of the ticket that is open; empty where none is."""

    def quoted(self) -> str:
        """The message under the cursor, as plain text."""
        return ""

    @property
    def quotes_note(self) -> bool:
        """Whether the message under the cursor is a note."""
        return False

    @property
    def last_shown(self) -> str | None:
        """The last message that was on the screen, where more of the thread stands below; else ``None``."""
        return None

    def _open_ticket(self) -> Ticket | None:
        return (
            None if self.session.closed or not self.open_ticket_id else self.session.store.ticket(self.open_ticket_id)
        )

    def refusal_of(self, command: Command) -> str | None:
        """Why not, in the panel's words, for the ticket that is open."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.id in ACTION_OF:
            return ticket_refusal(command.id, self._open_ticket(), staff=is_staff(self.billtui))
        return None

    @handles("ticket.answer")
    def answer(self) -> None:
        """Write into the thread."""
        self.billtui.compose_reply(self.open_ticket_id, seen=self.last_shown)

    @handles("ticket.quote")
    def answer_quoting(self) -> None:
        """Write into the thread, with the message under the cursor quoted; a note is quoted in a note (TKT-6)."""
        internal = self.quotes_note
        if internal:
            self.billtui.say("A note is quoted in a note: the client must not read it.", "information")
        seen = self.last_shown
        self.billtui.compose_reply(self.open_ticket_id, internal=internal, quote=self.quoted(), seen=seen)

    @handles("ticket.close")
    async def close_ticket(self) -> None:
        """It is settled; not while words stand below that were not on the screen."""
        if self.last_shown is not None:
            self.billtui.say(
                "More stands below that you have not seen: G goes there, x closes it then (TKT-9).", "warning"
            )
            return
        await close_ticket(self.billtui, self.open_ticket_id)

    @handles("ticket.reopen")
    async def reopen_ticket(self) -> None:
        """It is not settled after all."""
        await reopen_ticket(self.billtui, self.open_ticket_id, seen=self.last_shown)

    @handles("ticket.rate")
    async def rate_ticket(self) -> None:
        """How support did."""
        await rate_ticket(self.billtui, self.open_ticket_id)

    @handles("ticket.access")
    async def give_access(self) -> None:
        """Give server access, or replace it."""
        await give_access(self.billtui, self.open_ticket_id)


def is_staff(app: Shell) -> bool:
    """Whether whoever is signed in works for the panel (ACC-7)."""
    account = app.session.account
    return account is not None and account.role.raw in STAFF_ROLES


def ticket_refusal(command_id: str, ticket: Ticket | None, *, staff: bool) -> str | None:
    """Why a command cannot be used on a ticket, with the way out; ``None`` where it can."""
    if ticket is None:
        return "The ticket is not in the copy yet; r asks the panel for it."
    if staff and command_id in ("ticket.rate", "ticket.access"):
        return "That is the client's to do."
    if ticket.merged_into is not None:
        return "This ticket was merged into another one; o in its thread goes on there (TKT-8)."
    if command_id == "ticket.close" and ticket.state == TicketState.CLOSED:
        return "It is closed already; O reopens it."
    if command_id == "ticket.reopen" and ticket.state != TicketState.CLOSED:
        return "It is not closed; a answers."
    name = ACTION_OF[command_id]
    action = next((one for one in ticket.actions if one.action.raw == name), None)
    if action is not None and not action.allowed:
        return str(action.reason or action.code or "The panel does not allow it now.")
    return None


async def _ticket_now(app: Shell, ticket_id: str) -> Ticket:
    """As the panel has it now: what is written next rests on it."""
    return await app.session.writing.ticket(ticket_id)


async def _change(app: Shell, ticket: Ticket, change: TicketChange, *, hold: bool) -> str | None:
    """Plan one change and hand it on; the job's id."""
    account = signed_in_account(app)
    plan = planner.change_tickets(account, [ticket], change, busy=busy_targets(app), profile=app.profile.name)
    if not plan.operations:
        await say_nothing_left(app, plan)
        return None
    if not await app.sign_in_first(SIGN_IN_FIRST):
        return None
    return app.submit(plan, hold=hold)


async def close_ticket(app: Shell, ticket_id: str) -> None:
    """Close it; in the undo window ``u`` takes that back. Where it holds server access it is asked first (TKT-4)."""
    row = app.session.store.ticket_row(ticket_id)
    ticket = await _ticket_now(app, ticket_id)
    if row is not None and (words := written_meanwhile(ticket, row.last_message_id)):
        app.say(words, "warning")
        await app.session.tickets.thread(ticket_id)
        return
    if ticket.access == AccessState.GIVEN:
        choices = [
            Choice("no", "Leave it open"),
            Choice("yes", "Close it", "The server access that was given is wiped; reopening does not bring it back"),
        ]
        if (
            await app.push_screen_wait(ChoiceDialog(f"Close {ticket.number}?", choices, chosen="no").that_sends())
            != "yes"
        ):
            return
    if await _change(app, ticket, TicketChange(state=TicketState.CLOSED), hold=True) is not None:
        after_acting(app, [ticket_id])


def written_meanwhile(ticket: Ticket, shown: str) -> str | None:
    """Why it is not closed: its last message is not the one that was shown (TKT-9)."""
    last = str(ticket.last_message_id) if ticket.last_message_id is not None else ""
    if last == shown:
        return None
    return f"Not closed: somebody wrote to ticket {ticket.number} meanwhile. Look at what is new first (TKT-9)."


async def reopen_ticket(app: Shell, ticket_id: str, *, seen: str | None = None) -> None:
    """A client reopens with a message (TKT-5), which rests on what was ``seen`` (TKT-9); staff at once."""
    if not is_staff(app):
        ticket = await _ticket_now(app, ticket_id)
        until = f", until {moment_text(ticket.reopen_until)}" if ticket.reopen_until else ""
        app.say(f"Your next message reopens it{until}: say what is still wrong (TKT-5).")
        app.compose_reply(ticket_id, seen=seen)
        return
    await _change(app, await _ticket_now(app, ticket_id), TicketChange(state=TicketState.OPEN), hold=False)


async def rate_ticket(app: Shell, ticket_id: str) -> None:
    """1 to 5, and a word about it; it can be rated anew."""
    ticket = await _ticket_now(app, ticket_id)
    if refusal := ticket_refusal("ticket.rate", ticket, staff=is_staff(app)):
        app.say(refusal, "warning")
        return
    now = str(ticket.rating) if ticket.rating else "5"
    rating = await app.push_screen_wait(
        ChoiceDialog(f"How did support do on {ticket.number}?", [Choice(*one) for one in RATINGS], chosen=now)
    )
    if rating is None:
        return

    def check(text: str) -> str | None:
        if len(text) <= LONGEST_COMMENT:
            return None
        return f"A comment has up to {LONGEST_COMMENT} characters; this one has {len(text)}."

    comment = await app.push_screen_wait(
        Prompt(
            f"Rating {rating}", label="A word about it, if you like (support reads it):", button="Rate", check=check,
            value=one_line(str(ticket.rating_comment)),
        ).that_sends()
    )  # fmt: skip
    if comment is not None:
        await _change(app, ticket, TicketChange(rating=int(rating), rating_comment=comment.strip() or None), hold=False)


async def give_access(app: Shell, ticket_id: str) -> None:
    """Type it into a masked field; it is sent at once, by itself, and written down nowhere here (TKT-4)."""
    ticket = await _ticket_now(app, ticket_id)
    if refusal := ticket_refusal("ticket.access", ticket, staff=is_staff(app)):
        app.say(refusal, "warning")
        return
    trouble = ""
    replaces = " It replaces what was given." if ticket.access == AccessState.GIVEN else ""
    while True:
        prompt = Prompt(
            f"Server access for {ticket.number}", label=trouble or "The server's root password:", button="Give",
            password=True, check=lambda text: None if text else "Type it, or press esc.",
            note="Never the password of your billing account. Encrypted; support alone reads it, each reading is"
            f" logged and you see the log; it is wiped when the ticket closes (TKT-4).{replaces}",
        )  # fmt: skip
        typed = await app.push_screen_wait(prompt)
        if typed is None:
            return
        try:
            await app.session.tickets.give_access(ticket_id, SecretStr(typed))
        except ClientError as error:
            trouble = f"Not given: {error} Type it again, or press esc."
        else:
            app.say(f"Server access is given on {ticket.number}.")
            return
