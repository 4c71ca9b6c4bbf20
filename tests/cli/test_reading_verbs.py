"""Verbs that change nothing, as text and as JSON, against a real panel."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import Cli

READS = [
    ("whoami",),
    ("account",),
    ("balance",),
    ("balance", "ledger", "--limit", "5"),
    ("invoices", "list"),
    ("invoices", "show", "number:1"),
    ("orders", "list"),
    ("orders", "show", "id:1"),
    ("quote", "renewal", "id:1", "id:2", "--period", "3"),
    ("search", "git-nl"),
    ("jobs", "list"),
    ("journal", "list"),
    ("journal", "verify"),
    ("doctor",),
    ("keys",),
    ("profile", "list"),
    ("completion", "bash"),
]


@pytest.mark.parametrize("verb", READS, ids=" ".join)
def test_as_text_and_as_json(cli: Cli, verb: tuple[str, ...]) -> None:
    text = cli(*verb)
    assert text.code == 0, text
    assert text.out.strip()
    assert all(line.isprintable() for line in text.out.split("\n"))
    assert "kind" in cli.json(*verb)


def test_a_panel_full_of_hostile_texts_reaches_no_terminal(own_cli: Callable[..., Cli]) -> None:
    """RELIABILITY "Text from outside is hostile": no control character in text, none raw in JSON."""
    cli = own_cli(fleet=20, hostile=True)
    orders = cli.orders()
    assert any(not one["name"].isascii() or "[" in one["name"] for one in orders)
    reads = [("orders", "list"), ("invoices", "list"), ("orders", "show", f"id:{orders[0]['id']}"), ("search", "a")]
    for verb in [*reads, ("balance", "ledger"), ("account",)]:
        for result in (cli(*verb), cli(*verb, "--json")):
            said = result.out + result.err
            assert said
            assert all(line.isprintable() for line in said.split("\n")), verb


def test_orders_are_filtered_sorted_and_limited(cli: Cli) -> None:
    everything = cli.orders()
    ends = [one["paid_until"] for one in everything if one["paid_until"]]
    assert ends == sorted(ends)
    soon = cli.orders("--expires-within", "3")
    assert soon
    assert {one["state"] for one in soon} <= {"active", "suspended"}
    assert len(soon) < len(everything)
    assert {one["location"] for one in cli.orders("--location", "nl")} == {"nl"}
    plan = everything[0]["plan"]
    assert {one["plan"] for one in cli.orders("--plan", plan)} == {plan}
    blocked = cli.orders("--state", "blocked", "--state", "suspended")
    assert {one["state"] for one in blocked} == {"blocked", "suspended"}
    prices = [float(one["monthly_price"]["amount"]) for one in cli.orders("--sort", "price", "--reverse")]
    assert prices == sorted(prices, reverse=True)
    document = cli.json("orders", "list", "--limit", "2")
    assert (len(document["items"]), document["total"]) == (2, len(everything))
    name = everything[0]["name"]
    assert [one["name"] for one in cli.orders("--query", name.upper())] == [name]


def test_invoices_are_filtered_and_the_newest_comes_first(cli: Cli) -> None:
    items = cli.json("invoices", "list")["items"]
    issued = [one["issued_at"] for one in items]
    assert issued == sorted(issued, reverse=True)
    unpaid = cli.json("invoices", "list", "--state", "unpaid", "--sort", "total")["items"]
    totals = [float(one["total"]["amount"]) for one in unpaid]
    assert totals == sorted(totals)
    assert {one["state"] for one in unpaid} == {"unpaid"}


def test_an_invoice_explains_its_ways_to_pay(cli: Cli) -> None:
    """INV-3, PRM-2: the unavailable ones say why."""
    document = cli.json("invoices", "show", f"id:{cli.bill}")
    methods = {one["method"]: one for one in document["payment_methods"]}
    assert methods["internal"]["available"] is False
    assert methods["internal"]["code"] == "insufficient-funds"
    assert methods["card"]["available"] is True
    assert document["invoice"]["lines"][0]["discounts"]
    text = cli("invoices", "show", f"id:{cli.bill}")
    assert "too little" in text.out


def test_an_invoice_can_be_named_by_its_number(cli: Cli) -> None:
    items = cli.json("invoices", "list", "--limit", "1")["items"]
    newest, number = items[0]["id"], items[0]["number"]
    for word in (f"id:{newest}", f"number:{number}", f"#{number}"):
        assert cli.json("invoices", "show", word)["invoice"]["id"] == newest


def test_an_order_can_be_named_by_its_name(cli: Cli) -> None:
    name = cli.order("1")["name"]
    assert cli.json("orders", "show", name)["order"]["id"] == "1"
    assert cli.json("orders", "show", f"name:{name}")["order"]["id"] == "1"


@pytest.mark.parametrize(
    "verb", [("invoices", "show", "99999"), ("orders", "show", "no-such"), ("jobs", "show", "abcdef012345")]
)
def test_what_is_not_there_is_exit_4(cli: Cli, verb: tuple[str, ...]) -> None:
    missing = cli(*verb, "--json")
    assert missing.code == 4
    assert missing.out == ""
    assert missing.error["exit"] == 4


def test_nothing_found_is_exit_4(cli: Cli) -> None:
    assert cli("search", "zzzz-nothing-like-it").code == 4


def test_a_quote_of_what_cannot_be_renewed_is_exit_5(cli: Cli) -> None:
    """REN-2: the open invoice blocks it."""
    document = cli.json("quote", "renewal", "id:16", "--period", "1", code=5)
    assert document["quote"]["excluded"][0]["related"]["invoice_id"] == cli.bill
    assert cli("quote", "renewal", "id:1", "--period", "2").code == 2


def test_offline_reads_the_copy_and_says_when_there_is_none(cli: Cli) -> None:
    assert cli("orders", "list", "--offline", "--json").error["code"] == "no-copy"
    online = cli.orders()
    assert cli.orders("--offline") == online
    cli.sandbox.faults({"kind": "drop-before"})
    assert cli.orders("--offline") == online
    assert cli("orders", "show", "id:1", "--offline").code == 0


def test_export_writes_each_file_once(cli: Cli, tmp_path: Path) -> None:
    """INV-9."""
    for kind, beginning in (("pdf", b"%PDF"), ("csv", b""), ("json", b"{")):
        target = tmp_path / f"one.{kind}"
        assert cli("invoices", "export", f"id:{cli.bill}", "--format", kind, "--out", str(target)).code == 0
        assert target.read_bytes().startswith(beginning)
        assert target.stat().st_size > 100
        assert stat.S_IMODE(target.stat().st_mode) & 0o002 == 0
    again = cli("invoices", "export", f"id:{cli.bill}", "--format", "csv", "--out", str(tmp_path / "one.csv"), "--json")
    assert (again.code, again.error["code"]) == (2, "file-exists")
    document = cli.json("invoices", "export", "number:1", f"id:{cli.bill}", "--dir", str(tmp_path))
    assert all(Path(item["file"]).stat().st_size == item["bytes"] for item in document["items"])
    assert cli("invoices", "export", f"id:{cli.bill}", "--dir", str(tmp_path / "none")).code == 2


def test_two_clients_see_their_own(cli: Cli) -> None:
    mine, other = cli.json("whoami"), cli.json("whoami", login="kofi.brandt")
    assert mine["account"]["account_id"] != other["account"]["account_id"]
    assert {one["id"] for one in cli.orders()}.isdisjoint(
        one["id"] for one in cli.json("orders", "list", login="kofi.brandt")["items"]
    )


@pytest.mark.parametrize(
    ("login", "password", "code"),
    [
        ("nobody.here", "wrong-password-7", "wrong-credentials"),
        ("mei.tanaka", "demo-fleet-2026", "totp-required"),
    ],
)
def test_a_refused_sign_in_is_exit_3_and_repeats_no_secret(cli: Cli, login: str, password: str, code: str) -> None:
    """ACC-6."""
    refused = cli("whoami", "--json", login=login, password=password)
    assert refused.code == 3
    assert refused.error["code"] == code
    assert password not in refused.out + refused.err


def test_without_a_secret_it_is_exit_3(cli: Cli) -> None:
    refused = cli("whoami", "--json", password=None)
    assert (refused.code, refused.error["code"]) == (3, "not-signed-in")
    assert "BILLTUI_TOKEN" in refused.error["hint"]


def test_a_token_of_the_environment_is_used_and_outlives_the_command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    token = cli.sandbox.sign_in()
    for _ in range(2):
        monkeypatch.setenv("BILLTUI_TOKEN", token)
        assert cli.plain("--url", cli.sandbox.url, "whoami").code == 0


def test_a_password_of_the_environment_leaves_no_session_behind(cli: Cli) -> None:
    first = cli.json("account")["sessions"]
    second = cli.json("account")["sessions"]
    assert len(first) == len(second)


def test_nobody_listening_is_exit_10(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLTUI_PASSWORD", "x")
    result = cli.plain("--url", "http://127.0.0.1:1", "--login", "x", "orders", "list", "--json")
    assert result.code == 10
    assert result.error["retryable"] is True


def test_an_address_with_a_password_in_it_is_refused_without_repeating_it(cli: Cli) -> None:
    result = cli.plain("--url", "https://me:hunter2@panel.example", "whoami", "--json")
    assert result.code == 2
    assert "hunter2" not in result.out + result.err
    assert json.loads(result.err)["code"] == "profile"


def test_search_finds_what_was_written_in_tickets(cli: Cli) -> None:
    """The messages of one's own tickets are copied for it; offline what was copied is searched (TKT-6)."""
    found = cli.json("search", "message:dovecot")["items"]
    assert found and {hit["kind"] for hit in found} == {"message"} and all(hit["message_id"] for hit in found)
    assert all("dovecot" in hit["detail"].lower() for hit in found)
    assert cli.json("search", "message:dovecot", "--offline")["items"] == found
    number = cli.json("search", "message:dovecot")["items"][0]["title"].split()[0]
    assert cli.json("search", f"ticket:{number}")["items"][0]["id"] == found[0]["id"]
