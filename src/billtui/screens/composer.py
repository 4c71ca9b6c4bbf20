"""Writing to support, and support's answers: one screen for a new ticket, a reply and a note (TKT-2, TKT-6, TKT-9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from textual import on

from billtui.commands import Command, handles
from billtui.screens import composer_fixes, composer_sending
from billtui.screens.composer_files import ask_files
from billtui.screens.composer_letter import ComposedLetter
from billtui.screens.composer_text import insert_template, use_editor
from billtui.screens.composer_view import size_text
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.found_choice import Findable, FoundChoice
from billtui.services.drafts import DraftConflict, DraftLocked
from billtui.services.executor import JobEvent
from billtui.services.store import OrderRow
from billtui.widgets.field_line import FieldLine
from billtui.widgets.formats import count_text

NO_ORDER: Final = "none"


class ComposerScreen(ComposedLetter):
    """A letter and its commands. Nothing is sent but by its own key, and nothing that was written is lost."""

    def reload(self) -> None:
        """The copy changed: names of orders, and what came into the thread while it is answered."""
        self.show_fields()
        composer_sending.show_news(self)

    def job_moved(self, event: JobEvent) -> None:
        """How far the files of what is being sent are, or what it waits for."""
        if event.job_id != self.job_id:
            return
        if event.progress is not None:
            one = event.progress
            part = 100 * one.sent // one.size if one.size else 100
            self.show_sending(f"File {one.file} of {one.files}, {one.name}: {part} % of {size_text(one.size)}")
        elif event.paused is not None:
            self.show_sending("It waits, nothing is lost: 4 Jobs shows why and goes on. esc leaves it to itself.")

    # --- commands

    def commands_here(self) -> list[Command]:
        """Without those that this kind of letter, or its writer, never has."""
        never = set()
        if self.looks.kind != "new":
            never |= {"composer.department", "composer.order"}
        if self.looks.kind != "reply" or not self.looks.staff:
            never.add("composer.resolve")
        return [one for one in super().commands_here() if one.id not in never]

    def refusal_of(self, command: Command) -> str | None:
        """Why not, here."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.id in ("composer.department", "composer.order") and self.looks.kind != "new":
            return "The ticket has its department and its order already."
        if command.id == "composer.resolve" and (self.looks.kind != "reply" or not self.looks.staff):
            return "Only an answer of support closes a ticket with it (TKT-8)."
        if (
            command.id == "composer.template"
            and self.looks.staff
            and (lack := self.session.unavailable("staff.canned"))
        ):
            return lack
        if self.busy and command.id.startswith("composer."):
            return "It is being sent; wait for its outcome, or u takes it back."
        if self.sent_ticket_id and command.id.startswith("composer.") and command.id != "composer.send":
            return "It was sent already: only server access is left to be given."
        return None

    @handles("app.back", "app.close")
    def go_back(self) -> None:
        """From a text to the review, where one key is one command; from there out, with the draft kept."""
        if self.in_text and not self.sent_ticket_id:
            self.review_panel.focus()
            return
        self.guarded(self.leave())

    async def leave(self) -> None:
        """Out; the draft stays."""
        access = self.access
        if access is not None and access.value and not self.busy:
            self.billtui.say("What stood in the field for server access was not kept: it is in no draft (TKT-4).")
        if self._touched and not self.sent_ticket_id and not self.busy:
            await self.keep()
            if self.kept.draft.revision and not self._keep_trouble:
                self.billtui.say("Kept as a draft.")
        if self.is_current:
            self.app.pop_screen()

    @handles("composer.send")
    async def send(self) -> None:
        """Send it, or say what is missing."""
        await composer_sending.send(self)

    @handles("composer.resolve")
    async def resolve(self) -> None:
        """Send the answer, and close the ticket with it."""
        await composer_sending.send(self, close=True)

    @handles("composer.fix")
    async def fix(self) -> None:
        """The fix of the finding whose number was pressed."""
        number, self._digit = self._digit or 1, 0
        await composer_fixes.fix(self, number)

    @handles("composer.fix_first")
    async def fix_first(self) -> None:
        """The fix of the first finding, from inside the text too."""
        await composer_fixes.fix(self, 1)

    @on(FieldLine.Opened, "#department")
    def open_departments(self) -> None:
        """``enter`` on the field."""
        self.action_run_command("composer.department")

    @on(FieldLine.Opened, "#order")
    def open_orders(self) -> None:
        """``enter`` on the field."""
        self.action_run_command("composer.order")

    @on(FieldLine.Opened, "#files")
    def open_files(self) -> None:
        """``enter`` on the field."""
        self.action_run_command("composer.attach")

    @handles("composer.department")
    async def choose_department(self) -> None:
        """Whom it is written to (TKT-1)."""
        choices = [Choice(one, name, about) for one, (name, about) in self.addressees.known.items()]
        proposed = self.addressees.meant_by(self.reviewer.proposed or "")
        note = f"By its text it is for {self.addressees.name(proposed)}." if proposed else ""
        chosen = await self.app.push_screen_wait(
            ChoiceDialog("Whom is it for?", choices, chosen=proposed or self.department, note=note)
        )
        if chosen is not None:
            self.set_department(chosen)

    def set_department(self, department: str) -> None:
        """Write to this department, by its id or its matter; where the panel has none for that, nothing changes."""
        self.department = self.addressees.meant_by(department) or self.department
        self.show_fields()
        self.touched()

    @handles("composer.order")
    async def choose_order(self) -> bool:
        """The order that it is about; whether one was chosen."""
        rows = self.session.store.orders()
        things = [Findable(row.id, row.name, _order_detail(row, self.session.plan_names.word), row.id) for row in rows]
        none = Findable(NO_ORDER, "None of them", "It is about no order")
        chosen = await self.app.push_screen_wait(
            FoundChoice(
                f"Which of {count_text(len(rows), 'order')}?", things, first=[none],
                placeholder="A part of its name, address, plan, id",
                empty="There are no orders in the copy.",
            )
        )  # fmt: skip
        if chosen is None:
            return False
        self.set_order(None if chosen == NO_ORDER else chosen)
        return chosen != NO_ORDER

    def set_order(self, order_id: str | None) -> None:
        """It is about this order."""
        self.order_id = order_id
        self.show_fields()
        self.touched()

    @handles("composer.editor")
    async def editor(self) -> None:
        """The text in the person's own editor."""
        await use_editor(self)

    @handles("composer.template")
    async def template(self) -> None:
        """A template, or for staff a canned reply."""
        await insert_template(self)

    @handles("composer.attach")
    async def attach(self) -> None:
        """Add a file, or take one off."""
        await ask_files(self)

    @handles("composer.discard")
    async def discard(self) -> None:
        """Throw it away, after asking."""
        choices = [
            Choice("no", "Keep it", "It stays a draft"),
            Choice("yes", "Throw it away", "Text and files are deleted; nothing was sent"),
        ]
        if await self.app.push_screen_wait(ChoiceDialog("Throw this draft away?", choices, chosen="no")) != "yes":
            return
        self._values = {}
        try:
            await asyncio.to_thread(self.kept.discard)
        except (DraftConflict, DraftLocked) as error:
            self.billtui.say(str(error), "warning")
            return
        if self.is_current:
            self.app.pop_screen()


def _order_detail(row: OrderRow, plan: Callable[[str], str]) -> str:
    """What an order is told apart by."""
    return ", ".join(filter(None, (row.address, plan(row.plan), row.location, row.state)))
