"""From a question to its solution: who can be kept, the complete search or the bound, and the lines of the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from billtui.domain.refusal import Refusal
from billtui.services.pricing import unmarkable
from billtui.services.solver import exact
from billtui.services.solver.exact import Assignment, TooMany, key_of
from billtui.services.solver.large import Search
from billtui.services.solver.model import EXACT_ORDERS, Batch, Brief, Left, Line, Purchase, Question, Solution
from billtui.services.solver.options import CENT, NO_CODE, Group, Table, Way, make_table, purchases_of
from billtui.services.solver.prices import Ending, RateCurve, percent_words
from billtui.services.store import OrderRow, gc_paused

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Answer:
    table: Table
    assignment: Assignment
    bound: int
    """A key that no way is below."""


def solve(question: Question, stopped: Stopped | None = None) -> Solution:
    """The cheapest way to keep the chosen orders paid, within the budget.

    ``stopped`` is asked now and then; once it says yes, SolverStopped is raised. Raises ValueError for a question that
    cannot be answered, with a sentence that says what to give instead.
    """
    question.check()
    with gc_paused():
        return _solve(question, stopped)


def _solve(question: Question, stopped: Stopped | None) -> Solution:
    rows, excluded = _renewable(question)
    rates = _rates(question, rows)
    table = make_table(question, rows, rates, stopped)
    left: list[Left] = []
    found = _answer(question, table, stopped)
    if found is None:
        rows, left = _affordable(question, rows, table)
        rates = _rates(question, rows, gone=[one.row for one in left])
        table = make_table(question, rows, rates, stopped)
        found = _answer(question, table, stopped)
        assert found is not None  # a month each, without a code, fits the budget
    return _solution(question, rows, found, left, excluded, rates)


def _renewable(question: Question) -> tuple[list[OrderRow], list[Left]]:
    rows: list[OrderRow] = []
    excluded: list[Left] = []
    seen: set[str] = set()
    for row in question.chosen:
        if row.id in seen:
            continue
        seen.add(row.id)
        refusal = unmarkable(row, question.now, question.policy, question.bills)
        if refusal is None and row.paid_until is None:
            refusal = Refusal("no-period", "ORD-1", f"“{row.name}” has no paid period yet.")
        if refusal is not None:
            excluded.append(Left(row, refusal))
        else:
            rows.append(row)
    return rows, excluded


def _rates(question: Question, rows: Sequence[OrderRow], gone: Sequence[OrderRow] = ()) -> RateCurve:
    """Loyalty with ``rows`` kept (a blocked one counts again once it is paid) and ``gone`` lost (DSC-5)."""
    kept = Counter(question.running)
    kept.update(row.kind for row in rows if row.state == "blocked")
    kept.subtract(row.kind for row in gone if row.state != "blocked")
    return RateCurve(question.now, question.running, kept, question.others_end, question.policy)


def _answer(question: Question, table: Table, stopped: Stopped | None) -> _Answer | None:
    """The best assignment that keeps every order of ``table``; ``None`` where none was found that fits the budget."""
    if question.budget is not None:
        least = sum(min(way.now for way in group.ways) * group.size for group in table.groups)
        if least > question.budget:
            return None
    search = Search(table, question.budget, question.policy.bulk_limit, stopped)
    found = search.run()
    if found is not None and found.bound == found.key:
        return _Answer(table, found.assignment, found.bound)
    if sum(group.size for group in table.groups) <= EXACT_ORDERS:
        try:
            best = exact.search(table, question.budget, None if found is None else found.key, stopped)
        except TooMany:
            best = None
        else:
            if best is None:
                return None
            return _Answer(table, best, key_of(table, best))
    return None if found is None else _Answer(table, found.assignment, found.bound)


def _affordable(question: Question, rows: Sequence[OrderRow], table: Table) -> tuple[list[OrderRow], list[Left]]:
    """Whom the budget keeps: the soonest end first, a month each without a code; what does not fit is left."""
    assert question.budget is not None
    rest = question.budget
    costs: dict[str, int] = {}
    lost: set[str] = set()
    for row in sorted(rows, key=lambda one: (one.paid_until or 0, one.id)):
        group = table.groups[table.group_of[row.id]]
        if not group.due:
            continue
        cost = costs[row.id] = group.keeping_price
        if cost <= rest:
            rest -= cost
        else:
            lost.add(row.id)
    left = [
        Left(
            row,
            Refusal(
                "over-budget",
                "REN-1",
                f"The budget is used up by orders that end sooner: a month of “{row.name}” costs more than is left.",
            ),
            costs[row.id],
        )
        for row in rows
        if row.id in lost
    ]
    return [row for row in rows if row.id not in lost], left


def _solution(
    question: Question,
    rows: Sequence[OrderRow],
    answer: _Answer,
    left: Sequence[Left],
    excluded: Sequence[Left],
    rates: RateCurve,
) -> Solution:
    table = answer.table
    ways = _way_of_orders(table, answer.assignment)
    key = key_of(table, answer.assignment)
    purchases = purchases_of(key)
    spent = exact.now_of(table, answer.assignment)
    monthly = sum(group.monthly(question.months) * group.size for group in table.groups)
    lines = _Lines(question, table, {row.id: row for row in rows}, ways)
    return Solution(
        question=question,
        batches=_batches(question, table, rows, ways),
        line_of=lines.line,
        brief_of=lines.brief,
        order_ids=tuple(row.id for row in rows),
        left=tuple(left),
        excluded=tuple(excluded),
        spent_now=spent,
        total=key // CENT - question.effort * purchases,
        purchases=purchases,
        monthly=monthly,
        at_once=sum(group.at_once(question.months, question.policy.periods) * group.size for group in table.groups),
        bound=answer.bound // CENT,
        groups=len(table.groups),
        rates=rates,
        currency=question.chosen[0].currency if question.chosen else "",
    )


def _way_of_orders(table: Table, assignment: Assignment) -> dict[str, Way]:
    """Each order's way. Of equal orders those that end soonest are bought now."""
    found: dict[str, Way] = {}
    for group, chosen in zip(table.groups, assignment, strict=True):
        ways = [group.ways[at] for at in chosen for _ in range(chosen[at])]
        if len(chosen) == 1:
            found.update((row.id, ways[0]) for row in group.rows)
            continue
        ways.sort(key=lambda way: -way.months)
        members = sorted(group.rows, key=lambda row: (row.paid_until or 0, row.id))
        found.update((row.id, way) for row, way in zip(members, ways, strict=True))
    return found


