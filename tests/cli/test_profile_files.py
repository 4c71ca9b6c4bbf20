"""Profiles as files: no secret goes out, and what comes in is shown, asked about, and taken whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from billtui.config.paths import config_dir
from billtui.config.profile_files import MARK
from tests.support.command_line import process
from tests.support.on_terminal import OnTerminal

COMMAND = ("--password-command", "pass", "show", "s3cret-argument")


def add(name: str, *more: str, url: str = "https://panel.example") -> None:
    """A profile; no panel is asked."""
    assert process("profile", "add", name, "--url", url, "--login", "olena", *more, "--json").code == 0


def written(folder: Path, body: str, *, mark: str = f"{MARK} = 1\n") -> str:
    """A file as a stranger may have made it."""
    path = folder / "given.toml"
    path.write_text(mark + body)
    return str(path)


def names() -> list[str]:
    """The profiles there are."""
    return [one["name"] for one in process("profile", "list", "--json").json["items"]]


def test_an_export_holds_everything_but_secrets_and_comes_back_whole(tmp_path: Path) -> None:
    add("work", "--accent", "teal", "--confirm-limit", "5.00", "--read-only", *COMMAND)
    add("lab", "--proxy", "http://proxy.example:3128", url="https://lab.example/billing")
    before = process("profile", "list", "--json").json["items"]
    file = tmp_path / "out.toml"
    told = process("profile", "export", str(file))
    assert (told.code, "password_command of work" in told.err) == (0, True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "s3cret-argument" not in text
    assert "pass" not in text.splitlines()[2:]
    again = process("profile", "export", str(file), "--json")
    assert (again.code, again.error["code"]) == (2, "file-exists")
    for name in ("work", "lab"):
        process("profile", "remove", name)
    taken = process("profile", "import", str(file), "--yes", "--json")
    assert [one["replaces"] for one in taken.json["items"]] == [False, False]
    for one in before:
        one["password_command"] = []
    assert process("profile", "list", "--json").json["items"] == before
    assert stat.S_IMODE((config_dir() / "profiles.toml").stat().st_mode) == 0o600


def test_an_export_to_standard_output_can_be_piped_into_an_import() -> None:
    add("work", *COMMAND)
    text = process("profile", "export", "-", "--with-commands").out
    assert "s3cret-argument" in text
    process("profile", "remove", "work")
    refused = process("profile", "import", "-", "--yes", "--json", stdin=text)
    assert (refused.code, refused.error["code"], names()) == (2, "command-not-confirmed", [])
    assert process("profile", "import", "-", "--yes", "--without-commands", "--json", stdin=text).code == 0
    assert process("profile", "show", "work", "--json").json["profile"]["password_command"] == []
    process("profile", "remove", "work")
    assert process("profile", "import", "-", "--yes", "--with-commands", "--json", stdin=text).code == 0
    assert process("profile", "show", "work", "--json").json["profile"]["password_command"] == ["pass"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('[profiles.a]\nurl = "http://panel.example"\n', "https"),
        ('[profiles.a]\nurl = "https://u:p4ss@panel.example"\n', "before the @"),
        ('[profiles.a]\nurl = "https://panel.example"\nnobody_knows = 1\n', "nobody_knows"),
        ('[profiles.a]\nurl = "https://panel.example"\ndemo = true\n', "demo"),
        ('[profiles.a]\nurl = "https://panel.example"\nname = "b"\n', "name"),
        ('[profiles.a]\nurl = "https://panel.example"\nread_only = "yes"\n', "read_only"),
        ('[profiles.a]\nurl = "https://panel.example"\npassword_command = "rm -rf /"\n', "password_command"),
        ('[profiles.a]\nurl = "https://panel.example"\naccent = "blurple"\n', "blurple"),
        ('[profiles.a]\nurl = "https://panel.example"\nlogin = "a\\u202eb"\n', "login"),
        ('[profiles."../x"]\nurl = "https://panel.example"\n', "name is"),
        ('profiles = "x"\n', "profiles"),
        ('last_used = "a"\n[profiles.a]\nurl = "https://panel.example"\n', "last_used"),
        ("", "profiles.NAME"),
        ("[[profiles.a]]\n", "table"),
        ("x = [" + "[" * 2000 + "]" * 2001, ""),
    ],
)
def test_one_wrong_thing_in_a_file_and_nothing_of_it_is_taken(tmp_path: Path, body: str, words: str) -> None:
    good = '\n[profiles.good]\nurl = "https://good.example"\n' if body.startswith("[profiles.") else ""
    refused = process("profile", "import", written(tmp_path, body + good), "--yes", "--with-commands", "--json")
    assert refused.code == 2, refused
    assert words in refused.error["detail"]
    assert "p4ss" not in refused.err
    assert names() == []


def test_a_file_that_is_no_file_of_profiles_is_refused(tmp_path: Path) -> None:
    body = '[profiles.a]\nurl = "https://panel.example"\n'
    for mark in ("", f"{MARK} = 2\n", f"{MARK} = true\n", f'{MARK} = "1"\n'):
        assert process("profile", "import", written(tmp_path, body, mark=mark), "--yes", "--json").code == 2
    os.mkfifo(tmp_path / "pipe")
    assert "regular file" in process("profile", "import", str(tmp_path / "pipe"), "--yes", "--json").error["detail"]
    big = tmp_path / "big.toml"
    big.write_bytes(b"#" * 300_000)
    assert "larger" in process("profile", "import", str(big), "--yes", "--json").error["detail"]
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    assert "UTF-8" in process("profile", "import", str(tmp_path / "bytes.toml"), "--yes", "--json").error["detail"]
    assert process("profile", "import", str(tmp_path / "none.toml"), "--yes", "--json").code == 4
    assert names() == []


def test_replacing_shows_what_changes_and_never_sends_the_old_secret_to_a_new_place(tmp_path: Path) -> None:
    add("work", "--read-only", *COMMAND)
    evil = written(tmp_path, '[profiles.work]\nurl = "https://evil.example"\nlogin = "olena"\n')
    refused = process("profile", "import", evil, "--yes", "--json")
    assert (refused.code, refused.error["code"]) == (2, "profile-exists")
    shown = process("profile", "import", evil, "--replace", "--dry-run")
    assert "url: https://panel.example → https://evil.example" in shown.err
    assert "read_only: yes → no" in shown.err
    assert "password_command is dropped" in shown.err
    assert process("profile", "show", "work", "--json").json["profile"]["url"] == "https://panel.example"
    assert process("profile", "import", evil, "--replace", "--yes", "--json").code == 0
    after = process("profile", "show", "work", "--json").json["profile"]
    assert (after["url"], after["password_command"]) == ("https://evil.example", [])


def test_replacing_at_the_same_place_keeps_the_own_command(tmp_path: Path) -> None:
    add("work", *COMMAND)
    given = written(tmp_path, '[profiles.work]\nurl = "https://panel.example"\nlogin = "olena"\naccent = "red"\n')
    assert process("profile", "import", given, "--replace", "--yes", "--json").code == 0
    after = process("profile", "show", "work", "--json").json["profile"]
    assert (after["accent"], after["password_command"]) == ("red", ["pass"])


@pytest.mark.parametrize(
    ("line", "moved"),
    [
        ('proxy = "http://evil.example:3128"', True),
        ('fingerprint = "sha256:' + ":".join(["00"] * 32) + '"', True),
        ('ca_file = "/tmp/evil.pem"', True),
        ('accent = "red"', False),
    ],
)
def test_replacing_forgets_a_kept_sign_in_that_would_go_another_way(tmp_path: Path, line: str, moved: bool) -> None:
    """The address is the same, so the token would be used: a proxy or authority of a stranger's would get it."""
    add("work")
    kept = config_dir() / "credentials" / "work.sealed"
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    kept.write_text("sealed")
    kept.chmod(0o600)
    given = written(tmp_path, f'[profiles.work]\nurl = "https://panel.example"\nlogin = "olena"\n{line}\n')
    shown = process("profile", "import", given, "--replace", "--dry-run")
    assert ("kept sign-in is forgotten" in shown.err) is moved
    assert kept.exists()
    taken = process("profile", "import", given, "--replace", "--yes", "--json")
    assert taken.code == 0, taken
    assert kept.exists() is not moved


