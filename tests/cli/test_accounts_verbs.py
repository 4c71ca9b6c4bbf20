"""``billtui accounts``: all profiles in one list, a plan, a confirmation and a result for each of several accounts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import PASSWORD, Json, Result, process
from tests.support.on_terminal import OnTerminal
from tests.support.sandbox import SandboxProcess


@pytest.fixture
def two(own_sandbox: Callable[..., SandboxProcess]) -> tuple[SandboxProcess, SandboxProcess]:
    """Two panels; a profile on each: ``work`` (olena) and ``lab`` (kofi)."""
    panels = own_sandbox(), own_sandbox(seed=2)
    add("work", panels[0].url)
    add("lab", panels[1].url, "kofi.brandt")
    return panels


def add(name: str, url: str, login: str = "olena.marsh", *more: str, command: bool = True) -> None:
    """A profile that signs in by itself."""
    words = ["--password-command", "printf", "%s", PASSWORD] if command else []
    added = process("profile", "add", name, "--url", url, "--login", login, *more, "--json", *words)
    assert added.code == 0, added


def accounts(*more: str, code: int = 0) -> Json:
    """``accounts`` as JSON."""
    found = process("accounts", *more, "--json")
    assert found.code == code, found
    return found.json


def balance(panel: SandboxProcess, login: str) -> str:
    """The internal balance as the panel says."""
    _, me = panel.call("GET", "/api/v1/me", token=panel.sign_in(login))
    amount: str = me["balances"]["internal"]["amount"]
    return amount


def invoice(panel: SandboxProcess, login: str, invoice_id: str) -> Json:
    """An invoice as the panel says."""
    return panel.call("GET", f"/api/v1/invoices/{invoice_id}", token=panel.sign_in(login))[1]


def cheap(document: Json, profile: str, kind: str = "invoice") -> Json:
    """The cheapest line of a profile that can be acted on."""
    own = [one for one in document["items"] if (one["profile"], one["kind"]) == (profile, kind)]
    found = [one for one in own if one["state"] in ("unpaid", "promised", "active") and not one["refusal"]]
    cheapest: Json = min(found, key=lambda one: float(one["amount"]["amount"]))
    return cheapest


def by_profile(result: Result) -> dict[str, Any]:
    """The items of a write's document."""
    return {one["profile"]: one for one in result.json["items"]}


def test_all_accounts_are_listed_each_with_its_own_sums(two: tuple[SandboxProcess, SandboxProcess]) -> None:
    add("nobody", two[1].url, "olena.marsh", command=False)
    add("gone", "http://127.0.0.1:9")
    document = accounts(code=7)
    lines = {one["profile"]: one for one in document["accounts"]}
    assert {name: one["state"] for name, one in lines.items()} == {
        "work": "fresh", "lab": "fresh", "nobody": "sign-in", "gone": "failed",
    }  # fmt: skip
    assert lines["lab"]["account_id"] == "318255"
    assert lines["nobody"]["message"]
    for name in ("work", "lab"):
        own = [one for one in document["items"] if one["profile"] == name and one["kind"] == "invoice"]
        (sums,) = lines[name]["unpaid"]
        assert sums["count"] == len(own)
        assert float(sums["total"]["amount"]) == pytest.approx(sum(float(one["amount"]["amount"]) for one in own))
        assert {(one["login"], one["account_id"]) for one in own} == {(lines[name]["login"], lines[name]["account_id"])}
    times = [one["at"] for one in document["items"]]
    assert times == sorted(times)
    text = process("accounts", "--only", "work", "--only", "lab")
    assert text.code == 0
    assert "318255" in text.out and "kofi.brandt" in text.out and "work:id:" in text.out
    only = accounts("--only", "lab", "--kind", "order", "--expires-within", "7", "--offline")
    assert {(one["profile"], one["kind"]) for one in only["items"]} == {("lab", "order")}
    assert process("accounts", "--only", "nowhere", "--json").code == 2
    assert process("accounts", "--offline", "--only", "gone", "--json").code == 4


def test_a_write_that_no_account_could_be_read_for_says_so_once_and_ends_as_reading_does() -> None:
    """3 where somebody has to sign in, 10 where no panel answers or both; each reason with its profiles."""
    for number in range(7):
        add(f"nobody{number}", "http://127.0.0.1:9", "olena.marsh", command=False)
    refused = process("accounts", "renew", "--expires-within", "3", "--period", "1", "--pay", "internal", "--json")
    assert (refused.code, refused.error["code"]) == (3, "not-all-accounts"), refused
    assert refused.error["detail"].count("Nobody is signed in") == 1
    assert "nobody4 and 2 more: " in refused.error["detail"]
    add("gone", "http://127.0.0.1:9")
    named = ("--pay", "internal", "--json")
    assert process("accounts", "renew", "gone:1", "--period", "1", *named).code == 10
    assert process("accounts", "renew", "gone:1", "nobody1:1", "--period", "1", *named).code == 10


