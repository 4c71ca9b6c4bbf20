"""Secrets that have to be read once (a new API key, a second factor's secret, recovery codes), and how a picture of
the screen is made without them.

Declared as secret: every :class:`SecretText`, every ``SecretInput``, and any widget with the class ``secret``, with all
that is inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.segment import Segment
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from billtui.widgets.secret_input import SecretInput

COVER = "▒"
"""What a picture shows in a secret's place."""
DECLARED = "secret"
"""The class by which any widget says that it draws a secret."""


class SecretText(Static):
    """Text that is a secret: on the terminal as it is, in a picture of the screen covered.

    It cannot be selected here (whoever copies a selection is told what was copied); the terminal's own way works.
    """

    ALLOW_SELECT = False


def is_secret(widget: Widget) -> bool:
    """Whether a widget draws a secret now; an empty field draws none."""
    if isinstance(widget, SecretInput):
        return bool(widget.value)
    return isinstance(widget, SecretText) or widget.has_class(DECLARED)


@contextmanager
def covered(screens: Iterable[Screen[Any]]) -> Iterator[None]:
    """While it lasts every secret of ``screens`` is drawn as a cover of its size; nothing may be awaited meanwhile."""
    hidden: list[Widget] = []
    for screen in screens:
        for widget in screen.walk_children(Widget):
            if any(is_secret(one) for one in widget.ancestors_with_self if isinstance(one, Widget)):
                hidden.append(widget)
    for widget in hidden:
        widget.render_lines = _cover_of(widget)  # type: ignore[method-assign]  # for this one picture
    try:
        yield
    finally:
        for widget in hidden:
            del widget.render_lines


def _cover_of(widget: Widget) -> Any:
    style = widget.rich_style

    def cover(crop: Region) -> list[Strip]:
        return [Strip([Segment(COVER * crop.width, style)], crop.width)] * crop.height

    return cover
