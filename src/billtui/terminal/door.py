"""The door to the terminal: what the compositor draws becomes a picture of cells, which the driver is shown.

The driver writes the difference to what is on the terminal when the line has room; a picture that was overtaken is
never written. Private interfaces of Textual used: ``App._display`` (replaced here, for a driver that takes pictures)
and the kinds of update of its compositor (``screenful.py``).
"""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar, runtime_checkable

from rich.color import ColorSystem
from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen

from billtui.terminal.attributes import style_book
from billtui.terminal.entered import Entered
from billtui.terminal.screenful import Painting, Screenful

ReturnType = TypeVar("ReturnType")

_COLOUR_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}


@runtime_checkable
class TakesPictures(Protocol):
    """A driver with the door in it."""

    @property
    def door_open(self) -> bool:
        """Whether pictures are taken; otherwise everything is written as Textual does it."""

    def show(self, screenful: Screenful) -> None:
        """This is meant to be on the terminal from now on. Never blocks."""

    def forget(self) -> None:
        """What is on the terminal is not known any more: the next picture is drawn whole."""


@runtime_checkable
class TakesFrames(Protocol):
    """A driver that tells frames in Textual's own form from other words."""

    def frame(self) -> AbstractContextManager[None]:
        """What is written meanwhile belongs to a frame."""


class DoorApp(App[ReturnType]):
    """A Textual app that draws through the door, where its driver has one."""

    door_wanted: bool = False
    """Whether its driver should take pictures; looked at when the driver is made."""
    entered: Entered | None = None
    """What was done to the terminal before."""
    _painting: Painting | None = None
    _painted_by: Screen[object] | None = None

    @property
    def door(self) -> TakesPictures | None:
        """The driver, if it takes pictures."""
        driver: object = self._driver
        return driver if isinstance(driver, TakesPictures) and driver.door_open else None

    @property
    def intended(self) -> Screenful | None:
        """The picture that is meant to be on the terminal; None before the first, and without a door."""
        return None if self._painting is None else self._painting.screenful

    def intended_of(self, screen: Screen[object]) -> Screenful | None:
        """The same, where it is of this screen: one that has just gone from above it may still stand there."""
        return self.intended if self._painted_by is screen else None

    def repaint(self) -> None:
        """Draw everything again, for a terminal on which something else has written."""
        if self.door is not None:
            self.door.forget()
        self.screen.refresh(layout=True)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Textual's own is replaced for what its compositor draws; the rest is written as it is, and then all anew."""
        door = self.door
        if (
            door is None
            or renderable is None
            or self._batch_count
            or not self._running
            or self._closed
            or self.is_headless
        ):
            driver: object = self._driver
            with driver.frame() if isinstance(driver, TakesFrames) else contextlib.nullcontext():
                super()._display(screen, renderable)
            return
        if self._painting is None:
            self._painting = Painting(
                style_book(_COLOUR_SYSTEMS.get(self.console.color_system or "", ColorSystem.TRUECOLOR))
            )
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        if isinstance(renderable, CompositorUpdate) and self._painting.take_over(renderable, cursor):
            self._painted_by = screen
            if self._painting.screenful.rows:
                door.show(self._painting.screenful)
            self.post_display_hook()
        else:
            super()._display(screen, renderable)
            door.forget()