def test_the_environment_is_used_for_none_of_them(two: tuple[SandboxProcess, SandboxProcess]) -> None:
    process("profile", "remove", "work")
    process("profile", "remove", "lab")
    add("one", two[0].url, command=False)
    add("other", two[1].url, command=False)
    token = two[0].sign_in()
    refused = process("accounts", "--json", variables={"BILLTUI_TOKEN": token, "BILLTUI_PASSWORD": PASSWORD})
    assert refused.code == 3
    assert {one["state"] for one in refused.json["accounts"]} == {"sign-in"}


def test_paying_on_two_accounts_is_two_plans_and_two_results(two: tuple[SandboxProcess, SandboxProcess]) -> None:
    document = accounts()
    ours, theirs = cheap(document, "work"), cheap(document, "lab")
    refs = [f"{one['profile']}:id:{one['id']}" for one in (ours, theirs)]
    dry = process("accounts", "pay", *refs, "--method", "internal", "--dry-run", "--json")
    assert (dry.code, dry.json["dry_run"]) == (0, True)
    assert {name: one["plan"]["account_id"] for name, one in by_profile(dry).items()} == {
        "work": "204817", "lab": "318255",
    }  # fmt: skip
    assert "318255" in dry.err and "204817" in dry.err
    before = balance(two[0], "olena.marsh"), balance(two[1], "kofi.brandt")
    unasked = process("accounts", "pay", *refs, "--method", "internal", "--json")
    assert (unasked.code, unasked.error["code"]) == (2, "not-confirmed")
    assert (balance(two[0], "olena.marsh"), balance(two[1], "kofi.brandt")) == before
    done = process("accounts", "pay", *refs, "--method", "internal", "--yes", "--json")
    assert done.code == 0, done
    jobs = {name: one["job"] for name, one in by_profile(done).items()}
    assert {name: (job["profile"], job["state"]) for name, job in jobs.items()} == {
        "work": ("work", "finished"), "lab": ("lab", "finished"),
    }  # fmt: skip
    assert invoice(two[0], "olena.marsh", ours["id"])["state"] == "paid"
    assert invoice(two[1], "kofi.brandt", theirs["id"])["state"] == "paid"


def test_one_account_above_its_limit_stops_all_unsent(two: tuple[SandboxProcess, SandboxProcess]) -> None:
    process("profile", "edit", "lab", "--confirm-limit", "0.01")
    document = accounts()
    ours, theirs = cheap(document, "work"), cheap(document, "lab")
    refs = [f"{one['profile']}:id:{one['id']}" for one in (ours, theirs)]
    refused = process("accounts", "pay", *refs, "--method", "internal", "--yes", "--json")
    assert (refused.code, refused.error["code"]) == (2, "max-total-needed")
    assert refused.error["detail"].startswith("lab: ")
    assert invoice(two[0], "olena.marsh", ours["id"])["state"] == ours["state"]
    allowed = process("accounts", "pay", *refs, "--method", "internal", "--yes", "--max-total", "50.00EUR", "--json")
    assert allowed.code == 0, allowed


def test_one_account_named_by_two_profiles_is_refused_and_never_half_done(
    two: tuple[SandboxProcess, SandboxProcess],
) -> None:
    """Neither is left out in silence, nor are two plans made for one purse; whether both were seen before or not."""
    add("also", two[0].url)
    token = two[0].sign_in()
    _, answer = two[0].call("GET", "/api/v1/invoices?state=unpaid&limit=100", token=token)
    one, other = sorted(answer["items"], key=lambda item: float(item["total"]["amount"]))[:2]
    named = ("accounts", "pay", f"work:id:{one['id']}", f"also:id:{other['id']}", "--method", "internal", "--yes")
    for _ in range(2):
        refused = process(*named, "--json")
        assert (refused.code, refused.error["code"]) == (2, "usage"), refused
        assert "same account as" in refused.error["detail"]
    assert {invoice(two[0], "olena.marsh", item["id"])["state"] for item in (one, other)} == {"unpaid"}
    done = process(*named[:2], f"work:id:{one['id']}", f"work:id:{other['id']}", *named[4:], "--json")
    assert done.code == 0, done
    assert {invoice(two[0], "olena.marsh", item["id"])["state"] for item in (one, other)} == {"paid"}


