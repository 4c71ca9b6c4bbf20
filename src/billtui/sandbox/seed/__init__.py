"""Seed of the panel: deterministic, looks real, and holds all the interesting cases relative to the present."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection

from billtui.domain.policy import Policy
from billtui.sandbox.engine.rows import LIVE
from billtui.sandbox.engine.schedule import schedule_order
from billtui.sandbox.engine.unit import Totals, Tx
from billtui.sandbox.engine.wire import instant_of, micros
from billtui.sandbox.migration import COUNT_CAPACITY
from billtui.sandbox.seed import (
    canned,
    cases,
    fleet,
    history,
    people,
    plant,
    promos,
    ticket_crowd,
    ticket_long,
    ticket_stories,
    ticket_threads,
    tickets,
    transfers,
)
from billtui.sandbox.vault import Vault

PANEL_NAME = "Sandbox panel"
_FIRST_BALANCE = 480_00
_OTHER_BALANCE = 60_00
_CASES = 30
_WHOLE_HISTORY = 500
"""Up to this many servers all recent purchases are told, beyond only the last one of each."""


def sow(
    conn: Connection,
    real: int,
    *,
    seed: int,
    fleet: int,
    hostile: bool,
    policy: Policy,
    vault: Vault,
    tickets: int | None = None,
) -> None:
    """Fill empty tables. ``real`` is real time in microseconds, at which the panel's clock starts.

    ``tickets``: how many beside the demo's own, where not as many as the fleet asks for.

    The same arguments give the same panel, but for ``panel_id`` (made once per file) and the epoch of its cursors.
    """
    random = Random(seed)
    now = real
    tx = Tx(conn, now, policy, real=real, writable=True, totals=Totals(), vault=vault)
    tx.silent = True
    _panel(conn, seed, fleet, hostile, tickets)
    plant.plant(conn, random)
    joined = micros(instant_of(now) - timedelta(days=1_500))
    for person in people.PEOPLE:
        tx.accounts.add(people.account_row(person, random, joined))
    _colleagues(tx, seed, joined)
    promos.sow_codes(tx)
    canned.sow_canned(tx)
    many = ticket_crowd.how_many(fleet) if tickets is None else tickets
    _accounts(tx, random, now, fleet, hostile, seed, many)
    conn.exec_driver_sql(COUNT_CAPACITY)
    conn.exec_driver_sql("UPDATE panel SET next_address = (SELECT count(*) FROM orders WHERE address IS NOT NULL)")


def catch_up(tx: Tx, version: int) -> None:
    """Give a panel of an older ``version`` what is new in the seed.

    Since 4 canned replies, a second colleague and tickets, since 2 promo codes and the mail about them.
    """
    if version < 2:
        promos.sow_codes(tx)
        if tx.accounts.get(people.FIRST.account_id) is not None:
            promos.tell(tx, people.FIRST.account_id)
    if version < 4:
        canned.sow_canned(tx)
        _catch_up_tickets(tx)


def _catch_up_tickets(tx: Tx) -> None:
    """The demo's tickets, as far as its people and their servers are there."""
    clients = [person.account_id for person in (people.FIRST, people.SECOND, people.THIRD)]
    if len(tx.accounts.many(clients)) < len(clients):
        return
    seed = int(tx.conn.exec_driver_sql("SELECT seed FROM panel").scalar_one())
    _colleagues(tx, seed, micros(instant_of(tx.at) - timedelta(days=1_500)))
    tx.flush()
    orders = [
        [
            int(row[0])
            for row in tx.sql(f"SELECT id FROM orders WHERE account_id = ? ORDER BY id LIMIT {_CASES}", (one,))
        ]
        for one in clients
    ]
    tickets.Player(tx, tx.at, seed, clients, orders).play(_stories(seed))


