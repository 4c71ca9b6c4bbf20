"""What is being written: from the fields to the draft and the review, and keys that come before the fields do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.events import Key, Paste
from textual.widgets import Input, TextArea

from billtui.config.errors import UnsafePath
from billtui.domain.safetext import SafeText
from billtui.screens.composer_keeping import KeptLetter
from billtui.screens.composer_review import Reviewer
from billtui.screens.composer_view import ComposerView, Looks, size_text
from billtui.screens.review_panel import ReviewPanel
from billtui.services.addressees import Addressees
from billtui.services.drafts import DraftConflict, DraftDamaged, DraftLocked, DraftState
from billtui.services.ticket_review import Finding, TicketDraft, Turn
from billtui.services.ticket_review.draft import TECHNICAL
from billtui.widgets.field_line import FieldLine
from billtui.widgets.letter_area import plain

KEEP_SECONDS: Final = 0.25
"""What is typed is on disk after so long."""


class ComposedLetter(ComposerView):
    """What stands in the fields, kept as it is typed and read by the review beside the loop (TKT-2, TKT-9)."""

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
        self.addressees = Addressees()
        self.department = kept.draft.department or TECHNICAL
        """Its raw id; empty where the panel has none that fits."""
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
            self.guarded(self.know_departments())

    def on_unmount(self) -> None:
        """However it ends, what was written last is kept."""
        if self._values:
            self._keep(self._values)

    async def know_departments(self) -> None:
        """Ask the panel for its departments, unless it has told them. Raises ClientError."""
        if not self.addressees.told:
            self.addressees.tell(await self.session.writing.departments())
            self.department = self.addressees.meant_by(self.department)
            if self.is_attached:
                self.show_fields()
                self.reviewer.soon()

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
            department=self.addressees.matter(self.department),
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
            proposed = self.addressees.meant_by(self.reviewer.proposed or "")
            note = f"{self.addressees.name(proposed)}, by the text?" if proposed else ""
            name = self.addressees.name(self.department) if self.department else "nobody yet"
            note = note or ("" if self.department else "F2 chooses")
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


def _begin_of(text: str) -> int:
    """Where writing goes on: at the end, but above the facts that a ticket begins with."""
    return 0 if text.startswith("\n\n```") else len(text)
