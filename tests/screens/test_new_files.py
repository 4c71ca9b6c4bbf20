"""Where a new file shall be: any text may be typed there, and none of it ends the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from billtui.screens.modals.new_file import new_file_problem
from tests.support.driving import Program

LONG = "x" * 300


def files_in(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.is_file()]


def test_what_is_wrong_with_a_name_is_said(tmp_path: Path) -> None:
    assert new_file_problem(str(tmp_path / "new.csv")) is None
    assert new_file_problem(f" {tmp_path / 'new.csv'} ") is None
    (tmp_path / "there").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    wrong = {
        "": "Type the name",
        str(tmp_path): "Type the name",
        str(tmp_path / "there"): "is there already",
        str(tmp_path / "link"): "is there already",
        str(tmp_path / "there" / "below"): "Not a directory",
        str(tmp_path / "missing" / "new"): "make it first",
        str(tmp_path / LONG): "File name too long",
        f"{tmp_path / LONG / 'new'}": "File name too long",
        "a\0b": "no file of that name",
        "~nobody-is-called-so/x": "make it first",
    }
    for typed, words in wrong.items():
        assert words in str(new_file_problem(typed)), typed


@pytest.mark.parametrize("typed", [LONG, "~nobody-is-called-so/x"], ids=["too long", "of nobody"])
async def test_a_name_that_cannot_be_keeps_the_dialog(
    program: Program, typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.press("w")
        await driver.choose("csv")
        await driver.on("Prompt")
        await driver.press(*["backspace"] * 40)
        await driver.type(typed)
        await driver.press("enter")
        await driver.on("Prompt")
        await driver.sees("ype another")
        await driver.press("escape")
        await driver.on("OrdersScreen")
    assert files_in(tmp_path) == []
