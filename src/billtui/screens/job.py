"""One job with its operations, live."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.job_actions import cancel_job, decide_job, pause_or_go_on, retry_job, show_operation
from billtui.screens.jobs import job_refusal, progress_text
from billtui.screens.list_screen import ListScreen, View
from billtui.services.executor import JobEvent
from billtui.services.journal import JobRow, OperationRow, OperationState
from billtui.widgets.formats import moment_text, state_cell
from billtui.widgets.record_table import Column

BAD = (OperationState.REFUSED, OperationState.NOT_SENT, OperationState.UNKNOWN, OperationState.NEEDS_YOU)


class JobScreen(ListScreen[OperationRow]):
    """The operations of one job in their order."""

    AREA = "Jobs"
    SCOPES = (Scope.JOBS, Scope.LIST)
    LIST_NAME = "operations"
    NOUN = "step"
    VIEWS = (
        View("all", "All steps", lambda row, now: True),
        View("trouble", "Refused, unsent or unknown", lambda row, now: row.state in BAD),
    )

    def __init__(self, job_id: str) -> None:
        """Show the job with this id."""
        super().__init__()
        self.job_id = job_id
        self.job: JobRow | None = None

    def columns(self) -> Sequence[Column[OperationRow]]:
        """Number, what, state, amount, why not."""
        ascii_only = self.billtui.ascii_only
        return [
            Column(key="number", title="#", cell=lambda r: str(r.number), width=5, align="right", priority=8, sort_key=lambda r: r.number),
            Column(key="state", title="State", cell=lambda r: state_cell(r.state, ascii_only=ascii_only), width=12, priority=10, sort_key=lambda r: str(r.state), search=lambda r: str(r.state)),
            Column(key="title", title="Step", cell=lambda r: r.title, min_width=18, flex=2, priority=10, search=lambda r: str(r.title)),
            Column(key="amount", title="Amount", cell=lambda r: str(r.amount) if r.amount else "", width=13, align="right", priority=9),
            Column(key="detail", title="Why", cell=lambda r: str(r.detail or ""), min_width=12, flex=3, priority=7, search=lambda r: str(r.detail or "")),
        ]  # fmt: skip

    def row_id(self, row: OperationRow) -> str:
        """The number of the operation."""
        return str(row.number)

    def load_rows(self) -> Sequence[OperationRow]:
        """From the journal."""
        self.job = self.session.journal.job(self.job_id)
        return self.session.journal.operations(self.job_id)

    def summary(self, rows: Sequence[OperationRow], marked: Sequence[OperationRow]) -> Content:
        """How far it is."""
        job = self.job
        if job is None:
            return Content("")
        text = Content.assemble((f" {progress_text(job)}", "bold"), (f"  total {job.total}, left {job.left}", "$muted"))
        return Content.assemble(text, (f"  {job.note}", "$text-warning")) if job.note else text

    def detail(self, row: OperationRow) -> Content:
        """The step beside the list."""
        return Content.assemble(
            (str(row.title), "bold"), "\n\n", (f"changed {moment_text(row.changed_at)}\nsent {row.sends}×\n", "$muted"),
            "\n", (str(row.detail or ""), "$text-warning"),
        )  # fmt: skip

    def job_moved(self, event: JobEvent) -> None:
        """Follow it while it runs."""
        if event.job_id == self.job_id:
            self.reload()
            self.refresh_keys()

    def open_row(self, row_id: str) -> None:
        """The step in full."""
        row = self.table.row_of(row_id)
        if row is not None:
            self.guarded(show_operation(self.billtui, row))

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
        return job_refusal(command, [self.job] if self.job else [])

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
