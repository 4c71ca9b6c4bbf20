"""Lists to choose from, whose chosen line can be read in every theme, and is seen without any colour."""

from __future__ import annotations

from typing import ClassVar

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widgets import OptionList


class Choices(OptionList):
    """An OptionList that takes the keys of lists (``j``, ``k``, ``g``, ``G``, or a person's own), as a table does.

    On the chosen line the line's own colours win, as under the cursor of a table.

    Words keep their weight there, not their colour: a grey or a yellow made for the background is unreadable on the
    cursor's. What has a background of its own (a profile's name) keeps both. Without colours the line is in reverse.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", "Down", show=False, id="table.down"),
        Binding("up,k", "cursor_up", "Up", show=False, id="table.up"),
        Binding("home,g", "first", "First", show=False, id="table.first"),
        Binding("end,G", "last", "Last", show=False, id="table.last"),
    ]

    def action_cursor_down(self) -> None:
        """Down, and no further than the end: one key too many is never another choice, at the other end of the list.

        What stands behind the last one that can be chosen, and why it cannot, comes in sight.
        """
        at = self.highlighted
        if at is None or any(not one.disabled for one in self.options[at + 1 :]):
            super().action_cursor_down()
        else:
            self.scroll_end(animate=False)

    def action_cursor_up(self) -> None:
        """Up, and no further than the beginning."""
        at = self.highlighted
        if at is None or any(not one.disabled for one in self.options[:at]):
            super().action_cursor_up()
        else:
            self.scroll_home(animate=False)

    def render_line(self, y: int) -> Strip:
        """A line; on the chosen one in the cursor's colours."""
        strip = super().render_line(y)
        look = self.get_visual_style("option-list--option", "option-list--option-highlighted").rich_style
        if look.bgcolor is None or look.bgcolor == self.rich_style.bgcolor:
            return strip
        own = Style(color=look.color)
        if self.app.no_color:  # in the code: Textual's get_visual_style leaves "reverse" out
            own += Style(bold=True, reverse=True) if self.has_focus else Style(underline=True)
        around = Style(bgcolor=self.rich_style.bgcolor)
        return Strip([_on_cursor(one, own, look.bgcolor, around) for one in strip], strip.cell_length)


def _on_cursor(segment: Segment, look: Style, background: Color, around: Style) -> Segment:
    style = segment.style
    if style is None or style.bgcolor != background:
        return segment
    # What is in reverse (a name on the theme's colour) has the letters that it has on every other line.
    return Segment(segment.text, style + (around if style.reverse else look), segment.control)
