"""``billtui forecast``: as text and as JSON, by day and by month, and what the panel does then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from tests.support.command_line import Cli


def cash(value: dict[str, str]) -> Decimal:
    return Decimal(value["amount"])


def test_sums_add_up_and_months_are_the_days(cli: Cli) -> None:
    days = cli.json("forecast", "--days", "90")
    months = cli.json("forecast", "--days", "90", "--by", "month")
    assert days["kind"] == "forecast"
    assert (days["by"], months["by"]) == ("day", "month")
    assert 90 <= len(days["sums"]) <= 92
    assert 3 <= len(months["sums"]) <= 5
    for document in (days, months):
        due = Decimal(0)
        for what in ("renewed", "failed", "manual", "invoices"):
            total = sum(cash(one[what]["amount"]) for one in document["sums"])
            assert total == cash(document["totals"][what]["amount"])
            due += total
        assert due == cash(document["due"])
    assert days["totals"] == months["totals"]
    dates = [one["date"] for one in days["sums"]]
    assert all(one < two for one, two in pairwise(dates))
    assert "items" not in days


def test_as_text(cli: Cli) -> None:
    text = cli("forecast")
    assert text.code == 0
    assert "Falls due" in text.out
    assert "Needs you" in text.out
    assert "A forecast: what happens if nobody acts." in text.err
    assert cli("forecast", "--by", "month").out.count("20") >= 2
    fails = cli("forecast", "--fails", "--days", "365")
    assert "needs you" in fails.out
    assert "(ORD-2)" in fails.out
    assert "Top-up that saves" in fails.out


def test_the_items_are_what_goes_wrong(cli: Cli) -> None:
    document = cli.json("forecast", "--fails", "--days", "365")
    kinds = {one["what"] for one in document["items"]}
    assert {"failed", "blocked-manual", "deleted"} <= kinds
    assert not kinds & {"renewed-internal", "renewed-affiliate"}
    failed = [one for one in document["items"] if one["what"] == "failed"]
    assert len(failed) == document["totals"]["failed"]["count"]
    assert failed[0]["at"] == document["first_failure_at"] == document["top_up"]["by"]
    assert document["top_up"]["smallest"] is True


def test_offline_it_is_the_same_with_the_age_of_the_copy(cli: Cli) -> None:
    online = cli.json("forecast", "--days", "90")
    offline = cli.json("forecast", "--days", "90", "--offline")
    assert offline["synced_at"] == online["synced_at"]
    assert abs(datetime.fromisoformat(offline["since"]) - datetime.fromisoformat(online["since"])).total_seconds() < 60
    assert offline["totals"]["renewed"] == online["totals"]["renewed"]


def test_what_it_says_happens(own_cli: Callable[..., Cli]) -> None:
    """REN-4, ORD-2: by the program's own sync; the panel's clock goes 60 days on, and the balances are as forecast."""
    cli = own_cli(fleet=40)
    document = cli.json("forecast", "--days", "60", "--fails")
    cli.sandbox.advance(days=60)
    balance = cli.json("balance")
    last = document["sums"][-1]
    assert balance["internal"] == last["internal"]
    assert balance["affiliate"] == last["affiliate"]
    states = {one["id"]: one["state"] for one in cli.orders()}
    gone = {one["order_id"] for one in document["items"] if one["what"] in ("deleted", "cancelled")}
    assert gone
    assert {states[key] for key in gone} <= {"deleted", "cancelled"}
    assert {key for key, state in states.items() if state == "deleted"} >= {
        one["order_id"] for one in document["items"] if one["what"] == "deleted"
    }


def test_mistakes_are_named(cli: Cli) -> None:
    assert cli("forecast", "--days", "0").code == 2
    refused = cli("forecast", "--days", "4000")
    assert refused.code == 2
    assert "ten years" in refused.err
    nobody = cli("forecast", "--offline", login="dmitri.hale")
    assert nobody.code != 0
