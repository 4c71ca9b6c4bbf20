"""What every screen and dialog shares below its surface: a key costs what it changes (P-TABLE-2).

Textual works out anew for every key, twice, which keys every widget between the focus and the program has, a person's
own keys laid over them. That follows from the focus alone; here it is kept until that changes. And it draws when it
has rested, not at the next line of a grid (:mod:`billtui.screens.frame_timer`).

The private interfaces used are ``Screen._binding_chain``, ``Screen._compositor``, ``Screen._update_timer``,
``MessagePump._timers`` and ``App._keymap``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from textual.binding import BindingsMap
from textual.dom import DOMNode
from textual.screen import UPDATE_PERIOD, Screen
from textual.timer import Timer
from textual.widget import Widget

from billtui.screens.frame_timer import FrameTimer
from billtui.widgets.compositing import LeanCompositor

Answer = TypeVar("Answer")
Chain = list[tuple[DOMNode, BindingsMap]]
Ground = tuple[Widget | None, Mapping[str, str], bool, object, object]
"""What the keys follow from: the focus, a person's own keys, and whether the focus loads, or takes letters."""


class LeanScreen(Screen[Answer]):
    """Draws only what changed and can be seen; knows its keys until the focus moves."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name, id, classes)
        self._compositor = LeanCompositor()
        self._known_keys: tuple[Ground, Chain] | None = None
        self._frames: FrameTimer | None = None

    @property
    def _update_timer(self) -> Timer:
        if self._frames is None:
            self._frames = FrameTimer(
                self, UPDATE_PERIOD, name="screen_update", callback=self._on_timer_update, repeat=None, pause=True
            )
            self._frames._start()
            self._timers.add(self._frames)
        return self._frames

    @property
    def _binding_chain(self) -> Chain:
        focused = self.focused
        loading = focused is not None and focused.loading
        letters = getattr(focused, "read_only", None), getattr(focused, "tab_behavior", None)
        ground: Ground = (focused, self.app._keymap, loading, *letters)
        if self._known_keys is None or self._known_keys[0] != ground:
            self._known_keys = (ground, super()._binding_chain)
        return self._known_keys[1]

    @property
    def is_on_top(self) -> bool:
        """Whether nothing lies over it, not even a question. While the program is left nothing is on top."""
        return self.app.screen_stack[-1:] == [self]

    @property
    def is_seen(self) -> bool:
        """Whether it is on top, or only questions lie over it. Textual calls one current that is wholly covered, and
        what it draws then has all that lies over it drawn anew (P-BYTES-2)."""
        stack = self.app.screen_stack
        return self in stack and all(screen.is_modal for screen in stack[stack.index(self) + 1 :])
