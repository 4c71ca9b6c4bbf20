"""Choose any number of a few things, each ticked or not; what cannot be chosen stays visible and says why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from billtui.screens.modals.choice import Choice
from billtui.screens.modals.dialog import Dialog
from billtui.widgets.choices import Choices


class ChecklistDialog(Dialog[list[str]]):
    """Answers the ids that are ticked, in their order, or ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "tick", show=False, priority=True)]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        ticked: Collection[str] = (),
        *,
        button: str = "Keep",
        note: str = "",
        summary: Callable[[Sequence[str]], str] | None = None,
        least: int = 0,
    ) -> None:
        """``summary`` says what the ticked ones come to; fewer than ``least`` cannot be kept."""
        super().__init__()
        self.title_text = title
        self.choices = list({choice.id: choice for choice in choices}.values())
        self.ticked = {choice.id for choice in self.choices if choice.id in ticked and not choice.refusal}
        self.button = button
        self.note = note
        self.summary = summary
        self.least = least

    def compose_body(self) -> Iterable[Widget]:
        """The things, those that were chosen ticked; then what they come to."""
        if self.note:
            yield Static(Content(self.note), classes="note")
        yield Choices(*map(self._option, self.choices), id="things")
        yield Static(self._sum(), id="sum", classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel, or keep."""
        yield Button("Cancel", id="cancel")
        yield Button(Content(self.button), id="keep")

    def on_mount(self) -> None:
        """The list first, on the first thing that can be chosen."""
        options = self.query_one("#things", OptionList)
        free = [place for place, choice in enumerate(self.choices) if not choice.refusal]
        options.highlighted = free[0] if free else None
        options.focus()

    def chosen(self) -> list[str]:
        """What is ticked, in its order."""
        return [choice.id for choice in self.choices if choice.id in self.ticked]

    def _option(self, choice: Choice) -> Option:
        tick = "[x]" if choice.id in self.ticked else "[ ]"
        title = Content.styled(f"{tick} {choice.title}", "$faint" if choice.refusal else "bold")
        tail = f"  {choice.refusal or choice.detail}"
        return Option(
            Content.assemble(title, (tail, "$text-warning" if choice.refusal else "$muted")),
            id=choice.id,
            disabled=bool(choice.refusal),
        )

    def _sum(self) -> Content:
        words = self.summary(self.chosen()) if self.summary else ""
        hint = f"space ticks · enter: {self.button.lower()}"
        return Content.assemble((f"{words}\n" if words else "", "bold"), (hint, "$muted"))

    def action_tick(self) -> None:
        """Tick or untick what is under the cursor; on a button, press it."""
        focused = self.focused
        if isinstance(focused, Button):
            focused.press()
            return
        options = self.query_one("#things", OptionList)
        at = options.highlighted
        if at is None or self.choices[at].refusal:
            return
        self.ticked ^= {self.choices[at].id}
        options.replace_option_prompt_at_index(at, self._option(self.choices[at]).prompt)
        self.query_one("#sum", Static).update(self._sum())

    @on(OptionList.OptionSelected, "#things")
    @on(Button.Pressed, "#keep")
    def keep(self) -> None:
        """Answer with what is ticked."""
        chosen = self.chosen()
        if len(chosen) >= self.least:
            self.dismiss(chosen)
        else:
            self.query_one("#sum", Static).update(Content.styled("Tick one with space, or press esc.", "$text-warning"))
