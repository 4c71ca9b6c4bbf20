"""What is drawn of a screen after a change: only the lines that changed, and of these only what can be seen.

Textual's compositor asks every widget between the first and the last change for all its lines, those that others
cover as well: with the table at the top and the keys at the bottom that is the whole screen, a dozen times over, for
one row. Here a widget is asked for the lines that are drawn and that nothing before it has covered (P-TABLE-2).

The private interfaces used are ``Compositor._render_chops``, ``_regions_to_spans``, ``_dirty_regions`` and
``Screen._compositor``; :class:`~billtui.screens.lean_screen.LeanScreen` puts it in. A test draws screens both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import cast

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

from billtui.widgets.kept_lines import runs

Span = tuple[int, int, int]
"""A line, and the columns of it from the first to behind the last."""


class LeanCompositor(Compositor):
    """Draws the same cells as Textual's, and asks for nothing else."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """The spans that changed; ``None`` where nothing did."""
        regions = set(self._dirty_regions)
        self._dirty_regions.clear()
        spans = list(self._regions_to_spans(regions))
        if not spans:
            return None
        return ChopsUpdate(self._filled(spans), spans, [line[1:] for line in self.cuts])

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        width, height = self.size
        lines = range(max(0, crop.y), min(crop.bottom, height))
        return cast(
            "Sequence[Mapping[int, Strip]]", self._filled([(y, 0, width) for y in lines if is_rendered_line(y)])
        )

    def _filled(self, spans: Iterable[Span]) -> list[dict[int, Strip | None]]:
        """The pieces of every line between its cuts, as far as they lie in these spans; ``None`` for the others."""
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [dict.fromkeys(line[:-1]) for line in cuts]
        missing: dict[int, set[int]] = {}
        for y, left, right in spans:
            missing[y] = missing.get(y, set()) | {x for x, end in pairwise(cuts[y]) if x < right and end > left}
        for widget, (region, clip) in self.visible_widgets.items():  # from the front to the back
            if not missing:
                break
            shown = region.intersection(clip)
            first, last = shown.column_span
            lines = [y for y in shown.line_range if y in missing and any(first <= x < last for x in missing[y])]
            for start, count in runs(lines):
                crop = Region(first - region.x, start - region.y, shown.width, count)
                for y, strip in enumerate(widget.render_lines(crop), start):
                    inside = [cut for cut in cuts[y] if first <= cut <= last]
                    wanted = missing[y]
                    for x, piece in zip(inside, strip.divide([cut - first for cut in inside[1:]]), strict=False):
                        if x in wanted:
                            chops[y][x] = piece
                            wanted.discard(x)
                    if not wanted:
                        del missing[y]
        return chops
