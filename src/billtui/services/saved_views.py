"""Saved views: a list's filter, sort and columns under a name, in the config directory (views.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from billtui.config import toml_text
from billtui.config.errors import ConfigError
from billtui.config.paths import config_dir, locked, read_private, write_private
from billtui.services.selection import check_name

LISTS: Final = ("orders", "invoices", "jobs", "transfers", "tickets", "queue")
MAX_VIEWS: Final = 100
MAX_FILTER: Final = 500


class SortKey(NamedTuple):
    """One column to sort by."""

    column: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> SortKey:
        """``-paid_until`` is descending, ``name`` ascending."""
        return cls(text.removeprefix("-"), text.startswith("-"))

    def __str__(self) -> str:
        return f"-{self.column}" if self.descending else self.column


class SavedView(NamedTuple):
    """How a list is looked at."""

    list_name: str
    name: str
    filter: str = ""
    sort: tuple[SortKey, ...] = ()
    columns: tuple[str, ...] = ()
    """Columns in their order; empty: the list's own."""


class SavedViews:
    """The views file; every change is read, made and written under a lock, and what it does not know is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or config_dir() / "views.toml"

    def load(self) -> tuple[dict[tuple[str, str], SavedView], list[str]]:
        """Every view by (list, name), and in words what is wrong with others. Raises ConfigError, UnsafePath."""
        found: dict[tuple[str, str], SavedView] = {}
        problems: list[str] = []
        for list_name, views in self._content().items():
            if not isinstance(views, Mapping):
                problems.append(f'{self.path}: {list_name[:40]!r} must hold views, like [orders."ending soon"].')
                continue
            for name, values in views.items():
                try:
                    found[list_name, name] = _view(list_name, name, values)
                except ValueError as error:
                    problems.append(f"{self.path}: view {name[:40]!r} of {list_name[:40]!r}: {error}")
        return found, problems

    def of(self, list_name: str) -> list[SavedView]:
        """The views of a list, by name."""
        return sorted(view for (of, _), view in self.load()[0].items() if of == list_name)

    def get(self, list_name: str, name: str) -> SavedView | None:
        """One view, or ``None``."""
        return self.load()[0].get((list_name, name))

    def put(self, view: SavedView) -> SavedView:
        """Keep a view, replacing one of the same name. Raises ValueError for what cannot be kept, ConfigError."""
        checked = _view(view.list_name, check_name(view.name), view._asdict())
        with locked(self.path):
            content = self._content()
            views = dict(_table(content, checked.list_name))
            if checked.name not in views and len(views) >= MAX_VIEWS:
                raise ValueError(f"There are {MAX_VIEWS} views of {checked.list_name} already; remove one first.")
            values: dict[str, object] = {"filter": checked.filter} if checked.filter else {}
            if checked.sort:
                values["sort"] = [str(key) for key in checked.sort]
            if checked.columns:
                values["columns"] = list(checked.columns)
            views[checked.name] = values
            self._write({**content, checked.list_name: views})
        return checked

    def remove(self, list_name: str, name: str) -> bool:
        """Forget a view; False where there is none."""
        with locked(self.path):
            content = self._content()
            views = dict(_table(content, list_name))
            if name not in views:
                return False
            del views[name]
            changed = {**content, list_name: views}
            if not views:
                del changed[list_name]
            self._write(changed)
            return True

    def _text(self) -> str:
        try:
            return read_private(self.path, 1024 * 1024).decode("utf-8")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.path}: not UTF-8 at byte {error.start}.") from None

    def _content(self) -> dict[str, object]:
        return toml_text.parse(self._text(), self.path)

    def _write(self, content: Mapping[str, object]) -> None:
        write_private(self.path, toml_text.edit(self._text(), content).encode())


def _table(content: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = content.get(name, {})
    if not isinstance(table, Mapping):
        raise ConfigError(f'views are written as [{name}."NAME"].')
    return table


def _view(list_name: str, name: str, values: object) -> SavedView:
    """A checked view. Raises ValueError."""
    if list_name not in LISTS:
        raise ValueError(f"there is no list {list_name[:40]!r}; lists are {', '.join(LISTS)}.")
    if not isinstance(values, Mapping):
        raise ValueError("it must be a table with filter, sort and columns.")
    text = values.get("filter", "")
    if not isinstance(text, str) or len(text) > MAX_FILTER or not text.isprintable():
        raise ValueError(f"filter must be one line of at most {MAX_FILTER} characters.")
    sort = tuple(SortKey.parse(key) for key in _words(values, "sort"))
    columns = tuple(_words(values, "columns"))
    return SavedView(list_name, name, text, tuple(dict.fromkeys(sort)), tuple(dict.fromkeys(columns)))


def _words(values: Mapping[str, object], key: str) -> list[str]:
    found = values.get(key, ())
    if not isinstance(found, list | tuple):
        raise ValueError(f"{key} must be a list of columns.")
    for item in found:
        word = str(item) if isinstance(item, SortKey) else item
        if not isinstance(word, str) or not word.removeprefix("-").replace("_", "").replace("-", "").isalnum():
            raise ValueError(f'{key} must be a list of columns, for example ["name"].')
    return [str(item) for item in found]
