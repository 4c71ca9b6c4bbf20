"""New servers and add-ons by commands: from cells to active servers, and every way in which it does not go so."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Cli

Json = dict[str, Any]
MICRO = ("order", "new", "--plan", "micro", "--period", "1")


def cents(money: Json) -> int:
    whole, _, rest = money["amount"].partition(".")
    return int(whole) * 100 + int(rest)


def stock(cli: Cli, plan: str) -> dict[str, int]:
    token = cli.sandbox.sign_in()
    items = cli.sandbox.call("GET", f"/api/v1/stock?plan={plan}", token=token)[1]["items"]
    return {one["location"]: one["available"] for one in items}


def test_the_same_server_three_times_in_every_location(own_cli: Callable[..., Cli]) -> None:
    """BLK-1, BLK-2: 3 × n on one invoice, the sold-out one explained, paid, active, listed, named by pattern."""
    cli = own_cli()
    held = stock(cli, "vds-micro")
    places = [one for one, number in held.items() if number >= 3]
    assert held["jp"] == 0 and len(places) >= 8
    before = cli.json("balance")["internal"]
    shown = cli("quote", "order", "--plan", "micro", "--all-locations", "--quantity", "3", "--period", "1")
    assert f"3 × {len(places)} locations = {3 * len(places)} servers" in shown.out
    assert "Left out: vds-micro in jp: VDS micro is sold out in Tokyo" in shown.err

    ways = ("--all-locations", "--quantity", "3", "--names", "web-{loc}-{n:02}", "--addon", "ipv4", "--pay", "internal")
    document = cli.json(*MICRO, *ways, "--auto-renew", "1", "--yes", "--max-total", "500EUR", code=7)

    left_out = {one["target"]: one["code"] for one in document["left_out"]}
    assert left_out["cell:vds-micro@jp"] == "out-of-stock" and left_out["cell:vds-micro@ch"] == "not-sold-there"
    buying, paying = document["job"]["operations"]
    assert [one["state"] for one in (buying, paying)] == ["done", "done"]
    assert len(buying["answer"]["order_ids"]) == 3 * len(places)
    invoice = cli.invoice(buying["answer"]["invoice"]["id"])
    assert (invoice["state"], len(invoice["lines"])) == ("paid", 3 * len(places))
    assert cents(cli.json("balance")["internal"]) == cents(before) - cents(document["job"]["total"])
    new = [one for one in cli.orders("--offline", "--query", "web-nl") if one["plan"] == "vds-micro"]
    assert [(one["name"], one["state"]) for one in new] == [(f"web-nl-0{number}", "active") for number in (1, 2, 3)]
    assert [one["id"] for one in cli.order(new[0]["id"])["addons"]] == ["ipv4"]
    assert cli.order(new[0]["id"])["auto_renew"] == {"on": True, "months": 1}
    assert cli.sandbox.check_books() == []


def test_everything_that_sells_it_is_all_locations(cli: Cli) -> None:
    """BLK-2: a location that does not sell the plan was not asked for: exit 0, and it is said all the same."""
    places = [one for one, number in stock(cli, "vds-large").items() if number]
    result = cli("quote", "order", "--plan", "large", "--location", places[0], "--quantity", "2", "--period", "3")
    assert (result.code, result.err) == (0, "") and "2 × 1 location = 2 servers" in result.out
    storage = (
        "order",
        "new",
        "--plan",
        "storage",
        "--period",
        "1",
        "--all-locations",
        "--yes",
        "--max-total",
        "500EUR",
    )
    document = cli.json(*storage)
    assert {one["code"] for one in document["left_out"]} == {"not-sold-there"}
    assert document["job"]["operations"][0]["answer"]["invoice"]["state"] == "unpaid"


def test_cells_from_lines_and_from_an_option(cli: Cli, tmp_path: Path) -> None:
    """BLK-3: an arbitrary matrix on one invoice, quantity × unit = amount for each line."""
    lines = tmp_path / "cells.txt"
    lines.write_text("nl micro 3   # the new ones\nlarge de 2\n\nnl:vds-micro=1\n")
    found = cli.json("quote", "order", "--cells-file", str(lines), "--period", "3")
    [quote] = found["quotes"]
    cells = [(one["plan"], one["location"], one["quantity"]) for one in quote["lines"]]
    assert cells == [("vds-micro", "nl", 4), ("vds-large", "de", 2)] and found["servers"] == 6
    for line in quote["lines"]:
        assert cents(line["amount"]) == line["quantity"] * cents(line["unit_amount"])
    assert cents(found["total"]) == sum(cents(one["amount"]) for one in quote["lines"])
    same = cli.json("quote", "order", "--cells", "nl:vds-micro=4,de:vds-large=2", "--period", "3")
    assert same["total"] == found["total"]
    text = cli("quote", "order", "--cells-file", str(lines), "--period", "3")
    assert "2 lines = 6 servers" in text.out and re.search(r"vds-large +de +2 +[\d.]+ +[\d.]+ ", text.out)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--cells", "nl:mikro=3,de:micro=x"), 2, "Cell 1, “nl:mikro=3”: No plan is called “mikro”"),
        (("--cells", "nl:mikro=3,de:micro=x"), 2, "Cell 2, “de:micro=x”: How many?"),
        (("--cells", " "), 2, "no line such as “nl micro 3”"),
        ((), 2, "One of --cells, --cells-file and --plan"),
        (("--cells", "nl:micro=1", "--quantity", "2"), 2, "go with --plan"),
        (("--plan", "micro"), 2, "Where?"),
        (("--plan", "vds", "--all-locations"), 2, "“vds” could be"),
        (("--plan", "kilo", "--all-locations"), 4, "There is no plan “kilo”"),
        (("--plan", "micro", "--location", "xx"), 4, "There is no location “xx”"),
        (("--cells", "nl:micro=1", "--addon", "pony"), 4, "There is no add-on “pony”"),
        (("--cells-file", "/nowhere/cells"), 4, "There is no file"),
        (("--cells-file", "~nobody-is-called-so/cells"), 4, "There is no file"),
        (("--plan", "micro", "--all-locations", "--quantity", "999999999999"), 2, "taken for a slip"),
        (("--cells", ",".join(["nl:micro=100000"] * 11)), 2, "1,100,000 servers are taken for a slip"),
        (("--plan", "micro", "--all-locations", "--quantity", "100000"), 5, "Only "),
        (("--cells", "nl:micro=1", "--auto-renew", "7"), 2, "There is no period of 7 months"),
    ],
)
def test_what_is_not_understood_sends_nothing(cli: Cli, options: tuple[str, ...], code: int, words: str) -> None:
    result = cli("order", "new", "--period", "1", *options, "--yes", "--json")
    assert result.code == code and words in result.error["detail"]
    assert cli.json("jobs", "list")["items"] == []


def test_everything_left_out_is_exit_5(cli: Cli) -> None:
    result = cli(*MICRO, "--location", "jp", "--yes", "--json")
    assert (result.code, result.error["code"], result.error["rule"]) == (5, "out-of-stock", "BLK-2")
    quoted = cli("quote", "order", "--plan", "micro", "--location", "ch", "--period", "1")
    assert quoted.code == 5 and "Nothing of this can be had." in quoted.out
    unknown = cli(*MICRO, "--location", "nl", "--promo", "NO-SUCH-CODE", "--yes", "--json")
    assert unknown.code != 0 and "NO-SUCH-CODE" in unknown.error["detail"]


def test_what_the_purse_does_not_hold_is_not_even_ordered(cli: Cli) -> None:
    """ACC-4: asked for as one thing, so no invoice is issued unasked."""
    invoices = cli.json("invoices", "list")["total"]
    epyc = ("order", "new", "--cells", "nl:epyc=3", "--period", "12", "--pay", "affiliate", "--yes")
    result = cli(*epyc, "--max-total", "99999EUR", "--json")
    assert (result.code, result.error["code"], result.error["rule"]) == (6, "insufficient-funds", "ACC-4")
    assert cli.json("invoices", "list")["total"] == invoices


def test_stock_that_went_between_plan_and_apply_is_exit_8(own_cli: Callable[..., Cli], tmp_path: Path) -> None:
    """DSC-8, BLK-6: the plan file is read by a person, then refused with the difference; nothing is sent."""
    cli = own_cli()
    place, held = min(
        ((one, number) for one, number in stock(cli, "vds-nano").items() if number), key=lambda one: one[1]
    )
    path = tmp_path / "plan.json"
    nano = ("order", "new", "--period", "1", "--cells")
    assert cli(*nano, f"{place}:nano={held}", "--pay", "internal", "--plan-out", str(path)).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cli(*nano, f"{place}:nano=1", "--plan-out", str(path), "--json").error["code"] == "file-exists"
    assert cli.json("jobs", "list")["items"] == []

    shown = cli.plain("plan", "show", str(path))
    assert shown.code == 0 and "Nothing was sent" in shown.out
    assert f"Step 1: {held} new server" in shown.out and re.search(rf"vds-nano +{place} +{held} +3\.", shown.out)
    assert cli.plain("plan", "show", str(path), "--json").json["plan"]["operations"][0]["kind"] == "order.new"

    assert cli(*nano, f"{place}:nano=1", "--yes").code == 0  # somebody is quicker
    invoices = cli.json("invoices", "list")["total"]
    result = cli("apply", str(path), "--yes", "--max-total", "9999EUR", "--json")
    assert (result.code, result.error["code"]) == (8, "facts-changed")
    assert "is left out now" in result.error["detail"] or "sold out" in result.error["detail"]
    assert cli.json("invoices", "list")["total"] == invoices
    again = cli("jobs", "retry", result.json["job"]["id"], "--yes", "--max-total", "9999EUR", "--json")
    assert (again.code, again.error["code"]) == (5, "out-of-stock")  # planned anew: there is nothing left of it to buy


CHANGES: list[tuple[Json, str]] = [
    (
        {"prices": [{"plan": "vds-nano", "monthly_price": {"amount": "3.90", "currency": "EUR"}}]},
        r"The price of 12 vds-nano in nl was 35\.76 EUR, now it is 39\.84 EUR\.",
    ),
    (
        {"prices": [{"plan": "vds-nano", "monthly_price": {"amount": "3.10", "currency": "EUR"}}]},
        r"The price of 12 vds-nano in nl was 35\.76 EUR, now it is 31\.68 EUR\.",
    ),
    ({"stock": [{"plan": "vds-nano", "location": "nl", "available": 11}]}, "vds-nano in nl is left out now: .*11"),
    (
        {"promo_codes": [{"code": "SALE15", "percent": 15, "ends_at": "2020-01-01T00:00:00Z"}]},
        "does not sell it like this any more: The code “SALE15” was valid until 2020-01-01",
    ),
    (
        {"promo_codes": [{"code": "SALE15", "percent": 10}]},
        "The discount on 12 vds-nano in nl was 15 %, now it is 10 %",
    ),
    (
        {"promo_codes": [{"code": "SALE15", "percent": 15, "min_quantity": 20}]},
        "does not sell it like this any more: The code “SALE15” needs 20 servers",
    ),
]
AS_PLANNED: Json = {
    "prices": [{"plan": "vds-nano", "monthly_price": {"amount": "3.50", "currency": "EUR"}}],
    "stock": [{"plan": "vds-nano", "location": "nl", "available": 40}],
    "promo_codes": [{"code": "SALE15", "percent": 15}],
}


def test_what_changed_between_plan_and_apply_is_said_and_nothing_is_sent(
    own_cli: Callable[..., Cli], tmp_path: Path
) -> None:
    """DSC-6, DSC-8: price, stock, discount or code; exit 8, no invoice, no use of the code, no money."""
    cli = own_cli(fleet=12)
    buying = ("order", "new", "--cells", "nl:nano=12", "--period", "1", "--promo", "SALE15", "--pay", "internal")
    for number, (change, words) in enumerate(CHANGES):
        sell(cli, **AS_PLANNED)
        path = tmp_path / f"plan-{number}.json"
        assert cli(*buying, "--plan-out", str(path)).code == 0
        before = cli.json("invoices", "list")["total"], cli.internal()
        sell(cli, **change)
        result = cli("apply", str(path), "--yes", "--max-total", "100EUR", "--json")
        assert (result.code, result.error["code"]) == (8, "facts-changed"), words
        assert re.search(words, result.error["detail"]), result.error["detail"]
        assert [one["state"] for one in result.json["job"]["operations"]] == ["refused", "cancelled"]
        assert (cli.json("invoices", "list")["total"], cli.internal()) == before
    sell(cli, **AS_PLANNED)
    path = tmp_path / "unchanged.json"
    assert cli(*buying, "--plan-out", str(path)).code == 0
    assert cli("apply", str(path), "--yes", "--max-total", "100EUR").code == 0  # as planned, so it is done


def test_a_refused_purchase_is_planned_anew_at_todays_price(own_cli: Callable[..., Cli], tmp_path: Path) -> None:
    """DSC-8: confirmed anew, with new keys, paid as it was to be paid."""
    cli = own_cli(fleet=12)
    path = tmp_path / "plan.json"
    assert (
        cli("order", "new", "--cells", "nl:nano=2", "--period", "1", "--pay", "internal", "--plan-out", str(path)).code
        == 0
    )
    sell(cli, prices=[{"plan": "vds-nano", "monthly_price": {"amount": "4.00", "currency": "EUR"}}])
    refused = cli("apply", str(path), "--yes", "--json")
    assert refused.code == 8
    again = cli.json("jobs", "retry", refused.json["job"]["id"], "--yes")
    assert again["job"]["counts"] == {"done": 2} and again["job"]["id"] != refused.json["job"]["id"]
    quoted = cli.json("quote", "order", "--cells", "nl:nano=2", "--period", "1")
    assert again["job"]["total"] == quoted["total"]


def test_a_refused_purchase_is_bought_anew_once(own_cli: Callable[..., Cli], tmp_path: Path) -> None:
    """RELIABILITY "Money": a second "jobs retry" of the same job buys nothing more, and names the job that did."""
    cli = own_cli(fleet=12)
    path = tmp_path / "plan.json"
    buying = ("order", "new", "--cells", "nl:nano=2", "--period", "1", "--pay", "internal")
    assert cli(*buying, "--plan-out", str(path)).code == 0
    sell(cli, prices=[{"plan": "vds-nano", "monthly_price": {"amount": "4.00", "currency": "EUR"}}])
    refused = cli("apply", str(path), "--yes", "--json").json["job"]["id"]
    anew = cli.json("jobs", "retry", refused, "--yes")["job"]["id"]
    held = cli.internal(), len(cli.orders()), cli.json("invoices", "list")["total"]

    result = cli("jobs", "retry", refused, "--yes", "--json")

    assert (result.code, result.error["code"], result.error["job_id"]) == (5, "done-anew", anew)
    assert (cli.internal(), len(cli.orders()), cli.json("invoices", "list")["total"]) == held


def sell(cli: Cli, **change: Any) -> None:
    status, answer = cli.sandbox.call("POST", "/sandbox/catalogue", change)
    assert status == 200, answer


def test_a_plan_file_of_new_servers_is_done_once(own_cli: Callable[..., Cli], tmp_path: Path) -> None:
    cli = own_cli()
    path = tmp_path / "plan.json"
    cells = ("--cells", "nl:micro=2,de:micro=1", "--period", "1", "--pay", "internal")
    assert cli("order", "new", *cells, "--plan-out", str(path)).code == 0
    before = len(cli.orders())
    assert cli("apply", str(path), "--yes").code == 0
    second = cli("apply", str(path), "--yes")
    assert second.code == 0 and "Already done" in second.err
    assert len(cli.orders()) == before + 3 and cli.sandbox.check_books() == []


def test_a_plan_file_that_was_changed_names_what_it_would_really_do(cli: Cli, tmp_path: Path) -> None:
    """The file's own words are quoted; plan, location and number come from what would be sent."""
    path = tmp_path / "plan.json"
    assert cli(*MICRO, "--location", "nl", "--plan-out", str(path)).code == 0
    body = json.loads(path.read_text())
    body["operations"][0]["params"]["cells"][0] |= {"plan": "ds-epyc", "quantity": 40}
    body["operations"][0]["title"] = "Order 1 new server for 1 month\x1b[2J"
    path.write_text(json.dumps(body))
    shown = cli.plain("plan", "show", str(path))
    assert "Step 1: 40 new servers" in shown.out and re.search(r"ds-epyc +nl +40 +\? ", shown.out)
    assert "\x1b" not in shown.out
    result = cli("apply", str(path), "--yes", "--max-total", "99999EUR", "--json")
    assert result.code == 8


