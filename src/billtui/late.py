"""Names of a package that are imported when they are first used (PEP 562), so that a start loads what it shows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping


def late(package: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """A ``__getattr__`` for ``package``: every name of ``names`` is in the module below it that stands there.

    ``module:name`` where it has another name there.
    """

    def get(name: str) -> object:
        place = names.get(name)
        if place is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, there = place.partition(":")
        full = f"{package}.{module}"
        __import__(full)
        found: object = getattr(sys.modules[full], there or name)
        setattr(sys.modules[package], name, found)
        return found

    return get