def test_one_account_that_fails_stops_no_other(two: tuple[SandboxProcess, SandboxProcess]) -> None:
    add("look", two[1].url, "olena.marsh", "--read-only")
    document = accounts()
    ours, read_only = cheap(document, "work"), cheap(document, "look")
    refs = [f"{one['profile']}:id:{one['id']}" for one in (ours, read_only)]
    add("gone", "http://127.0.0.1:9")
    done = process("accounts", "pay", *refs, "gone:id:1", "--method", "internal", "--yes", "--json")
    assert done.code == 7, done
    items = by_profile(done)
    assert items["work"]["exit"] == 0
    assert "read-only" in items["look"]["trouble"]
    assert "connection refused" in items["gone"]["trouble"]
    assert invoice(two[0], "olena.marsh", ours["id"])["state"] == "paid"
    assert invoice(two[1], "olena.marsh", read_only["id"])["state"] == read_only["state"]


def test_plans_go_into_a_file_for_each_account_and_are_applied_by_profile(
    two: tuple[SandboxProcess, SandboxProcess], tmp_path: Path
) -> None:
    folder = tmp_path / "plans"
    renew = ("accounts", "renew", "--period", "1")
    missing = process(*renew, "--expires-within", "3", "--plan-out", str(folder), "--json")
    assert missing.code == 2
    folder.mkdir()
    document = accounts()
    refs = [f"{one['profile']}:id:{one['id']}" for one in (cheap(document, name, "order") for name in ("work", "lab"))]
    written = process(*renew, *refs, "--pay", "internal", "--plan-out", str(folder), "--json")
    assert written.code == 0, written
    files = {Path(one).name.partition("-")[0]: one for one in written.json["plan_files"]}
    assert set(files) == {"work", "lab"}
    wrong = process("apply", files["lab"], "--profile", "work", "--yes", "--json")
    assert (wrong.code, wrong.error["code"]) == (2, "other-account")
    for name, file in files.items():
        applied = process("apply", file, "--profile", name, "--yes", "--json")
        assert applied.code == 0, applied


def test_on_a_terminal_each_account_is_asked_about_by_name(two: tuple[SandboxProcess, SandboxProcess]) -> None:
    document = accounts()
    ours, theirs = cheap(document, "work"), cheap(document, "lab")
    refs = [f"{one['profile']}:id:{one['id']}" for one in (ours, theirs)]
    with OnTerminal("accounts", "pay", *refs, "--method", "internal") as run:
        run.until("work (olena.marsh, ID 204817)")
        run.until("[y/N]")
        run.type("n")
        run.until("left out")
        run.until("lab (kofi.brandt, ID 318255)")
        run.until("[y/N]")
        run.type("y")
        assert run.end() == 7
    assert invoice(two[0], "olena.marsh", ours["id"])["state"] == ours["state"]
    assert invoice(two[1], "kofi.brandt", theirs["id"])["state"] == "paid"


def test_what_was_typed_before_the_question_stood_there_confirms_nothing(
    two: tuple[SandboxProcess, SandboxProcess],
) -> None:
    """A key too many, or the rest of a paste, waits in the terminal while the panel is asked: it is no yes."""
    ours = cheap(accounts(), "work")
    for arguments in (
        ("accounts", "pay", f"work:id:{ours['id']}", "--method", "internal"),
        ("invoices", "pay", f"id:{ours['id']}", "--method", "internal", "--profile", "work"),
    ):
        with OnTerminal(*arguments) as run:
            run.type("y")
            run.type("yes")
            run.until("[y/N]")
            run.type("n")
            assert run.end() == 2, run.output
        assert invoice(two[0], "olena.marsh", ours["id"])["state"] == ours["state"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("pay", "--method", "internal"),
        ("pay", "work:1", "--unpaid", "--method", "internal"),
        ("pay", "5", "--method", "internal"),
        ("pay", ":5", "--method", "internal"),
        ("renew", "--period", "1"),
        ("renew", "work:1", "--period", "5"),
        ("pay", "work:1", "--method", "card"),
    ],
)
def test_what_is_not_said_clearly_is_refused(arguments: tuple[str, ...]) -> None:
    add("work", "http://127.0.0.1:9")
    assert process("accounts", *arguments, "--json").code in (2, 5)
