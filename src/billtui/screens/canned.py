"""Canned replies: the answers that are kept ready, found by typing; written, changed and deleted here (TKT-8)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.domain.models import CannedReply, Department
from billtui.domain.rules.canned import PLACEHOLDERS, placeholders_in
from billtui.screens.canned_form import CannedAnswer, CannedForm
from billtui.screens.flows import (
    OUTCOME,
    busy_targets,
    carried_out,
    confirm_and_submit,
    job_ended,
    outcome_words,
    say_nothing_left,
    signed_in_account,
)
from billtui.screens.list_screen import View
from billtui.screens.panel_list import PanelList
from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.services.waits import asking
from billtui.widgets.formats import date_text, toned
from billtui.widgets.record_table import Column, Toned

LANGUAGES = ("en", "ru", "uk", "de")
"""Offered for a new reply; a reply keeps any other that it has."""


def how_it_begins(body: str) -> str:
    """The first line that says something: behind the greeting, where there is one."""
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    return next((line for line in lines if not line.endswith((",", "!"))), lines[0] if lines else "")


class CannedScreen(PanelList[CannedReply]):
    """All canned replies of the panel."""

    AREA = "Tickets"
    SCOPES = (Scope.CANNED, Scope.LIST)
    LIST_NAME = "canned"
    NOUN = "canned reply"
    NOUNS = "canned replies"
    VIEWS = (View("all", "All canned replies", lambda row, now: True),)
    EMPTY = "There is no canned reply yet. n writes one."
    SORT = ("title", False)

    def __init__(self) -> None:
        """Departments come with the replies."""
        super().__init__()
        self.departments: Sequence[Department] = ()

    def columns(self) -> Sequence[Column[CannedReply]]:
        """Title, for whom, in which language, how it begins."""
        return [
            Column(key="title", title="Title", cell=lambda r: str(r.title), min_width=16, max_width=34, flex=3, priority=10, sort_key=lambda r: str(r.title).casefold(), search=lambda r: str(r.title)),
            Column(key="department", title="For", cell=self._department, min_width=10, max_width=18, flex=1, priority=8, sort_key=lambda r: str(r.department or ""), search=self._department_name),
            Column(key="language", title="Lang", cell=lambda r: str(r.language), width=4, priority=7, sort_key=lambda r: str(r.language), search=lambda r: str(r.language)),
            Column(key="begins", title="How it begins", cell=lambda r: how_it_begins(str(r.body)), min_width=14, flex=4, priority=6, search=lambda r: str(r.body)),
            Column(key="changed", title="Changed", cell=lambda r: date_text(r.updated_at), width=10, priority=3, sort_key=lambda r: r.updated_at.timestamp() if r.updated_at else 0.0),
        ]  # fmt: skip

    def _department_name(self, row: CannedReply) -> str:
        if row.department is None:
            return "everybody"
        return next(
            (str(one.name) for one in self.departments if one.id.raw == str(row.department)), str(row.department)
        )

    def _department(self, row: CannedReply) -> Toned | str:
        return Toned("everybody", "dim") if row.department is None else self._department_name(row)

    def row_id(self, row: CannedReply) -> str:
        """The reply's id."""
        return str(row.id.raw)

    async def fetch(self) -> Sequence[CannedReply]:
        """From the panel, with the departments' names."""
        with asking("Asking for the departments"):
            self.departments = await self.session.tickets.departments()
        return await self.session.tickets.canned_replies()

    def mark_refusal(self, row: CannedReply) -> str | None:
        """They are changed one by one."""
        return "Canned replies are changed one by one: e edits, D deletes the one under the cursor."

    def commands_here(self) -> list[Command]:
        """Those of every list, without marks."""
        return [one for one in super().commands_here() if "mark" not in one.id]

    def summary(self, rows: Sequence[CannedReply], marked: Sequence[CannedReply]) -> Content:
        """Where they are used."""
        return Content.styled(" f5 in the composer puts one into an answer, filled in for the ticket.", "$muted")

    def detail(self, row: CannedReply) -> Content:
        """The whole reply, and what is filled in."""
        names = placeholders_in(str(row.body))
        parts = [
            Content.styled(str(row.title), "bold"),
            Content.styled(f"{self._department_name(row)}, {row.language}", "$muted"),
            Content(""),
            Content(str(row.body)),
        ]
        if names:
            parts += [Content(""), Content.styled("Filled in", "$muted")]
            for name in names:
                words = PLACEHOLDERS.get(name)
                parts.append(
                    Content.assemble((f"{{{name}}}  ", "$text-accent"), words)
                    if words
                    else toned(f"{{{name}}}  by hand, before it can be sent", "warning")
                )
        return Content("\n").join(parts)

    def refusal_of(self, command: Command) -> str | None:
        """A new one needs no row under the cursor."""
        refusal = super().refusal_of(command)
        return None if command.id == "canned.new" and refusal == self._nothing_chosen() else refusal

    @handles("canned.new")
    async def new(self) -> None:
        """Write one."""
        await self._write(None)

    @handles("canned.edit")
    async def edit(self) -> None:
        """Change the one under the cursor."""
        await self._write(self.chosen_rows()[0])

    async def _write(self, reply: CannedReply | None) -> None:
        """The form stands until what is in it was saved, or let go: nothing that was typed is lost to a refusal."""
        answer: CannedAnswer | None = CannedAnswer.of(reply)
        trouble = ""
        while True:
            answer = await self.app.push_screen_wait(CannedForm(reply, answer, self.departments, trouble=trouble))
            if answer is None:
                return
            app, account = self.billtui, signed_in_account(self.billtui)
            plan = planner.save_canned(
                account, title=answer.title, body=answer.body, reply=reply, department=answer.department or None,
                language=answer.language, busy=busy_targets(app), profile=app.profile.name,
            )  # fmt: skip
            if not plan.operations:
                trouble = str(plan.left_out[0].reason) if plan.left_out else "There is nothing to save."
                continue
            operation = await carried_out(app, plan)
            if operation.state is OperationState.DONE:
                break
            trouble = outcome_words(operation)
        app.say(f"“{answer.title}” is kept.")
        await self.load()

    @handles("canned.delete")
    async def delete(self) -> None:
        """Delete the one under the cursor, for everybody."""
        app, row = self.billtui, self.chosen_rows()[0]
        account = signed_in_account(app)
        plan = planner.delete_canned(account, row, busy=busy_targets(app), profile=app.profile.name)
        if not plan.operations:
            await say_nothing_left(app, plan)
            return
        note = "It is gone for all colleagues. Answers that were sent with it stay as they are."
        job_id = await confirm_and_submit(app, plan, button="Delete", danger=True, note=note)
        if job_id is not None:
            await job_ended(app, job_id, OUTCOME)
            await self.load()
