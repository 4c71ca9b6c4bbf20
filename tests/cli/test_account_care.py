"""``billtui account …`` and ``password change``: what they do, and that no secret is an argument or is written down."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyotp
import pytest

from billtui.cli.grammar import VERBS
from tests.support.command_line import PASSWORD, Cli, Result, process
from tests.support.on_terminal import OnTerminal
from tests.support.sandbox import SandboxProcess

NEW = "quiet-harbour-41"
Start = Callable[..., SandboxProcess]


def run(panel: SandboxProcess, *arguments: str, login: str = "olena.marsh", **options: Any) -> Result:
    """``billtui --url … ARGUMENTS`` in a process of its own, with the password in the environment."""
    variables = options.pop("variables", {"BILLTUI_PASSWORD": PASSWORD})
    return process("--url", panel.url, "--login", login, *arguments, variables=variables, **options)


def status_of(panel: SandboxProcess, token: str) -> int:
    return panel.call("GET", "/api/v1/me", token=token)[0]


def nothing_written(*secrets: str) -> None:
    """None of ``secrets`` stands in any file of this test's directories."""
    root = Path(os.environ["BILLTUI_STATE_DIR"]).parent
    for path in root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


def test_no_verb_takes_a_secret_as_an_argument() -> None:
    """Process lists and shell histories are read by others."""
    forbidden = {"--password", "--current-password", "--new-password", "--code", "--totp", "--secret", "--token"}
    for verb in VERBS:
        if verb.path[0] in ("account", "password", "login"):
            assert not forbidden & {name for one in verb.all_options() for name in one.names}, verb.name


def test_the_account_in_words_and_as_json(cli: Cli) -> None:
    """ACC-1; the bare group shows it."""
    shown = cli("account")
    assert shown.code == 0
    for words in ("204817", "olena.marsh (not the e-mail", "olena@marsh-hosting.example", "this one"):
        assert words in shown.out
    document = cli.json("account")
    assert document["account"]["account_id"] == "204817"
    assert [one["current"] for one in document["sessions"]].count(True) == 1


def test_loyalty_adds_up(cli: Cli) -> None:
    """DSC: kinds add up to the whole, and what is saved is the difference."""
    found = cli.json("account", "loyalty")
    amounts = {name: Decimal(found[name]["amount"]) for name in ("total", "list_total", "saves")}
    assert amounts["list_total"] - amounts["total"] == amounts["saves"] > 0
    assert sum(Decimal(one["total"]["amount"]) for one in found["kinds"]) == amounts["total"]
    vds = next(one for one in found["kinds"] if one["kind"] == "vds")
    assert sum(tier["services"] for tier in vds["use_tiers"]) + vds["individual_prices"] == vds["services"]
    words = cli("account", "loyalty")
    assert words.code == 0
    assert "1 more dedicated → 2 %, saves" in words.out


def test_sessions_are_listed_and_ended(command_panel: SandboxProcess, cli: Cli) -> None:
    tokens = [command_panel.sign_in("kofi.brandt") for _ in range(2)]
    listed = cli.json("account", "sessions", login="kofi.brandt")["items"]
    others = [one["id"] for one in listed if not one["current"]]
    assert len(others) == 2
    both = cli("account", "revoke", others[0], "--others", login="kofi.brandt")
    assert both.code == 2
    unasked = cli("account", "revoke", others[0], "--json", login="kofi.brandt")
    assert (unasked.code, unasked.error["code"]) == (2, "not-confirmed")
    unknown = cli("account", "revoke", "nowhere", "--yes", "--json", login="kofi.brandt")
    assert unknown.code == 4
    assert cli.json("account", "revoke", others[0], "--yes", login="kofi.brandt")["sessions"] == [others[0]]
    assert sorted(status_of(command_panel, one) for one in tokens) == [200, 401]
    assert cli("account", "revoke", "--others", "--yes", login="kofi.brandt").code == 0
    assert [status_of(command_panel, one) for one in tokens] == [401, 401]


