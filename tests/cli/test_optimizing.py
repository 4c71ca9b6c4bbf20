"""``billtui optimize …``: looking sends nothing, buying goes through plan, confirmation and journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from billtui.domain.periods import add_months, parse_instant
from tests.support.command_line import Cli


def cents(money: dict[str, str]) -> int:
    """An amount of the wire in cents."""
    return int(money["amount"].replace(".", ""))


def test_looking_sends_nothing_and_adds_up(cli: Cli) -> None:
    before = cli.json("invoices", "list")["total"]
    found = cli.json("optimize", "renewals", "--where", "days<30", "--months", "12", "--explain")
    assert found["kind"] == "renewals"
    items = found["items"]
    assert items
    assert cents(found["total"]) == sum(cents(one["total"]) for one in items)
    assert cents(found["now"]) == sum(cents(one["amount"]) for one in found["buy_now"])
    assert cents(found["month_by_month"]) - cents(found["total"]) == cents(found["saving"])
    assert all(one["why"] for one in items)
    assert {one["rule"] for one in found["left_out"]} >= {"REN-2"}, "an order on an open invoice is left out"
    assert cli.json("invoices", "list")["total"] == before
    assert cli.json("jobs", "list")["items"] == []
    text = cli("optimize", "renewals", "--where", "days<30", "--explain")
    assert text.code == 0
    assert "Month by month" in text.out
    assert "Nothing was sent" in text.err


def test_the_figures_are_what_the_panel_quotes(cli: Cli) -> None:
    """INV-10, DSC: every batch of now costs what a quote of the panel says, to the cent."""
    found = cli.json("optimize", "renewals", "--where", "days<10", "--months", "6", "--lead-days", "10")
    assert found["buy_now"]
    for batch in found["buy_now"]:
        refs = [f"id:{one}" for one in batch["order_ids"]]
        quote = cli.json("quote", "renewal", *refs, "--period", str(batch["period"]))["quote"]
        assert quote["total"] == batch["amount"]


def test_buying_within_a_budget_renews_and_pays(own_cli: Callable[..., Cli]) -> None:
    cli = own_cli()
    choose = ("--where", "days<20", "--months", "3", "--lead-days", "14", "--budget", "60")
    found = cli.json("optimize", "renewals", *choose)
    assert 0 < cents(found["now"]) <= 6_000
    before = cli.json("balance")["internal"]
    old = {one["id"]: cli.order(one["id"]) for one in found["items"]}
    done = cli.json("optimize", "renewals", *choose, "--buy", "--pay", "internal", "--yes")
    assert done["exit"] == 0
    assert cents(cli.json("balance")["internal"]) == cents(before) - cents(found["now"])
    for batch in found["buy_now"]:
        for one in batch["order_ids"]:
            end = add_months(parse_instant(old[one]["paid_until"]), batch["period"], old[one]["billing_day"])
            assert parse_instant(cli.order(one)["paid_until"]) == end
    assert cli.sandbox.check_books() == []


def test_a_panel_that_asks_more_than_the_budget_gets_nothing(own_cli: Callable[..., Cli]) -> None:
    """The figures come from the copy; what the panel bills decides whether a budget is kept."""
    cli = own_cli()
    choose = ("--where", "days<20", "--months", "3", "--lead-days", "14", "--budget", "60")
    assert cli.json("optimize", "renewals", *choose)["buy_now"]
    with closing(sqlite3.connect(cli.sandbox.db, timeout=10)) as panel, panel:  # in silence: no feed tells of it
        panel.execute("UPDATE orders SET monthly_cents = monthly_cents * 3")
    before = cli.json("balance")["internal"], cli.json("invoices", "list")["total"]
    result = cli("optimize", "renewals", *choose, "--buy", "--pay", "internal", "--yes", "--json")
    assert (result.code, result.error["code"]) == (8, "above-budget")
    assert (cli.json("balance")["internal"], cli.json("invoices", "list")["total"]) == before


def test_a_plan_is_written_and_nothing_is_sent(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    arguments = ("optimize", "renewals", "--where", "days<14", "--lead-days", "14", "--plan-out", str(path))
    document = cli.json(*arguments)
    assert path.exists()
    assert {one["kind"] for one in document["plan"]["operations"]} == {"order.renew"}
    assert cli.json("jobs", "list")["items"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("renewals", "--where", "days<9", "--months", "25"), "1 to 24 months"),
        (("renewals", "--where", "days<9", "--lead-days", "20"), "1 to 14 days"),
        (("line-up", "--where", "days<9", "--month", "March"), "2027-03"),
        (("what-if", "--add", "vds-nano:nl"), "PLAN:LOCATION:NUMBER"),
        (("what-if", "--add", "vds-none:nl:2"), "There is no plan"),
    ],
)
def test_what_cannot_be_asked_says_what_to_type(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    result = cli("optimize", *arguments, "--json")
    assert result.code == 2
    assert words in result.error["detail"]


def test_a_code_that_is_refused_says_why_and_is_not_used(cli: Cli) -> None:
    """DSC-6."""
    found = cli.json("optimize", "renewals", "--where", "days<20", "--promo", "NO-SUCH-CODE")
    assert [(one["code"], one["used"]) for one in found["codes"]] == [("NO-SUCH-CODE", False)]
    assert "NO-SUCH-CODE" in found["codes"][0]["refusal"]
    assert all(one["code"] is None for one in found["buy_now"])


def test_a_code_for_long_periods_is_used_where_it_pays_and_quoted_alike(cli: Cli) -> None:
    """DSC-6, DSC-7: YEAR20 of the seed is for 12 and 24 months; every batch is what the panel quotes with it."""
    plain = cli.json("optimize", "renewals", "--where", "days<30 kind:vds")
    found = cli.json("optimize", "renewals", "--where", "days<30 kind:vds", "--promo", "YEAR20", "--promo", "WELCOME15")
    used = {one["code"]: (one["used"], one["reason"]) for one in found["codes"]}
    assert used == {"YEAR20": (True, ""), "WELCOME15": (False, "promo-not-for-renewals")}
    assert cents(found["total"]) < cents(plain["total"])
    batch = next(one for one in found["buy_now"] if one["code"] == "YEAR20")
    refs = [f"id:{one}" for one in batch["order_ids"]]
    quote = cli.json("quote", "renewal", *refs, "--period", str(batch["period"]), "--promo", "YEAR20")["quote"]
    assert quote["total"] == batch["amount"]


def test_a_code_with_a_budget_is_bought_to_the_cent(own_cli: Callable[..., Cli]) -> None:
    cli = own_cli()
    choose = ("--where", "days<30 kind:vds", "--promo", "YEAR20", "--budget", "300")
    found = cli.json("optimize", "renewals", *choose)
    assert 0 < cents(found["now"]) <= 30_000
    before = cli.json("balance")["internal"]
    done = cli.json("optimize", "renewals", *choose, "--buy", "--pay", "internal", "--yes", "--max-total", "300")
    assert done["exit"] == 0
    assert cents(cli.json("balance")["internal"]) == cents(before) - cents(found["now"])
    invoices = [one["answer"]["invoice_id"] for one in done["job"]["operations"] if one["kind"] == "invoice.pay"]
    totals = sorted(cents(cli.invoice(one)["total"]) for one in invoices)
    assert totals == sorted(cents(one["amount"]) for one in found["buy_now"])
    assert cli.sandbox.check_books() == []


def test_line_up_shows_before_and_after(cli: Cli) -> None:
    found = cli.json("optimize", "line-up", "--where", "days<60", "--several")
    tightest = found["ways"][0]
    assert tightest["way"] == "tightest"
    assert tightest["spread_after_seconds"] <= tightest["spread_before_seconds"]
    ends = [parse_instant(one["new_paid_until"]) for one in tightest["items"]]
    assert (max(ends) - min(ends)).total_seconds() == tightest["spread_after_seconds"]
    text = cli("optimize", "line-up", "--where", "days<60")
    assert "days apart" in text.out


def test_what_if_says_how_the_tier_falls(cli: Cli) -> None:
    """DSC-2: without the many small ones, the others lose their tier."""
    found = cli.json("optimize", "what-if", "--where", "plan:vds-nano,vds-micro,vds-small", "--transfer")
    vds = next(one for one in found["tiers"] if one["kind"] == "vds")
    assert (vds["percent"], vds["percent_after"]) == ("5", "3")
    assert cents(found["staying_difference"]) == sum(
        cents(one["monthly_after"]) - cents(one["monthly"]) for one in found["items"]
    )
    more = cli.json("optimize", "what-if", "--add", "vds-nano:nl:3")
    assert cents(more["monthly_after"]) == cents(more["monthly"]) + 3 * 333


def test_codes_with_every_condition_are_planned_as_the_panel_takes_them(own_cli: Callable[..., Cli]) -> None:
    """DSC-6: periods, least number, uses; each batch is bought in one run, and the code's uses are counted."""
    cli = own_cli()
    status, answer = cli.sandbox.call(
        "POST",
        "/sandbox/catalogue",
        {
            "promo_codes": [
                {"code": "SHORT30", "percent": "30", "periods": [1, 3], "renewals": True, "max_uses": 1},
                {"code": "FIVE25", "percent": "25", "min_quantity": 5, "renewals": True, "max_uses": 1},
                {"code": "FIFTY40", "percent": "40", "min_quantity": 50, "renewals": True},
            ]
        },
    )
    assert status == 200, answer
    choose = ("--where", "days<40 kind:vds", "--months", "12", "--promo", "SHORT30", "--promo", "FIVE25")
    found = cli.json("optimize", "renewals", *choose, "--promo", "FIFTY40", "--budget", "250")
    assert {one["code"]: one["reason"] for one in found["codes"]} == {
        "SHORT30": "",
        "FIVE25": "",
        "FIFTY40": "promo-too-few",
    }
    batches = {one["code"]: one for one in found["buy_now"] if one["code"]}
    assert batches.keys() == {"SHORT30", "FIVE25"}, "one purchase each"
    assert batches["SHORT30"]["period"] in (1, 3)
    assert len(batches["FIVE25"]["order_ids"]) >= 5
    before = cli.json("balance")["internal"]
    buying = ("--budget", "250", "--buy", "--pay", "internal", "--yes", "--max-total", "250")
    done = cli.json("optimize", "renewals", *choose, *buying)
    assert {one["state"] for one in done["job"]["operations"]} == {"done"}
    assert cents(cli.json("balance")["internal"]) == cents(before) - cents(found["now"])
    status, shown = cli.sandbox.call("GET", "/sandbox/catalogue")
    uses = {one["code"]: one["uses"] for one in shown["promo_codes"]}
    assert (uses["SHORT30"], uses["FIVE25"]) == (1, 1)


def test_lining_up_in_rounds_ends_where_it_was_said(own_cli: Callable[..., Cli]) -> None:
    """REN-2, REN-3: each round is paid before the next; afterwards there is nothing left to move."""
    cli = own_cli()
    orders = [f"id:{one}" for one in ("1", "2", "3", "31", "33")]
    first_end = min(parse_instant(cli.order(one.removeprefix("id:"))["paid_until"]) for one in orders)
    month = f"{add_months(first_end, 5):%Y-%m}"
    asked = ("optimize", "line-up", *orders, "--several", "--limit", "6", "--month", month)
    found = cli.json(*asked)["ways"][0]
    assert found["rounds"] > 1
    wanted = {one["id"]: one["new_paid_until"] for one in found["items"]}
    for _ in range(found["rounds"]):
        done = cli.json(*asked, "--buy", "--pay", "internal", "--yes", "--max-total", "500")
        assert done["exit"] == 0
    assert {one: cli.order(one)["paid_until"] for one in wanted} == wanted
    again = cli.json(*asked)["ways"][0]
    assert all(not one["periods"] for one in again["items"])
    assert cents(again["cost"]) == 0