def _batches(question: Question, table: Table, rows: Sequence[OrderRow], ways: dict[str, Way]) -> tuple[Batch, ...]:
    """What is bought now, as requests: of one period and code each, about equally large where one is not enough."""
    together: dict[tuple[int, str], list[OrderRow]] = {}
    for row in rows:
        way = ways[row.id]
        if way.months:
            code = "" if way.use == NO_CODE else table.codes[table.uses[way.use].code].name
            together.setdefault((way.months, code), []).append(row)
    batches: list[Batch] = []
    for (months, code), members in sorted(together.items(), key=lambda one: one[0]):
        requests = -(-len(members) // question.policy.bulk_limit)
        for number in range(requests):
            part = members[number * len(members) // requests : (number + 1) * len(members) // requests]
            amount = sum(ways[row.id].now for row in part)
            batches.append(Batch(months, code or None, tuple(row.id for row in part), amount))
    return tuple(batches)


@dataclass(slots=True)
class _Lines:
    """Lines, made when they are looked at: ten thousand orders are kept as a few ways."""

    question: Question
    table: Table
    rows: dict[str, OrderRow]
    ways: dict[str, Way]
    made: dict[str, Line] = field(default_factory=dict)
    shared: dict[tuple[int, int], tuple[int, int, int, int, int]] = field(default_factory=dict)
    """By group and period bought now: offset and period of the next purchase, how many, their cents, month by month."""

    def line(self, order_id: str) -> Line:
        """Raises KeyError for an order that is not kept."""
        if order_id not in self.made:
            self.made[order_id] = self._make(order_id)
        return self.made[order_id]

    def brief(self, order_id: str) -> Brief:
        """Raises KeyError for an order that is not kept."""
        row, way, place = self.rows[order_id], self.ways[order_id], self.table.group_of[order_id]
        offset, months, count, cents, monthly = self._rest(place, way.months)
        next_at = None
        if count:
            next_at = Ending.of(row, self.question.lead_days, self.question.policy).moment(offset, self.question.now)
        code = self.table.codes[self.table.uses[way.use].code].name if way.coded else None
        total = way.now + cents
        return Brief(row, way.months, percent_words(way.percent), code, next_at, months, count, total, monthly - total)

    def _rest(self, place: int, bought: int) -> tuple[int, int, int, int, int]:
        known = self.shared.get((place, bought))
        if known is None:
            group, offset, count, cents = self.table.groups[place], bought, 0, 0
            while offset < self.question.months:
                months = group.next_months[offset]
                cents += group.amount(months, group.curve.at(offset))
                count, offset = count + 1, offset + months
            first = group.next_months[bought] if count else 0
            known = self.shared[place, bought] = (bought, first, count, cents, group.monthly(self.question.months))
        return known

    def _make(self, order_id: str) -> Line:
        row, way = self.rows[order_id], self.ways[order_id]
        group = self.table.groups[self.table.group_of[order_id]]
        ending = Ending.of(row, self.question.lead_days, self.question.policy)
        bought = None
        if way.months:
            code = self.table.codes[self.table.uses[way.use].code].name if way.coded else None
            bought = self._purchase(group, ending, 0, way.months, way.percent, code, now=True)
        later: list[Purchase] = []
        offset = way.months
        while offset < self.question.months:
            months = group.next_months[offset]
            later.append(self._purchase(group, ending, offset, months, group.curve.at(offset), None))
            offset += months
        total = sum(one.amount for one in ([bought] if bought else []) + later)
        return Line(row, bought, tuple(later), total, group.monthly(self.question.months), group.due)

    def _purchase(
        self, group: Group, ending: Ending, offset: int, months: int, rate: int, code: str | None, *, now: bool = False
    ) -> Purchase:
        return Purchase(
            at=self.question.now if now else ending.moment(offset, self.question.now),
            months=months,
            amount=group.amount(months, rate),
            list_price=group.price * months,
            addons=group.addons * months,
            percent=percent_words(rate),
            code=code,
            until=ending.after(offset + months),
        )
