"""What is asked before something goes out: findings once (TKT-2), and a thread that moved on meanwhile (TKT-9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.screens.modals.dialog import Dialog
from billtui.screens.review_panel import findings_content
from billtui.services.ticket_review import Finding, Severity
from billtui.terminal.harmless import many_lines, one_line
from billtui.widgets.formats import count_text, moment_text

ROOM: Final = 64
MOST_AROUND: Final = 13
"""Rows of the question around the findings."""
EXCERPT: Final = 1200
"""Characters of a new message that the dialog shows; all of it stands in the thread."""


class SendWithFindings(Dialog[bool]):
    """Answers whether it is to be sent as it is. Asked once; the safe answer goes back to the text."""

    confirms = True

    def __init__(self, findings: Sequence[Finding], send_word: str) -> None:
        """``send_word`` is what sending is called here."""
        super().__init__()
        self.findings = tuple(findings)
        self.send_word = send_word
        self.secret = any(one.severity is Severity.RISK for one in self.findings)
        self.title_text = "A secret stands in the text" if self.secret else "Support would ask back"

    def compose_body(self) -> Iterable[Widget]:
        """The findings, and what sending a secret means."""
        if self.secret:
            words = "Once sent it cannot be taken back: it stays in the thread, and in every copy of it."
            yield Static(Content.styled(words, "bold $text-error"), id="secret")
        with VerticalScroll(classes="rows", id="findings") as rows:
            rows.can_focus = False
            yield Static(findings_content(self.findings, room=ROOM))
        note = "Advice, not a wall. Back in the text ^t does the first fix; esc, then a number, does any."
        yield Static(Content(note), classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Back first."""
        yield Button("Back to the text", id="cancel")
        yield Button(Content(f"{self.send_word} as it is"), id="send")

    def on_mount(self) -> None:
        """Rest on going back: a key typed ahead sends nothing."""
        self.query_one("#dialog").set_class(self.secret, "danger")
        self.query_one("#cancel").focus()

    def on_resize(self) -> None:
        """The findings scroll, not the question around them."""
        self.query_one("#findings").styles.max_height = max(MOST_AROUND // 3, self.size.height - MOST_AROUND)

    @on(Button.Pressed, "#send")
    def send(self) -> None:
        """As it is."""
        self.dismiss(True)


class NewMessage(NamedTuple):
    """A message that the writer has not seen."""

    author: str
    at: datetime | None
    body: str
    internal: bool = False


Held = Literal["look", "send"]


class ThreadMovedOn(Dialog[Held]):
    """What was written meanwhile, and what is to become of the reply (TKT-9). ``None`` keeps the draft."""

    title_text = "Held: the thread has moved on"
    confirms = True

    def __init__(self, new: Sequence[NewMessage], send_word: str) -> None:
        """``new`` are the messages that were not seen, oldest first."""
        super().__init__()
        self.new = list(new)
        self.send_word = send_word

    def compose_body(self) -> Iterable[Widget]:
        """The new messages."""
        count = count_text(len(self.new), "message")
        words = f"Nothing was sent. {count} came after the last one that you saw; your text is kept as a draft."
        yield Static(Content(words), classes="note")
        with VerticalScroll(classes="rows tall", id="new") as rows:
            rows.can_focus = True
            yield Static(self._messages())

    def _messages(self) -> Content:
        parts: list[Content] = []
        for one in self.new:
            note = "NOTE, staff only  " if one.internal else ""
            parts.append(
                Content.assemble(
                    (note, "bold $text-warning"), (one_line(one.author) or "the panel", "bold"),
                    (f"  {moment_text(one.at)}", "$muted"),
                )
            )  # fmt: skip
            body = many_lines(one.body.strip())
            parts.append(Content(body if len(body) <= EXCERPT else f"{body[:EXCERPT]}…"))
            parts.append(Content(""))
        return Content("\n").join(parts[:-1])

    def compose_buttons(self) -> Iterable[Widget]:
        """Keeping the draft first; sending all the same is a choice of its own."""
        yield Button("Back to the text", id="cancel")
        yield Button("Look at the thread", id="look")
        yield Button(Content(f"{self.send_word} anyway"), id="send")

    def on_mount(self) -> None:
        """Rest on the safe answer."""
        self.query_one("#cancel").focus()

    @on(Button.Pressed, "#look")
    def look(self) -> None:
        """Go and read; the draft stays."""
        self.dismiss("look")

    @on(Button.Pressed, "#send")
    def send(self) -> None:
        """Send it all the same, now that they were seen."""
        self.dismiss("send")
