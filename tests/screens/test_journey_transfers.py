"""Two programs, two accounts: servers change hands by keys, with what is in the way, both bills and the mails."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from billtui.widgets.record_table import RecordTable
from tests.screens.conftest import sow
from tests.support.driving import Panel, Program, money_of
from tests.support.handing_over import (
    RECIPIENT,
    SENDER,
    SENDER_ID,
    both,
    by_count,
    confirm_push,
    free_orders,
    give,
    mails,
    month_of,
    paste,
    percent_of,
    push_by_api,
    quoted,
    running_vds,
    step_by_api,
    type_recipient,
)
from tests.support.sandbox import Json, SandboxProcess

SIZES = [(80, 24), (140, 40)]
RUNNING = ("active", "suspended")


@pytest.fixture
def at_the_edge(screens_panel: SandboxProcess, tmp_path: Path) -> Program:
    """The sender has 11 VDS, the recipient 3: two more or fewer change the tier of both (DSC-2)."""
    sow(screens_panel, fleet=10)
    program = Program(screens_panel, tmp_path)
    sender, recipient = program.panel(), program.panel(RECIPIENT)
    given = [one["id"] for one in running_vds(recipient) if not one["unpaid_invoice_id"] and not one["transfer_id"]]
    for transfer in push_by_api(recipient, given[:2], SENDER, SENDER_ID):
        step_by_api(recipient, RECIPIENT, transfer, "confirm")
        step_by_api(sender, SENDER, transfer, "accept")
    assert [len(running_vds(panel)) for panel in (sender, recipient)] == [11, 3]
    return program


def amount(value: Decimal) -> str:
    """As the program writes it."""
    return f"{value:,.2f}".replace(",", " ")


def month(panel: Panel, now: datetime) -> Decimal:
    """A month of every running VDS of an account."""
    vds = running_vds(panel)
    return sum((month_of(one, len(vds), now) for one in vds), Decimal(0))


def as_it_is(order: Json) -> Decimal:
    """A month of an order whose tier does not change, at the discount that the panel says."""
    price = money_of(order["monthly_price"]) * (100 - Decimal(order["discount_percent"])) / 100
    return price.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize("size", SIZES)
async def test_two_orders_change_hands_one_of_them_unblocked_on_the_way(
    at_the_edge: Program, size: tuple[int, int]
) -> None:
    """Issue "Accounts and transfers": TRF-1 to TRF-7, DSC-1 to DSC-4 on both sides, mails as TRF-2 says."""
    box, panel, other = at_the_edge.sandbox, at_the_edge.panel(), at_the_edge.panel(RECIPIENT)
    now = datetime.now(UTC)
    free, hindered = [one["id"] for one in free_orders(panel, 2)]
    ids = [free, hindered]
    bill = panel.renew([hindered])
    was = {one: panel.order(one) for one in ids}
    invoices = {one["id"] for one in panel.invoices()}
    async with both(at_the_edge, size) as (sender, recipient):
        await sender.go("3", "OrdersScreen")
        store = sender.app.session.store
        await sender.until(lambda: store.order_rows([hindered])[hindered].unpaid_invoice_id == bill["id"], "the bill")
        for one in ids:
            await sender.cursor_to(one)
            await sender.press("space")
        await sender.press("T")
        await type_recipient(sender)

        # What is in the way is explained and paid from the dialog (TRF-4).
        await sender.on("PushDialog")
        await sender.sees("kofi.brandt (account ID 318255)", "1 can go, 1 cannot", f"p pays invoice {bill['number']}")
        table: RecordTable[object] = sender.app.screen.query_one("#blocked", RecordTable)
        assert table.cursor_id == hindered
        assert sender.app.focused is table
        await sender.press("p")
        await sender.on("ChoiceDialog")
        await sender.choose("internal")
        await sender.confirm()
        await sender.on("PushDialog")
        await sender.sees("2 can go, 0 cannot")
        assert panel.invoice(bill["id"])["state"] == "paid"

        # The month before and after, to the cent, and what becomes of the tier (DSC-2, TRF-5).
        vds = running_vds(panel)
        stay = [one for one in vds if one["id"] not in ids]
        before, after = month(panel, now), sum((month_of(one, 9, now) for one in stay), Decimal(0))
        others = after - sum((month_of(one, 11, now) for one in stay), Decimal(0))
        assert others > 0
        beside = [one for one in panel.orders() if one["kind"] != "vds" and one["state"] in RUNNING]
        rest = sum(map(as_it_is, beside), Decimal(0))
        await sender.sees(
            f"{amount(before + rest)} EUR → {amount(after + rest)} EUR",
            f"+{amount(others)} the others",
            "vds: 11 → 9 services, 5 % → 3 %",
            "tickets, paid invoices",
        )
        assert sender.app.focused is not None
        assert sender.app.focused.id == "push"
        await sender.press("enter")

        # Every server is named, and the login is wanted once more; another word is refused.
        await sender.on("ConfirmPlan")
        await sender.sees("2 orders", "kofi.brandt (account ID 318255)", "olena.marsh, ID 204817")
        assert all(was[one]["name"] in sender.text() for one in ids)
        await sender.type("kofi.brand")
        await sender.press("enter")
        await sender.sees("That is not")
        assert not any(panel.order(one)["transfer_id"] for one in ids)
        await sender.press("t", "enter", "enter")
        await sender.on("CodesDialog")

        # The sender's mails, one for each order, with id, address and link (TRF-2); the recipient has none yet.
        asked = mails(box, SENDER, "Order Transfer Confirmation")[-2:]
        for one in asked:
            order = was[one["order_id"]]
            assert order["id"] in one["body"] and order["address"] in one["body"] and one["link"] in one["body"]
        assert {one["order_id"] for one in asked} == set(ids)
        assert not {one["transfer_id"] for one in asked} & {one["transfer_id"] for one in mails(box, RECIPIENT)}
        transfers = {panel.order(one)["transfer_id"] for one in ids}
        assert transfers == {one["transfer_id"] for one in asked}
        await give(sender, "\n".join(f"Please confirm: {one['link']} ." for one in asked))

        # The recipient sees them by itself, accepts both, and is told what a month costs then.
        await recipient.go("8", "TransfersScreen")
        for one in ids:
            await recipient.until(
                lambda one=one: any(row.order_id == one for row in recipient.app.session.store.transfers_running()),  # type: ignore[misc]  # bound
                "the transfer to come",
            )
        await recipient.press("v")
        await recipient.choose("waiting")
        mine = [row for row in recipient.app.session.store.transfers_running() if row.order_id in ids]
        await recipient.mark(*(row.id for row in mine))
        await recipient.press("a")
        await recipient.on("CodesDialog")
        found = mails(box, RECIPIENT, "Order Acceptance Confirmation")
        accepted = [one for one in found if one["transfer_id"] in transfers]
        assert len(accepted) == 2
        await paste(recipient, "\n".join(str(one["link"]) for one in accepted))
        await recipient.press("enter")
        await recipient.on("ConfirmPlan")
        theirs = month(other, now)
        without_use = sum((month_of(one, 5, now) for one in running_vds(other)), Decimal(0)) + sum(
            (month_of(was[one] | {"in_use_since": now.isoformat(), "addons": []}, 5, now) for one in ids), Decimal(0)
        )
        await recipient.sees(
            f"{amount(theirs)} EUR → {amount(without_use)} EUR", "vds: 3 → 5 services, 0 % → 3 %", "olena.marsh"
        )
        await recipient.confirm()

        # They changed hands in both copies without a reload.
        await sender.until(lambda: not sender.app.session.store.order_rows(ids), "the orders to go")
        await recipient.until(lambda: len(recipient.app.session.store.order_rows(ids)) == 2, "the orders to come")
        rows = recipient.app.session.store.order_rows(ids)
        assert not any(row.auto_on or row.transfer_id for row in rows.values())
        await sender.go("8", "TransfersScreen")
        await sender.press("v")
        await sender.choose("outgoing")
        await sender.sees("✓ accepted")
        await recipient.go("3", "OrdersScreen")
        await recipient.sees(was[free]["name"], was[hindered]["name"])

    # Plan, price, end and length of use went along, auto-renewal is off, invoices stayed (TRF-5).
    for one in ids:
        is_now, then = other.order(one), was[one]
        for name in ("plan", "location", "monthly_price", "in_use_since", "address", "name"):
            assert is_now[name] == then[name], name
        assert is_now["auto_renew"]["on"] is False
    assert invoices <= {one["id"] for one in panel.invoices()}
    assert not {one["id"] for one in other.invoices()} & invoices

    # Discounts of both sides by the rules' numbers, and what the panel asks for a month (DSC-1 to DSC-4).
    for side, count in ((panel, 9), (other, 5)):
        found = running_vds(side)
        assert len(found) == count
        for one in found:
            assert Decimal(one["discount_percent"]) == percent_of(one, count, now), one["name"]
    assert by_count(9) == 3 and by_count(11) == 5
    for one in ids:
        assert quoted(other, one) == month_of(other.order(one), 5, now)
    kept = next(one["id"] for one in free_orders(panel, 1))
    assert quoted(panel, kept) == month_of(panel.order(kept), 9, now)

    # Each side was told of the end (TRF-2, TRF-3).
    for login in (SENDER, RECIPIENT):
        assert transfers <= {one["transfer_id"] for one in mails(box, login, "was completed")}


async def test_thirty_servers_are_confirmed_with_one_paste(program: Program) -> None:
    """TRF-7: thirty mails, one paste, one confirmation; and one paste to accept them all."""
    panel, other, box = program.panel(), program.panel(RECIPIENT), program.sandbox
    ids = [one["id"] for one in free_orders(panel, 24)]
    assert len(ids) >= 20
    async with both(program, (80, 24)) as (sender, recipient):
        await sender.go("3", "OrdersScreen")
        await sender.mark(*ids)
        await sender.press("T")
        await type_recipient(sender)
        await sender.on("PushDialog")
        await sender.press("enter")
        await confirm_push(sender)
        await sender.on("CodesDialog")
        await sender.sees(f"0 of {len(ids)}")
        asked = [one for one in mails(box, SENDER, "Order Transfer Confirmation") if one["order_id"] in ids]
        await give(sender, "\n\n".join(f"{one['subject']}\n{one['body']}" for one in asked), len(ids))
        await sender.finished(2)
        await recipient.go("8", "TransfersScreen")
        await recipient.until(
            lambda: sum(row.order_id in ids for row in recipient.app.session.store.transfers_running()) == len(ids),
            "all of them",
        )
        await recipient.press("v")
        await recipient.choose("waiting")
        first = next(row.id for row in recipient.app.session.store.transfers_running() if row.order_id in ids)
        await recipient.cursor_to(first)  # its whole push is asked for with it
        await recipient.press("a")
        await recipient.on("CodesDialog")
        offered = [one for one in mails(box, RECIPIENT, "Order Acceptance") if one["order_id"] in ids]
        await give(recipient, "\n".join(str(one["body"]) for one in offered), len(ids))
        await recipient.finished(1)
        assert {one["id"] for one in other.orders()} >= set(ids)
        await sender.until(lambda: not sender.app.session.store.order_rows(ids), "the orders to go")
