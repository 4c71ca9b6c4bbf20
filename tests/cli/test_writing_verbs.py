"""Verbs that change something: plan, confirmation, journal, outcome, exit code, over a real panel."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billtui.domain.periods import add_months, parse_instant
from tests.support.command_line import Cli


def test_renew_three_expiring_orders_and_pay_from_the_balance(own_cli: Callable[..., Cli]) -> None:
    """The whole line by commands: REN-3, INV-4, ACC-4, DSC-8."""
    cli = own_cli()
    soon = [one for one in cli.orders("--expires-within", "7") if one["unpaid_invoice_id"] is None]
    three = [one for one in soon if one["kind"] == "vds"][:3]
    assert len(three) == 3
    before = cli.json("balance")["internal"]
    details = {one["id"]: cli.order(one["id"]) for one in three}

    document = cli.json(
        "orders", "renew", *(f"id:{one['id']}" for one in three), "--period", "1", "--pay", "internal", "--yes"
    )

    assert document["exit"] == 0
    assert document["left_out"] == []
    operations = document["job"]["operations"]
    assert [one["state"] for one in operations] == ["done", "done"]
    total = document["job"]["total"]
    for one in three:
        old = details[one["id"]]
        expected = add_months(parse_instant(old["paid_until"]), 1, old["billing_day"])
        assert parse_instant(cli.order(one["id"])["paid_until"]) == expected
    invoice = cli.invoice(operations[1]["answer"]["invoice_id"])
    assert (invoice["state"], invoice["total"], len(invoice["lines"])) == ("paid", total, 3)
    assert cents(cli.json("balance")["internal"]) == cents(before) - cents(total)
    newest = cli.json("balance", "ledger", "--limit", "1")["items"][0]
    assert (newest["purse"], newest["amount"]["amount"]) == ("internal", f"-{total['amount']}")
    assert newest["invoice_id"] == invoice["id"]
    assert cli.sandbox.check_books() == []
    shown = cli.json("jobs", "show", document["job"]["id"])["items"][0]
    assert shown["state"] == "finished"
    assert cli("journal", "verify").code == 0


def cents(money: dict[str, str]) -> int:
    """An amount of the wire in cents."""
    whole, _, rest = money["amount"].partition(".")
    return int(whole) * 100 + int(rest)


def test_a_renewal_that_is_not_paid_yet_names_its_invoice(own_cli: Callable[..., Cli]) -> None:
    """REN-1: nothing is renewed by it, so it is said what to pay."""
    cli = own_cli()
    order = cli.renewable()[0]["id"]
    text = cli("orders", "renew", f"id:{order}", "--period", "1", "--yes", "--max-total", "500EUR").out
    invoice = cli.invoice(cli.order(order)["unpaid_invoice_id"])
    total = f"{invoice['total']['amount']} {invoice['total']['currency']}"
    assert f"Issued, to be paid: invoice {invoice['number']}, {total}." in text
    assert f"billtui invoices pay number:{invoice['number']} --method" in text


def test_a_dry_run_sends_nothing(cli: Cli) -> None:
    order = cli.renewable()[0]["id"]
    before = cli.json("invoices", "list")["total"]
    document = cli.json("orders", "renew", f"id:{order}", "--period", "1", "--pay", "internal", "--dry-run")
    assert document["dry_run"] is True
    assert [one["kind"] for one in document["plan"]["operations"]] == ["order.renew", "invoice.pay"]
    text = cli("orders", "renew", f"id:{order}", "--period", "1", "--dry-run")
    assert text.code == 0
    assert "nothing was sent" in text.out
    assert cli.json("invoices", "list")["total"] == before
    assert cli.json("jobs", "list")["items"] == []


def test_a_dry_run_of_nothing_is_exit_5(cli: Cli) -> None:
    """REN-2."""
    result = cli("orders", "renew", "id:16", "--period", "1", "--dry-run", "--json")
    assert result.code == 5
    assert result.error["rule"] == "REN-2"
    assert result.error["related"]["invoice_id"] == cli.bill


def test_without_a_terminal_and_without_yes_nothing_is_sent(cli: Cli) -> None:
    order = cli.renewable()[0]["id"]
    result = cli("orders", "renew", f"id:{order}", "--period", "1", "--json")
    assert result.code == 2
    assert result.error["code"] == "not-confirmed"
    assert "--yes" in result.error["hint"]
    assert cli.order(order)["unpaid_invoice_id"] is None


def test_yes_covers_the_limit_only(cli: Cli) -> None:
    """RELIABILITY: above the limit the total is named."""
    top_up = ("balance", "top-up", "150", "--method", "card", "--yes")
    above = cli(*top_up, "--json")
    assert (above.code, above.error["code"]) == (2, "max-total-needed")
    assert "150.00EUR" in above.error["hint"]
    too_little = cli(*top_up, "--max-total", "149.99EUR", "--json")
    assert (too_little.code, too_little.error["code"]) == (2, "max-total-exceeded")
    other = cli(*top_up, "--max-total", "200USD", "--json")
    assert (other.code, other.error["code"]) == (2, "other-currency")
    assert cli(*top_up, "--max-total", "nonsense").code == 2
    assert cli.json("jobs", "list")["items"] == []
    enough = cli.json(*top_up, "--max-total", "150.00EUR")
    assert enough["job"]["operations"][0]["answer"]["payment"]["payment_url"]


def test_yes_covers_so_many_steps_only(cli: Cli) -> None:
    orders = [f"id:{one['id']}" for one in cli.renewable(11)]
    above = cli("orders", "auto-renew", "on", *orders, "--months", "3", "--yes", "--json")
    assert (above.code, above.error["code"]) == (2, "max-total-needed")
    enough = cli.json("orders", "auto-renew", "on", *orders, "--months", "3", "--yes", "--max-total", "0EUR")
    assert enough["job"]["counts"] == {"done": 11}
    assert cli.order(orders[0].removeprefix("id:"))["auto_renew"] == {"on": True, "months": 3}
    assert cli("orders", "auto-renew", "off", *orders[:2], "--yes").code == 0


def test_what_is_left_out_makes_it_partly_done(cli: Cli) -> None:
    """BLK-6: the rest is done, the reason is told, and nobody takes it for all."""
    order = cli.renewable()[0]["id"]
    document = cli.json("orders", "renew", "id:16", f"id:{order}", "--period", "1", "--yes", code=7)
    assert [one["code"] for one in document["left_out"]] == ["unpaid-invoice"] or document["left_out"][0]["rule"]
    assert document["left_out"][0]["rule"] == "REN-2"
    assert document["job"]["counts"] == {"done": 1}


def test_a_balance_that_does_not_hold_the_amount_is_exit_6(cli: Cli) -> None:
    """ACC-4."""
    result = cli("invoices", "pay", f"id:{cli.bill}", "--method", "internal", "--yes", "--json")
    assert result.code == 6
    assert (result.error["code"], result.error["rule"]) == ("insufficient-funds", "ACC-4")


def test_renewing_issues_no_invoice_that_the_balance_cannot_pay(cli: Cli) -> None:
    """ACC-4: asked for as one thing, it is not done by half."""
    order = cli.renewable()[0]["id"]
    result = cli("orders", "renew", f"id:{order}", "--period", "12", "--pay", "affiliate", "--yes", "--json")
    assert result.code == 6
    assert cli.order(order)["unpaid_invoice_id"] is None


def test_a_rule_is_exit_5(cli: Cli) -> None:
    """INV-4: paid is paid."""
    paid = cli.json("invoices", "list", "--state", "paid")["items"][0]["id"]
    result = cli("invoices", "pay", f"id:{paid}", "--method", "internal", "--yes", "--json")
    assert result.code == 5
    assert result.error["rule"] == "INV-4"


def test_invoices_are_combined_split_and_deleted(cli: Cli) -> None:
    """INV-5, INV-6, INV-7."""
    made = [cli.issue(one["id"])["id"] for one in cli.renewable(2)]
    references = [f"id:{one}" for one in made]
    combined = cli.json("invoices", "combine", *references, "--yes")["job"]["operations"][0]["answer"]
    assert sorted(combined["combined_from"]) == sorted(made)
    alone = cli("invoices", "combine", f"id:{combined['id']}", "--yes", "--json")
    assert (alone.code, alone.error["rule"]) == (5, "INV-6")
    assert cli.json("invoices", "split", f"id:{combined['id']}", "--yes")["exit"] == 0
    assert {cli.invoice(one)["state"] for one in made} == {"unpaid"}
    deleted = cli.json("invoices", "delete", *references, "--yes")
    assert deleted["job"]["counts"] == {"done": 2}
    assert {cli.invoice(one)["state"] for one in made} == {"deleted"}


def test_an_invoice_is_promised(cli: Cli) -> None:
    """PRM-2, PRM-3: refused early with the date from which it works; else seven days."""
    late = [one for one in cli.orders("--expires-within", "2") if one["unpaid_invoice_id"] is None]
    early = [one for one in cli.orders("--sort", "ends", "--reverse", "--state", "active")
             if one["unpaid_invoice_id"] is None and one["kind"] == "vds"]  # fmt: skip
    invoice = cli.issue(early[0]["id"])
    refused = cli("invoices", "promise", f"id:{invoice['id']}", "--yes", "--json")
    assert (refused.code, refused.error["rule"]) == (5, "PRM-2")
    invoice = cli.issue(late[0]["id"])
    assert cli.json("invoices", "promise", f"id:{invoice['id']}", "--yes")["exit"] == 0
    assert cli.invoice(invoice["id"])["state"] == "promised"
    assert "pay in " in cli("orders", "list", "--expires-within", "3").out
    assert "deleted in " in cli("orders", "list", "--state", "blocked").out
    assert "active until then (PRM-5)" in cli("orders", "show", f"id:{late[0]['id']}").out


def test_an_external_payment_gives_the_address(cli: Cli) -> None:
    """INV-3."""
    invoice = cli.issue()
    text = cli("invoices", "pay", f"id:{invoice['id']}", "--method", "card", "--yes")
    assert text.code == 0
    assert "Pay at https://" in text.out
    assert ": not the panel's own host, 127.0.0.1." in text.out
    assert cli.invoice(invoice["id"])["state"] == "unpaid"


def test_orders_are_controlled_and_renamed(cli: Cli) -> None:
    """ORD-4: a destructive one needs the name, typed."""
    order = cli.renewable()[0]
    reference = f"id:{order['id']}"
    assert cli.json("orders", "action", "stop", reference, "--yes")["exit"] == 0
    assert cli.order(order["id"])["power"] == "stopped"
    assert cli.json("orders", "action", "start", reference, "--yes")["exit"] == 0
    refused = cli("orders", "action", "reinstall", reference, "--yes", "--json")
    assert refused.code == 5
    wrong = cli("orders", "action", "reinstall", reference, "--confirm-name", "other", "--yes")
    assert wrong.code == 5
    named = cli.json("orders", "action", "reinstall", reference, "--confirm-name", order["name"], "--yes")
    assert named["exit"] == 0
    assert cli.json("orders", "rename", reference, "renamed-by-command", "--yes")["exit"] == 0
    assert cli.order(order["id"])["name"] == "renamed-by-command"
    assert cli("orders", "rename", reference, order["name"], "--yes").code == 0


def test_affiliate_money_is_moved_one_way(cli: Cli) -> None:
    """ACC-4."""
    before = cli.json("balance")
    assert cli.json("balance", "move", "1.50EUR", "--yes")["exit"] == 0
    after = cli.json("balance")
    assert cents(after["internal"]) - cents(before["internal"]) == 150
    assert cents(before["affiliate"]) - cents(after["affiliate"]) == 150
    assert cli("balance", "move", "1e2", "--yes").code == 2
    assert cli("balance", "move", "99999", "--yes", "--max-total", "99999").code == 6


def test_a_read_only_run_refuses(cli: Cli) -> None:
    order = cli.renewable()[0]["id"]
    result = cli("orders", "action", "reboot", f"id:{order}", "--yes", "--read-only", "--json")
    assert (result.code, result.error["code"]) == (5, "read-only")
    assert cli("orders", "action", "reboot", f"id:{order}", "--dry-run", "--read-only").code == 0


# -- plans in files


def test_a_plan_is_written_privately_applied_and_done_once(cli: Cli, tmp_path: Path) -> None:
    invoice = cli.issue()
    plan = tmp_path / "plan.json"
    written = cli.json("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--plan-out", str(plan))
    assert written["plan_file"] == str(plan)
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    assert cli.invoice(invoice["id"])["state"] == "unpaid"
    again = cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--plan-out", str(plan), "--json")
    assert (again.code, again.error["code"]) == (2, "file-exists")
    forced = cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--plan-out", str(plan), "--force")
    assert forced.code == 0
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600

    assert cli("apply", str(plan)).code == 2
    assert cli("apply", str(plan), "--dry-run").code == 0
    balance = cli.internal()
    assert cli.json("apply", str(plan), "--yes")["already_done"] is False
    paid = cli.internal()
    assert paid != balance
    second = cli("apply", str(plan), "--yes", "--json")
    assert (second.code, second.json["already_done"]) == (0, True)
    assert "Already done" in cli("apply", str(plan), "--yes").err
    assert cli.internal() == paid


def test_a_plan_applied_on_another_host_is_done_once(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The idempotency key is the plan's: another journal, the same payment."""
    invoice = cli.issue()
    plan = tmp_path / "plan.json"
    assert cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--plan-out", str(plan)).code == 0
    assert cli("apply", str(plan), "--yes").code == 0
    paid = cli.internal()
    monkeypatch.setenv("BILLTUI_STATE_DIR", str(tmp_path / "other-host"))
    assert cli.json("apply", str(plan), "--yes")["job"]["counts"] == {"done": 1}
    assert cli.internal() == paid


