"""A text that is drawn only when it differs: on a thin line, what stands still costs nothing."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Still(Static):
    """A :class:`Static` for a place of a fixed size, told its content again and again."""

    _told: Content | None = None
    _veiled = False

    def show(self, content: Content, *, grows: bool = False) -> None:
        """Show ``content``; nothing happens if it is what stands there. ``grows``: its height may change with it.

        A new height has the whole screen laid out and drawn anew, so it is asked for only where it differs (P-BYTES-2).
        """
        told, width, veiled = self._told, self.size.width, self._veiled
        self._veiled = False
        if self._is_told(content) and not veiled:
            return
        if grows and told is not None and width:
            rules = self.styles.get_rules()
            stands = self.size.height if veiled else told.get_height(rules, width)  # laid out while empty it is low
            grows = stands != content.get_height(rules, width)
        self.update(content, layout=grows)

    def veil(self) -> None:
        """Show nothing, in the same place, until :meth:`show` is called again."""
        if self._told is not None and not self._veiled:
            self._veiled = True
            self.update(Content(""), layout=False)

    def fit(self, content: Content) -> None:
        """Show ``content`` in a place that is as wide as what stands in it."""
        if not self._is_told(content):
            self.update(content)

    def _is_told(self, content: Content) -> bool:
        """Whether it stands there already; from now on it does."""
        told, self._told = self._told, content
        return told is not None and told.plain == content.plain and told.spans == content.spans
