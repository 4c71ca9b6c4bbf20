"""Random histories of the money engine, in a world of its own (:mod:`tests.support.history_world`).

After every step the invariants of RELIABILITY "Money: at most once, and known" are checked against the panel's own
record.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Final

from billtui.domain.models import AddonRequest, Order, OrderRequest, Quote, RenewalRequest
from billtui.domain.money import Money
from billtui.services import planner
from billtui.services.journal import JournalError, JournalReader, PauseReason, owners
from billtui.services.journal.states import OPEN
from tests.support.history_world import LOCAL_REFUSALS, S, Violation, World
from tests.support.money_panel import FAULTS

KINDS: Final = (*FAULTS, "no-route", "late", "none", "none", "none")
STEPS: Final = (
    "pay", "renew", "top_up", "delete_held", "same_again", "fault", "fault", "work", "work", "work_long", "kill",
    "start", "second", "resume", "resume", "pause", "cancel", "retry", "take_back", "release", "pay_elsewhere",
    "price_changes", "deliver", "month", "sign_out", "sign_in", "decide", "buy", "buy", "shop_changes",
    "add_ons", "time_passes",
)  # fmt: skip
DIRECTED: Final[tuple[tuple[tuple[str, int], ...], ...]] = (
    # An answer is lost, the process dies, and a month later the panel has forgotten the key.
    (
        ("top_up", 0), ("fault", KINDS.index("drop-after")), ("work", 0), ("kill", 0), ("month", 0),
        ("start", 0), ("work_long", 0), ("resume", 0), ("work_long", 0),
    ),
    # A request is held up beyond its look-up, arrives after all, and a month later somebody resumes the job.
    (
        ("top_up", 0), ("fault", KINDS.index("late")), ("work", 0), ("pause", 0), ("work_long", 0), ("deliver", 0),
        ("month", 0), ("resume", 0), ("work_long", 0),
    ),
)  # fmt: skip
"""Histories that chance finds too seldom."""


class History(World):
    """What may happen in that world, what must hold after each of it, and how it ends."""

    def step(self, name: str, choice: int) -> None:
        """One step; ``choice`` picks what it is about. Then every invariant is checked."""
        self.trace.append(f"{name} {choice}")
        method: Callable[[int], None] = getattr(self, f"do_{name}")
        with suppress(JournalError):
            method(choice)
        self.check()

    def do_pay(self, choice: int) -> None:
        unpaid = [one for one in self.panel.invoices.values() if one["state"] == "unpaid" and one["kind"] == "renewal"]
        some = unpaid[choice % 3 :][: 1 + choice % 4]
        self._submit(planner.pay(self.panel.account(), self.panel.models(one["id"] for one in some), "internal"))

    def do_renew(self, choice: int) -> None:
        free = [one for one in self.panel.orders.values() if not one.get("unpaid_invoice_id")]
        ids = [one["id"] for one in free][: 1 + choice % 2]
        if ids:
            request = RenewalRequest.model_validate({"order_ids": ids, "period": 1})
            quote = Quote.model_validate(self.panel._quote({"order_ids": ids, "period": 1}))
            then = "internal" if choice % 3 else None
            self._submit(planner.renew(self.panel.account(), quote, request, self.orders, then))

    def do_buy(self, choice: int) -> None:
        """New servers, in one request or two whose effects could change each other's price (DSC-5, BLK-7)."""
        sizes = ((2,), (9, 1), (1, 9), (3, 2))[choice % 4]
        requests = [
            OrderRequest.model_validate(
                {"cells": [{"plan": "vds-micro", "location": "nl", "quantity": size}], "period": 1}
            )
            for size in sizes
        ]
        quotes = [
            Quote.model_validate(self.panel._quoted({"kind": "order", **one.model_dump(mode="json")})[1])
            for one in requests
        ]
        self._submit(planner.buy(self.panel.account(), quotes, requests, "internal" if choice % 3 else None))

    def do_add_ons(self, choice: int) -> None:
        """Add-ons for one order or two, whose price falls while time passes (ORD-5)."""
        ids = list(self.panel.orders)[choice % 3 :][: 1 + choice % 2]
        asked = {"order_ids": ids, "addons": ["backup"]}
        quote = Quote.model_validate(self.panel._quoted({"kind": "addon", **asked})[1])
        orders = [Order.model_validate(self.panel.orders[one]) for one in ids]
        request = AddonRequest.model_validate(asked)
        then = "internal" if choice % 4 else None
        self._submit(planner.addons(self.panel.account(), [quote], [request], orders, then))

    def do_time_passes(self, _choice: int) -> None:
        """The rest of the paid period is shorter, and so are add-ons for it cheaper; that is no change."""
        self.panel.addon_prices["backup"] = max(Decimal("0.10"), self.panel.addon_prices["backup"] - Decimal("0.01"))

    def do_shop_changes(self, choice: int) -> None:
        """The price of new servers rises; what was planned before is not bought at it."""
        if self._quiet():
            self.panel.prices["vds-micro"] += 1 + choice % 2
            for target in ("new:1", "new:2"):
                self._note_change(target)

    def do_top_up(self, choice: int) -> None:
        self._submit(planner.top_up(self.panel.account(), Money(f"{5 + choice % 5}.00", "EUR"), "card"))

    def do_delete_held(self, choice: int) -> None:
        unpaid = [one for one in self.panel.invoices.values() if one["state"] == "unpaid" and one["kind"] == "renewal"]
        some = self.panel.models(one["id"] for one in unpaid[-1 - choice % 2 :])
        self._submit(planner.delete(self.panel.account(), some), hold=4.0)

    def do_same_again(self, choice: int) -> None:
        if self.plans:
            self._submit(list(self.plans.values())[choice % len(self.plans)])

    def do_fault(self, choice: int) -> None:
        self.faults.append(KINDS[choice % len(KINDS)])

    def do_work(self, choice: int) -> None:
        self._spin(1 + choice % 4)

    def do_work_long(self, _choice: int) -> None:
        self._run(asyncio.sleep(30))

    def do_kill(self, choice: int) -> None:
        if self.processes:
            self._kill(self.processes[choice % len(self.processes)])

    def do_start(self, _choice: int) -> None:
        if not self.processes:
            self.start()

    def do_second(self, choice: int) -> None:
        if len(self.processes) == 1 and choice % 2 == 0:
            self.start()

    def do_resume(self, choice: int) -> None:
        process, job_id = self._pick(choice)
        if process is not None:
            process.call(lambda journal: owners.claim(journal, job_id, process.lock.owner))
            process.call(lambda journal: journal.unpause(job_id))
            self.confirmed.add((process.lock.owner, job_id))
            self.stopped.discard(job_id)
            self._in_loop(process, lambda: process.engine.reload(job_id, wake=True, fresh_session=True))

    def do_pause(self, choice: int) -> None:
        process, job_id = self._pick(choice)
        if process is not None:
            process.call(lambda journal: journal.pause(job_id, PauseReason.USER))
            self._in_loop(process, lambda: process.engine.reload(job_id))
            begun = {row.key for row in process.reader.operations(job_id, (S.SENDING,))}
            self.stopped.add(job_id)
            self._spin(6)
            later = {row.key for row in process.reader.operations(job_id, (S.SENDING,))}
            if later - begun:
                raise Violation("something was sent after the job was paused")

    def do_cancel(self, choice: int) -> None:
        process, job_id = self._pick(choice)
        if process is not None:
            waiting = process.reader.operations(job_id, (S.HELD, S.PREPARED))
            process.call(lambda journal: owners.cancel(journal, job_id, process.lock.owner))
            self.never |= {row.key for row in waiting if row.key not in self.late_keys}
            self._in_loop(process, lambda: process.engine.reload(job_id))

    def do_retry(self, choice: int) -> None:
        process, job_id = self._pick(choice)
        if process is not None:
            process.call(lambda journal: owners.retry_not_sent(journal, job_id, process.lock.owner))
            self.confirmed.add((process.lock.owner, job_id))
            self.stopped.discard(job_id)
            self._in_loop(process, lambda: process.engine.reload(job_id))

    def do_take_back(self, choice: int) -> None:
        process, job_id = self._pick(choice)
        if process is not None:
            held = process.reader.operations(job_id, (S.HELD,))
            if process.call(lambda journal: owners.take_back(journal, job_id)) or held:
                self.never |= {row.key for row in held}
            self._in_loop(process, lambda: process.engine.reload(job_id))

    def do_release(self, choice: int) -> None:
        process, job_id = self._pick(choice)
        if process is not None and job_id in process.held:
            process.held.discard(job_id)
            process.call(lambda journal: owners.confirm_held(journal, job_id, process.lock.owner))
            self._in_loop(process, lambda: process.engine.reload(job_id))

    def do_pay_elsewhere(self, choice: int) -> None:
        """Somebody pays an invoice in the panel's web pages, while nothing of ours is on its way."""
        if self._quiet():
            unpaid = [one for one in self.panel.invoices.values() if one["state"] == "unpaid"]
            if unpaid:
                one = unpaid[choice % len(unpaid)]
                one.update(state="paid", version=one["version"] + 1)
                self._note_change(f"invoice:{one['id']}")

    def do_price_changes(self, choice: int) -> None:
        if self._quiet():
            unpaid = [one for one in self.panel.invoices.values() if one["state"] == "unpaid"]
            total = {"amount": f"{11 + choice % 7}.00", "currency": "EUR"}
            if unpaid and unpaid[choice % len(unpaid)]["total"] != total:
                one = unpaid[choice % len(unpaid)]
                one.update(total=total, version=one["version"] + 1)
                self._note_change(f"invoice:{one['id']}")

    def do_deliver(self, _choice: int) -> None:
        """What was stuck in the network arrives after all."""
        while self.late:
            self.late.pop(0)()

    def do_month(self, choice: int) -> None:
        """A month passes: the panel forgets what became of old keys."""
        busy = any(run.inflight for process in self.processes for run in process.engine._runs.values())
        if choice % 4 == 0 and not self.late and not busy and not any(self.in_flight.values()):
            self.offset += timedelta(days=31)
            self.forgotten |= set(self.panel.operations)
            self.panel.operations.clear()

    def do_sign_out(self, choice: int) -> None:
        if self.processes:
            self.processes[choice % len(self.processes)].signed_in = False

    def do_sign_in(self, _choice: int) -> None:
        for process in self.processes:
            process.signed_in = True

    def do_decide(self, choice: int) -> None:
        """A person looks at both pictures and says what happened."""
        for process in self.processes[:1]:
            for row in process.reader.in_state(S.NEEDS_YOU)[: 1 + choice % 2]:
                happened = any(effect.key == row.key for effect in self.panel.effects)
                process.call(lambda journal, row=row, done=happened: owners.decide(  # type: ignore[misc]  # bound early
                    journal, row.job_id, row.number, as_done=done))  # fmt: skip
                self._in_loop(
                    process,
                    lambda row=row, done=happened: process.engine.decided(row.job_id, row.number, as_done=done),  # type: ignore[misc]  # noqa: B023
                )

    def check(self) -> None:
        """What must hold after every step."""
        reader = JournalReader(self.path)
        try:
            rows = [row for plan in self.plans.values() for row in reader.operations(plan.id)]
        finally:
            reader.close()
        effects = Counter(effect.key for effect in self.panel.effects)
        open_targets: Counter[str] = Counter()
        states = {(row.job_id, row.number): row for row in rows}
        for row in rows:
            happened = effects[row.key]
            if happened > 1:
                raise Violation(f"{row.title} happened {happened} times")
            uncertain = row.key in self.late_keys
            if row.state is S.DONE and not happened:
                raise Violation(f"{row.title} is called done and never happened")
            closed_without = row.state in (S.REFUSED, S.NOT_SENT, S.CANCELLED, S.HELD, S.PREPARED)
            if closed_without and happened and not uncertain:
                raise Violation(f"{row.title} is called {row.state} but happened")
            if row.state is S.PREPARED and row.key in self.panel.running:
                raise Violation("a running operation was made ready to be sent again")
            if row.state is S.REFUSED and row.code not in LOCAL_REFUSALS and row.key not in self.forgotten:
                known = self.panel.operations.get(row.key)
                if known is None or known[1] < 400:
                    raise Violation(f"{row.title} is called refused ({row.code}), but the panel did not refuse it")
            source = states.get((row.job_id, row.takes_from or 0))
            if source is not None and source.state is not S.DONE and row.sends:
                raise Violation("a payment was sent before the purchase was done")
            if source is not None and source.state in OPEN and row.state not in (S.PREPARED, S.CANCELLED):
                raise Violation(f"a payment ended ({row.state}) while its purchase was {source.state}")
            if row.state in OPEN:
                open_targets.update(row.targets)
        twice = [target for target, count in open_targets.items() if count > 1]
        if twice:
            raise Violation(f"{twice[0]} has two open operations")
        known_keys = {row.key for row in rows}
        if any(effect.key not in known_keys for effect in self.panel.effects):
            raise Violation("something happened under a key that the journal does not have")
        if any(count > 1 for count in self.panel.paid().values()):
            raise Violation("an invoice was paid twice")

    def finish(self) -> None:
        """The line is good again and people act: every outcome becomes known, and the journal is sound."""
        self.trace.append("finish")
        self.faults.clear()
        self.do_deliver(0)
        for process in list(self.processes):
            self._kill(process)
        self.start()
        for _ in range(8):
            self._run(asyncio.sleep(120))
            self.do_decide(1)
            for plan in self.plans.values():
                self._resume_quietly(plan.id)
        self._run(asyncio.sleep(120))
        self.check()
        reader = JournalReader(self.path)
        try:
            for job in reader.jobs(None):
                if not job.finished:
                    rows = [(row.number, row.state.value, row.code) for row in reader.operations(job.id)]
                    raise Violation(f"job {job.id[:8]} never came to an end: {job.paused} {rows}")
            damage = reader.verify()
        finally:
            reader.close()
        if damage:
            raise Violation(f"the journal is not sound: {damage[0]}")

    def _resume_quietly(self, job_id: str) -> None:
        process = self.processes[0]
        with suppress(JournalError):
            process.call(lambda journal: owners.claim(journal, job_id, process.lock.owner))
            process.call(lambda journal: journal.unpause(job_id))
            self.confirmed.add((process.lock.owner, job_id))
            self._in_loop(process, lambda: process.engine.reload(job_id, wake=True))


def play(seed: int, steps: list[tuple[str, int]]) -> None:
    """One history; raises Violation with the trace of its steps."""
    world = History(seed)
    try:
        for name, choice in steps:
            world.step(name, choice)
        world.finish()
    except Violation as error:
        raise Violation(f"{error}\n  after: {', '.join(world.trace)}") from None
    finally:
        world.close()


def random_steps(seed: int, count: int) -> list[tuple[str, int]]:
    """A random history, the same for the same seed."""
    chance = random.Random(seed)
    return [(chance.choice(STEPS), chance.randrange(1000)) for _ in range(count)]