def test_a_key_is_printed_once_and_works_until_it_is_revoked(command_panel: SandboxProcess, tmp_path: Path) -> None:
    made = run(command_panel, "account", "key-new", "nightly", "--password-stdin", "--network", "127.0.0.0/8",
               stdin=f"{PASSWORD}\n")  # fmt: skip
    assert made.code == 0, made
    secret = made.out.strip()
    assert re.fullmatch(r"bpk_\S+", secret), "standard output holds the key alone"
    assert secret not in made.err
    assert "may read, expires" in made.err
    assert "127.0.0.0/8" in made.err
    assert status_of(command_panel, secret) == 200
    listed = run(command_panel, "account", "keys", "--json").json
    (key,) = [one for one in listed["items"] if one["label"] == "nightly"]
    assert key["last_four"] == secret[-4:]
    assert key["read_only"] is True
    assert secret not in str(listed)
    by_key = {"BILLTUI_TOKEN": secret}
    for arguments in (("keys",), ("sessions",), ("key-new", "x", "--password-stdin"), ("api-access", "off")):
        refused = run(command_panel, "account", *arguments, "--json", variables=by_key, stdin="")
        assert (refused.code, refused.error["code"], refused.error["rule"]) == (3, "session-needed", "ACC-5")
    assert run(command_panel, "account", variables=by_key).code == 0, "who it is may be seen"
    wrong = run(command_panel, "account", "key-revoke", "nightly", "--password-stdin", "--json", stdin="wrong-one-1\n")
    assert (wrong.code, wrong.error["code"]) == (3, "wrong-password")
    gone = run(command_panel, "account", "key-revoke", "nightly", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert gone.code == 0, gone
    assert status_of(command_panel, secret) == 401
    absent = run(command_panel, "account", "key-revoke", "nightly", "--password-stdin", "--json", stdin=f"{PASSWORD}\n")
    assert absent.code == 4
    nothing_written(secret, PASSWORD)


def test_a_key_goes_to_a_new_private_file_and_never_over_another(command_panel: SandboxProcess, tmp_path: Path) -> None:
    path = tmp_path / "key"
    arguments = ("account", "key-new", "to a file", "--expires", "never", "--can-change", "--out", str(path))
    made = run(command_panel, *arguments, "--password-stdin", "--json", stdin=f"{PASSWORD}\n")
    assert made.code == 0, made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text().strip()
    assert secret not in made.out + made.err
    assert made.json["key"]["expires_at"] is None
    assert status_of(command_panel, secret) == 200
    again = run(command_panel, *arguments, "--password-stdin", "--json", stdin=f"{PASSWORD}\n")
    assert (again.code, again.error["code"]) == (2, "file-exists")
    assert path.read_text().strip() == secret


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--expires", "soon"), "Type a number of days"),
        (("--expires", "2020-01-01"), "That day is over"),
        (("--network", "10.0.0.1/8"), "10.0.0.0/8"),
        (("--network", "here"), "is no network"),
    ],
)
def test_slips_of_a_new_key_are_said_before_anything_is_asked(cli: Cli, more: tuple[str, ...], words: str) -> None:
    refused = cli("account", "key-new", "x", *more, "--json")
    assert refused.code == 2
    assert words in refused.error["detail"]


def test_without_a_terminal_nothing_is_asked_and_the_way_out_is_named(command_panel: SandboxProcess) -> None:
    for arguments in (
        ("account", "key-new", "x"),
        ("account", "second-factor", "on"),
        ("account", "api-access", "off"),
        ("password", "change"),
    ):
        refused = run(command_panel, *arguments, "--json")
        assert (refused.code, refused.error["code"]) == (3, "no-password"), refused
    assert "--password-stdin" in refused.error["hint"]


