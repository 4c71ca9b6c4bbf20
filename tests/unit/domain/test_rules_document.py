"""docs/rules.md and the tests say the same: every rule is named in both, and the worked numbers are the tested ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from billtui.domain.rules import orders, promise, renewal
from tests.unit.domain.made_facts import at, invoice, order
from tests.unit.domain.test_rules_addons import RENEWALS
from tests.unit.domain.test_rules_discounts import PRICES
from tests.unit.domain.test_rules_new_orders import BULK
from tests.unit.domain.test_rules_orders import ADDONS, PLAN_CHANGES
from tests.unit.domain.test_rules_renewal import ENDS
from tests.unit.domain.test_rules_transfers import EXPIRIES

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
SERVED = [
    *(f"ACC-{number}" for number in range(1, 9)),
    *(f"ORD-{number}" for number in range(1, 8)),
    *(f"REN-{number}" for number in range(1, 6)),
    *(f"INV-{number}" for number in range(1, 14)),
    *(f"PRM-{number}" for number in range(1, 10)),
    *(f"DSC-{number}" for number in range(1, 9)),
    *(f"BLK-{number}" for number in range(1, 8)),
    *(f"TRF-{number}" for number in range(1, 8)),
    *(f"TKT-{number}" for number in range(4, 11)),
]


@pytest.mark.parametrize("rule", SERVED)
def test_every_rule_is_named(rule: str) -> None:
    """In the document, in the code, and in a test that proves it."""
    name = re.compile(rf"\b{rule}\b")
    assert name.search(DOCUMENT)
    tests = [file for file in HERE.glob("test_*.py") if file.name != Path(__file__).name]
    assert any(name.search(file.read_text(encoding="utf-8")) for file in tests)
    domain = HERE.parents[2] / "src" / "billtui" / "domain"
    assert any(name.search(file.read_text(encoding="utf-8")) for file in domain.rglob("*.py"))


def rows(header: str) -> list[list[str]]:
    """The cells of the table with this header."""
    lines = DOCUMENT[DOCUMENT.index(header) :].splitlines()
    table = lines[2 : next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_worked_numbers_are_the_tested_ones() -> None:
    """ORD-5, ORD-6, REN-3, INV-10, BLK-1: row by row."""
    assert [[row[0], row[1], row[2], row[4]] for row in rows("| now | paid until | price")] == [
        [now[:16], end[:16], price, amount] for now, end, price, _months, amount in ADDONS
    ]
    assert rows("| old | new | now") == [
        [old, new, now[:16], end[:16], amount] for old, new, now, end, amount in PLAN_CHANGES
    ]
    assert rows("| pushed | confirmed |") == [[pushed, confirmed or "", end] for pushed, confirmed, end in EXPIRIES]
    assert rows("| old end |") == [[old[:16], str(day), str(months), new[:16]] for old, day, months, new in ENDS]
    assert rows("| server a month |") == [
        [price, more, str(months), f"{percent} %", listed, server, extra, amount]
        for price, more, months, percent, listed, server, extra, amount in RENEWALS
    ]
    assert rows("| price | months | code |") == [
        [price, str(months), f"{code} %" if code else "none", *map(str, (there, quantity, places)), one, line, total]
        for price, months, code, there, quantity, places, one, line, total in BULK
    ]
    assert [
        [price, months, percent, amount] for price, months, percent, _exact, amount in rows("| price | months | disc")
    ] == [[price, str(months), f"{percent} %", amount] for price, months, percent, amount in PRICES]


def test_the_example_of_a_promise() -> None:
    """PRM-2, PRM-3, PRM-5, PRM-7, PRM-8, ORD-2: the one that the document tells."""
    one = order(paid_until=at("2026-05-10 12:00:00"))
    early = promise.promise_refusal(invoice(), [one], at("2026-05-06 12:00:00"))
    assert early is not None and early.available_from == at("2026-05-07 12:00:00")
    deadline = promise.promise_deadline(at("2026-05-08 09:00:00"))
    assert deadline == at("2026-05-15 09:00:00")
    running = promise.promised(one, "5531", deadline)
    assert orders.active_until(running) == deadline
    assert renewal.renewed(running, 1, at("2026-05-14 00:00:00")).paid_until == at("2026-06-10 12:00:00")
    broken = orders.state_at(running, deadline)
    event = orders.next_event(broken)
    assert event is not None
    assert (broken.state, event.kind, event.at) == ("blocked", "delete", at("2026-05-22 09:00:00"))
    late = renewal.renewed(broken, 1, at("2026-05-20 00:00:00"))
    assert (late.state, late.paid_until) == ("active", at("2026-06-10 12:00:00"))
