"""A secret that the panel tells once: to be copied, or saved to a private file, before it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from pydantic import SecretStr
from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.config.paths import typed_path, write_new
from billtui.screens.modals.dialog import Dialog, Fact, Facts
from billtui.screens.modals.new_file import new_file_problem
from billtui.screens.modals.prompt import Prompt
from billtui.screens.shell import Shell, shell_of
from billtui.widgets.secret_text import SecretText


class ShownOnce(Dialog[None]):
    """Shows secrets with what they are; ``esc`` warns once before it closes. They are in no exported picture."""

    DEFAULT_CSS = """
    ShownOnce #secret { height: auto; margin: 1 0; padding: 0 1; background: $panel; text-style: bold; }
    ShownOnce.-tiny #secret { margin: 0; }
    """

    def __init__(
        self,
        title: str,
        secrets: Sequence[SecretStr],
        *,
        facts: Sequence[Fact],
        warning: str,
        file_name: str,
        heading: Sequence[str],
        columns: int = 1,
    ) -> None:
        """``heading`` are the first lines of the file, which says what the secrets are."""
        super().__init__()
        self.title_text = title
        self.secrets = list(secrets)
        self.facts = facts
        self.warning = warning
        self.file_name = file_name
        self.heading = list(heading)
        self.columns = columns
        self._kept = False
        """Whether it was sent to the clipboard or saved, or whoever closes it was warned."""

    @property
    def billtui(self) -> Shell:
        """The program around it."""
        return shell_of(self)

    def compose_body(self) -> Iterable[Widget]:
        """What it is, the secrets, what to do with them."""
        yield Facts(self.facts)
        yield SecretText(self._shown(), id="secret")
        yield Static(Content.styled(self.warning, "$text-warning"), id="warning")
        yield Static(id="problem", classes="problem")

    def compose_buttons(self) -> Iterable[Widget]:
        """Copy, save, close: the first harms nobody."""
        yield Button("Copy", id="copy")
        yield Button("Save to a file", id="save")
        yield Button("Close", id="close")

    def on_mount(self) -> None:
        """Rest on what loses nothing."""
        self.query_one("#copy").focus()

    def _shown(self) -> Content:
        values = [one.get_secret_value() for one in self.secrets]
        if self.columns == 1:
            return Content("\n").join(map(Content, values))
        width = max(map(len, values), default=0) + 4
        rows = [values[at : at + self.columns] for at in range(0, len(values), self.columns)]
        return Content("\n").join(Content("".join(f"{one:<{width}}" for one in row).rstrip()) for row in rows)

    def _text(self) -> str:
        return "\n".join(one.get_secret_value() for one in self.secrets)

    @on(Button.Pressed, "#copy")
    def copy(self) -> None:
        """Send them to the terminal's clipboard; the message does not repeat them."""
        if self.billtui.copy(self._text(), secret=True):
            self._kept = True

    @on(Button.Pressed, "#save")
    def save(self) -> None:
        """Ask for a new file; the work belongs to the program, not to a key press."""
        self.run_worker(self.billtui.boundary(self._save()), exit_on_error=False)

    async def _save(self) -> None:
        typed = await self.app.push_screen_wait(
            Prompt(
                "Save to a file", label="To which new file? Only you can read it (mode 0600).", value=self.file_name,
                button="Save", check=new_file_problem,
            )
        )  # fmt: skip
        if typed is None:
            return
        path = typed_path(typed.strip())
        content = "\n".join([*self.heading, "", self._text(), ""]).encode()
        try:
            await asyncio.to_thread(write_new, path, content)
        except OSError as error:
            self._say(f"{path} cannot be written: {error.strerror or error}.")
            return
        self._kept = True
        self._say("")
        self.billtui.say(f"Saved to {path}, mode 0600.")

    def _say(self, text: str) -> None:
        problem = self.query_one("#problem", Static)
        problem.update(Content(text))
        problem.set_class(bool(text), "shown")

    @on(Button.Pressed, "#close")
    def action_cancel(self) -> None:
        """Close; where nothing was copied or saved, only the second time."""
        if self._kept:
            self.query_one("#secret", SecretText).update(Content(""))
            self.secrets.clear()
            self.dismiss(None)
            return
        self._kept = True
        self._say("It was neither copied nor saved, and is never shown again. Once more closes it.")
