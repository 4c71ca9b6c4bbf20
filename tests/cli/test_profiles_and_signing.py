"""Profiles, signing in and out, and questions on a terminal."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pyotp
import pytest

from billtui.terminal.frame_facts import COLOURS, FRAMES, LAST, Facts, encode, picture_name
from tests.support.command_line import PASSWORD, Cli, process
from tests.support.on_terminal import OnTerminal
from tests.support.sandbox import SandboxProcess

PASSPHRASE = "correct horse battery 9"


def add_profile(command_panel: SandboxProcess, name: str = "work", login: str = "olena.marsh", *more: str) -> None:
    """A profile on the test's panel."""
    added = process("profile", "add", name, "--url", command_panel.url, "--login", login, *more, "--json")
    assert added.code == 0, added


def test_profiles_are_added_listed_shown_tested_and_removed(command_panel: SandboxProcess) -> None:
    add_profile(command_panel)
    add_profile(command_panel, "careful", "kofi.brandt", "--read-only", "--confirm-limit", "5.00")
    items = {one["name"]: one for one in process("profile", "list", "--json").json["items"]}
    assert set(items) == {"work", "careful"}
    assert items["careful"]["read_only"] is True
    assert process("profile", "show", "careful", "--json").json["profile"]["confirm_limit"] == "5.00"
    twice = process("profile", "add", "work", "--url", command_panel.url, "--login", "x", "--json")
    assert (twice.code, twice.error["code"]) == (2, "profile")
    which = process("whoami", "--json")
    assert (which.code, "careful" in which.error["detail"]) == (2, True)
    tested = process("profile", "test", "work", "--json", variables={"BILLTUI_PASSWORD": PASSWORD})
    assert tested.json["login"] == "olena.marsh"
    assert process("profile", "remove", "careful", "--json").code == 0
    assert process("profile", "remove", "careful", "--json").code == 4
    assert [one["name"] for one in process("profile", "list", "--json").json["items"]] == ["work"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("bad name", "--url", "https://panel.example"),
        ("a", "--url", "http://panel.example"),
        ("a", "--url", "https://u:p4ss@panel.example"),
        ("a",),
        (),
    ],
)
def test_a_profile_that_cannot_work_is_refused(arguments: tuple[str, ...]) -> None:
    refused = process("profile", "add", *arguments, "--login", "x", "--json")
    assert refused.code == 2
    assert "p4ss" not in refused.err
    assert process("profile", "list", "--json").json["items"] == []


def test_a_read_only_profile_and_its_limit_hold_for_commands(command_panel: SandboxProcess) -> None:
    secret = {"BILLTUI_PASSWORD": PASSWORD}
    add_profile(command_panel, "look", "olena.marsh", "--read-only")
    refused = process("orders", "action", "reboot", "id:1", "--yes", "--json", variables=secret)
    assert (refused.code, refused.error["code"]) == (5, "read-only")
    add_profile(command_panel, "small", "olena.marsh", "--confirm-limit", "5.00")
    above = process("balance", "top-up", "6", "--method", "card", "--yes", "-p", "small", "--json", variables=secret)
    assert (above.code, above.error["code"]) == (2, "max-total-needed")


