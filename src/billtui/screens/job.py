"""One job with its operations, live: a thousand of them or twenty thousand, and few bytes for each second."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from textual.content import Content
from textual.widget import Widget

from billtui.commands import Command, Scope, handles
from billtui.screens.job_actions import (
    cancel_job,
    decide_job,
    pause_or_go_on,
    retry_job,
    show_operation,
    standing_of,
)
from billtui.screens.job_progress import NOBODY, Follower, Standing, progress_line, standing_text
from billtui.screens.job_report import report_job
from billtui.screens.jobs import job_refusal
from billtui.screens.list_screen import ListScreen, View
from billtui.services.executor import JobEvent
from billtui.services.journal import JobRow, OperationRow, OperationState
from billtui.widgets.formats import moment_text, state_cell
from billtui.widgets.record_table import Column
from billtui.widgets.still import Still

S = OperationState
LOOK_SECONDS = 1.0
"""How often it is looked whether the journal has grown; drawn is more seldom."""
LINE_SECONDS = 2.0
ROWS_SECONDS = 5.0
"""How often the line of progress and the rows are drawn while the job runs (P-BYTES-2)."""


class JobScreen(ListScreen[OperationRow]):
    """The operations of one job in their order."""

    CSS_PATH = [Path(__file__).with_name("list_screen.tcss"), Path(__file__).with_name("job.tcss")]
    AREA = "Jobs"
    SCOPES = (Scope.JOB, Scope.JOBS, Scope.LIST)
    LIST_NAME = "operations"
    NOUN = "step"
    VIEWS = (
        View("trouble", "Refused, unsent or unknown", lambda row, now: row.state in (S.REFUSED, S.NOT_SENT, S.UNKNOWN, S.NEEDS_YOU)),
        View("waiting", "Waiting or under way", lambda row, now: row.state in (S.HELD, S.PREPARED, S.SENDING)),
        View("done", "Done", lambda row, now: row.state is S.DONE),
        View("refused", "Refused", lambda row, now: row.state is S.REFUSED),
        View("not-sent", "Not sent", lambda row, now: row.state is S.NOT_SENT),
        View("unknown", "Unknown, or needs you", lambda row, now: row.state in (S.UNKNOWN, S.NEEDS_YOU)),
        View("cancelled", "Cancelled", lambda row, now: row.state is S.CANCELLED),
        View("all", "All steps", lambda row, now: True),
    )  # fmt: skip

    def __init__(self, job_id: str) -> None:
        """Show the job with this id."""
        super().__init__()
        self.view = self.VIEWS[-1]
        self.job_id = job_id
        self.job: JobRow | None = None
        self._rows: list[OperationRow] = []
        self._places: dict[int, int] = {}
        self._generation = -1
        self._follower = Follower()
        self._standing: Standing = NOBODY
        self._rows_at = self._line_at = float("-inf")
        self._looked_at = -1
        self._behind = False

    def compose_body(self) -> Iterable[Widget]:
        """How far it is and who does it, above the steps."""
        yield Still(id="progress")
        yield Still(id="standing")
        yield from super().compose_body()

    def columns(self) -> Sequence[Column[OperationRow]]:
        """Number, what, state, amount (where there is money in it), why not."""
        ascii_only = self.billtui.ascii_only
        money = any(row.amount is not None for row in self.load_rows())
        found: list[Column[OperationRow]] = [
            Column(key="number", title="#", cell=lambda r: str(r.number), width=5, align="right", priority=8, sort_key=lambda r: r.number),
            Column(key="state", title="State", cell=lambda r: state_cell(r.state, ascii_only=ascii_only), width=12, priority=10, sort_key=lambda r: str(r.state), search=lambda r: str(r.state)),
            Column(key="title", title="Step", cell=lambda r: r.title, min_width=30, flex=2, priority=10, search=lambda r: str(r.title)),
            Column(key="amount", title="Amount", cell=lambda r: str(r.amount) if r.amount else "", width=13, align="right", apart=True, priority=9),
            Column(key="detail", title="Why", cell=lambda r: str(r.detail or ""), min_width=10, flex=1, priority=7, search=lambda r: str(r.detail or "")),
        ]  # fmt: skip
        return [column for column in found if money or column.key != "amount"]

    def row_id(self, row: OperationRow) -> str:
        """The number of the operation."""
        return str(row.number)

    # --- data

    def on_mount(self) -> None:
        """Follow the journal, whoever writes it."""
        super().on_mount()
        self.at_times(LOOK_SECONDS, self._look)

    def load_rows(self) -> Sequence[OperationRow]:
        """From the journal: all of them once, then those that moved."""
        journal = self.session.journal
        self.job = journal.job(self.job_id)
        self._standing = standing_of(self.session, self.job)
        if not self._rows:
            self._generation = self._looked_at = journal.generation()
            self._rows = journal.operations(self.job_id, answers=False)
            self._places = {row.number: place for place, row in enumerate(self._rows)}
            return self._rows
        self._generation, moved = journal.moved_since(self.job_id, self._generation)
        if moved:
            self._rows = list(self._rows)  # the table keeps the sequence it was given
            for row in moved:
                self._rows[self._places[row.number]] = row
        return self._rows

    def reload_if_changed(self, force: bool = False) -> None:
        """The store has nothing to say about a job: the journal is followed instead."""
        if force:
            super().reload_if_changed(force)

    def reload(self) -> None:
        """Rows, line of progress and keys."""
        super().reload()
        self._rows_at = time.monotonic()
        self._behind = False
        self._show_progress()

    def _look(self) -> None:
        """Once a second: has anything moved, here or in another program?"""
        if not self.is_on_top or self.session.closed:
            return
        generation = self.session.journal.generation()
        moved, self._looked_at = generation != self._looked_at, generation
        before = self.job
        if moved or self._unsettled(before):
            self._behind = self._behind or moved
            self._draw_what_is_due(before)

    def _unsettled(self, job: JobRow | None) -> bool:
        """Whether something may change without a line in the journal: the pace, and whether its program still runs."""
        return self._behind or (
            job is not None and not job.finished and (job.paused is None or self._standing.elsewhere)
        )

    def _draw_what_is_due(self, before: JobRow | None) -> None:
        now = time.monotonic()
        job = self.session.journal.job(self.job_id)
        standing = standing_of(self.session, job)
        turned = before is None or job.state is not before.state or job.paused is not before.paused
        if turned or standing != self._standing or (self._behind and now - self._rows_at >= ROWS_SECONDS):
            self.reload()
            self.refresh_keys()
        elif now - self._line_at >= LINE_SECONDS:
            self.job = job
            self._show_progress()

    def job_moved(self, event: JobEvent) -> None:
        """Follow it at once where it turns; what merely goes on is drawn in its turn."""
        if event.job_id == self.job_id:
            self._behind = True
            if self.job is None or event.state is not self.job.state or event.paused is not self.job.paused:
                self.reload()
                self.refresh_keys()

    def _show_progress(self) -> None:
        job = self.job
        if job is None:
            return
        self._line_at = time.monotonic()
        line = progress_line(job, self._follower.look(job), ascii_only=self.billtui.ascii_only)
        self.query_one("#progress", Still).show(line)
        words = standing_text(job, self._standing)
        standing = self.query_one("#standing", Still)
        standing.set_class(bool(words.plain), "shown")
        standing.show(words)

    def summary(self, rows: Sequence[OperationRow], marked: Sequence[OperationRow]) -> Content:
        """How many are in each state, and the money."""
        job = self.job
        if job is None:
            return Content("")
        ascii_only = self.billtui.ascii_only
        counts = [
            f"{count} {state_cell(state, ascii_only=ascii_only).text[2:]}"
            for state in OperationState
            if (count := job.counts.get(state, 0))
        ]
        money = ""
        if job.total.amount:  # what was not sent or refused is not left: none of it is to come
            money = f"  left {job.left} of {job.total}" if job.left.amount else f"  {job.total} in all"
        return Content.assemble((f" {', '.join(counts)}", "bold"), (money, "$muted"))

    def detail(self, row: OperationRow) -> Content:
        """The step beside the list."""
        return Content.assemble(
            (str(row.title), "bold"), "\n\n", (f"changed {moment_text(row.changed_at)}\nsent {row.sends}×\n", "$muted"),
            "\n", (str(row.detail or ""), "" if row.state is S.DONE else "$text-warning"),
        )  # fmt: skip

    # --- commands

    def open_row(self, row_id: str) -> None:
        """The step in full."""
        self.guarded(show_operation(self.billtui, self.job_id, int(row_id)))

    @handles("job.explain")
    def explain(self) -> None:
        """The step under the cursor in full."""
        if (row := self.table.cursor_row) is not None:
            self.open_row(self.row_id(row))

    def command_words(self) -> list[str]:
        """Showing the job."""
        return ["jobs", "show"]

    def command_ids(self) -> list[str]:
        """The job, whichever of its steps is under the cursor."""
        return [self.job_id]

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for this job."""
        if refusal := super().refusal_of(command):
            return refusal
        return job_refusal(command, [self.job] if self.job else [], keys=self.session.traits.keys)

    @handles("job.pause")
    async def pause(self) -> None:
        """Pause, or go on."""
        await pause_or_go_on(self.billtui, self.job_id)

    @handles("job.cancel")
    async def cancel(self) -> None:
        """Start nothing new."""
        await cancel_job(self.billtui, self.job_id)

    @handles("job.retry")
    async def retry(self) -> None:
        """Confirm what failed once more."""
        await retry_job(self.billtui, self.job_id)

    @handles("job.settle")
    def settle(self) -> None:
        """Ask the panel now."""
        self.session.executor.settle_now(self.job_id)

    @handles("job.decide")
    async def decide(self) -> None:
        """Close what only a person can tell."""
        await decide_job(self.billtui, self.job_id)

    @handles("job.ticket")
    def ask_support(self) -> None:
        """A ticket about the step under the cursor, with what the panel said and its request id."""
        from billtui.services.ticket_facts import about_step  # with the review behind it: only where it is asked for

        if (row := self.table.cursor_row) is not None and self.job is not None:
            full = self.session.journal.operation(self.job_id, row.number)
            self.billtui.compose_ticket(**about_step(self.job, full).words())

    @handles("job.report")
    async def report(self) -> None:
        """Every step and its outcome in a file."""
        await report_job(self.billtui, self.job_id)
