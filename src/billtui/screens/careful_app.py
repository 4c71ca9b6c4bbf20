"""What every program on the screen has, the guide of the first start as well: how it fits, fails and is pictured."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from billtui.screens.kept_stylesheet import KeptStylesheet
from billtui.screens.waits import Waits
from billtui.services.waits import ACT
from billtui.terminal.gated_app import GatedApp

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.events import Resize
    from textual.widget import Widget

    from billtui.screens.shell import Severity
    from billtui.terminal.crash import CrashReport

Answer = TypeVar("Answer")
SMALLEST = (40, 12)
"""Below this many columns and rows there is one plain notice."""
CLOSE_SECONDS = 1.5
"""So long leaving waits for screens to close."""


class CarefulApp(GatedApp[Answer]):
    """One notice below the smallest size, crashes told by their place only, pictures without secrets."""

    crash_text: str = ""
    """What a crash left to say, once the terminal is the shell's again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Everything is as in Textual's app, but for what keeps it quick."""
        super().__init__(*arguments, **options)
        self.stylesheet = KeptStylesheet(variables=self.get_css_variables())
        self.waits = Waits(self)
        """What the panel is asked, for whoever waits for it."""

    def say(self, message: str, severity: Severity = "information") -> None:
        """A short message, as plain text, for a few seconds."""
        raise NotImplementedError

    def _register(self, parent: DOMNode, *widgets: Widget, **options: Any) -> list[Widget]:
        """Take widgets in (Textual 8.2.8): what a dialog asks by itself is no part of what it was opened by."""
        token = ACT.set(None)
        try:
            return super()._register(parent, *widgets, **options)
        finally:
            ACT.reset(token)

    def leave_wait(self) -> bool:
        """Leave what is waited for, where that is shown; whether something was left."""
        return self.waits.leave()

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """A picture of the screen as SVG, every way to take one included, with all secrets covered."""
        from billtui.widgets.secret_text import covered

        with covered(self.screen_stack):
            return super().export_screenshot(title=title, simplify=simplify)

    def on_resize(self, event: Resize) -> None:
        """Below the smallest size there is one plain notice, above it it goes."""
        from billtui.screens.modals.too_small import TooSmall

        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        shown_now = isinstance(self.screen, TooSmall)
        if small and not shown_now:
            self.push_screen(TooSmall(*SMALLEST))
        elif not small and shown_now:
            self.pop_screen()

    async def _close_all(self) -> None:
        """Close every screen (Textual 8.2.8); one that is stuck is not waited for: there is nothing left to draw.

        Private: this method, and the callbacks that are still to come, among them the waiting for the stuck one.
        """
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super()._close_all()
        except TimeoutError:
            self._next_callbacks.clear()

    @staticmethod
    def _report(error: BaseException, *, goes_on: bool = True) -> CrashReport:
        from billtui import __version__
        from billtui.config.paths import state_dir
        from billtui.terminal.crash import report_crash

        return report_crash(error, state_dir() / "crashes", version=__version__, goes_on=goes_on)

    def _fatal_error(self) -> None:
        """A crash says where, never with what: Textual's own report prints local variables."""
        error = sys.exc_info()[1]
        if error is not None and not self.crash_text:
            self.crash_text = self._report(error, goes_on=False).text
        self._return_code = 1
        self._close_messages_no_wait()
