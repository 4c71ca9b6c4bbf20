"""Styles that are parsed once: Textual parses all of them anew for every area that is opened, and thrice at the start.

The private interfaces of Textual used are ``Stylesheet._variables``, ``_require_parse`` and ``_parse_cache``;
``tests/screens/test_kept_stylesheet.py`` fails when they change.
"""

from __future__ import annotations

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

MOST_SOURCES = 1_000
"""More than there are widgets and files with styles: each stays parsed until the theme changes."""


class KeptStylesheet(Stylesheet):
    """Parses what is new, and everything only when the variables of the theme are other ones."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        """As Textual's."""
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(MOST_SOURCES)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Other variables mean that everything is parsed anew; the same ones mean nothing."""
        if variables != self._variables:
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Parse what was not parsed with these variables; an error leaves the rules as they were."""
        if self._require_parse:
            self.parse()
