"""The same journeys by verbs on every kind of panel, with the same assertions; where one cannot, it says so and sends
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from billtui.cli import main
from billtui.services.executor import Limits, executor
from tests.panels.fossbilling_panel import Fault
from tests.panels.houses import DIALECTS, KINDS, FossHouse, House, capabilities
from tests.support.command_line import Result
from tests.support.sandbox import SandboxProcess

Json = dict[str, Any]
REFUSED, CHANGED, UNKNOWN = 5, 8, 9
LETTER = "The console shows nothing\nSince 06:40 UTC the console of our server shows nothing after a reboot."


@pytest.fixture(scope="module", params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A panel of each kind, for all tests of this file."""
    if request.param == "fossbilling":
        foss = FossHouse()
        with foss.panel:
            yield foss
        return
    sandbox = SandboxProcess(tmp_path_factory.mktemp("house") / "panel.db").start()
    try:
        yield DIALECTS[request.param](sandbox)
        assert sandbox.check_books() == []
    finally:
        sandbox.kill()


class Verbs:
    """``billtui`` with a profile of the house."""

    def __init__(self, house: House, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.house, self._capsys = house, capsys
        kind, value = house.secret
        secret = folder / "secret"
        secret.write_text(value)
        options = [word for name, value in house.options.items() for word in ("--panel-option", f"{name}={value}")]
        added = self("profile", "add", "house", "--url", house.url, "--login", house.login, "--kind", house.kind,
                     *options, "--no-check", "--secret-kind", kind,
                     "--password-command", "cat", str(secret))  # fmt: skip
        assert added.code == 0, added

    def __call__(self, *arguments: str) -> Result:
        self._capsys.readouterr()
        code = main(list(arguments))
        said = self._capsys.readouterr()
        return Result(code, said.out, said.err)

    def json(self, *arguments: str, code: int = 0) -> Json:
        """A document, after its exit code."""
        result = self(*arguments, "-p", "house", "--json")
        assert result.code == code, result
        return result.json

    def refused(self, *arguments: str) -> None:
        """Nothing is sent, and it is said that this panel cannot."""
        result = self(*arguments, "-p", "house", "--json")
        assert result.code == REFUSED, result
        assert result.error["code"] in ("capability-missing", "unavailable"), result


@pytest.fixture
def verbs(house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Verbs:
    return Verbs(house, capsys, tmp_path)


def done(job: Json) -> list[Json]:
    """The operations of a job, all of which were done."""
    operations: list[Json] = job["job"]["operations"]
    assert {one["state"] for one in operations} == {"done"}, operations
    return operations


def test_what_is_there_is_listed(house: House, verbs: Verbs) -> None:
    listed = verbs.json("orders", "list")["items"]
    assert {one["id"] for one in listed} == house.orders()
    assert all(one["monthly_price"] is not None and one["name"] for one in listed)
    if "invoices" in capabilities(house):
        assert isinstance(verbs.json("invoices", "list")["items"], list)
    assert verbs.json("balance")["internal"]["currency"] == listed[0]["monthly_price"]["currency"]


def test_loyalty_is_shown_only_where_its_rules_are_known(house: House, verbs: Verbs) -> None:
    known = house.kind == "billing_v1"
    shown = verbs("account", "loyalty", "-p", "house", "--json")
    assert shown.code == (0 if known else REFUSED)
    assert known or (shown.error["code"] == "capability-missing" and "list prices" in str(shown.error))
    first = sorted(house.orders())[0]
    told = verbs("optimize", "what-if", f"id:{first}", "-p", "house")
    assert told.code == 0, told
    assert ("(DSC-2)" in told.out) == known
    assert told.out.count("does not tell by which rules") == (0 if known else 1)
    discounts = _values(verbs.json("optimize", "what-if", f"id:{first}"), "discount_percent")
    assert known or set(discounts) <= {"0"}


def _values(found: Any, name: str) -> list[Any]:
    """Everything that stands under ``name``, wherever."""
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    here = [found[name]] if isinstance(found, dict) and name in found else []
    return here + [one for value in inner for one in _values(value, name)]


def test_orders_are_renewed_once_and_paid_once(house: House, verbs: Verbs) -> None:
    orders, spent = house.renewable(2), house.spent()
    command = ("orders", "renew", *(f"id:{one}" for one in orders), "--period", str(house.period))
    if "orders.renew" not in capabilities(house):
        verbs.refused(*command, "--yes")
        return
    plan = verbs.json(*command, "--pay", "internal", "--dry-run")["plan"]
    assert house.spent() == spent
    job = verbs.json(*command, "--pay", "internal", "--yes", "--max-total", "1000")
    assert {one["kind"] for one in done(job)} == {"order.renew", "invoice.pay"}
    assert [house.renewals(one) for one in orders] == [1, 1]
    assert str(house.spent() - spent) == plan["total"]["amount"] == job["job"]["total"]["amount"]
    shown = verbs.json("jobs", "show", job["job"]["id"])["items"][0]
    assert {one["state"] for one in shown["operations"]} == {"done"}


def test_an_open_invoice_is_paid_once(house: House, verbs: Verbs) -> None:
    if "invoices.pay" not in capabilities(house):
        verbs.refused("invoices", "pay", "id:1", "--method", "internal", "--yes")
        return
    invoice, spent = house.payable(), house.spent()
    command = ("invoices", "pay", f"id:{invoice}", "--method", "internal", "--yes", "--max-total", "1000")
    [paid] = done(verbs.json(*command))
    assert house.is_paid(invoice)
    assert str(house.spent() - spent) == paid["amount"]["amount"]
    again = verbs(*command, "-p", "house", "--json")
    assert again.code != 0
    assert str(house.spent() - spent) == paid["amount"]["amount"]


def test_servers_are_ordered_in_bulk(house: House, verbs: Verbs) -> None:
    command = ("order", "new", "--cells", house.cells, "--period", "1", "--yes", "--max-total", "1000")
    before, spent = house.orders(), house.spent()
    if "orders.new" not in capabilities(house):
        verbs.refused(*command)
        assert house.orders() == before
        return
    job = verbs.json(*command, "--pay", "internal")
    done(job)
    assert len(house.orders() - before) == 3
    assert str(house.spent() - spent) == job["job"]["total"]["amount"]
    listed = {one["id"] for one in verbs.json("orders", "list")["items"]}
    assert house.orders() == listed


def test_a_plan_file_of_new_servers_is_carried_out_on_one_of_two_computers(
    house: House, verbs: Verbs, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With keys the panel tells the second one that it was done; without, that the panel has changed since."""
    if "orders.new" not in capabilities(house):
        return
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    command = ("order", "new", "--cells", house.cells, "--period", "1", "--pay", "internal", "--plan-out")
    verbs.json(*command, str(first))
    unasked = ("--yes", "--max-total", "1000")
    before, spent = house.orders(), house.spent()
    with monkeypatch.context() as other:
        for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
            other.setenv(f"BILLTUI_{kind}_DIR", str(tmp_path / "other" / kind.lower()))
        there = Verbs(house, capsys, tmp_path)
        there.json("apply", str(first), *unasked)
    once = house.orders() - before, house.spent() - spent
    assert len(once[0]) == 3

    here = verbs("apply", str(first), *unasked, "-p", "house", "--json")

    assert (house.orders() - before, house.spent() - spent) == once
    if house.kind == "billing_v1":
        assert here.code == 0
    else:
        assert (here.code, here.error["code"]) == (CHANGED, "facts-changed"), here
        assert "another computer" in here.error["detail"]
        assert "the panel has changed" in verbs("apply", str(first), "--dry-run", "-p", "house").out
    if house.kind != "fossbilling":
        return  # the others take long, and it is the same there
    verbs.json(*command, str(second))  # made anew, it goes; and so do two that were written before either was done
    third = tmp_path / "third.json"
    verbs.json(*command, str(third))
    verbs.json("apply", str(second), *unasked)
    verbs.json("apply", str(third), *unasked)
    assert len(house.orders() - before) == 9


def test_a_ticket_is_written_once(house: House, verbs: Verbs, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text(LETTER, encoding="utf-8")
    where = ("--subject", "Console shows nothing", "--department", house.department)
    command = ("tickets", "new", str(letter), *where, "--yes")
    if "tickets.new" not in capabilities(house):
        verbs.refused(*command)
        return
    before = len(house.letters())
    [made] = done(verbs.json(*command))
    letters = house.letters()
    assert len(letters) == before + 1
    assert sum("Since 06:40 UTC the console" in one for one in letters) == 1
    assert made["answer"]["number"]
    if house.kind == "fossbilling":  # its helpdesks have numbers: people are told their names
        shown = verbs("tickets", "list", "-p", "house")
        heads = verbs("tickets", "show", f"id:{made['answer']['id']}", "-p", "house")
        assert "General" in shown.out and "General" in heads.out, (shown, heads)


def test_a_lost_answer_is_shown_with_both_states_and_decided(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FOSSBilling: the line is cut before the panel hears of it. Exit 9, both states, and a person's word ends it."""
    monkeypatch.setattr(executor, "Limits", partial(Limits, looks=2))  # asked for after 1 s instead of 15
    house = FossHouse()
    with house.panel:
        verbs = Verbs(house, capsys, tmp_path)
        [order] = house.renewable(1)
        house.panel.faults.append(Fault("client/invoice/renewal_invoice", "drop-before"))
        lost = verbs("orders", "renew", f"id:{order}", "--period", "1", "--yes", "--json", "-p", "house")
        assert lost.code == UNKNOWN
        assert "billtui jobs decide" in lost.error["hint"]
        job = lost.json["job"]
        [operation] = job["operations"]
        assert operation["state"] == "needs-you"
        looked = operation["looked"]
        assert looked["before"]["seen"] == looked["now"]["seen"]
        assert (looked["found"], operation["sends"]) == ("not-done", 1)
        shown = verbs("jobs", "show", job["id"])
        assert "newest invoice: 0, as before" in shown.out
        again = verbs("jobs", "settle", job["id"], "-p", "house", "--json")  # looks once more, and sends nothing
        assert again.code == UNKNOWN
        assert verbs("jobs", "decide", job["id"], "1", "--as", "not-done", "-p", "house").code == 0
        assert house.renewals(order) == 0
        assert house.panel.calls.count("client/invoice/renewal_invoice") == 1


def test_what_a_plan_file_would_do_twice_is_said_before_it_is_done(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Applied twice here it is done once; on another computer nothing but this sentence prevents a second time."""
    house = FossHouse()
    with house.panel:
        verbs = Verbs(house, capsys, tmp_path)
        [order] = house.renewable(1)
        plan = tmp_path / "plan.json"
        verbs.json("orders", "renew", f"id:{order}", "--period", "1", "--plan-out", str(plan))
        looked = verbs("apply", str(plan), "--dry-run", "-p", "house")
        assert "knows no keys" in looked.out
        assert "second time" in looked.out
        assert verbs("apply", str(plan), "--yes", "-p", "house").code == 0
        assert "Already done" in verbs("apply", str(plan), "--yes", "-p", "house").err
        assert house.renewals(order) == 1