def test_a_lost_answer_is_exit_9_with_the_words(command_panel: SandboxProcess) -> None:
    command_panel.faults({"kind": "drop-after", "path": "/me/api-keys", "method": "POST", "times": 1})
    try:
        lost = run(command_panel, "account", "key-new", "lost", "--password-stdin", "--json", stdin=f"{PASSWORD}\n")
    finally:
        command_panel.faults()
    assert (lost.code, lost.error["code"]) == (9, "outcome-unknown")
    assert "revoke it" in lost.error["detail"]
    assert run(command_panel, "account", "key-revoke", "lost", "--password-stdin", stdin=f"{PASSWORD}\n").code == 0


def test_a_read_only_run_changes_nothing(command_panel: SandboxProcess) -> None:
    for arguments in (
        ("account", "key-new", "x", "--password-stdin"),
        ("account", "revoke", "--others", "--yes"),
        ("password", "change", "--password-stdin"),
    ):
        refused = run(command_panel, *arguments, "--read-only", "--json", stdin=f"{PASSWORD}\n{NEW}\n")
        assert (refused.code, refused.error["code"]) == (5, "read-only")


def test_notifications_are_listed_planned_and_changed(cli: Cli) -> None:
    """ACC-8: through a plan like every other change; what is fixed is left out with its reason."""
    rules = cli.json("account", "notifications")["items"]
    first, fixed = rules[0], next(one for one in rules if one["fixed"])
    assert "always" in cli("account", "notifications").out
    wanted = f"{first['event']}:telegram={'off' if first['channels']['telegram'] else 'on'}"
    planned = cli.json("account", "notifications", "--set", wanted, "--dry-run")
    assert len(planned["plan"]["operations"]) == 1
    settings = [f"{one['event']}:telegram={'off' if one['channels']['telegram'] else 'on'}" for one in rules]
    options = [part for one in settings for part in ("--set", one)]
    listed = cli("account", "notifications", *options, "--dry-run").out.split("Step 1:")[1]
    assert all(one["event"] in listed for one in rules), "each setting is named before it is agreed to"
    assert cli.json("account", "notifications")["items"] == rules, "a dry run sends nothing"
    assert cli.json("account", "notifications", "--set", wanted, "--yes")["job"]["state"] == "finished"
    now = {one["event"]: one["channels"] for one in cli.json("account", "notifications")["items"]}
    assert now[first["event"]]["telegram"] is not first["channels"]["telegram"]
    never = cli("account", "notifications", "--set", f"{fixed['event']}:email=off", "--yes", "--json")
    assert never.code == 5
    for slip in ("overdue", "x:email=maybe", "nothing-of-the-kind:email=on"):
        refused = cli("account", "notifications", "--set", slip, "--yes", "--json")
        assert (refused.code, refused.error["code"]) == (2, "usage")


def test_the_password_is_changed_from_a_pipe(own_sandbox: Start) -> None:
    """ACC-2: each rule before anything is sent; other sessions out, the old password refused, nothing written."""
    panel = own_sandbox()
    other = panel.sign_in("olena.marsh")
    for weak in ("short", PASSWORD, "xx-olena.marsh-xx", "xx-olena@marsh-hosting.example"):
        refused = run(panel, "password", "change", "--password-stdin", "--json", stdin=f"{PASSWORD}\n{weak}\n")
        assert (refused.code, refused.error["code"], refused.error["rule"]) == (2, "password-weak", "ACC-2")
        assert weak == "short" or weak not in refused.out + refused.err
    wrong = run(panel, "password", "change", "--password-stdin", "--json", stdin=f"wrong-one-12\n{NEW}\n")
    assert (wrong.code, wrong.error["code"]) == (3, "wrong-password")
    assert status_of(panel, other) == 200
    done = run(panel, "password", "change", "--password-stdin", stdin=f"{PASSWORD}\n{NEW}\n")
    assert done.code == 0, done
    assert "Every other session is signed out; API keys still work." in done.out
    assert "still gives the old password (BILLTUI_PASSWORD)" in done.err
    assert NEW not in done.out + done.err
    assert status_of(panel, other) == 401
    assert run(panel, "whoami", "--json").code == 3
    assert run(panel, "whoami", "--json", variables={"BILLTUI_PASSWORD": NEW}).code == 0
    nothing_written(NEW, PASSWORD)


