"""What was done to the terminal before the program took it over: handed to the driver, so that nothing flickers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billtui.terminal.screenful import Screenful


@dataclass(frozen=True, slots=True)
class Entered:
    """The alternate screen is entered and the terminal's own echo is off: neither is done again, nothing is cleared."""

    attributes: list[Any] | None
    """The terminal's modes as they were before (``termios.tcgetattr``): what it gets back in the end."""
    standing: Screenful | None = None
    """What was drawn there; ``None`` when it should be drawn over as a whole."""
    rest: bytes = b""
    """What the line has not taken yet of what was drawn: it is written first."""
    taken: Callable[[], object] = bool
    """Called when the driver has the terminal: whoever entered it does not give it back any more."""
    typed: bytes = b""
    """What was read of the keyboard already, and is still to be heeded before anything else."""
