"""What `./dev faults` consists of: a part is a file that has a long form, or proves a figure of docs/reliability.md."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
PLACES = ("faults", "secrecy", "terminal")
"""All files in these are parts."""
OTHERS = (
    "client/test_bad_answers.py",
    "client/test_phases.py",
    "client/test_secrets.py",
    "screens/test_hostile_fleet.py",
    "screens/test_pictures_without_secrets.py",
    "screens/test_sizes.py",
    "sandbox/engine/test_engine_concurrency.py",
    "sandbox/engine/test_engine_machine.py",
    "services/tickets/test_drafts.py",
    "unit/config/test_credential_store.py",
    "unit/config/test_private_files.py",
    "unit/config/test_process_memory.py",
    "unit/domain/test_machine.py",
    "widgets/test_record_table_sync.py",
)
"""Files without a long form whose figures stand in docs/reliability.md."""
_LONG = re.compile(r"BILLTUI_FAULTS|mark\.faults|import .*\bLONG\b")


@dataclass(frozen=True)
class Part:
    """One file of tests."""

    name: str
    path: Path
    what: str
    """The first sentence of its description."""
    long: bool
    """Whether it does more here than in ``./dev test``."""


def _part(path: Path) -> Part:
    text = path.read_text(encoding="utf-8")
    description = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
    what = re.split(r"(?<=\.) (?=[A-Z])", description)[0].rstrip(".")
    return Part(path.stem.removeprefix("test_").replace("_", "-"), path, what, bool(_LONG.search(text)))


def all_parts() -> list[Part]:
    """Every part, in the alphabet of their names; no two have one name."""
    found = {path for place in PLACES for path in (TESTS / place).glob("test_*.py")}
    found |= {TESTS / one for one in OTHERS}
    found |= {path for path in TESTS.rglob("test_*.py") if _LONG.search(path.read_text(encoding="utf-8"))}
    parts = sorted((_part(path) for path in found - {TESTS / "faults" / "test_parts.py"}), key=lambda one: one.name)
    names = [one.name for one in parts]
    if len(set(names)) != len(names):
        raise ValueError(f"two files of one name: {sorted({one for one in names if names.count(one) > 1})}")
    return parts