def test_facts_that_changed_since_the_plan_are_exit_8(cli: Cli, tmp_path: Path) -> None:
    """DSC-8: nothing is sent, and the difference is said."""
    invoice = cli.issue()
    plan = tmp_path / "plan.json"
    assert cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--plan-out", str(plan)).code == 0
    assert cli("invoices", "delete", f"id:{invoice['id']}", "--yes").code == 0
    balance = cli.internal()
    result = cli("apply", str(plan), "--yes", "--json")
    assert result.code == 8
    assert result.error["code"] == "facts-changed"
    assert "deleted" in result.error["detail"]
    assert cli.internal() == balance


@pytest.mark.parametrize("damage", ["torn", "total", "version", "extra", "empty"])
def test_a_damaged_plan_is_exit_2(cli: Cli, tmp_path: Path, damage: str) -> None:
    invoice = cli.issue()
    plan = tmp_path / "plan.json"
    assert cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--plan-out", str(plan)).code == 0
    body: dict[str, Any] = json.loads(plan.read_text())
    if damage == "total":
        body["total"]["amount"] = "0.01"
    elif damage == "version":
        body["schema_version"] = 99
    elif damage == "extra":
        body["operations"][0]["surprise"] = True
    text = {"torn": plan.read_text()[:200], "empty": ""}.get(damage, json.dumps(body))
    plan.write_text(text)
    result = cli("apply", str(plan), "--yes", "--json")
    assert (result.code, result.error["code"]) == (2, "bad-plan")
    assert cli("invoices", "delete", f"id:{invoice['id']}", "--yes").code == 0


