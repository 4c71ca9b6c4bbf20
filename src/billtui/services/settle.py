"""What became of it: the look-up of a request whose answer was lost, and what each error means for an operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from billtui.client.errors import CapabilityMissing, ClientError, Outcome, OutcomeUnknown
from billtui.domain.models import InvoiceKind, OperationStatus, PaymentState
from billtui.domain.money import Money
from billtui.services import ticket_answers, transfer_answers
from billtui.services.journal import OperationState
from billtui.services.one_time_codes import answer_without_code, without_code
from billtui.services.operation_kinds import ON_TICKETS
from billtui.services.plans import PURCHASES, STEPS, Operation, OperationKind, at_most, cell_key

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient

S = OperationState
K = OperationKind

MEMORY: Final = timedelta(days=29)
"""The panel keeps answers for 30 days; a day less, so that "never seen" is never "forgotten"."""

UNSURE_CODES: Final = frozenset({"idempotency-key-reused", "operation-running", "idempotency-key-in-use"})
"""Refusals that say nothing about this request but that another with the same key exists: they are looked up."""

GUESSED_ENOUGH: Final = frozenset({"too-many-wrong-recipients", "too-many-wrong-codes"})
"""429 after many wrong tries: not sent again by itself, another recipient or code is what helps (TRF-1, TRF-2)."""

MOST_LINES: Final = 50
"""Lines of an invoice that the journal keeps with the answer of a purchase."""

_SHORT: Final = STEPS | {K.TRANSFER_PUSH, K.NOTIFY}
_INVOICE_KINDS: Final = {
    K.ORDER: InvoiceKind.NEW_ORDER,
    K.ADDONS: InvoiceKind.ADDON,
    K.PLAN_CHANGE: InvoiceKind.PLAN_CHANGE,
    K.RENEW: InvoiceKind.RENEWAL,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an operation goes, and what is noted with it; ``state`` is ``None`` while it still runs."""

    state: OperationState | None
    code: str | None = None
    rule: str | None = None
    detail: str | None = None
    request_id: str | None = None
    answer: dict[str, Any] | None = None
    finding: dict[str, Any] | None = None
    """What comparing with the picture found, on a panel without keys."""

    def fields(self) -> dict[str, Any]:
        """What :meth:`Journal.move` notes."""
        names = ("code", "rule", "detail", "request_id", "answer", "finding")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


def verdict_of_error(error: ClientError) -> Verdict:
    """What an error of a **write** means (RELIABILITY): not sent, not executed, refused, or unknown."""
    rule, request_id = error.rule, error.request_id
    if error.outcome is Outcome.NOT_SENT:
        return Verdict(S.NOT_SENT, error.code, rule, error.message, request_id)
    if error.outcome is Outcome.NOT_EXECUTED and error.code in GUESSED_ENOUGH:
        return Verdict(S.REFUSED, error.code, rule, error.message, request_id)
    if error.outcome is Outcome.NOT_EXECUTED:
        return Verdict(S.PREPARED, error.code, rule, error.message, request_id)
    if error.outcome is Outcome.REFUSED and error.code not in UNSURE_CODES:
        return Verdict(S.REFUSED, error.code, rule, error.message, request_id)
    cause = error.cause_error if isinstance(error, OutcomeUnknown) else error
    # The fact alone: an error's advice is for reads, and “try again” would be wrong of what may have been done.
    return Verdict(S.UNKNOWN, cause.code, rule, f"{cause.fact} Its outcome is looked up.", request_id)


async def look_up(client: BillingClient, key: str, sent_at: datetime | None, clock: Callable[[], datetime]) -> Verdict:
    """Ask the panel what became of the operation with ``key``, reading only. Raises ClientError where it cannot.

    ``state`` is done, refused, prepared (never seen), needs-you (too old, or the panel cannot say), or ``None``:
    it still runs, wait.
    """
    try:
        status = await client.operations.status(key)
    except CapabilityMissing as error:
        return Verdict(
            S.NEEDS_YOU, error.code, None, f"{error.message} Compare with the panel, then say what happened."
        )
    return verdict_of_status(status, sent_at, clock())  # the instant after the answer: never too young


