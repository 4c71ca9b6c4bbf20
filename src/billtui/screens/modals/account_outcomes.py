"""What became of the plans of several accounts, a line for each; it follows them until they rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.screens.modals.dialog import Dialog, named
from billtui.services.accounts.bulk import AccountJob
from billtui.services.journal import JobRow
from billtui.widgets.formats import TONE_STYLES, count_text, state_cell
from billtui.widgets.profile_tag import tag


class AccountOutcomes(Dialog[None]):
    """Closing it stops nothing: the jobs go on, each in its own account's session."""

    title_text = "One result for each account"

    def __init__(self, jobs: Sequence[AccountJob], *, ascii_only: bool = False) -> None:
        """Nothing is known of the jobs yet."""
        super().__init__()
        self.jobs = list(jobs)
        self.rows: dict[str, JobRow] = {}
        self.ascii_only = ascii_only
        self.about = count_text(len(self.jobs), "account")

    def compose_body(self) -> Iterable[Widget]:
        """A block for each account."""
        with VerticalScroll(classes="rows tall") as scroll:
            scroll.can_focus = True
            yield Static(id="outcomes")
        note = "Closing this stops nothing. Each account keeps its job in its own list of jobs (x, then 4)."
        yield Static(Content(note), classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Close."""
        yield Button("Close", id="cancel")

    def on_mount(self) -> None:
        """Draw what is known."""
        self._draw()
        self.query_one("#cancel").focus()

    def hear(self, profile: str, row: JobRow) -> None:
        """One account's job moved."""
        self.rows[profile] = row
        if self.is_attached:
            self._draw()

    def _draw(self) -> None:
        self.query_one("#outcomes", Static).update(Content("\n").join(map(self._lines, self.jobs)))

    def _lines(self, job: AccountJob) -> Content:
        who = f"{named(job.plan.login)}, ID {named(job.plan.account_id)}"
        head = Content.assemble(
            tag(job.profile.name, job.profile.accent, sixteen=self.app.current_theme.ansi), " ", (who, "bold"), "  ",
            (str(job.plan.total), ""),
        )  # fmt: skip
        if job.job_id is None:
            return Content.assemble(head, "\n  ", (job.trouble, "$text-warning"))
        row = self.rows.get(job.profile.name)
        return Content.assemble(head, "\n  ", self._state(row))

    def _state(self, row: JobRow | None) -> Content:
        if row is None:
            return Content.styled("begins", "$muted")
        parts = []
        for state, count in row.counts.items():
            if count:
                cell = state_cell(state.value, ascii_only=self.ascii_only)
                parts.append(Content.styled(f"{cell.text} {count}", TONE_STYLES[cell.tone]))
        if row.paused is not None:
            parts.append(Content.styled(f"paused ({row.paused.value})", "$text-warning"))
        if row.note:
            parts.append(Content.styled(str(row.note), "$muted"))
        return Content(" · ").join(parts)
