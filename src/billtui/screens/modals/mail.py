"""The sandbox's mails: a list and the mail under the cursor. A real panel sends them, and has no such place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.client.errors import ClientError
from billtui.domain.models import Mail
from billtui.keymap import with_twins
from billtui.screens.modals.dialog import Dialog
from billtui.screens.waits import act_of_view
from billtui.widgets.formats import moment_text
from billtui.widgets.record_table import Column, RecordTable, Toned

HIDDEN = "••••"
BANNER = "The sandbox's mail: a real panel would have sent this."


class MailAnswer(NamedTuple):
    """Mails whose codes are to be used."""

    mails: tuple[Mail, ...]


class MailDialog(Dialog[MailAnswer]):
    """Answers the mails whose codes to use, or ``None``. Needs nobody to be signed in.

    ``wanted``: transfers whose codes are asked for; ``A`` takes those of all of them at once. Codes are drawn only
    when ``v`` asks for it: pictures of the screen hold none.
    """

    CSS_PATH = [Path(__file__).with_name("dialog.tcss"), Path(__file__).with_name("mail.tcss")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(with_twins(["r"])), "load", show=False),
        Binding(",".join(with_twins(["v"])), "reveal", show=False),
        Binding(",".join(with_twins(["A"])), "take_all", show=False),
    ]

    def __init__(
        self,
        load: Callable[[], Awaitable[Sequence[Mail]]],
        *,
        to: str = "",
        wanted: Collection[str] = (),
        about: Callable[[Mail], str] = lambda mail: "",
    ) -> None:
        """``load`` asks the panel for the mails, to ``to`` or all; ``wanted`` are ids of transfers.

        ``about`` names the server that a mail is about.
        """
        super().__init__()
        self.load = load
        self.title_text = f"Mail to {to}" if to else "Mail"
        self.wanted = frozenset(wanted)
        self.server_of = about
        self.mails: list[Mail] = []
        self._revealed: str | None = None

    def compose_body(self) -> Iterable[Widget]:
        """What this is, the list, and the mail under the cursor."""
        yield Static(Content(BANNER), id="banner")
        table: RecordTable[Mail] = RecordTable(
            self._columns(), lambda mail: str(mail.id), ascii_only=self._ascii, id="mails"
        )
        yield table
        with VerticalScroll(id="reading"):
            yield Static(Content.styled("Asking the panel …", "$muted"), id="body")

    def compose_buttons(self) -> Iterable[Widget]:
        """Keys, and the way out."""
        many = " · A takes the codes of all" if len(self.wanted) > 1 else ""
        yield Static(Content.styled(f"enter uses its code{many} · v shows it · r reads anew ", "$muted"), id="hint")
        yield Button("Close", id="cancel")

    @property
    def _ascii(self) -> bool:
        return bool(getattr(self.app, "ascii_only", False))

    def _columns(self) -> list[Column[Mail]]:
        def code(mail: Mail) -> Toned | str:
            if not mail.code:
                return ""
            wanted = self.is_wanted(mail)
            return Toned("wanted" if wanted else "has one", "good" if wanted else "dim")

        return [
            Column(key="at", title="When", cell=lambda m: moment_text(m.at)[5:], width=11, priority=8),
            Column(key="subject", title="Subject", cell=lambda m: str(m.subject), min_width=20, flex=3, priority=9),
            Column(key="about", title="Server", cell=self.server_of, min_width=12, max_width=24, flex=2, priority=6),
            Column(key="code", title="Code", cell=code, width=7, priority=7),
            Column(key="to", title="To", cell=lambda m: str(m.to), min_width=26, flex=1, priority=1),
        ]

    def is_wanted(self, mail: Mail) -> bool:
        """Whether it has the code of a transfer that is asked for."""
        return bool(mail.code) and str(mail.transfer_id or "") in self.wanted

    def on_mount(self) -> None:
        """Ask at once."""
        self.query_one("#mails").focus()
        self.action_load()

    def action_load(self) -> None:
        """Ask the panel for the mails; the newest first."""
        self.run_worker(self._load(), group="mails", exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        body = self.query_one("#body", Static)
        try:
            with act_of_view(self.app):
                found = await self.load()
        except ClientError as error:
            body.update(Content.styled(f"{error} r asks again.", "$text-error"))
            return
        first = not self.mails
        self.mails = sorted(found, key=lambda mail: mail.at)[::-1]
        table: RecordTable[Mail] = self.query_one("#mails", RecordTable)
        table.set_rows(self.mails)
        if not self.mails:
            body.update(Content.styled("No mail was sent to this address yet. r asks again.", "$muted"))
        elif first:
            best = next((mail for mail in self.mails if self.is_wanted(mail)), self.mails[0])
            table.move_cursor_to(str(best.id))
        self._show()

    @on(RecordTable.CursorMoved, "#mails")
    def moved(self) -> None:
        """Read the mail under the cursor."""
        self._show()
        self.query_one("#reading", VerticalScroll).scroll_home(animate=False)

    @property
    def mail(self) -> Mail | None:
        """The mail under the cursor."""
        row: Mail | None = self.query_one("#mails", RecordTable).cursor_row
        return row

    def _show(self) -> None:
        mail = self.mail
        if mail is None:
            return
        text = str(mail.body)
        if mail.code and self._revealed != str(mail.id):
            text = text.replace(str(mail.code), HIDDEN if not self._ascii else "****")
        self.query_one("#body", Static).update(
            Content.assemble(
                (str(mail.subject), "bold"), ("\nto ", "$muted"), str(mail.to), ("  ", ""),
                (moment_text(mail.at), "$muted"), "\n\n", text,
            )
        )  # fmt: skip

    def action_reveal(self) -> None:
        """Show the code of this mail, or hide it again."""
        mail = self.mail
        if mail is not None:
            self._revealed = None if self._revealed == str(mail.id) else str(mail.id)
            self._show()

    @on(RecordTable.RowOpened, "#mails")
    def use(self) -> None:
        """Use the code of this mail."""
        mail = self.mail
        if mail is not None and mail.code:
            self.dismiss(MailAnswer((mail,)))

    def action_take_all(self) -> None:
        """Use the codes of every transfer that is asked for, the newest mail of each."""
        newest: dict[str, Mail] = {}
        for mail in reversed(self.mails):
            if self.is_wanted(mail):
                newest[str(mail.transfer_id)] = mail
        if newest:
            self.dismiss(MailAnswer(tuple(newest.values())))
