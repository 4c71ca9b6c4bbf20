"""Styles that are parsed once: Textual parses all of them anew for every area that is opened, and thrice at the start.

The private interfaces of Textual used are ``Stylesheet._variables``, ``_require_parse`` and ``_parse_cache``;
``tests/screens/test_kept_stylesheet.py`` fails when they change.
"""

from __future__ import annotations

from typing import Any

from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

MOST_SOURCES = 1_000
"""More than there are widgets and files with styles: each stays parsed as long as its theme is kept."""
MOST_THEMES = 4
"""So many themes stay parsed: whoever goes back to one, or from the guide to the program, does not wait for it again.
Each program begins with Textual's own, before there are ours."""
Parsed = LRUCache[tuple[Any, ...], list[RuleSet]]
_themes: LRUCache[frozenset[tuple[str, str]], Parsed] = LRUCache(MOST_THEMES)
"""What was parsed in this process, by the variables of a theme: rules are read only, each program picks its own."""


def _parsed_with(variables: dict[str, str]) -> Parsed:
    theme = frozenset(variables.items())
    kept = _themes.get(theme)
    if kept is None:
        kept = _themes[theme] = LRUCache(MOST_SOURCES)
    return kept


class KeptStylesheet(Stylesheet):
    """Parses what is new, and everything only when the variables of the theme are other ones."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        """As Textual's."""
        super().__init__(variables=variables)
        self._parse_cache = _parsed_with(self._variables)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Other variables mean that everything is parsed with them; the same ones mean nothing."""
        if variables != self._variables:
            self._parse_cache = LRUCache(1)  # Textual empties it; what was parsed so far stays
            super().set_variables(variables)
            self._parse_cache = _parsed_with(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Parse what was not parsed with these variables; an error leaves the rules as they were."""
        if self._require_parse:
            self.parse()
