"""What the review of a ticket says, calmly: each finding with its reason, and the number that fixes it (TKT-2)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
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
LONGEST_FIX = 120


def finding_content(number: int, finding: Finding, *, room: int) -> Content:
    """One finding: number, reason, and what its fix does; what gives something away says so in a word and in colour."""
    risk = finding.severity is Severity.RISK
    key = f"{number}" if number <= NUMBERED else " "
    fix = _short(one_line(ticket_review.said(finding.fix)), LONGEST_FIX)
    reason = one_line(finding.reason)
    lead: list[tuple[str, str]] = [(f" {key} ", "bold $text-accent")]
    if risk:
        lead.append(("SECRET ", "bold $text-error"))
    together = cell_len(reason) + cell_len(fix) + (14 if risk else 7) <= room
    return Content.assemble(
        *lead,
        (reason, "bold $text-error" if risk else ""),
        (f" {fix}" if together else f"\n   {fix}", "$muted"),
    )


def findings_content(findings: Sequence[Finding], *, room: int, nothing: str = NOTHING) -> Content:
    """All of them, in their order."""
    if not findings:
        return Content.styled(f" {nothing}", "$muted")
    return Content("\n").join(finding_content(number, finding, room=room) for number, finding in enumerate(findings, 1))


class ReviewPanel(VerticalScroll, can_focus=True):
    """The findings of what is being written. It never takes the focus by itself."""

    DEFAULT_CSS = """
    ReviewPanel {
        height: auto; max-height: 8; border: round $panel; border-title-color: $muted; background: $background;
        scrollbar-size-vertical: 1;
    }
    ReviewPanel:focus { border: round $accent; border-title-color: $text-accent; }
    ReviewPanel.risk { border: round $error; border-title-color: $text-error; border-title-style: bold; }
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
            text.update(findings_content(self._findings, room=max(20, self.size.width - 1)))


def _title(findings: Sequence[Finding]) -> Content:
    if not findings:
        return Content("Review")
    if any(one.severity is Severity.RISK for one in findings):
        return Content("Review: a secret stands in the text")
    number = len(findings)
    return Content(f"Review: {number} {'hint' if number == 1 else 'hints'}; it can be sent as it is")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