def test_a_password_command_signs_in(command_panel: SandboxProcess, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")
    secret.chmod(0o600)
    add_profile(command_panel, "work", "olena.marsh", "--password-command", "cat", str(secret))
    assert process("whoami", "--json").json["account"]["login"] == "olena.marsh"
    shown = process("profile", "show", "--json").json["profile"]
    assert shown["password_command"] == ["cat"]


def test_signing_in_without_a_place_to_keep_it_is_said_and_undone(
    command_panel: SandboxProcess, tmp_path: Path
) -> None:
    """Never silently plain text; and no session is left behind that nobody can use."""
    add_profile(command_panel)
    wrong = process("login", "--password-stdin", "--json", stdin="wrong-password-1\n")
    assert (wrong.code, wrong.error["code"]) == (3, "wrong-credentials")
    assert "wrong-password-1" not in wrong.out + wrong.err
    nothing = process("login", "--json")
    assert (nothing.code, nothing.error["code"]) == (3, "no-password")
    kept = process("login", "--password-stdin", "--json", stdin=f"{PASSWORD}\n")
    assert (kept.code, kept.error["code"]) == (3, "not-kept")
    assert PASSWORD not in kept.out + kept.err
    open_file = tmp_path / "open"
    open_file.write_text(PASSWORD)
    open_file.chmod(0o644)
    loose = process("login", "--password-file", str(open_file), "--json")
    assert loose.code == 1
    assert "chmod" in loose.error["detail"]
    configuration = Path(os.environ["BILLTUI_CONFIG_DIR"])
    assert not any(PASSWORD.encode() in path.read_bytes() for path in configuration.rglob("*") if path.is_file())


def test_on_a_terminal_the_sign_in_is_kept_encrypted_used_and_forgotten(command_panel: SandboxProcess) -> None:
    add_profile(command_panel)
    with OnTerminal("login") as login:
        login.until("Password of olena.marsh")
        login.type(PASSWORD)
        login.until("New passphrase")
        login.type(PASSPHRASE)
        login.until("once more")
        login.type(PASSPHRASE)
        assert login.end() == 0
        assert "Signed in as olena.marsh" in login.output
        assert PASSWORD not in login.output
        assert PASSPHRASE not in login.output
    sealed = Path(os.environ["BILLTUI_CONFIG_DIR"]) / "credentials" / "work.sealed"
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600

    with OnTerminal("whoami") as whoami:
        whoami.until("Passphrase")
        whoami.type(PASSPHRASE)
        assert whoami.end() == 0
        assert "204817" in whoami.output
    with OnTerminal("whoami") as whoami:
        whoami.until("Passphrase")
        whoami.type("not the passphrase")
        assert whoami.end() == 3
    unattended = process("whoami", "--json")  # no terminal: never asks, never hangs
    assert (unattended.code, unattended.error["code"]) == (3, "not-signed-in")

    with OnTerminal("logout") as logout:
        logout.until("Passphrase")
        logout.type(PASSPHRASE)
        assert logout.end() == 0
        assert "Signed out" in logout.output
    assert not sealed.exists()
    assert process("logout", "--json").json["signed_out"] is False


@pytest.mark.parametrize(
    "verb", [("logout",), ("profile", "remove", "work"), ("profile", "rename", "work", "office")], ids=" ".join
)
def test_who_is_gone_is_not_on_the_first_frame(command_panel: SandboxProcess, verb: tuple[str, ...]) -> None:
    add_profile(command_panel)
    folder = Path(os.environ["BILLTUI_DATA_DIR"]) / FRAMES
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    mine, other = Facts("work"), Facts("other")
    mine.colours = other.colours = dict.fromkeys(COLOURS, ("", -1, -1))
    for name, facts in (("work", mine), (LAST, mine), ("other", other)):
        path = folder / f"{name}.frame"
        path.write_bytes(encode(facts))
        path.chmod(0o600)
        (folder / picture_name(name, "3")).write_bytes(b"a list")
    (folder / picture_name(LAST, "3")).unlink()  # lists are of a profile alone
    assert process(*verb, "--json").code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["other.3.picture", "other.frame"]


def test_the_second_factor_is_asked_on_a_terminal_and_read_from_a_pipe(command_panel: SandboxProcess) -> None:
    """ACC-6."""
    mei = next(one for one in command_panel.accounts if "totp_secret" in one)
    add_profile(command_panel, "mei", "mei.tanaka")
    needed = process("login", "--password-stdin", "--json", stdin=f"{PASSWORD}\n")
    assert (needed.code, needed.error["code"]) == (3, "totp-required")
    assert "--totp-stdin" in needed.error["hint"]
    with OnTerminal("login") as login:
        login.until("Password of mei.tanaka")
        login.type(PASSWORD)
        login.until("second factor")
        login.type(pyotp.TOTP(mei["totp_secret"]).now())
        login.until("New passphrase")
        login.type("")
        assert login.end() == 3
        assert "cannot be kept" in login.output


def test_ctrl_c_at_a_question_ends_at_once(command_panel: SandboxProcess) -> None:
    add_profile(command_panel)
    with OnTerminal("login") as login:
        login.until("Password of olena.marsh")
        login.type("half\x03")
        assert login.end() == 130
        assert "nothing was sent" in login.output


def test_a_plan_is_confirmed_by_y_and_above_the_limit_by_its_total(cli: Cli) -> None:
    where = ("--url", cli.sandbox.url, "--login", cli.login)
    first, second = (f"id:{one['id']}" for one in cli.renewable(2))
    with OnTerminal(*where, "orders", "renew", first, "--period", "1", BILLTUI_PASSWORD=PASSWORD) as no:
        no.until("[y/N]")
        no.type("")
        assert no.end() == 2
        assert "nothing was sent" in no.output
    assert cli.order(first[3:])["unpaid_invoice_id"] is None
    with OnTerminal(*where, "orders", "renew", first, "--period", "1", BILLTUI_PASSWORD=PASSWORD) as stopped:
        stopped.until("[y/N]")
        stopped.type("\x03")
        assert stopped.end() == 130
    with OnTerminal(*where, "orders", "renew", first, "--period", "1", BILLTUI_PASSWORD=PASSWORD) as yes:
        yes.until("[y/N]")
        yes.type("y")
        assert yes.end() == 0
        assert "done" in yes.output
    assert cli.order(first[3:])["unpaid_invoice_id"] is not None
    top_up = ("balance", "top-up", "150", "--method", "card")
    for typed, code in (("y", 2), ("149.99", 2), ("150.00", 0)):
        with OnTerminal(*where, *top_up, BILLTUI_PASSWORD=PASSWORD) as terminal:
            terminal.until("Type the total")
            terminal.type(typed)
            assert terminal.end() == code, terminal.output
    assert cli.order(second[3:])["unpaid_invoice_id"] is None


def test_the_first_run_on_a_terminal_without_a_screen_offers_both_ways(command_panel: SandboxProcess) -> None:
    """``TERM=dumb``: line by line."""
    with OnTerminal(TERM="dumb") as first:
        first.until("d, p or q:")
        assert "billtui --demo" in first.output
        assert "billtui profile add" in first.output
        first.type("x")
        first.until("d, p or q:")
        first.type("q")
        assert first.end() == 0
    with OnTerminal(TERM="dumb") as first:
        first.until("d, p or q:")
        first.type("p")
        first.until("A short name")
        first.type("work")
        first.until("Address of the panel")
        first.type(command_panel.url)
        first.until("Login there")
        first.type("olena.marsh")
        assert first.end() == 0
        assert "Next: billtui login --profile work" in first.output


def test_the_first_run_on_a_terminal_is_a_guide() -> None:
    """The whole screen; leaving it writes nothing, and the terminal is as it was."""
    with OnTerminal() as first:
        first.until("Look around in the demo")
        first.until("Connect to a panel")
        first.press(b"\x11")
        assert first.end() == 0
        assert "\x1b[?1049l" in first.output
    assert not list(Path(os.environ["BILLTUI_CONFIG_DIR"]).rglob("profiles.toml"))


def test_the_first_run_in_a_pipe_says_what_to_do() -> None:
    """Without a terminal nothing waits for a key."""
    done = process("--json")
    assert (done.code, done.json["next"][0]) == (0, "billtui --demo")