def verdict_of_status(status: OperationStatus, sent_at: datetime | None, now: datetime) -> Verdict:
    """What the panel's answer about a key means."""
    too_old = sent_at is not None and abs(now - sent_at) > MEMORY  # of the future: the clock was wrong, then or now
    match status.state:
        case "done":
            return Verdict(S.DONE, answer=status.answer)
        case "refused":
            problem = status.problem
            if problem is None:
                return Verdict(S.REFUSED, "refused", detail="The panel refused it.")
            return Verdict(
                S.REFUSED, problem.code.raw or "refused", problem.rule.raw if problem.rule else None,
                problem.detail.raw or problem.title.raw or "The panel refused it.",
            )  # fmt: skip
        case "never-seen" if not too_old:
            return Verdict(S.PREPARED, "never-seen", detail="The panel never saw it: nothing happened.")
        case "running" if not too_old:
            return Verdict(None, "running", detail="The panel is still working on it.")
        case _ if too_old:
            return Verdict(
                S.NEEDS_YOU, "too-old",
                detail="It was sent more than 29 days ago, and the panel keeps outcomes for 30: compare, then decide.",
            )  # fmt: skip
        case _:
            return Verdict(S.NEEDS_YOU, "odd-state", detail="The panel's answer about it is not understood: compare.")


def failed_payment(operation: Operation, answer: Mapping[str, Any]) -> Verdict | None:
    """A payment that the panel answered with "failed": it did what was asked, and nothing is paid."""
    if operation.kind is not K.PAY or answer.get("state") != PaymentState.FAILED:
        return None
    return Verdict(S.REFUSED, "payment-failed", "INV-3", "The panel says that the payment failed; nothing is paid.")


def held_against(verdict: Verdict, operation: Operation, invoice_id: str | None) -> Verdict:
    """``verdict`` of a look-up, unless the answer that the panel kept is about something else than ``operation``.

    That happens when a plan file was changed after another host had carried it out: its keys are the same.
    ``invoice_id`` is the invoice of a payment that takes it from an earlier operation.
    """
    if verdict.state is not S.DONE or verdict.answer is None:
        return verdict
    if speaks_of(verdict.answer, operation, invoice_id):
        failed = failed_payment(operation, verdict.answer)
        return failed or replace(verdict, answer=kept_answer(operation, verdict.answer))
    words = "Under this key the panel did something else than this plan says; compare with the panel, then decide."
    return Verdict(S.NEEDS_YOU, "odd-answer", detail=words)


def without(verdict: Verdict, code: SecretStr | None) -> Verdict:
    """``verdict`` without the one-time code, should a panel repeat it in its words or its answer (TRF-2)."""
    if code is None:
        return verdict

    def clean(text: str | None) -> str | None:
        return without_code(text, code) if text is not None else None

    return replace(
        verdict, code=clean(verdict.code), rule=clean(verdict.rule), detail=clean(verdict.detail),
        request_id=clean(verdict.request_id),
        answer=answer_without_code(verdict.answer, code) if verdict.answer is not None else None,
    )  # fmt: skip


def kept_answer(operation: Operation, answer: dict[str, Any]) -> dict[str, Any]:
    """What the journal keeps of the panel's answer to ``operation``.

    A purchase of a thousand servers is answered by a thousand orders and lines, a megabyte: kept are the invoice, its
    lines if they are few, and the ids of new orders. The rest is in the panel's lists, and read from there.
    """
    if operation.kind in ON_TICKETS:
        return ticket_answers.kept(operation, answer)
    if operation.kind in _SHORT:
        return transfer_answers.kept(operation, answer)
    if operation.kind not in PURCHASES:
        return answer
    kept: dict[str, Any] = {}
    invoice = answer.get("invoice")
    if isinstance(invoice, dict):
        lines = invoice.get("lines")
        many = isinstance(lines, list) and len(lines) > MOST_LINES
        kept["invoice"] = invoice | {"lines": [], "line_count": len(lines)} if many and lines else invoice
    orders = answer.get("orders")
    if isinstance(orders, list):
        kept["order_ids"] = [one["id"] for one in orders if isinstance(one, dict) and "id" in one]
    return kept


