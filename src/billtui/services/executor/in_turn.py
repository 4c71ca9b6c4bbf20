"""Several purchases of one plan where the panel has one basket, which is paid whole: each is paid before the next.

Such a plan says so by its order: a payment stands between two purchases (``Traits.one_basket``, and the planner's
``in_turn``). What stands behind a payment begins when that is done. Where it is not, and what it was to pay stands in
the basket, the rest is not sent: it would be refused, or be paid along with what is there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from billtui.services.journal.states import OperationState
from billtui.services.operation_kinds import PURCHASES

if TYPE_CHECKING:
    from billtui.services.executor.desk import Desk
    from billtui.services.executor.run import Run
    from billtui.services.journal import Journal
    from billtui.services.plans import Plan

S = OperationState
EARLIER_NOT_PAID: Final = "earlier-not-paid"
_OPEN: Final = frozenset({S.HELD, S.PREPARED, S.SENDING, S.UNKNOWN, S.NEEDS_YOU})


def paid_before(plan: Plan) -> dict[int, int]:
    """The payment that each purchase waits for: the nearest one before it that pays another purchase of the plan."""
    found: dict[int, int] = {}
    payment: int | None = None
    for operation in plan.operations:
        if operation.takes_from is not None:
            payment = operation.number
        elif payment is not None and operation.kind in PURCHASES:
            found[operation.number] = payment
    return found


def waits(run: Run, number: int) -> bool:
    """Whether a payment before the purchase ``number`` is not over, or a person has to decide about it; or is in the
    way, see :func:`in_the_way`."""
    payment = run.after.get(number)
    if payment is None:
        return False
    return run.states.get(payment) in _OPEN or in_the_way(run, number) is not None


def in_the_way(run: Run, number: int) -> int | None:
    """The earlier purchase that was done and is not paid, so that it stands in the basket; ``None`` where there is
    none, or a person has sent the rest again: then the panel's basket is looked at, and nothing else."""
    payment = run.after.get(number)
    while payment is not None and not run.insisted:
        source = run.operation(payment).takes_from
        if source is None or run.states.get(payment) is S.DONE:
            return None
        if run.states.get(source) is S.DONE:
            return None if run.states.get(payment) in _OPEN else source
        payment = run.after.get(source)
    return None


def freed_by(run: Run, payment: int) -> list[int]:
    """The purchase that waits for ``payment``."""
    return [number for number, first in run.after.items() if first == payment]


async def leave_the_rest(desk: Desk, run: Run) -> None:
    """End as not sent what is behind a purchase that stands in the basket unpaid; it can be sent again from the job."""
    for number in run.after:
        source = in_the_way(run, number)
        if source is None or run.states.get(number) is not S.PREPARED or number not in run.mine:
            continue
        words = (
            f"Nothing was sent: what step {source} bought is not paid and stands in the panel's basket, which is paid"
            " whole. Pay or delete its invoice, then send this again."
        )
        fields: Mapping[str, str] = {"code": EARLIER_NOT_PAID, "detail": words}
        waiting = [number, *run.dependents.get(number, ())]

        def leave(journal: Journal, waiting: list[int] = waiting, fields: Mapping[str, str] = fields) -> list[int]:
            return desk.move_prepared(journal, run, waiting, S.NOT_SENT, fields)

        for one in await desk.journal.run(leave):
            run.moved(one, S.NOT_SENT, desk.clock(), fields)
            desk.tell(run, one, S.NOT_SENT)
