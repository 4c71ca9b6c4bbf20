"""Writing to support, and support's answers: one screen for a new ticket, a reply and a note (TKT-2, TKT-6, TKT-9)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.events import Key, Paste
from textual.widgets import Input, TextArea

from billtui.commands import Command, handles
from billtui.config.errors import UnsafePath
from billtui.domain.safetext import SafeText
from billtui.screens import composer_fixes, composer_sending
from billtui.screens.composer_files import ask_files
from billtui.screens.composer_keeping import KeptLetter
from billtui.screens.composer_review import Reviewer
from billtui.screens.composer_text import insert_template, use_editor
from billtui.screens.composer_view import ComposerView, Looks, size_text
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.found_choice import Findable, FoundChoice
from billtui.screens.review_panel import ReviewPanel
from billtui.services.drafts import DraftConflict, DraftDamaged, DraftLocked, DraftState
from billtui.services.executor import JobEvent
from billtui.services.store import OrderRow
from billtui.services.ticket_review import Finding, TicketDraft, Turn
from billtui.services.ticket_review.draft import ABUSE, FINANCE, SALES, TECHNICAL
from billtui.widgets.field_line import FieldLine
from billtui.widgets.formats import count_text
from billtui.widgets.letter_area import plain

KEEP_SECONDS: Final = 0.25
"""What is typed is on disk after so long."""
NO_ORDER: Final = "none"
DEPARTMENT_NAMES: Final = {
    TECHNICAL: "Technical support",
    FINANCE: "Finance",
    SALES: "Sales",
    ABUSE: "Abuse",
}
"""Until the panel has told its own."""
DEPARTMENT_HELP: Final = {
    TECHNICAL: "Servers, network, systems: whatever does not work",
    FINANCE: "Invoices, payments, money back",
    SALES: "Offers, plans, what to buy",
    ABUSE: "Complaints and attacks",
}


class ComposerScreen(ComposerView):
    """What is being written. Nothing is sent but by its own key, and nothing that was written is lost."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *ComposerView.BINDINGS,
        Binding("enter", "to_text", show=False, priority=True),
    ]

    def __init__(self, looks: Looks, kept: KeptLetter, *, turn: Turn = Turn.NEW, access_given: bool = False) -> None:
        """``kept`` is the letter; ``turn`` says whether support has answered what it goes to."""
        super().__init__(looks)
        self.kept = kept
        self.turn = turn
        self.access_given = access_given
        """Whether the ticket holds server access already."""
        self.departments: dict[str, tuple[str, str]] = {
            one: (name, DEPARTMENT_HELP[one]) for one, name in DEPARTMENT_NAMES.items()
        }
        self.department = kept.draft.department or TECHNICAL
        self.order_id = kept.draft.order_id
        self.placeholders = kept.draft.placeholders
        self.held_back = kept.draft.held_back
        self.job_id = ""
        """The job that sends it."""
        self.sent_ticket_id = ""
        """The ticket that holds what was written here; only server access is left to be given."""
        self.reviewer = Reviewer(self, self.reviewed, self._show_findings, staff=looks.staff)
        self._keep_waiting = False
        self._keep_trouble = ""
        self._digit = 0
        self._touched = False
        """Whether anything was changed here: what was only looked at is no draft."""
        self._values: dict[str, Any] = {}

    # --- life

    def on_mount(self) -> None:
        """Put the draft into the fields; the focus goes where something is missing."""
        super().on_mount()
        draft = self.kept.draft
        self.body.load_text(plain(draft.body))
        self.body.move_cursor(self.body.location_at(_begin_of(self.body.text)))
        if (subject := self.subject) is not None:
            subject.value = draft.subject
            subject.cursor_position = len(draft.subject)
        self.show_fields()
        if subject is not None and (not draft.subject or draft.subject.endswith((" ", ": "))):
            self.set_focus(subject)
        else:
            self.set_focus(self.body)
        if draft.revision:
            self.show_kept("the draft goes on")
        standing = self.kept.letter.standing
        if standing.state is DraftState.RETURNED and standing.reason:
            self.show_sending(f"Not sent: {SafeText(standing.reason)}")
        self.refresh_keys()
        for last in self.query("#last"):
            last.scroll_end(animate=False)
        self.guarded(self.reviewer.begin(self.session.store.path if not self.session.closed else None))
        if self.looks.kind == "new":
            self.guarded(self._read_departments())

    def on_unmount(self) -> None:
        """However it ends, what was written last is kept."""
        if self._values:
            self._keep(self._values)

    async def _read_departments(self) -> None:
        found = await self.session.writing.departments()
        if found:
            self.departments = {one.id.raw: (str(one.name), str(one.about)) for one in found}
            self.show_fields()

    def reload(self) -> None:
        """The copy changed: names of orders, and what came into the thread while it is answered."""
        self.show_fields()
        composer_sending.show_news(self)

    # --- what stands here

    def values(self) -> dict[str, Any]:
        """What is written and chosen, as a draft holds it; never server access (TKT-4)."""
        found: dict[str, Any] = {
            "body": self.body.text,
            "placeholders": self.placeholders,
            "held_back": self.held_back,
        }
        if (subject := self.subject) is not None:
            found |= {"subject": subject.value, "department": self.department, "order_id": self.order_id}
        return found

    def reviewed(self) -> TicketDraft:
        """The same as the review reads it."""
        draft, subject, access = self.kept.draft, self.subject, self.access
        return TicketDraft(
            department=self.department,
            subject=draft.ticket_subject if subject is None else subject.value,
            body=self.body.text,
            order_id=self.order_id,
            attachments=tuple(one.name for one in draft.attachments),
            access_given=self.access_given or bool(access is not None and access.value),
            turn=self.turn,
            held=self.held_back,
        )

    def answered(self, by_support: bool) -> None:
        """Somebody wrote meanwhile: whether another message would still be a second one in a row (TKT-7)."""
        turn = Turn.CLIENT if by_support else Turn.SUPPORT
        if turn is not self.turn and self.looks.kind != "new":
            self.turn = turn
            self.reviewer.soon()

    def show_fields(self) -> None:
        """Department, order and files on their lines."""
        if self.looks.kind == "new":
            name = self.departments.get(self.department, (self.department, ""))[0]
            proposed = self.reviewer.proposed
            note = f"{self.departments.get(proposed, (proposed, ''))[0]}, by the text?" if proposed else ""
            self.query_one("#department", FieldLine).put(name, note, "$text-warning")
            self.query_one("#order", FieldLine).put(*self._order_words())
        files = self.kept.draft.attachments
        words = ", ".join(f"{SafeText(one.name)} {size_text(one.size)}" for one in files)
        self.query_one("#files", FieldLine).put(words or "none", "" if files else "F8 adds one")

    def _order_words(self) -> tuple[str, str]:
        if self.order_id is None:
            return "none", "F3 finds it"
        row = self.session.store.order_rows([self.order_id]).get(self.order_id) if not self.session.closed else None
        return (row.name, row.address) if row is not None else (f"id {self.order_id}", "")

    def _show_findings(self, findings: Sequence[Finding]) -> None:
        if self.is_attached:
            self.review_panel.show(findings)
            if self.looks.kind == "new":
                self.show_fields()

    # --- typing

    @on(TextArea.Changed, "#text")
    @on(Input.Changed, "#subject")
    def touched(self) -> None:
        """Something changed: keep it and review it, each in a moment and beside the loop."""
        values = self.values()
        if all(getattr(self.kept.draft, name) == value for name, value in values.items()):
            return
        self._values = values
        self._touched = True
        self.reviewer.soon()
        if not self._keep_waiting:
            self._keep_waiting = True
            self.set_timer(KEEP_SECONDS, lambda: self.guarded(self.keep()))

    @on(Input.Changed, "#access")
    def access_typed(self) -> None:
        """Whether access is given is all that the review learns of it (TKT-4)."""
        self.reviewer.soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """``enter`` leads on from a field of one line, and back from the review; elsewhere it is the widget's own."""
        return (
            isinstance(self.focused, Input | ReviewPanel)
            if action == "to_text"
            else super().check_action(action, parameters)
        )

    def action_to_text(self) -> None:
        """From the subject, or from server access, to the text: sending has a key of its own.

        At once, before the next key is handed out: where subject and text arrive in one piece, as over a slow line or
        pasted by hand, no letter of the text lands in the subject.
        """
        self.set_focus(self.body)

    async def keep(self) -> None:
        """Write the draft down, in a thread."""
        self._keep_waiting = False
        values, self._values = self.values(), {}
        words = await asyncio.to_thread(self._keep, values)
        if self.is_attached:
            self.show_kept("NOT KEPT" if self._keep_trouble else "draft kept" if self.kept.draft.revision else "")
            if words:
                self.billtui.say(words, "warning")

    def _keep(self, values: dict[str, Any]) -> str:
        """Not in the interface's loop, but at the end. Words for the person, once for each trouble."""
        before, self._keep_trouble = self._keep_trouble, ""
        try:
            return self.kept.save(**values)
        except (UnsafePath, OSError, DraftDamaged, DraftConflict, DraftLocked) as error:
            self._keep_trouble = str(error)
            return "" if before else f"The draft cannot be kept: {error} What you write is lost with the program."

    def on_key(self, event: Key) -> None:
        """Keys that were typed ahead, before the fields were there, go where they were meant to: into the text.

        A field takes its own keys, so one that comes up to here was on its way before the field had the focus. Outside
        of texts a digit is a finding's number.
        """
        if self.focused is not None and not self.in_text:
            self._digit = int(event.key) if event.key.isdigit() else 0
            return
        text = "\n" if event.key == "enter" else event.character if event.is_printable else None
        if text is not None and not self.busy:
            event.stop()
            event.prevent_default()
            self._take(text)

    def on_paste(self, event: Paste) -> None:
        """What was pasted before the fields were there."""
        if self.focused is None:
            event.stop()
            self._take(event.text)

    def _take(self, text: str) -> None:
        field, subject = self.focused, self.subject
        if field is None and subject is not None:
            self.set_focus(subject)
            field = subject
        if not isinstance(field, Input):
            self.set_focus(self.body)
            self.body.insert(plain(text))
        elif text == "\n":
            self.set_focus(self.body)
        else:
            field.insert_text_at_cursor(text)

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
        choices = [Choice(one, name, about) for one, (name, about) in self.departments.items()]
        proposed = self.reviewer.proposed
        note = f"By its text it is for {self.departments[proposed][0]}." if proposed in self.departments else ""
        chosen = await self.app.push_screen_wait(
            ChoiceDialog("Whom is it for?", choices, chosen=proposed or self.department, note=note)
        )
        if chosen is not None:
            self.set_department(chosen)

    def set_department(self, department: str) -> None:
        """Write to this department."""
        self.department = department
        self.show_fields()
        self.touched()

    @handles("composer.order")
    async def choose_order(self) -> bool:
        """The order that it is about; whether one was chosen."""
        rows = self.session.store.orders()
        things = [Findable(row.id, row.name, _order_detail(row), row.id) for row in rows]
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


def _order_detail(row: OrderRow) -> str:
    """What an order is told apart by."""
    return ", ".join(filter(None, (row.address, row.plan, row.location, row.state)))


def _begin_of(text: str) -> int:
    """Where writing goes on: at the end, but above the facts that a ticket begins with."""
    return 0 if text.startswith("\n\n```") else len(text)
