"""The frame of every question: a titled box in the middle, ``esc`` is always "no"."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Generic, NamedTuple, Self, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key, Mount, Paste
from textual.screen import ModalScreen
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from billtui.config.profiles import Profile
from billtui.screens.lean_screen import LeanScreen
from billtui.screens.shell import Shell
from billtui.terminal.harmless import one_line
from billtui.terminal.typing_gate import Typed
from billtui.widgets.profile_tag import tag

Result = TypeVar("Result")


class Fact(NamedTuple):
    """A line of a dialog that the program draws itself: never text from the panel beside an amount."""

    label: str
    value: str
    strong: bool = False


KEYS = "tab goes on · enter presses · esc says no"
"""Said to a key that means nothing in a question with buttons, as ``y`` does: a yes is pressed, never one letter."""
TOO_EARLY = "Typed before this stood here, and not used: look, then press again."
IN_A_FIELD = frozenset({"backspace", "delete", "left", "right", "home", "end", "tab", "shift+tab"})
"""Keys that change a text, or go to another field, and answer nothing."""

NAMED = 40
"""Characters of a name from the panel beside the program's own facts: it must not wrap into a line of its own."""


def named(text: str) -> str:
    """A name from the panel, short and without runs of blanks that would push its end to the next line."""
    words = " ".join(one_line(text).split())
    return words if len(words) <= NAMED else f"{words[: NAMED - 1]}…"


class Facts(Static):
    """Labels and values in two columns, a line each."""

    DEFAULT_CSS = "Facts { height: auto; width: 1fr; }"

    def __init__(self, facts: Iterable[Fact], *, id: str | None = None) -> None:
        """Draw ``facts`` in their order."""
        super().__init__(id=id)
        self.show(facts)

    def show(self, facts: Iterable[Fact]) -> None:
        """Replace what is shown."""
        rows = [fact._replace(value=one_line(fact.value)) for fact in facts]
        width = max((len(fact.label) for fact in rows), default=0)
        self.update(
            Content("\n").join(
                Content.assemble((f"{fact.label:<{width}}  ", "$muted"), (fact.value, "bold" if fact.strong else ""))
                for fact in rows
            )
        )


def profile_words(app: Shell, other: Profile | None = None) -> Content:
    """Which profile this is, as whom, and that it is read-only where it is; ``other`` than the one that is open."""
    profile = other or app.profile
    account = app.session.account if other is None else None
    parts = [tag(profile.name, profile.accent, sixteen=app.current_theme.ansi)]
    if profile.read_only or (other is None and app.session.read_only):
        parts.append(Content.styled("READ-ONLY", "bold $text-warning"))
    login = named(account.login) if account is not None else profile.login
    if login:
        parts.append(Content.styled(login, "$muted"))
    return Content(" ").join(parts)


class Dialog(ModalScreen[Result | None], LeanScreen[Result | None], Generic[Result]):
    """A question. Dismisses with ``None`` on ``esc``; the first button is the safe answer and has the focus."""

    CSS_PATH: ClassVar[CSSPathType | None] = Path(__file__).with_name("dialog.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (18, "-low"), (32, "-high")]
    title_text: str = ""
    about: Profile | str | None = None
    """Another profile than the one that is open; or words, where it is about several."""
    confirms: bool = False
    """Whether an answer sends something: then nothing counts that was typed before the question was to be seen."""
    _early = False
    """Whether something was typed too early, and everything early behind it is dropped with it."""
    _late: tuple[Result | None] | None = None
    """The answer of a question that another one had covered by the time it was answered."""

    def that_sends(self) -> Self:
        """Before it is shown: an answer to this one sends something, whatever others of its kind do."""
        self.confirms = True
        return self

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Answer, and go. Under another question (keys typed ahead) it goes once that one has gone.

        Textual's own takes whatever is on top away, and gives it no answer.
        """
        if self.is_active:
            return super().dismiss(result)
        self._late = (result,)
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """On top again: what was answered meanwhile holds."""
        if self._late is not None and self.is_active:
            [answer], self._late = self._late, None
            super().dismiss(answer)

    def compose(self) -> ComposeResult:
        """Title, body, buttons."""
        with Vertical(id="dialog") as box:
            box.border_title = Content(self.title_text)
            box.border_subtitle = self.whose()
            if self.confirms:
                yield Static(Content(TOO_EARLY), id="early", classes="problem")
            yield from self.compose_body()
            with Horizontal(id="buttons"):
                yield from self.compose_buttons()

    def takes_early(self, typed: Typed) -> bool:
        """Whether what was typed before this could be seen goes to it (see ``TypingGate``).

        Text stays in its field, and ``esc`` says no. The first key that does more is dropped with all behind it: what
        comes behind an enter was meant for the next field.
        """
        if not self.confirms or (isinstance(typed, Key) and typed.key == "escape"):
            return True
        in_field = isinstance(self.focused, (Input, TextArea))
        text = isinstance(typed, Paste) or (isinstance(typed, Key) and (typed.is_printable or typed.key in IN_A_FIELD))
        return in_field and text and not self._early

    def was_too_early(self, typed: Typed) -> None:
        """Say so, once."""
        self._early = True
        self.query_one("#early").add_class("shown")

    def whose(self) -> Content:
        """On the frame of every question: the profile that it is about, in words on its colour, and as whom."""
        app, about = self.app, self.about
        if isinstance(about, str) or not isinstance(app, Shell):
            return Content.styled(about or "", "bold") if not isinstance(about, Profile) else Content("")
        return profile_words(app, about)

    def on_key(self, event: Key) -> None:
        """A key that nobody here has a use for is answered with those that have one."""
        if event.key not in self.active_bindings:
            self.name_keys()

    def name_keys(self) -> None:
        """On the frame, beside whose question it is, which keys there are; where both have room."""
        if not self.query(Button):
            return
        box = self.query_one("#dialog")
        whose = self.whose()
        said = Content.assemble((KEYS, "$text-warning"), "   ", whose)
        box.border_subtitle = said if said.cell_length + 6 <= box.outer_size.width else whose

    def compose_body(self) -> Iterable[Widget]:
        """What is asked."""
        return ()

    def compose_buttons(self) -> Iterable[Widget]:
        """The answers, the safe one first."""
        yield Button("Cancel", id="cancel")

    def _on_mount(self, event: Mount) -> None:
        """Buttons answer every press at once: Textual's own take none for 0.2 s after the last one."""
        super()._on_mount(event)
        for button in self.query(Button):
            button.active_effect_duration = 0
        if isinstance(self.app, Shell):
            self.app.hush()

    def action_cancel(self) -> None:
        """Answer no."""
        self.dismiss(None)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel is the same in every dialog."""
        if event.button.id == "cancel":
            event.stop()
            self.action_cancel()
