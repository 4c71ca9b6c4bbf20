"""What the review of a ticket says, calmly: each finding with its reason, and the number that fixes it (TKT-2)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from billtui.services import ticket_review
from billtui.services.ticket_review import Finding, Severity
from billtui.terminal.harmless import one_line

NUMBERED = 9
"""So many findings have a number that fixes them; the next ones move up."""
NOTHING = "Nothing to say against it."
LONGEST_FIX = 160
INDENT = 3
SHORT: Final[Mapping[str, str]] = {
    "wrong-department": "Another department's matter.",
    "no-order": "No order is selected.",
    "no-server-access": "No server access is given.",
    "billing-password": "The billing password is in the text.",
    "no-steps": "Where, since when, how to reproduce?",
    "empty-section": "A section is empty.",
    "transliteration": "Latin letters for Cyrillic words.",
    "slang": "A word that not everybody knows.",
    "two-problems": "A second problem begins.",
    "subject-says-nothing": "The subject says nothing.",
    "missing-attachment": "A file is spoken of, none is there.",
    "secret-in-text": "It stands in the text.",
    "bumping": "Support has not answered yet.",
}
"""What a finding is, where there is one line for it."""


def finding_lines(number: int, finding: Finding, *, room: int, short: bool) -> Content:
    """One finding: number, reason, what its fix does. What gives something away says so in a word and in colour.

    ``short`` is one line: what it is, and the fix as far as it fits.
    """
    risk = finding.severity is Severity.RISK
    word = "SECRET " if risk else ""
    lead = Content.assemble(
        (f" {number if number <= NUMBERED else ' '} ", "bold $text-accent"), (word, "bold $text-error")
    )
    tone = "bold $text-error" if risk else ""
    fix = one_line(ticket_review.said(finding.fix))
    if short:
        line = Content.assemble(lead, (SHORT[finding.id], tone), (f"  {fix}", "$muted"))
        return line.truncate(max(10, room), ellipsis=True)
    reason = textwrap.wrap(one_line(finding.reason), max(10, room - INDENT - len(word))) or [""]
    lines = [Content.assemble(lead, (reason[0], tone))]
    lines += [Content.styled(" " * INDENT + more, tone) for more in reason[1:]]
    fixes = textwrap.wrap(_cut(fix, LONGEST_FIX), max(10, room - INDENT))
    lines += [Content.styled(" " * INDENT + one, "$muted") for one in fixes]
    return Content("\n").join(lines)


def findings_content(findings: Sequence[Finding], *, room: int, short: bool = False, nothing: str = NOTHING) -> Content:
    """All of them, in their order."""
    if not findings:
        return Content.styled(f" {nothing}", "$muted")
    return Content("\n").join(
        finding_lines(number, finding, room=room, short=short) for number, finding in enumerate(findings, 1)
    )


class ReviewPanel(VerticalScroll, can_focus=True):
    """The findings of what is being written. It never takes the focus by itself."""

    DEFAULT_CSS = """
    ReviewPanel {
        height: auto; max-height: 8; border: round $panel; border-title-color: $muted; background: $background;
        scrollbar-size-vertical: 1;
    }
    ReviewPanel:focus { border: round $accent; border-title-color: $text-accent; }
    ReviewPanel.risk { border: round $error; border-title-color: $text-error; border-title-style: bold; }
    ReviewPanel.risk:focus { border: heavy $error; }
    ReviewPanel Static { width: 1fr; height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        """Nothing was reviewed yet."""
        super().__init__(id=id)
        self._findings: tuple[Finding, ...] | None = None

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="findings")

    def on_mount(self) -> None:
        """Until the first review there is nothing to say."""
        self.border_title = Content("Review")
        self._draw()

    def on_resize(self) -> None:
        """The lines are fitted to the width."""
        self._draw()

    def watch_has_focus(self, has_focus: bool) -> None:
        """With the focus it tells everything; without, a line each where there is little room."""
        super().watch_has_focus(has_focus)
        self.border_subtitle = Content("a number does its fix · enter: the text · esc leaves" if has_focus else "")
        if self.is_mounted:
            self._draw()

    def show(self, findings: Sequence[Finding]) -> None:
        """Draw ``findings``; nothing moves where they are the same."""
        found = tuple(findings)
        if found == self._findings:
            return
        self._findings = found
        risk = any(one.severity is Severity.RISK for one in found)
        self.set_class(risk, "risk")
        self.border_title = _title(found)
        self._draw()

    def _draw(self) -> None:
        text = self.query_one("#findings", Static)
        if self._findings is None:
            text.update(Content.styled(" Reading it…", "$muted"))
        else:
            short = not self.has_focus and not self.screen.has_class("-wide")
            text.update(findings_content(self._findings, room=max(20, self.size.width - 1), short=short))


def _title(findings: Sequence[Finding]) -> Content:
    if not findings:
        return Content("Review")
    if any(one.severity is Severity.RISK for one in findings):
        return Content("Review: a secret stands in the text")
    number = len(findings)
    return Content(f"Review: {number} {'hint' if number == 1 else 'hints'}; it can be sent as it is")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
