"""Reading the server access that a client gave: a reason, sixty seconds on the screen, then nothing of it (TKT-4)."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from pydantic import SecretStr
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.domain.models import RevealedAccess
from billtui.screens.flows import signed_in_account
from billtui.screens.modals.dialog import Dialog, Fact, Facts, named
from billtui.screens.modals.prompt import Prompt
from billtui.screens.shell import shell_of
from billtui.services.store import TicketRow
from billtui.widgets.formats import moment_text
from billtui.widgets.secret_text import SecretText

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

SHOWN_SECONDS = 60
"""So long it stands on the screen."""
LONGEST_REASON = 200


class AccessShown(Dialog[None]):
    """The access, until the time is over or it is closed: then it is nowhere in this program any more."""

    title_text = "Server access"
    DEFAULT_CSS = """
    AccessShown #secret {
        height: auto; max-height: 12; margin: 1 0; padding: 0 1; background: $panel; text-style: bold;
    }
    AccessShown #left { height: 1; width: auto; color: $text-warning; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,с", "copy", "Copy", show=False),
        Binding("с", "copy", "Copy", show=False),  # the same key on a Cyrillic layout
    ]

    def __init__(self, row: TicketRow, read: RevealedAccess, reason: str) -> None:
        """Show what was read on ``row`` for ``reason``."""
        super().__init__()
        self.row, self.at, self.reason = row, read.at, reason
        self._access: SecretStr | None = read.access
        self._until = monotonic() + SHOWN_SECONDS

    def compose_body(self) -> Iterable[Widget]:
        """Whose, why, the access, how long still."""
        yield Facts(
            [
                Fact("Ticket", f"{self.row.number} of {named(self.row.login)}"),
                Fact("Read", f"{moment_text(self.at)}, logged, and the client sees it"),
                Fact("Because", named(self.reason)),
            ]
        )
        yield SecretText(Content(self._access.get_secret_value() if self._access is not None else ""), id="secret")
        yield Static(Content(self._left()), id="left")
        yield Static(
            Content("c sends it to the terminal's clipboard, which keeps it longer than this."), classes="note"
        )

    def compose_buttons(self) -> Iterable[Widget]:
        """Only a way out."""
        yield Button("Close", id="cancel")

    def on_mount(self) -> None:
        """The countdown; each second only its own cells are drawn."""
        self.query_one("#cancel").focus()
        self.set_interval(1, self._tick)

    def _seconds(self) -> int:
        return max(0, round(self._until - monotonic()))

    def _left(self) -> str:
        return f"Gone from here in {self._seconds():>2} s"

    def _tick(self) -> None:
        if self._seconds() <= 0:
            self.action_cancel()
        else:
            self.query_one("#left", Static).update(Content(self._left()), layout=False)

    def action_copy(self) -> None:
        """Only by this key; what is said does not repeat it."""
        if self._access is not None:
            shell_of(self).copy(self._access.get_secret_value(), secret=True)

    def action_cancel(self) -> None:
        """Out of the screen and out of memory, then close."""
        self._forget()
        self.dismiss(None)

    def on_unmount(self) -> None:
        """However it ends."""
        self._access = None

    def _forget(self) -> None:
        if self._access is not None:
            self._access = None
            self.query_one("#secret", SecretText).update(Content(""))


async def read_access(app: Shell, row: TicketRow) -> None:
    """Ask for the reason, read it once, show it for a minute. Never repeated by itself: each reading is logged."""
    signed_in_account(app)

    def check(text: str) -> str | None:
        if len(text.strip()) < 3:
            return "Say why in a few words: it is logged, and the client reads it."
        if len(text.strip()) > LONGEST_REASON:
            return f"A reason has at most {LONGEST_REASON} characters."
        return None

    reason = await app.push_screen_wait(
        Prompt(
            f"Read the server access of ticket {row.number}", label="Why do you need it?", button="Read it",
            check=check,
            note="Logged with your name, the time and this reason; the client sees the log. It is shown for"
            f" {SHOWN_SECONDS} s and kept nowhere.",
        ).that_sends()
    )  # fmt: skip
    if reason is None:
        return
    # Once, and never again by itself: where the answer is lost, the error says what that means.
    read = await app.session.tickets.reveal_access(row.id, reason.strip())
    await app.push_screen_wait(AccessShown(row, read, reason.strip()))
    app.say("The server access is gone from this screen and from memory.")
