"""Widgets on the line API whose lines are kept as they were handed out: only lines that differ are announced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget


class KeptLines(Widget):
    """Gives all its lines anew after each change; those that differ from the screen's are drawn (P-TABLE-2)."""

    def __init__(
        self,
        *children: Widget,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(*children, name=name, id=id, classes=classes, disabled=disabled)
        self._painted: list[Strip] = []
        self._painted_size = Size(-1, -1)

    def _lines(self) -> list[Strip]:
        """All lines as they should be on the screen now."""
        raise NotImplementedError

    def _forget_painted(self) -> None:
        """Colours or sizes changed: everything is drawn anew."""
        self._painted_size = Size(-1, -1)
        self.refresh()

    def _current_lines(self) -> list[Strip]:
        """The lines to hand out: those already announced, or all anew after a change of size or colours."""
        if self._painted_size != self.size:
            self._painted = self._lines()
            self._painted_size = self.size
        return self._painted

    def _sync(self) -> None:
        """Announce the lines that differ from those on the screen, and only those."""
        if self._painted_size != self.size or not self.is_mounted:
            self.refresh()
            return
        painted, changed = self._painted, []
        for y, line in enumerate(self._lines()):
            if line is not painted[y] and line != painted[y]:
                painted[y] = line
                changed.append(y)
        if changed:
            width = self.size.width
            self.refresh(*(Region(0, y, width, count) for y, count in runs(changed)))

    def render_line(self, y: int) -> Strip:
        lines = self._current_lines()
        return lines[y] if 0 <= y < len(lines) else Strip.blank(self.size.width, self.rich_style)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Hand out kept lines as they are where nothing lies around or over them, so that what was already turned
        into bytes is not made again (P-TABLE-2); the way through all styles otherwise."""
        styles = self.styles
        if (
            styles.gutter
            or styles.tint.a
            or self.opacity != 1.0
            or styles.text_opacity != 1.0
            or any(edge for edge, _ in styles.outline)
            or styles.has_rule("hatch")
        ):
            return super().render_lines(crop)
        lines = self._current_lines()[crop.y : crop.bottom]
        if len(lines) < crop.height:
            lines += [Strip.blank(self.size.width, self.rich_style)] * (crop.height - len(lines))
        filters = self.get_line_filters()
        if filters:
            _, background = self.background_colors
            for line_filter in filters:
                lines = [line.apply_filter(line_filter, background) for line in lines]
        if crop.column_span != (0, self.size.width):
            lines = [line.crop(*crop.column_span) for line in lines]
        return lines


def runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rising numbers as (first, count) of each run without a gap."""
    start = previous = None
    for number in numbers:
        if start is None or previous is None:
            start = number
        elif number != previous + 1:
            yield start, previous - start + 1
            start = number
        previous = number
    if start is not None and previous is not None:
        yield start, previous - start + 1
