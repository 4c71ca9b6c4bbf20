"""The codes of the mails, for one transfer or many at once: links, whole mails or a bare code in one field (TRF-2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import SecretStr
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.screens.modals.dialog import Dialog, named
from billtui.screens.transfer_view import left_of, other_side
from billtui.services.pasted_codes import LinkedCode, bare_code, links_in
from billtui.services.store import TransferRow
from billtui.widgets.codes_input import CodesInput
from billtui.widgets.formats import count_text
from billtui.widgets.record_table import Column, RecordTable, Toned

WORDS = {
    "confirm": ("Confirm", "The sender's mail is called “Order Transfer Confirmation”."),
    "accept": ("Accept", "The recipient's mail is called “Order Acceptance Confirmation”."),
}
"""Of a step: the verb, and which mail has its code (TRF-2)."""
_OF_WHOM = {"confirm": "the sender's link, to confirm", "accept": "the recipient's link, to accept"}


class CodesAnswer(NamedTuple):
    """Codes by transfer; or that the mails are to be looked at first, with the codes so far."""

    codes: Mapping[str, SecretStr]
    mail: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A transfer that waits for a code, and what the panel said about the one before, if it refused it."""

    row: TransferRow
    problem: str = ""


class CodesDialog(Dialog[CodesAnswer]):
    """Answers the codes that were given, or ``None``.

    The cursor of the list says which transfer a bare code is for; a link says that itself. A link of another transfer
    that waits too is offered: enter takes it along.
    """

    CSS_PATH = [Path(__file__).with_name("dialog.tcss"), Path(__file__).with_name("codes.tcss")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]

    def __init__(
        self,
        step: str,
        waiting: Sequence[Waiting],
        *,
        now: int,
        address: str,
        host: str,
        known: Callable[[str], TransferRow | None],
        offered: Callable[[TransferRow], bool],
        codes: Mapping[str, SecretStr] | None = None,
        trouble: str = "",
        with_mail: bool = False,
    ) -> None:
        """``known`` gives another transfer of the copy by its id, ``offered`` says whether it waits for the same step.

        ``codes`` were given before, ``trouble`` is why nothing could be sent with them; ``address`` is where the mails
        went; ``with_mail``: the panel shows them. A link that leads elsewhere than to ``host`` is another panel's: its
        code is not sent to this one.
        """
        super().__init__()
        self.step = step
        self.verb = WORDS[step][0]
        count = len(waiting)
        self.title_text = f"{self.verb} {waiting[0].row.order_name if count == 1 else count_text(count, 'transfer')}"
        self.waiting = {one.row.id: one for one in waiting}
        self.now = now
        self.address = address
        self.host = host
        self.known = known
        self.offered = offered
        self.codes: dict[str, SecretStr] = dict(codes or {})
        self.trouble = trouble
        self.with_mail = with_mail
        self._extra: dict[str, tuple[TransferRow, SecretStr]] = {}
        """Transfers of pasted links that are not in the list, by id, until enter takes them along."""

    # --- composition

    def compose_body(self) -> Iterable[Widget]:
        """What is wanted, the field, what was understood, and which transfers wait."""
        where = f" It went to {self.address}." if self.address else ""
        several = " Paste the links of many mails at once: each finds its own." if len(self.waiting) > 1 else ""
        yield Static(
            Content(f"{WORDS[self.step][1]}{where} Paste its link, or type the code.{several}"), classes="note"
        )
        field = CodesInput(placeholder="link or code: shown as dots, kept nowhere", id="codes")
        field.cursor_blink = False
        yield field
        yield Static(id="said")
        table: RecordTable[Waiting] = RecordTable(
            self._columns(), lambda one: one.row.id, ascii_only=self._ascii, id="waiting"
        )
        yield table

    def compose_buttons(self) -> Iterable[Widget]:
        """The safe answer, the mails where there are any, and going on with what was given."""
        yield Button("Later", id="cancel")
        if self.with_mail:
            yield Button("Mails of the sandbox", id="mail")
        yield Button(Content(self.verb), id="go", disabled=True)

    @property
    def _ascii(self) -> bool:
        return bool(getattr(self.app, "ascii_only", False))

    def _columns(self) -> list[Column[Waiting]]:
        def code(one: Waiting) -> Toned | str:
            if one.row.id in self.codes:
                return Toned("+ given" if self._ascii else "✓ given", "good")
            return Toned(one.problem, "bad") if one.problem else Toned("wanted", "dim")

        def left(one: Waiting) -> Toned | str:
            return left_of(one.row, self.now)

        return [
            Column(key="name", title="Server", cell=lambda o: o.row.order_name, min_width=14, flex=2, priority=9),
            Column(key="side", title="With", cell=lambda o: other_side(o.row), min_width=12, flex=1, priority=7),
            Column(key="left", title="Time left", cell=left, width=10, priority=6),
            Column(key="code", title="Code", cell=code, min_width=8, flex=2, priority=8),
        ]

    def on_mount(self) -> None:
        """The field first; the cursor of the list on the first that wants a code."""
        table = self.query_one("#waiting", RecordTable)
        table.can_focus = False  # the arrows move its cursor from the field
        table.styles.height = min(len(self.waiting), 10) + 1
        self._show()
        problems = [one.problem for one in self.waiting.values() if one.problem]
        if self.trouble:
            self._say(self.trouble)
        elif problems:
            many = f"{len(problems)} of them did not go through; each says why."
            self._say(problems[0] if len(problems) == 1 else many)
        self.query_one("#codes").focus()

    # --- what was given

    @on(CodesInput.Pasted)
    def pasted(self, event: CodesInput.Pasted) -> None:
        """A paste is read at once; what was typed before it belongs to it."""
        event.stop()
        field = self.query_one("#codes", CodesInput)
        text, field.value = f"{field.value}{event.text}", ""
        self._read(text)

    @on(Input.Submitted, "#codes")
    def entered(self, event: Input.Submitted) -> None:
        """Enter reads what was typed; in an empty field it takes an offered one along, else it goes on."""
        event.stop()
        text, event.input.value = event.value, ""
        if text.strip():
            self._read(text)
        elif self._extra:
            taken, self._extra = self._extra, {}
            self.waiting |= {key: Waiting(row) for key, (row, _) in taken.items()}
            self.codes |= {key: code for key, (_, code) in taken.items()}
            self.query_one("#waiting", RecordTable).styles.height = min(len(self.waiting), 10) + 1
            self._show()
            self._given(list(taken))
        elif self.codes:
            self.query_one("#go").focus()
        else:
            self._say("Paste the link of the mail, or type its code.")

    def _read(self, text: str) -> None:
        self._extra = {}
        links = links_in(text)
        if links:
            self._take_links(links)
            return
        code = bare_code(text)
        if code is None:
            self._say("That is no code: it has letters, digits and dashes. The whole link of the mail does as well.")
            return
        row: Waiting | None = self.query_one("#waiting", RecordTable).cursor_row
        if row is not None:
            self.codes[row.row.id] = code
            self._show()
            self._given([row.row.id])

    def _take_links(self, links: Sequence[LinkedCode]) -> None:
        own = [one for one in links if one.host in ("", self.host)]
        taken = [one for one in own if one.step == self.step and one.transfer_id in self.waiting]
        for one in taken:
            self.codes[one.transfer_id] = one.code
        self._show()
        rest = [one for one in links if one not in taken]
        for one in own:
            row = self.known(one.transfer_id) if one in rest and one.step == self.step else None
            if row is not None and self.offered(row):
                self._extra[row.id] = (row, one.code)
        if rest:
            refused = [one for one in rest if one.transfer_id not in self._extra]
            self._say_of(refused, len(taken))
        if taken and not self._extra:
            self._given([one.transfer_id for one in taken], told=bool(rest))

    def _say_of(self, refused: Sequence[LinkedCode], taken: int) -> None:
        """What of the links was taken, what is offered, and why the rest was not."""
        words = [f"{count_text(taken, 'code')} taken."] if taken else []
        if len(self._extra) == 1:
            row, _ = next(iter(self._extra.values()))
            words.append(f"A link is of another transfer: {row.order_name} {other_side(row)}. Enter takes it along.")
        elif self._extra:
            words.append(f"{len(self._extra)} links are of other transfers that wait too. Enter takes them along.")
        if refused:
            words.append(self._why_not(refused[0]))
        if len(refused) > 1:
            words.append(f"{count_text(len(refused) - 1, 'more link was', 'more links were')} not taken.")
        self._say(" ".join(words))

    def _why_not(self, link: LinkedCode) -> str:
        """Why a link was not taken: another panel's, the other step's, or nothing waits for it."""
        row = self.known(link.transfer_id)
        if link.host not in ("", self.host):
            return f"That link leads to {named(link.host)}, and this panel is {self.host}: its code is not sent here."
        if link.step != self.step and (row is None or link.transfer_id in self.waiting):
            return f"That is {_OF_WHOM[link.step]}; this is to {self.step}. Paste the link of the other mail."
        if row is None:
            return "That link is of a transfer that this account does not know. Is it another account's, or panel's?"
        return f"That link is of {row.order_name} {other_side(row)}, which is {row.state}: nothing to {self.step}."

    def _given(self, ids: Sequence[str], *, told: bool = False) -> None:
        """Say what was understood; rest on the next that wants one, or on the answer once all have theirs."""
        wanting = [one for one in self.waiting if one not in self.codes]
        if not told:
            names = self.waiting[ids[0]].row.order_name if len(ids) == 1 else count_text(len(ids), "transfer")
            rest = f" {len(wanting)} still without." if wanting else ""
            self._say(f"Code for {names} taken.{rest}", good=True)
        if wanting:
            self.query_one("#waiting", RecordTable).move_cursor_to(wanting[0])
        else:
            self.query_one("#go").focus()

    def _show(self) -> None:
        table: RecordTable[Waiting] = self.query_one("#waiting", RecordTable)
        table.set_rows(list(self.waiting.values()))
        table.refresh_cells()
        button = self.query_one("#go", Button)
        button.disabled = not self.codes
        count = len(self.waiting)
        button.label = Content(self.verb if count == 1 else f"{self.verb} {len(self.codes)} of {count}")

    def _say(self, words: str, *, good: bool = False) -> None:
        self.query_one("#said", Static).update(Content.styled(words, "$text-success" if good else "$text-warning"))

    def action_move(self, by: int) -> None:
        """Another transfer for a bare code."""
        table = self.query_one("#waiting", RecordTable)
        if by > 0:
            table.action_cursor_down()
        else:
            table.action_cursor_up()

    # --- answers

    @on(Button.Pressed, "#go")
    def go(self) -> None:
        """With the codes that were given."""
        if self.codes:
            self.dismiss(CodesAnswer(self.codes))

    @on(Button.Pressed, "#mail")
    def mails(self) -> None:
        """Look at the mails first."""
        self.dismiss(CodesAnswer(self.codes, mail=True))