def test_on_a_terminal_each_program_is_shown_and_its_profile_typed(tmp_path: Path) -> None:
    given = written(
        tmp_path, '[profiles.a]\nurl = "https://panel.example"\npassword_command = ["sh", "-c", "curl evil"]\n'
    )
    with OnTerminal("profile", "import", given) as run:
        run.until("runs this program to get the password: sh -c 'curl evil'")
        run.until("Take 1 profile (a)?")
        run.type("y")
        run.until("Type its name to agree:")
        run.type("y")
        assert run.end() == 2
    assert names() == []
    with OnTerminal("profile", "import", given) as run:
        run.until("Take 1 profile (a)?")
        run.type("y")
        run.until("Type its name to agree:")
        run.type("a")
        assert run.end() == 0
    assert names() == ["a"]


def test_without_a_terminal_nothing_is_taken_unasked(tmp_path: Path) -> None:
    given = written(tmp_path, '[profiles.a]\nurl = "https://panel.example"\n')
    refused = process("profile", "import", given, "--json")
    assert (refused.code, refused.error["code"], names()) == (2, "not-confirmed", [])


def test_a_profile_is_edited_value_by_value() -> None:
    add("work", "--accent", "teal", "--confirm-limit", "5.00")
    assert process("profile", "edit", "work", "--json").code == 2
    told = process("profile", "edit", "work", "--login", "kofi", "--read-only", "--accent", "none")
    assert (told.code, "billtui login" in told.err) == (0, True)
    after = process("profile", "show", "work", "--json").json["profile"]
    assert (after["login"], after["read_only"], after["accent"]) == ("kofi", True, None)
    assert after["confirm_limit"] == "5.00"
    assert process("profile", "edit", "work", "--writable", "--confirm-limit", "none", "--json").code == 0
    after = process("profile", "show", "work", "--json").json["profile"]
    assert (after["read_only"], after["confirm_limit"]) == (False, None)
    bad = process("profile", "edit", "work", "--accent", "blurple", "--json")
    assert (bad.code, "blurple" in bad.error["detail"]) == (2, True)
    assert process("profile", "edit", "work", "--url", "http://panel.example", "--json").code == 2
    assert process("profile", "edit", "nobody", "--read-only", "--json").code == 2


def test_a_profile_is_renamed_with_what_belongs_to_it() -> None:
    add("work", "--accent", "teal")
    add("lab")
    assert process("profile", "rename", "work", "lab", "--json").code == 2
    assert process("profile", "rename", "work", "Bad Name", "--json").code == 2
    assert process("profile", "rename", "nobody", "x", "--json").code == 2
    assert process("profile", "rename", "work", "office", "--json").json["before"] == "work"
    assert sorted(names()) == ["lab", "office"]
    assert process("profile", "show", "office", "--json").json["profile"]["accent"] == "teal"


def test_the_kind_of_panel_is_changed_and_checked() -> None:
    add("work")
    strange = process("profile", "edit", "work", "--panel-option", "colour=blue", "--json")
    assert (strange.code, strange.error["code"], "colour" in strange.error["detail"]) == (2, "profile", True)
    assert process("profile", "edit", "work", "--panel-option", "colour", "--json").code == 2
    assert process("profile", "edit", "work", "--kind", "whmcs", "--json").code == 2
    assert process("profile", "show", "work", "--json").json["profile"]["kind"] == "billing_v1"
