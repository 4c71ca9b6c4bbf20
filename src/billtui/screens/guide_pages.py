"""The pages of the first-run guide, one shown at a time. What they do is in ``guide.py``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, ContentSwitcher, Input, Static
from textual.widgets.option_list import Option

from billtui.domain.safetext import clean
from billtui.screens.lean_screen import LeanScreen
from billtui.widgets.choices import Choices

STEPS = {"start": 0, "address": 1, "check": 2, "pin": 2, "profile": 3, "done": 4}
"""The pages, and which of the four steps each belongs to."""
FOCUS = {"start": "choices", "address": "url", "pin": "digits", "profile": "user", "done": "done-open"}
"""Where one goes on, by page; on the check it is where the answer leads."""
TITLES = {
    "start": "Welcome to billtui: the bill of a fleet of virtual servers",
    "address": "Where is your panel?",
    "check": "Looking at the panel",
    "pin": "Trust this one certificate",
    "profile": "What shall this panel be called here?",
    "done": "Signed in",
}


class Switch(Button):
    """A line that is on or off; space switches it as enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "press", show=False)]


class GuidePages(LeanScreen[None]):
    """Where one is, the page, the keys."""

    CSS_PATH = "guide.tcss"

    def compose(self) -> ComposeResult:
        """Where one is, the page, the keys."""
        with Vertical(id="guide"):
            yield Static(id="where")
            yield Static(id="title")
            with ContentSwitcher(id="pages", initial="start"):
                yield from self._start_page()
                yield from self._address_page()
                with Vertical(id="check", classes="page"):
                    yield Static(id="result")
                    titles = {"again": "Try again", "ca": "Give a CA file", "pin": "Pin it", "on": "Go on"}
                    yield _buttons("check", back="Back", **titles)
                with Vertical(id="pin", classes="page"):
                    yield Static(id="shown")
                    yield from _field("Its last 8 digits or more, typed from what the administrator gave you", "digits")
                    yield _buttons("pin", back="Back", go="Pin this certificate")
                yield from self._profile_page()
                with Vertical(id="done", classes="page"):
                    yield Static(id="kept-in")
                    yield _buttons("done", open="Open billtui")
            yield Static(Content("enter goes on · tab or arrows move · esc one step back · ctrl+q leaves"), id="keys")

    def _start_page(self) -> Iterable[Widget]:
        choices = (
            ("demo", "Look around in the demo", "A built-in panel with an invented fleet. Nothing is real."),
            ("connect", "Connect to a panel", "Your provider's billing panel: its address, then your login."),
            ("leave", "Leave", "billtui --help shows what else there is, also without this screen."),
        )
        with Vertical(id="start", classes="page"):
            yield Static(Content("There is no profile yet. What do you want to do?"), classes="text")
            yield Choices(
                *(
                    Option(Content.assemble((title, "bold"), "\n  ", (words, "$muted")), id=name)
                    for name, title, words in choices
                ),
                id="choices",
            )

    def _address_page(self) -> Iterable[Widget]:
        with Vertical(id="address", classes="page"):
            yield from _field("Address of the panel, for example https://panel.example", "url")
            yield from _field("Proxy, only if this host reaches the network through one: http://proxy:3128", "proxy")
            yield from _field("File of the panel's own authority (PEM), only if it has one of its own", "ca-file")
            yield _buttons("address", back="Back", go="Look at the panel")

    def _profile_page(self) -> Iterable[Widget]:
        with Vertical(id="profile", classes="page"):
            yield Static(
                Content("A profile is one panel and one login. Its name stands on every screen."), classes="text"
            )
            yield from _field("Name of the profile", "name")
            yield from _field("Your login there; it is not the e-mail address", "user")
            yield Switch(Content(""), id="read-only")
            yield _buttons("profile", back="Back", go="Sign in")

    @property
    def page(self) -> str:
        """The page that is shown."""
        return self.query_one("#pages", ContentSwitcher).current or "start"

    def show(self, page: str) -> None:
        """Show a page, with the focus where one goes on."""
        self.query_one("#pages", ContentSwitcher).current = page
        steps = ("Panel", "Check", "Profile", "Sign in")
        at = STEPS[page]
        parts: list[Any] = ["billtui · first start"] if not at else ["billtui   "]
        for number, title in enumerate(steps if at else (), 1):
            here = number == at
            sign = f"[{number} {title}]" if here else f"{number} {title}"
            parts.append((f"{sign}   ", "bold $text-accent" if here else "$muted"))
        self.query_one("#where", Static).update(Content.assemble(*parts))
        self.query_one("#title", Static).update(Content(TITLES[page]))
        if page in FOCUS:
            self.query_one(f"#{FOCUS[page]}").focus()

    def say(self, field: str, text: str | None) -> None:
        """What is wrong with a field, under it."""
        said = self.query_one(f"#{field}-said", Static)
        said.update(Content(clean(text or "", max_length=400)))
        said.display = bool(text)


def _field(label: str, name: str) -> Iterable[Widget]:
    yield Static(Content(label), classes="label")
    field = Input(id=name)
    field.cursor_blink = False
    yield field
    said = Static(id=f"{name}-said", classes="said")
    said.display = False
    yield said


def _buttons(page: str, **titles: str) -> Horizontal:
    return Horizontal(
        *(
            Button(Content(title), id=f"{page}-{name}", classes="back" if name == "back" else "")
            for name, title in titles.items()
        ),
        classes="buttons",
    )
