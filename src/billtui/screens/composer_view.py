"""How the composer looks: whom and what about, the text in a frame that says what it is, and the review beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, Literal

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from billtui.commands import COMMANDS, Command, Scope
from billtui.domain.models import Doing
from billtui.domain.rules.tickets import MIB
from billtui.screens.base import BilltuiScreen
from billtui.screens.presence import PresenceLine
from billtui.screens.review_panel import ReviewPanel
from billtui.terminal.harmless import many_lines, one_line
from billtui.widgets.field_line import FieldLine
from billtui.widgets.formats import moment_text
from billtui.widgets.letter_area import LetterArea
from billtui.widgets.secret_input import SecretInput

Kind = Literal["new", "reply", "note"]
WIDE: Final = 120
"""From so many columns the review stands beside the text."""
LONGEST_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class Looks:
    """What a screen of the composer is, before anything is written."""

    kind: Kind
    head: str = ""
    """Over a reply or a note: which ticket, whose."""
    staff: bool = False
    tail: tuple[tuple[str, datetime | None, str, bool], ...] = ()
    """The last messages of the thread, to be read while answering: author, when, body, whether it is a note."""
    ticket_id: str = ""
    """What is written to; empty for a new ticket."""

    @property
    def frame(self) -> str:
        """What the frame of the text says."""
        if self.kind == "note":
            return "NOTE for colleagues: the client never sees it"
        return "New ticket" if self.kind == "new" else "ANSWER to the client" if self.staff else "Your message"

    @property
    def send_word(self) -> str:
        """What the key that sends is called."""
        return {"new": "Send", "reply": "Send answer" if self.staff else "Send", "note": "ADD NOTE"}[self.kind]


class ComposerView(BilltuiScreen):
    """The widgets of the composer and what stands in them."""

    CSS_PATH: ClassVar[Path] = Path(__file__).with_name("composer.tcss")
    AREA = "Tickets"
    SCOPES = (Scope.COMPOSER,)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (18, "-low"), (32, "-high")]
    AUTO_FOCUS = ""

    def __init__(self, looks: Looks) -> None:
        """``looks`` decides which fields there are."""
        super().__init__()
        self.looks = looks
        self.busy = False
        """Something is being sent: nothing else is until its outcome is known."""

    # --- composition

    def compose_body(self) -> Iterable[Widget]:
        """Fields, text, files, access, review."""
        looks = self.looks
        self.set_class(looks.kind == "note", "note")
        if looks.kind == "new":
            with Horizontal(id="about"):
                yield FieldLine("To", id="department")
                yield FieldLine("Order", id="order")
            with Horizontal(id="subject-line"):
                yield Static("Subject", classes="label")
                field = Input(id="subject", max_length=LONGEST_SUBJECT)
                field.cursor_blink = False
                yield field
        else:
            yield Static(Content(one_line(looks.head)), id="head")
            if looks.staff:
                yield PresenceLine(looks.ticket_id, Doing.WRITING)
        with Vertical(id="main"):
            with Vertical(id="left"):
                with Vertical(id="letter") as letter:
                    letter.border_title = Content(looks.frame)
                    yield LetterArea(id="text")
                with Horizontal(id="extras"):
                    yield FieldLine("Files", id="files")
                    if not looks.staff and self.session.unavailable("tickets.access") is None:
                        with Horizontal(id="access-line"):
                            yield Static("Server access", classes="label")
                            yield SecretInput(placeholder="root password", id="access")
            with Vertical(id="right"):
                yield ReviewPanel(id="review")
                if looks.tail:
                    with VerticalScroll(id="last") as last:
                        last.border_title = "The end of the thread"
                        yield Static(_tail(looks))
        yield Static(id="sending")

    # --- what stands in it

    @property
    def body(self) -> LetterArea:
        """The text."""
        return self.query_one("#text", LetterArea)

    @property
    def subject(self) -> Input | None:
        """The subject, of a new ticket."""
        return self.query_one("#subject", Input) if self.looks.kind == "new" else None

    @property
    def access(self) -> SecretInput | None:
        """The field for server access, of a client whose panel has that."""
        return next(iter(self.query("#access").results(SecretInput)), None)

    @property
    def review_panel(self) -> ReviewPanel:
        """What the review says."""
        return self.query_one("#review", ReviewPanel)

    @property
    def in_text(self) -> bool:
        """Whether letters and digits are being typed, not commands."""
        return isinstance(self.focused, Input | TextArea)

    def show_sending(self, words: str) -> None:
        """A line below everything while something is under way; empty: nothing is."""
        line = self.query_one("#sending", Static)
        line.update(Content(words))
        line.set_class(bool(words), "shown")

    def set_busy(self, busy: bool) -> None:
        """While it is being sent nothing of it can be changed."""
        self.busy = busy
        self.body.read_only = busy
        for field in (self.subject, self.access):
            if field is not None:
                field.disabled = busy
        self.refresh_keys()

    def only_access_left(self, words: str) -> None:
        """It is sent; server access alone is left to be given, and stands in its field."""
        self.set_busy(True)
        self.busy = False
        if (access := self.access) is not None:
            access.disabled = False
            access.focus()
        self.show_sending(f"{words} ^o gives it again; esc leaves it.")
        self.refresh_keys()

    def show_kept(self, words: str) -> None:
        """On the frame: whether what is written is kept."""
        self.query_one("#letter").border_subtitle = Content(words)

    def on_descendant_focus(self) -> None:
        """In a text other keys work than beside it."""
        self.refresh_keys()

    def bar_keys(self, command: Command) -> Sequence[str]:
        """In a text a letter is a letter: what has no other key is left out, and ``esc`` leads to the review."""
        if not self.in_text:
            return super().bar_keys(command)
        if command.id == "app.close":
            return super().bar_keys(COMMANDS["app.back"])
        return [key for key in super().bar_keys(command) if len(key) > 1]

    def key_word(self, command: Command) -> str:
        """The key that sends says what it sends, and the one that leaves where it leads."""
        if command.id == "app.close" and self.in_text:
            return "Review"
        return self.looks.send_word if command.id == "composer.send" else super().key_word(command)


def _tail(looks: Looks) -> Content:
    """Messages one below the other, the last one at the end."""
    parts: list[Content] = []
    for author, at, body, internal in looks.tail:
        note = ("NOTE  ", "bold $text-warning") if internal else ""
        parts.append(Content.assemble(note, (one_line(author), "bold"), (f"  {moment_text(at)}", "$muted")))
        parts.append(Content(many_lines(body.strip("\n"))))
        parts.append(Content(""))
    return Content("\n").join(parts)


def size_text(size: int) -> str:
    """A file's size, for people."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.0f} KiB" if size < MIB else f"{size / MIB:.1f} MiB"