def speaks_of(answer: Mapping[str, Any], operation: Operation, invoice_id: str | None = None) -> bool:
    """Whether a panel's kept answer is about what ``operation`` does: its object, its amount, its method."""
    params = operation.params
    amount = operation.amount.model_dump(mode="json") if operation.amount is not None else None
    match operation.kind:
        case K.PAY:
            wanted = {"invoice_id": invoice_id or params.get("invoice_id"), "method": params.get("method")}
            return _has(answer, wanted | {"amount": amount})
        case K.RENEW | K.ORDER | K.ADDONS | K.PLAN_CHANGE:
            return _costs(answer.get("invoice"), operation) and _bought(answer, operation)
        case K.TOP_UP:
            return _has(answer.get("payment"), {"method": params.get("method"), "amount": amount})
        case K.COMBINE:
            return _has(answer, {"total": operation.facts.get("total")})
        case K.DELETE:
            return _has(answer, {"id": params.get("invoice_id")})
        case K.ACTION | K.RENAME | K.AUTO_RENEW:
            return _has(answer, {"id": params.get("order_id")})
        case K.SPLIT | K.MOVE:
            return "items" in answer
        case _ if operation.kind in ON_TICKETS:
            return ticket_answers.is_about(answer, operation)
        case _:
            return transfer_answers.is_about(answer, operation)


def _costs(invoice: object, operation: Operation) -> bool:
    """Whether it costs what was confirmed; at most that, where it may come out cheaper (:func:`at_most`)."""
    if not at_most(operation) or operation.amount is None:
        amount = operation.amount.model_dump(mode="json") if operation.amount is not None else None
        return _has(invoice, {"total": amount})
    try:
        total = Money.model_validate(invoice.get("total") if isinstance(invoice, Mapping) else None)
    except ValueError:
        return False
    return total.currency == operation.amount.currency and total <= operation.amount


def _bought(answer: Mapping[str, Any], operation: Operation) -> bool:
    """Whether a purchase of this total is this purchase: of these orders, or of these plans in these locations."""
    invoice = answer.get("invoice")
    lines = invoice.get("lines") if isinstance(invoice, Mapping) else None
    kind = invoice.get("kind") if isinstance(invoice, Mapping) else None
    if kind is not None and kind != _INVOICE_KINDS[operation.kind]:
        return False
    if operation.kind is K.ORDER:
        orders = answer.get("orders")
        if not isinstance(orders, list) or not all(isinstance(one, Mapping) for one in orders):
            return False
        wanted: Counter[str] = Counter()
        for one in operation.cells():
            wanted[cell_key(one.plan, one.location)] += one.quantity
        return Counter(cell_key(str(one.get("plan")), str(one.get("location"))) for one in orders) == wanted
    if not isinstance(lines, list) or not lines:
        return True  # a panel need not repeat the lines; the key and the total are what there is
    found = [line for line in lines if isinstance(line, Mapping)]
    if all(line.get("order_id") is None for line in found):
        return True  # nor say which line is of which order
    if operation.kind is K.PLAN_CHANGE:
        changes = [line.get("plan_change") for line in found]
        if any(isinstance(one, Mapping) and one.get("new_plan") != operation.params["plan"] for one in changes):
            return False
    return {str(line.get("order_id")) for line in found} == set(operation.billed_orders())


def _has(place: object, wanted: Mapping[str, object]) -> bool:
    return isinstance(place, Mapping) and all(place.get(name) == value for name, value in wanted.items())