def test_add_ons_for_orders(own_cli: Callable[..., Cli]) -> None:
    """ORD-5: for the whole remaining period, on one invoice; a second time it is left out with the reason."""
    cli = own_cli()
    free = [one for one in cli.renewable(12) if "panel" not in [a["id"] for a in cli.order(one["id"])["addons"]]]
    refs = [f"id:{one['id']}" for one in free[:2]]
    quoted = cli.json("quote", "addons", *refs, "--addon", "panel")
    assert len(quoted["quotes"][0]["lines"]) == 2
    document = cli.json("orders", "addons", *refs, "--addon", "panel", "--pay", "internal", "--yes")
    assert document["job"]["total"] == quoted["total"] and document["job"]["counts"] == {"done": 2}
    assert "panel" in [one["id"] for one in cli.order(free[0]["id"])["addons"]]
    again = cli("orders", "addons", *refs, "--addon", "panel", "--yes", "--json")
    assert (again.code, again.error["rule"]) == (5, "ORD-5")
    assert cli.sandbox.check_books() == []


def test_more_than_a_thousand_are_several_requests(cli: Cli) -> None:
    """BLK-7: shown as such, each with its own price; the last is never so small that its discount would be another."""
    held = stock(cli, "vds-nano") | {}
    cells, wanted = [], 0
    for plan in ("vds-nano", "vds-small", "vds-medium"):
        for place, number in stock(cli, plan).items():
            if number and wanted < 1_005:
                take = min(number, 1_005 - wanted)
                cells.append(f"{place}:{plan}={take}")
                wanted += take
    assert held and wanted == 1_005
    found = cli.json("quote", "order", "--cells", ",".join(cells), "--period", "1")
    assert [sum(line["quantity"] for line in quote["lines"]) for quote in found["quotes"]] == [995, 10]
    assert found["servers"] == 1_005 and cents(found["total"]) == sum(cents(one["total"]) for one in found["quotes"])
    shown = cli("order", "new", "--cells", ",".join(cells), "--period", "1", "--dry-run")
    assert "Order 1005 new servers for 1 month, in 2 requests" in shown.out
    assert "Step 2: 10 new servers" in shown.out


