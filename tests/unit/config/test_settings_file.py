"""Settings: clear errors, nothing unknown lost, comments kept."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billtui.config import toml_text
from billtui.config.errors import ConfigError, SettingsError
from billtui.config.paths import write_private
from billtui.config.settings import Settings, load_settings, save_settings, settings_file


def put(text: str) -> Path:
    path = settings_file()
    write_private(path, text.encode())
    return path


def test_a_missing_file_means_the_defaults() -> None:
    loaded = load_settings()
    assert loaded.settings == Settings()
    assert loaded.warnings == []
    assert loaded.settings.confirm_limit == Decimal(100)
    assert loaded.settings.confirm_items == 10
    assert loaded.settings.undo_seconds == 5


def test_values_are_read_exactly() -> None:
    put(
        'confirm_limit = 120.10\nmouse = false\n[keys]\n"invoice.pay" = ["p", "з"]\n'
        '[columns]\norders = ["id", "plan"]\n'
    )
    settings = load_settings().settings
    assert settings.confirm_limit == Decimal("120.10")
    assert settings.mouse is False
    assert settings.keys == {"invoice.pay": ["p", "з"]}
    assert settings.columns == {"orders": ["id", "plan"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "\n# hello\nrefresh_seconds = 1\n",
            "line 3: refresh_seconds must be a whole number of seconds from 5 to 3600.",
        ),
        ('theme = "x"\nmouse = "yes"\n', "line 2: mouse must be true or false."),
        ("confirm_limit = 1.234\n", "line 1: confirm_limit must be an amount from 0 to 1000000"),
        ("confirm_limit = nan\n", "line 1: confirm_limit must be"),
        ("confirm_limit = true\n", "line 1: confirm_limit must be"),
        ("confirm_items = 0\n", "line 1: confirm_items must be a whole number from 1 to 1000."),
        ('[keys]\n\n"invoice.pay" = [\n  "p",\n  "",\n]\n', "line 3: keys.invoice.pay must be under [keys]"),
        ("[keys]\nquit = 3\n", "line 2: keys.quit must be under [keys]"),
        ('ascii = "maybe"\n', 'line 1: ascii must be "auto" (by the locale), "on" or "off".'),
        ('theme = "\\u001b[31m"\n', "line 1: theme must be the name of a theme"),
        ("mouse = \n", "line 1, column 9: not valid TOML"),
        ("mouse = [1,\n", "at its end: not valid TOML"),
    ],
)
def test_errors_name_file_line_key_and_what_is_allowed(text: str, expected: str) -> None:
    path = put(text)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert any(str(path) in problem and expected in problem for problem in error.value.problems), error.value.problems
    assert "\x1b" not in str(error.value)


def test_every_problem_is_said_at_once() -> None:
    put("confirm_items = 0\nundo_seconds = 99\nmouse = 1\n")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert len(error.value.problems) == 3


def test_unknown_keys_are_warned_about_and_survive_a_change_with_all_comments() -> None:
    path = put(
        '# mine\ncolour = "red" # keep\nmouse = true\n\n[future]\nx = 1979-05-27\n\n[keys]\n# quit\nquit = ["x"]\n'
    )
    loaded = load_settings()
    assert len(loaded.warnings) == 2
    assert f"{path}, line 2: 'colour' is not a setting" in loaded.warnings[0]
    changed = loaded.settings.model_copy(
        update={
            "undo_seconds": 8,
            "mouse": False,
            "keys": {"quit": ["x"], "invoice.pay": ["p"]},
            "columns": {"orders": ["id"]},
        }
    )
    save_settings(changed)
    text = path.read_text()
    assert text.startswith('# mine\ncolour = "red" # keep\nmouse = false\nundo_seconds = 8\n')
    assert "x = 1979-05-27" in text and "# quit" in text
    assert load_settings().settings == changed
    assert len(load_settings().warnings) == 2


def test_going_back_to_the_default_removes_the_line() -> None:
    path = put("undo_seconds = 9\nmouse = false\n")
    save_settings(Settings(mouse=False))
    assert path.read_text() == "mouse = false\n"


def test_a_broken_file_is_never_overwritten() -> None:
    path = put("undo_seconds = 99\n")
    with pytest.raises(SettingsError):
        save_settings(Settings(mouse=False))
    assert path.read_text() == "undo_seconds = 99\n"
    path.write_bytes(b"theme = '\xff'\n")
    with pytest.raises(SettingsError, match="not UTF-8 at byte 9"):
        load_settings()


keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).filter(lambda value: abs(value) < 10**12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=4),
)
documents = st.dictionaries(
    keys,
    st.one_of(
        scalars, st.dictionaries(keys, st.one_of(scalars, st.dictionaries(keys, scalars, max_size=3)), max_size=3)
    ),
    max_size=5,
)


@given(documents)
def test_what_is_written_is_what_is_read(content: dict[str, object]) -> None:
    assert tomllib.loads(toml_text.dump(content), parse_float=Decimal) == content


@given(documents, documents)
@example({"a": "x\u2028y", "b": 1}, {"a": "x\u2028y", "b": 2})
def test_any_document_can_be_edited_into_any_other(before: dict[str, object], after: dict[str, object]) -> None:
    assert tomllib.loads(toml_text.edit(toml_text.dump(before), after), parse_float=Decimal) == after


@pytest.mark.parametrize(
    "text",
    [
        "keys = { quit = ['x'] }\n",
        "keys.quit = ['x']\n",
        "[keys]\nquit = [\n 'x', # why\n]\n[[other]]\na = 1\n[[other]]\na = 2\n",
        "a = '''\n[keys]\nquit = 1\n'''\n[keys]\nquit = ['x']",
        "\n\n[ keys ] # mine\n quit = ['x']\n[keys.deep]\nz = 1",
    ],
)
def test_unusual_spellings_survive_an_edit(text: str) -> None:
    wanted = tomllib.loads(text)
    wanted["keys"]["quit"] = ["y", "z"]
    wanted["keys"]["new"] = ["n"]
    wanted["first"] = 1
    assert tomllib.loads(toml_text.edit(text, wanted)) == wanted


def test_what_toml_cannot_hold_is_an_error() -> None:
    with pytest.raises(ConfigError, match="type object cannot be written"):
        toml_text.dump({"a": object()})
    with pytest.raises(ConfigError, match="surrogate"):
        toml_text.dump({"a": "\ud800"})
