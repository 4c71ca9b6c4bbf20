"""A panel before a write and now, side by side in words: what a person decides by where no verdict is possible."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from billtui.domain.rules.facts import format_when
from billtui.domain.safetext import SafeText

if TYPE_CHECKING:
    from billtui.services.journal import OperationRow

MOST_NAMED: Final = 12
"""Entries of a list that are named one by one."""
LONGEST: Final = 300
"""Characters of one value."""
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")


class Compared(NamedTuple):
    """One thing that was looked at, harmless on a terminal."""

    name: str
    before: str
    now: str
    """Empty where it was not looked at again."""

    @property
    def changed(self) -> bool:
        """Whether it is another now."""
        return bool(self.now) and self.now != self.before

    @property
    def words(self) -> str:
        """``balance: 10.00 EUR before, 5.00 EUR now``."""
        if not self.now:
            return f"{self.name}: {self.before} before"
        if self.changed:
            return f"{self.name}: {self.before} before, {self.now} now"
        return f"{self.name}: {self.now}, as before"


def compared(row: OperationRow) -> list[Compared]:
    """What the journal has of the panel before ``row`` was sent, and when it was looked at after; in words."""
    return _side_by_side(_things(row.picture, "seen"), _things(row.finding, "now"))


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What of two looks at the panel is another one now, in words."""
    return [one.words for one in _side_by_side(before, now) if one.changed]


def _side_by_side(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Compared]:
    names = list(dict.fromkeys((*before, *now)))
    return [
        Compared(_name(name), _value(before.get(name)), _now(before.get(name), now[name]) if name in now else "")
        for name in names
    ]


def looked_at(row: OperationRow) -> tuple[datetime | None, datetime | None]:
    """When the picture was taken, and when it was last compared."""
    return _at(row.picture), _at(row.finding)


def found_json(row: OperationRow) -> dict[str, Any] | None:
    """Both states for programs: ``before``, ``now``, ``found`` and ``words``; ``None`` without a picture."""
    if row.picture is None:
        return None
    finding = row.finding or {}
    return {
        "before": {"at": row.picture.get("at"), **_plain(row.picture.get("seen"))},
        "now": {"at": finding.get("at"), **_plain(finding.get("now"))} if finding else None,
        "found": finding.get("state"),
        "words": finding.get("words"),
    }


def _plain(value: object) -> dict[str, Any]:
    return {"seen": dict(value)} if isinstance(value, Mapping) else {"seen": {}}


def _things(document: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    value = (document or {}).get(name)
    return value if isinstance(value, Mapping) else {}


def _at(document: Mapping[str, Any] | None) -> datetime | None:
    value = (document or {}).get("at")
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _name(name: str) -> str:
    return str(SafeText(name.replace("_", " ")[:60]))


def _now(before: object, now: object) -> str:
    """Of long lists what came and went."""
    if isinstance(before, list) and isinstance(now, list) and before != now:
        new = [one for one in now if one not in before]
        gone = [one for one in before if one not in now]
        parts = [f"new: {_value(new)}"] if new else []
        parts += [f"gone: {_value(gone)}"] if gone else []
        return "; ".join(parts) or _value(now)
    return _value(now)


def _value(value: object) -> str:
    match value:
        case None | [] | "":
            text = "none"
        case bool():
            text = "yes" if value else "no"
        case list():
            named = ", ".join(_value(one) for one in value[:MOST_NAMED])
            more = len(value) - MOST_NAMED
            text = f"{named} and {more} more" if more > 0 else named
        case Mapping():
            text = ", ".join(f"{_name(str(name))} {_value(one)}" for name, one in list(value.items())[:MOST_NAMED])
            text = text or "none"
        case str() if _INSTANT.fullmatch(value):
            text = format_when(datetime.fromisoformat(value))
        case _:
            text = str(value)
    return str(SafeText(text[:LONGEST]))
