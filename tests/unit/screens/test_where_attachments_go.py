"""Where one attachment is saved: what was typed, or its own name in a folder that was typed."""

from __future__ import annotations

from pathlib import Path

from billtui.screens.ticket_saving import file_meant, file_problem

NAME = "trace.log"


def test_a_folder_takes_the_file_by_its_own_name(tmp_path: Path) -> None:
    for typed in (str(tmp_path), f" {tmp_path}/ "):
        assert file_problem(typed, NAME) is None
        assert file_meant(typed, NAME) == tmp_path / NAME


def test_a_file_is_what_was_typed(tmp_path: Path) -> None:
    assert file_meant(f"{tmp_path}/other.txt", NAME) == tmp_path / "other.txt"
    assert file_problem(f"{tmp_path}/other.txt", NAME) is None


def test_what_cannot_be_one_is_said(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    assert file_problem(str(tmp_path), NAME) == "Type the name of a file, or a folder."
    assert "is not a folder" in str(file_problem(f"{tmp_path}/none/{NAME}", NAME))
    assert "There can be no file of that name" in str(file_problem("x" * 300, NAME))
    assert file_problem("  ", NAME) == "Type the name of a file, or a folder."
