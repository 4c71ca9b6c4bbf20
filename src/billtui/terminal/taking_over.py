"""Textual's driver, told that the terminal was taken over already: nothing is entered twice, so nothing flickers."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from billtui.terminal.early import EarlyScreen

_ENTER = "\x1b[?1049h"
_early: EarlyScreen | None = None


def expect(early: EarlyScreen | None) -> None:
    """The next driver that starts takes the terminal over from ``early``."""
    global _early
    _early = early


class TakingOver(LinuxDriver):
    """Begins where the first frame stands."""

    _taken: EarlyScreen | None = None

    def start_application_mode(self) -> None:
        """As ever; but the modes that it restores are those from before the first frame."""
        early = _early
        expect(None)
        if early is None or not early.standing:
            super().start_application_mode()  # type: ignore[no-untyped-call]
            return
        self._taken = early
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._taken = None
        self.attrs_before = early.attributes

    def write(self, data: str) -> None:
        """In the place of entering the screen comes what is left of the first frame."""
        if self._taken is not None and data == _ENTER:
            data = self._taken.hand_over().decode("utf-8", "replace")
        if data:
            super().write(data)
