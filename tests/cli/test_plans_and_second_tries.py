"""Plan files that were changed or kept too long, and second tries: nothing beyond what was shown is sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from billtui.config.paths import state_dir
from billtui.services.journal import Journal, OperationState, PauseReason
from billtui.services.plans import Plan
from tests.support.command_line import Cli

S = OperationState


def written(cli: Cli, path: Path, *invoices: dict[str, Any]) -> Plan:
    """A plan file that pays ``invoices`` from the internal balance."""
    references = [f"id:{one['id']}" for one in invoices]
    assert cli("invoices", "pay", *references, "--method", "internal", "--plan-out", str(path)).code == 0
    return Plan.from_json(path.read_bytes())


def test_a_promise_says_its_day_and_hour_and_is_not_planned_too_early(cli: Cli) -> None:
    """PRM-2, PRM-3: no invoice is issued for a promise that cannot be given."""
    order = next(one for one in reversed(cli.renewable(8)) if one["kind"] == "vds")
    result = cli("orders", "renew", f"id:{order['id']}", "--period", "1", "--pay", "promise", "--yes", "--json")
    assert (result.code, result.error["code"], result.error["rule"]) == (5, "promise-too-early", "PRM-2")
    assert cli.order(order["id"])["unpaid_invoice_id"] is None
    near = cli.orders("--state", "active", "--expires-within", "3")
    free = next(one for one in near if one["unpaid_invoice_id"] is None and one["kind"] == "vds")
    shown = cli("orders", "renew", f"id:{free['id']}", "--period", "1", "--pay", "promise")
    assert f"pay by {(datetime.now(UTC) + timedelta(days=7)).astimezone():%Y-%m-%d}" in shown.err


def test_a_changed_file_is_not_called_done(cli: Cli, tmp_path: Path) -> None:
    """The id is that of a plan that was done; what stands in the file now was not."""
    one, other = (cli.issue(), cli.issue())
    path = tmp_path / "plan.json"
    written(cli, path, one)
    assert cli("apply", str(path), "--yes").code == 0
    body = json.loads(path.read_text())
    second = tmp_path / "second.json"
    written(cli, second, other)
    body["operations"] = json.loads(second.read_text())["operations"]
    body["total"] = json.loads(second.read_text())["total"]
    path.write_text(json.dumps(body))

    result = cli("apply", str(path), "--yes", "--json")

    assert (result.code, result.error["code"]) == (2, "plan-changed")
    assert cli.invoice(other["id"])["state"] == "unpaid"


def test_a_plan_older_than_the_panels_memory_is_not_applied(cli: Cli, tmp_path: Path) -> None:
    """After 30 days a panel no longer knows the plan's keys: what another host did would be done again."""
    balance = cli.json("balance")["affiliate"]["amount"]
    path = tmp_path / "move.json"
    assert cli("balance", "move", "1.00", "--plan-out", str(path)).code == 0
    body = json.loads(path.read_text())
    body["made_at"] = (datetime.now(UTC) - timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%SZ")
    path.write_text(json.dumps(body))

    result = cli("apply", str(path), "--yes", "--json")

    assert (result.code, result.error["code"]) == (8, "plan-too-old")
    assert cli.json("balance")["affiliate"]["amount"] == balance


def test_a_second_try_covers_all_that_it_sends(cli: Cli, tmp_path: Path) -> None:
    """A paused job goes on as a whole: what waited in it counts against ``--max-total`` like what was not sent."""
    waiting, not_sent = (cli.issue(), cli.issue())
    plan = written(cli, tmp_path / "plan.json", waiting, not_sent)
    journal = Journal(state_dir() / "journal.db")
    journal.add_job(plan, "gone", held=False)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,))
    journal.move(plan.id, 1, S.PREPARED, come_from=(S.SENDING,), code="rate-limited")
    journal.move(plan.id, 2, S.NOT_SENT, come_from=(S.PREPARED,), code="not-sent")
    journal.pause(plan.id, PauseReason.OFFLINE)
    journal.change("UPDATE operations SET owner = NULL")
    journal.close()
    [_, second] = plan.operations
    assert second.amount is not None
    most = f"{second.amount.amount}{second.amount.currency}"

    result = cli("jobs", "retry", plan.id, "--yes", "--max-total", most, "--json")

    assert (result.code, result.error["code"]) == (2, "max-total-exceeded")
    assert {cli.invoice(one["id"])["state"] for one in (waiting, not_sent)} == {"unpaid"}
    everything = f"{plan.total.amount}{plan.total.currency}"
    assert cli("jobs", "retry", plan.id, "--yes", "--max-total", everything).code == 0
    assert {cli.invoice(one["id"])["state"] for one in (waiting, not_sent)} == {"paid"}
