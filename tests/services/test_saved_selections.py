"""Selections that a person keeps by name."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from billtui.services.selection import SavedSelections


def test_saved_by_name(tmp_path: Path) -> None:
    saved = SavedSelections(tmp_path / "state" / "selections.json")
    assert saved.names("order") == [] and saved.get("order", "mine") is None
    saved.put("order", "  my \t servers ", ["3", "1", "1"])
    saved.put("invoice", "mine", ["5"])
    again = SavedSelections(tmp_path / "state" / "selections.json")
    assert again.names("order") == ["my servers"]
    assert again.get("order", "my servers") == frozenset("13")
    assert again.remove("order", "my servers") and not again.remove("order", "my servers")
    assert again.get("invoice", "mine") == frozenset("5")
    assert stat.S_IMODE((tmp_path / "state" / "selections.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x1bb", "a\u202eb"])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        SavedSelections(tmp_path / "s.json").put("order", name, ["1"])


@pytest.mark.parametrize("content", ["", "[1]", '{"order": 3}', '{"order": {"a": "x"}}', "\udcff"])
def test_a_broken_file_reads_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "s.json"
    path.touch(0o600)
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    saved = SavedSelections(path)
    assert saved.names("order") == []
    saved.put("order", "new", ["1"])
    assert saved.get("order", "new") == frozenset("1")
