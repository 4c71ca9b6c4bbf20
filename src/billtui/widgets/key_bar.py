"""The line of keys at the bottom: what can be pressed here, dim where it cannot be used now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class KeyHint(NamedTuple):
    """A key, its word, and whether it can be used now."""

    key: str
    word: str
    enabled: bool = True


class KeyBar(Widget):
    """As many hints as fit, in their order; the rest is found with the last one, Help."""

    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; }
    """
    hints: reactive[tuple[KeyHint, ...]] = reactive(())

    def set_hints(self, hints: Sequence[KeyHint]) -> None:
        """Show these; nothing is drawn if they are the same."""
        self.hints = tuple(hints)

    def render(self) -> Content:
        """The line, fitted to the width: hints that do not fit are left out, the last one never."""
        room = self.size.width - 1
        fitting: list[KeyHint] = []
        last = self.hints[-1] if self.hints else None
        used = self._width(last) if last else 0
        for hint in self.hints[:-1]:
            if used + self._width(hint) > room:
                break
            used += self._width(hint)
            fitting.append(hint)
        if last:
            fitting.append(last)
        return Content("").join(map(self._drawn, fitting))

    def _drawn(self, hint: KeyHint) -> Content:
        """A hint; in brackets where it cannot be used and no colour says so."""
        if hint.enabled:
            return Content.assemble((f" {hint.key} ", "bold $text-accent"), (f"{hint.word} ", "$foreground"))
        before, after = "()" if self.app.no_color else "  "
        return Content.styled(f"{before}{hint.key} {hint.word}{after}", "$faint")

    @staticmethod
    def _width(hint: KeyHint) -> int:
        return cell_len(hint.key) + cell_len(hint.word) + 3