def test_on_a_terminal_nothing_is_echoed_and_two_entries_must_agree(own_sandbox: Start) -> None:
    panel = own_sandbox()
    where = ("--url", panel.url, "--login", "olena.marsh", "password", "change")
    for again, code in ((f"{NEW}x", 2), (NEW, 0)):
        with OnTerminal(*where, BILLTUI_PASSWORD=PASSWORD) as terminal:
            terminal.until("10 characters or more")
            terminal.until("Your password now: ")
            terminal.type(PASSWORD)
            terminal.until("The new password: ")
            terminal.type(NEW)
            terminal.until("once more: ")
            terminal.type(again)
            assert terminal.end() == code, terminal.output
            assert NEW not in terminal.output
            assert PASSWORD not in terminal.output
    assert run(panel, "whoami", "--json", variables={"BILLTUI_PASSWORD": NEW}).code == 0


def test_the_second_factor_on_a_terminal_and_off_from_a_pipe(own_sandbox: Start, tmp_path: Path) -> None:
    """ACC-6: the secret is read from the terminal, the codes go to a private file, off needs one of them."""
    panel = own_sandbox()
    codes = tmp_path / "codes"
    where = ("--url", panel.url, "--login", "olena.marsh", "account", "second-factor", "on", "--out", str(codes))
    with OnTerminal(*where, BILLTUI_PASSWORD=PASSWORD) as terminal:
        terminal.until("Your password: ")
        terminal.type(PASSWORD)
        terminal.until("shows now: ")
        found = re.search(r"Type into the app: ([A-Z2-7 ]+)", terminal.output)
        assert found is not None
        assert "█" in terminal.output, "a QR code stands above"
        secret = found[1].replace(" ", "")
        terminal.type(pyotp.TOTP(secret).now())
        assert terminal.end() == 0, terminal.output
    assert stat.S_IMODE(codes.stat().st_mode) == 0o600
    kept = re.findall(r"^[A-Z0-9a-z]{5}-[A-Z0-9a-z]{5}$", codes.read_text(), re.MULTILINE)
    assert len(kept) == 10
    assert panel.call("POST", "/api/v1/sessions", {"login": "olena.marsh", "password": PASSWORD})[0] == 401
    _, signed = panel.call("POST", "/api/v1/sessions", {"login": "olena.marsh", "password": PASSWORD, "totp": kept[0]})
    by_token = {"BILLTUI_TOKEN": str(signed["token"])}
    twice = run(panel, "account", "second-factor", "on", "--json", variables=by_token)
    assert (twice.code, twice.error["code"]) == (5, "nothing-to-do")
    used = run(panel, "account", "second-factor", "off", "--password-stdin", "--json", variables=by_token,
               stdin=f"{PASSWORD}\n{kept[0]}\n")  # fmt: skip
    assert (used.code, used.error["code"]) == (3, "wrong-totp")
    new = run(panel, "account", "second-factor", "codes", "--password-stdin", "--json", variables=by_token,
              stdin=f"{PASSWORD}\n{kept[1]}\n")  # fmt: skip
    assert len(new.json["recovery_codes"]) == 10
    off = run(panel, "account", "second-factor", "off", "--password-stdin", "--json", variables=by_token,
              stdin=f"{PASSWORD}\n{new.json['recovery_codes'][0]}\n")  # fmt: skip
    assert off.json["on"] is False
    nothing_written(secret, PASSWORD, *kept)


def test_the_demo_says_what_a_changed_password_means_for_it() -> None:
    """It has no place to put a new one, and does not sign in by the old one again and again (ACC-6)."""
    changed = process("password", "change", "--password-stdin", "--demo", stdin=f"{PASSWORD}\n{NEW}\n")
    assert changed.code == 0, changed
    assert "does not sign in by itself any more" in changed.err
    assert "--reset" in changed.err
    again = process("whoami", "--demo", "--json")
    assert (again.code, again.error["code"]) == (3, "not-signed-in")