def _crowd(tx: Tx, seed: int, count: int, clients: Sequence[int], servers: Sequence[int]) -> list[ticket_crowd.Turn]:
    """The tickets of a large panel, and clients who wrote them: nobody signs in as one of those."""
    random = Random(f"many tickets {seed}")
    joined = micros(tx.now - timedelta(days=900))
    customers = [people.customer_row(random, number, joined) for number in range(count // ticket_crowd.A_CUSTOMER)]
    for customer in customers:
        tx.accounts.add(customer)
    return list(ticket_crowd.turns(random, count, [*clients, *(one.id for one in customers)], servers))


def _stories(seed: int, hostile: bool = False) -> tuple[ticket_stories.Story, ...]:
    more = ticket_threads.HOSTILE if hostile else ()
    return (*ticket_threads.STORIES, *ticket_long.long_stories(seed), *more)


def _colleagues(tx: Tx, seed: int, joined: int) -> None:
    """Drawn apart from the others: whoever joins later changes nothing for them."""
    for person in people.COLLEAGUES:
        if not tx.accounts.where("id = ? OR login = ?", (person.account_id, person.login)):
            tx.accounts.add(people.account_row(person, Random(f"{person.login} {seed}"), joined))


def _panel(conn: Connection, seed: int, size: int, hostile: bool, tickets: int | None) -> None:
    panel_id = conn.exec_driver_sql("SELECT panel_id FROM panel").scalar() or f"sandbox-{secrets.token_hex(6)}"
    conn.exec_driver_sql(
        "UPDATE panel SET panel_id = ?, name = ?, epoch = ?, seed = ?, fleet = ?, hostile = ?, tickets = ?,"
        " clock_offset = 0, clock_floor = 0, history_from = 0",
        (panel_id, PANEL_NAME, secrets.token_hex(4), seed, size, int(hostile), tickets),
    )


def _accounts(tx: Tx, random: Random, now: int, size: int, hostile: bool, seed: int, many_tickets: int) -> None:
    wanted = fleet.wishes(size, hostile=hostile)
    present = instant_of(now)
    chain = 8 if size <= _WHOLE_HISTORY else 1
    sower = fleet.Sower(random, present, history.end_of_past(present, 4), chain)
    wanted += [sower.lot() for _ in range(size - len(wanted))]
    first = _grow(tx, sower, people.FIRST.account_id, wanted, now, _FIRST_BALANCE)
    early = fleet.Sower(random, present, history.end_of_past(present, 12), 8)
    second = _grow(tx, early, people.SECOND.account_id, list(cases.SECOND_FLEET), now, _OTHER_BALANCE)
    third = _grow(tx, early, people.THIRD.account_id, list(cases.THIRD_FLEET), now, _OTHER_BALANCE)
    tx.flush()
    recent = tx.fresh()  # holds nothing yet: what follows touches few rows
    clients = (people.FIRST.account_id, people.SECOND.account_id, people.THIRD.account_id)
    moving = transfers.Transfers(recent, now, seed, transfers.Fleets(clients, (first, second, third)))
    cases.second_client(recent, now, people.SECOND.account_id, second)
    moving.past()
    cases.first_client(recent, now, people.FIRST.account_id, first)
    moving.present()
    cases.settle_clock(recent, now)
    promos.tell(recent, people.FIRST.account_id)
    crowd = _crowd(recent, seed, many_tickets, clients, first) if many_tickets else []
    tickets.Player(recent, now, seed, clients, (first, second, third)).play(_stories(seed, hostile), crowd)
    recent.flush()


def _grow(
    tx: Tx, sower: fleet.Sower, account_id: int, wanted: list[fleet.Server], now: int, balance_cents: int
) -> list[int]:
    """Servers of one account with their past; the ids of the first of them."""
    sown = [sower.sow(tx.orders.new_id(), account_id, wish) for wish in wanted]
    counts = Counter(one.order.kind for one in sown if one.order.state in LIVE)
    for one in sown:
        tx.orders.add(one.order)
    tx.at = micros(datetime(2000, 1, 1, tzinfo=instant_of(now).tzinfo))
    history.tell(tx, account_id, sown, balance_cents=balance_cents, count=counts)
    for one in sown:
        schedule_order(tx, one.order)
    return [one.order.id for one in sown[:_CASES]]


__all__ = ["catch_up", "sow"]