def test_a_plan_of_another_account_is_refused(cli: Cli, tmp_path: Path) -> None:
    invoice = cli.issue()
    plan = tmp_path / "plan.json"
    assert cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--plan-out", str(plan)).code == 0
    result = cli("apply", str(plan), "--yes", "--json", login="kofi.brandt")
    assert (result.code, result.error["code"]) == (2, "other-account")
    assert cli("apply", str(tmp_path / "none.json"), "--yes").code == 4
    assert cli("invoices", "delete", f"id:{invoice['id']}", "--yes").code == 0


# -- when it goes wrong


def test_a_lost_answer_is_looked_up_and_done_once(cli: Cli) -> None:
    invoice = cli.issue()
    cli.sandbox.faults({"kind": "drop-after", "times": 1, "method": "POST", "path": "*/payments"})
    document = cli.json("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--yes")
    assert document["job"]["counts"] == {"done": 1}
    assert document["job"]["operations"][0]["sends"] == 1
    assert cli.sandbox.fault_strikes() == [1]


def test_an_outcome_that_stays_unknown_is_exit_9_and_settles_later(cli: Cli) -> None:
    """RELIABILITY: never "failed", never repeated; asked for again it is the one payment."""
    invoice = cli.issue()
    balance = cli.internal()
    cli.sandbox.faults(
        {"kind": "drop-after", "times": 1, "method": "POST", "path": "*/payments"},
        {"kind": "http-503", "path": "/operations"},
    )
    arguments = ("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--yes", "--settle-seconds", "0")
    result = cli(*arguments, "--json")
    assert result.code == 9
    assert result.error["code"] == "outcome-unknown"
    job = result.json["job"]
    assert job["counts"] == {"unknown": 1}
    assert f"jobs settle {job['id'][:12]}" in result.error["hint"]

    cli.sandbox.faults()
    blocked = cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--dry-run", "--json")
    assert blocked.code in (0, 5)  # the look-up may have settled it already
    settled = cli.json("jobs", "settle", job["id"][:8])
    assert settled["job"]["counts"] == {"done": 1}
    total = cents(settled["job"]["total"])
    assert cents({"amount": balance}) - cents({"amount": cli.internal()}) == total