def test_a_report_says_what_was_billed_where_time_made_it_less(own_cli: Callable[..., Cli], tmp_path: Path) -> None:
    """ORD-5: whoever accounts for a job later finds the invoice's amount, not the most that was confirmed."""
    cli = own_cli()
    refs = [f"id:{one['id']}" for one in cli.renewable(12) if not cli.order(one["id"])["addons"]][-3:]
    path, report = tmp_path / "plan.json", tmp_path / "report.json"
    adding = ("orders", "addons", *refs, "--addon", "panel", "--pay", "internal", "--plan-out", str(path))
    assert cli(*adding).code == 0
    confirmed = json.loads(path.read_text())["total"]
    cli.sandbox.advance(hours=20)
    job = cli.json("apply", str(path), "--yes", "--max-total", "99EUR")["job"]
    invoice = cli.invoice(job["operations"][0]["answer"]["invoice"]["id"])
    assert invoice["state"] == "paid" and cents(invoice["total"]) < cents(confirmed)
    assert [one["amount"] for one in job["operations"]] == [invoice["total"]] * 2
    assert cli("jobs", "report", job["id"], "--format", "json", "--out", str(report)).code == 0
    told = [one["amount"] for one in json.loads(report.read_text())["operations"]]
    assert told == [invoice["total"]["amount"]] * 2
