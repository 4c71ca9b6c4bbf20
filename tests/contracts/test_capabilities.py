"""Capabilities are one table: drivers, commands, verbs and the driver that can nothing name nothing else."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from billtui.cli.grammar import VERBS
from billtui.cli.needs import NEEDS
from billtui.client.drivers.billing_v1.driver import BillingV1
from billtui.client.drivers.billmanager.driver import OF_STAFF, BillManager
from billtui.client.drivers.capabilities import CAPABILITIES, EVERY, Limits, below, narrowed, web_address, words_of
from billtui.client.drivers.kinds import HOMES, driver_home, make_driver
from billtui.client.drivers.partial import PartialDriver
from billtui.client.exchange import Conversation
from billtui.commands import COMMANDS

OF_THE_JOURNAL = {"job.retry", "job.cancel", "job.decide"}
"""They change what was written down here; what is sent again is checked where it is sent."""
OF_SEVERAL_PANELS = {"accounts.pay", "accounts.renew"}
"""Each account's own panel is asked."""


def test_every_command_that_writes_names_what_the_panel_must_be_able_to_do() -> None:
    without = {one.id for one in COMMANDS.values() if one.writes and one.capability is None}
    assert without == OF_THE_JOURNAL | OF_SEVERAL_PANELS


def test_commands_and_verbs_name_what_the_table_has() -> None:
    assert {one.capability for one in COMMANDS.values() if one.capability} <= EVERY
    assert set(NEEDS.values()) <= EVERY
    assert NEEDS.keys() <= {verb.path for verb in VERBS if verb.panel}


def test_every_verb_that_writes_needs_something() -> None:
    without = {verb.path for verb in VERBS if verb.panel and verb.writes} - NEEDS.keys()
    assert not without


def test_a_verb_needs_what_the_command_beside_it_needs() -> None:
    """Where a command names a verb, one is refused where the other is."""
    for command in COMMANDS.values():
        verb = tuple((command.verb or "").split()[1:])
        if command.id == "composer.resolve":
            continue  # an answer as the verb sends it, and the close by staff with it
        if command.writes and command.capability and verb in NEEDS:
            assert NEEDS[verb].partition(".")[0] == command.capability.partition(".")[0], command.id


@pytest.mark.parametrize("kind", HOMES)
def test_drivers_name_what_the_table_has(kind: str) -> None:
    driver = make_driver(kind, "ann")
    assert driver.capabilities <= EVERY
    for name in set(EVERY) - driver.capabilities:
        assert words_of(name) in str(Limits.of(driver, "https://panel.example", None).refusal(name))


def _undone() -> list[Any]:
    return [name for name, one in inspect.getmembers(PartialDriver, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", _undone())
def test_what_a_partial_driver_cannot_is_in_the_table(name: str) -> None:
    source = inspect.getsource(getattr(PartialDriver, name))
    for capability in re.findall(r'_missing\("([^"]+)"\)', source):
        assert capability in EVERY


@pytest.mark.parametrize("kind", HOMES)
def test_each_driver_defines_what_it_says_it_can(kind: str) -> None:
    """No call behind a capability that a driver names is the one that refuses everything."""
    home = driver_home(kind)
    names = make_driver(kind, "ann").capabilities
    for name in _undone():
        own = getattr(home, name)
        if own is getattr(PartialDriver, name):
            refused = re.findall(r'_missing\("([^"]+)"\)', inspect.getsource(own))
            assert not set(refused) & names, name


def test_coarse_names_of_the_wire_grant_what_is_below_them() -> None:
    told = {"tickets", "invoices.pay"}
    can = narrowed(BillingV1.capabilities, told)
    assert below("tickets") <= can
    assert "tickets.reply" in can and "invoices.pay" in can and "orders" in can
    assert "staff" not in can and "staff.note" not in can and "invoices.delete" not in can


def test_a_coarse_name_beside_finer_ones_grants_no_more_than_these() -> None:
    told = {"tickets", "tickets.reply", "staff", "staff.take"}
    can = narrowed(BillingV1.capabilities, told)
    assert told <= can
    assert not {"tickets.change", "tickets.new", "staff.bulk"} & can


def test_a_list_that_a_driver_worked_out_is_exact() -> None:
    """BILLmanager's staff takes and answers tickets; closing them, and a client's money, is not offered to it."""
    can = narrowed(BillManager.capabilities, OF_STAFF)
    assert can == OF_STAFF & BillManager.capabilities
    assert "staff.take" in can and not can & {"tickets.change", "invoices", "orders"}


def test_the_table_of_panels_shows_what_only_staff_has() -> None:
    """FOSSBilling at the support desk is another driver of the same kind."""
    from billtui.cli.reference_panels import panels_document

    rows = [line.strip("| ").split(" | ") for line in panels_document().splitlines() if line.startswith("| ")]
    cells = {row[-1].strip("`"): row[3] for row in rows if len(row) == 6}
    client, staff = make_driver("fossbilling"), make_driver("fossbilling", "", {"role": "staff"})
    assert {name for name, cell in cells.items() if cell == "yes"} == client.capabilities
    assert {name for name, cell in cells.items() if cell == "staff"} == staff.capabilities - client.capabilities
    assert cells["staff.note"] == "staff"


def test_a_driver_that_can_less_is_not_widened_by_a_coarse_name() -> None:
    assert narrowed(frozenset({"tickets", "tickets.new"}), {"tickets"}) == {"tickets", "tickets.new"}
    assert narrowed(frozenset({"tickets"}), None) == {"tickets"}


def test_refusals_are_sentences_that_say_what_to_do_instead() -> None:
    limits = Limits(frozenset({"orders"}), frozenset({"orders", "orders.new"}), "RootPanel", "https://p.example/x.php")
    assert limits.refusal("orders") is None
    assert limits.refusal("orders.new") == (
        "This account may not order new servers (orders.new). Use its web page: https://p.example/x.php"
    )
    assert limits.refusal("invoices.split") == (
        "This panel (RootPanel) cannot split invoices from here (invoices.split)."
        " Use its web page: https://p.example/x.php"
    )
    assert limits.refusal("changes") == "This panel (RootPanel) cannot tell what changed from here (changes)."
    plain = Limits(frozenset(), frozenset())
    assert str(plain.refusal("invoices")).endswith("Use the panel's own web pages.")


@pytest.mark.parametrize(
    ("url", "page", "said"),
    [
        ("https://p.example/my/apih.php", "billing.php", "https://p.example/my/billing.php"),
        ("https://p.example/apih.php", "/billing.php?do=x", "https://p.example/billing.php?do=x"),
        ("https://p.example:1500/billmgr", "/billmgr", "https://p.example:1500/billmgr"),
        ("https://p.example/manager/billmgr", "billmgr?func=payment", "https://p.example/manager/billmgr?func=payment"),
        ("https://p.example", "/client", "https://p.example/client"),
        ("https://p.example/f", "client", "https://p.example/f/client"),
        ("https://p.example", "", ""),
    ],
)
def test_addresses_of_pages(url: str, page: str, said: str) -> None:
    assert web_address(url, page) == said


def test_every_capability_has_words_and_a_heading() -> None:
    for name, one in CAPABILITIES.items():
        assert one.words and one.group and re.fullmatch(r"[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)?", name), name


def test_a_call_that_cannot_is_refused_before_anything_is_sent() -> None:
    assert isinstance(PartialDriver().list_invoices(()), Conversation)
