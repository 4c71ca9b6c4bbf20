"""The form of a canned reply: title, department, language, text; what is wrong with it is said while it is typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from billtui.domain.models import CannedReply, Department
from billtui.domain.rules.canned import PLACEHOLDERS, body_refusal, placeholders_in, title_refusal
from billtui.screens.modals.dialog import Dialog


class CannedAnswer(NamedTuple):
    """What was typed."""

    title: str = ""
    body: str = ""
    department: str = ""
    """Its id; empty for all."""
    language: str = "en"

    @classmethod
    def of(cls, reply: CannedReply | None) -> CannedAnswer:
        """What a reply says now."""
        if reply is None:
            return cls()
        return cls(
            str(reply.title), reply.body.raw, reply.department.raw if reply.department else "", str(reply.language)
        )


class CannedForm(Dialog[CannedAnswer]):
    """Answers what was typed once nothing is wrong with it; ``esc`` asks once before it lets changes go."""

    confirms = True
    CSS_PATH: ClassVar[CSSPathType | None] = [
        Path(__file__).parent / "modals/dialog.tcss",
        Path(__file__).with_name("canned_form.tcss"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o,f9", "save", show=False, priority=True),
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]

    def __init__(
        self,
        reply: CannedReply | None,
        answer: CannedAnswer | None,
        departments: Sequence[Department],
        *,
        trouble: str = "",
    ) -> None:
        """``reply`` is changed, or a new one made; ``answer`` stands in the form, ``trouble`` says why it came back."""
        super().__init__()
        self.title_text = "New canned reply" if reply is None else "Canned reply"
        self.before = answer or CannedAnswer()
        self.departments = departments
        self.trouble = trouble
        self._warned = bool(trouble)

    def compose_body(self) -> Iterable[Widget]:
        """Fields, text, what is wrong, what is filled in."""
        names = " ".join(str(one.id.raw) for one in self.departments)
        for name, label, value, hint in (
            ("title", "Title", self.before.title, "By what it is found"),
            ("department", "For", self.before.department, f"{names}, or empty for everybody"),
            ("language", "Language", self.before.language, "en, ru, uk, de …"),
        ):
            with Horizontal(classes="form-row"):
                yield Static(Content(label), classes="form-label")
                field = Input(value, placeholder=hint, id=name)
                field.cursor_blink = False
                yield field
        text = TextArea(self.before.body, id="body", tab_behavior="focus", soft_wrap=True, highlight_cursor_line=False)
        text.cursor_blink = False
        yield text
        yield Static(id="problem", classes="problem")
        yield Static(id="names", classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel, or save."""
        yield Static(Content.styled("ctrl+o saves", "$muted"), id="how")
        yield Button("Cancel", id="cancel")
        yield Button("Save", id="save")

    def on_mount(self) -> None:
        """The title first; of one that came back, the text."""
        self.query_one("#body" if self.before.title else "#title").focus()
        self._show(self.trouble)
        self._show_names()

    def typed(self) -> CannedAnswer:
        """What stands in the form."""
        title, department, language = (
            self.query_one(f"#{one}", Input).value.strip() for one in ("title", "department", "language")
        )
        return CannedAnswer(title, self.query_one("#body", TextArea).text, department, language or "en")

    def problem(self, answer: CannedAnswer) -> str:
        """What is wrong with it, with what to write instead (TKT-8)."""
        for refusal in (title_refusal(answer.title), body_refusal(answer.body)):
            if refusal is not None:
                return refusal.reason
        known = [str(one.id.raw) for one in self.departments]
        if answer.department and known and answer.department not in known:
            return f"There is no department “{answer.department[:30]}”: {', '.join(known)}, or empty for everybody."
        if len(answer.language) > 8 or not answer.language.replace("-", "").isalpha():
            return "The language is a short code: en, ru, uk, de."
        return ""

    @on(TextArea.Changed, "#body")
    @on(Input.Changed)
    def _changed(self) -> None:
        self._warned = False
        self._show_names()
        answer = self.typed()
        refusal = body_refusal(answer.body) if answer.body.strip() else None
        self._show(refusal.reason if refusal is not None else "")

    def _show_names(self) -> None:
        """What is filled in by itself, and what by hand."""
        found = placeholders_in(self.typed().body)
        hand = [f"{{{name}}}" for name in found if name not in PLACEHOLDERS]
        ours = [f"{{{name}}}" for name in found if name in PLACEHOLDERS]
        words = (
            f"Filled in: {' '.join(ours)}. "
            if ours
            else f"Can be filled in: {' '.join(f'{{{one}}}' for one in PLACEHOLDERS)}"
        )
        if hand:
            words += f"By hand, before it can be sent: {' '.join(hand)}"
        self.query_one("#names", Static).update(Content(words))

    def _show(self, words: str) -> None:
        shown = self.query_one("#problem", Static)
        shown.update(Content(words))
        shown.set_class(bool(words), "shown")

    @on(Button.Pressed, "#save")
    @on(Input.Submitted)
    def action_save(self) -> None:
        """Answer, or say why not."""
        answer = self.typed()
        if words := self.problem(answer):
            self._show(words)
        else:
            self.dismiss(answer)

    def action_cancel(self) -> None:
        """Let it go; with changes only the second time."""
        if self.typed() == self.before or self._warned:
            self.dismiss(None)
            return
        self._warned = True
        self._show("What you changed is not saved. Once more lets it go; ctrl+o saves.")