def test_a_panel_that_is_gone_before_sending_is_exit_10_and_retried_with_the_same_key(
    own_cli: Callable[..., Cli], tmp_path: Path
) -> None:
    cli = own_cli()
    invoice = cli.issue()
    cli.sandbox.faults({"kind": "drop-before", "path": f"/invoices/{invoice['id']}", "method": "GET"})
    plan = tmp_path / "plan.json"
    cli.sandbox.faults()
    assert cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--plan-out", str(plan)).code == 0
    cli.sandbox.faults({"kind": "http-503", "path": f"/invoices/{invoice['id']}"})
    result = cli("apply", str(plan), "--yes", "--json")
    assert result.code == 10, result
    assert result.error["retryable"] is True
    job = result.json["job"]
    assert job["counts"] == {"not-sent": 1}
    cli.sandbox.faults()
    assert cli("jobs", "retry", job["id"][:10]).code == 2
    retried = cli.json("jobs", "retry", job["id"][:10], "--yes")
    assert retried["job"]["operations"][0]["state"] == "done"
    assert cli.invoice(invoice["id"])["state"] == "paid"
    assert cli("jobs", "retry", job["id"][:10], "--yes").code == 5


def test_a_busy_panel_pauses_the_job_which_is_cancelled_without_network(own_cli: Callable[..., Cli]) -> None:
    cli = own_cli()
    invoice = cli.issue()
    cli.sandbox.faults({"kind": "rate-limit", "ms": 0, "method": "POST", "path": "*/payments"})
    result = cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--yes", "--json")
    assert result.code == 10
    job = result.json["job"]
    assert (job["state"], job["paused"]) == ("paused", "busy-panel")
    assert cli("jobs", "resume", job["id"], "--json").error["code"] == "not-confirmed"
    cli.sandbox.stop()
    cancelled = cli.json("jobs", "cancel", job["id"])
    assert (cancelled["cancelled"], cancelled["job"]["counts"]) == (1, {"cancelled": 1})
    assert cli("jobs", "cancel", job["id"]).code == 5
    assert [one["state"] for one in cli.json("jobs", "list")["items"]] == ["finished", "finished"]
    assert cli.json("jobs", "list", "--open")["items"] == []


def test_a_paused_job_goes_on(own_cli: Callable[..., Cli]) -> None:
    cli = own_cli()
    invoice = cli.issue()
    cli.sandbox.faults({"kind": "rate-limit", "ms": 0, "method": "POST", "path": "*/payments"})
    job = cli.json("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--yes", code=10)["job"]
    cli.sandbox.faults()
    done = cli.json("jobs", "resume", job["id"], "--yes")
    assert done["job"]["counts"] == {"done": 1}
    assert cli.invoice(invoice["id"])["state"] == "paid"
    moves = [one["after"] for one in cli.json("journal", "list", job["id"])["items"] if one["number"]]
    assert moves[-1] == "done"
    assert cli("journal", "verify").code == 0
