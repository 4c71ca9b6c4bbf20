"""A lost answer on a panel without idempotency keys: found by comparing the panel with its picture before the request.

Nothing here sends anything. ``done`` needs proof, and what is not proven is decided by a person; only what is the same
done once or twice (``Traits.repeatable``) goes again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from billtui.client.drivers.acts import Act, Finding
from billtui.client.errors import BadAnswer, Refused
from billtui.domain.models import Invoice, InvoiceState
from billtui.services.journal.states import OperationState
from billtui.services.operation_kinds import SPENDING, WRITTEN
from billtui.services.panel_ways import pays_by_itself
from billtui.services.plans import Operation, OperationKind
from billtui.services.settle import Verdict, failed_payment, held_against

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient
    from billtui.client.drivers.traits import Traits

S = OperationState
Json = dict[str, Any]

PICTURE_AGE: Final = timedelta(hours=24)
"""A picture older than this proves nothing: an automatic renewal or another person may have done the like meanwhile.

Nor does one that is so much of the future: whenever the clock was wrong, its age is not known."""

FOUND: Final = "found"
"""Code of what was done by what the panel shows, without its answer."""
NOT_DONE: Final = "not-done"
UNCLEAR: Final = "unclear"
PAID_AT_ONCE: Final = "paid-at-once"
"""Code of what the panel paid from the balance by itself."""
NO_PICTURE: Final = "no-picture"
TOO_OLD: Final = "too-old"
_COMPARE: Final = "Compare with the panel, then say what happened; it is not sent again by itself."


def act_of(operation: Operation, invoice_id: str | None, key: str = "") -> Act:
    """``operation`` as a driver is told of it; ``invoice_id`` of a payment that takes it from an earlier operation.

    Before it is sent also its ``key`` (``Plan.key``).
    """
    params: Json = dict(operation.params)
    if operation.kind is OperationKind.PAY and invoice_id is not None:
        params["invoice_id"] = invoice_id
    bound = (f"invoice:{invoice_id}",) if invoice_id is not None and operation.takes_from is not None else ()
    return Act(operation.kind.value, params, operation.amount, operation.targets or bound, key)


def may_repeat(traits: Traits, operation: Operation) -> bool:
    """Whether a request for ``operation`` may go again without anybody asking: never what bills, pays, orders or writes
    to somebody, whatever a driver says."""
    return traits.keys or (operation.kind.value in traits.repeatable and operation.kind not in SPENDING | WRITTEN)


async def take_picture(client: BillingClient, act: Act, now: datetime, after: int) -> Json | None:
    """What is kept before ``act`` is sent; ``None`` where there is nothing to compare. Raises ClientError.

    ``after`` is the journal's last line before it was looked at.
    """
    seen = await client.outcomes.before(act)
    return None if seen is None else {"at": _text(now), "after": after, "seen": seen}


async def refused_indeed(
    client: BillingClient, operation: Operation, invoice_id: str | None, picture: Mapping[str, Any], now: datetime
) -> bool:
    """Whether nothing of what the panel refused is to be seen there. Raises ClientError where it cannot be read.

    A panel may bill, and then stumble over something else and say no. That is not done by itself where nothing at all
    has changed, though a driver would not call that proof for an answer that was lost.
    """
    verdict = await find(client, operation, invoice_id, picture, now)
    finding = verdict.finding or {}
    return finding.get("state") == "not-done" or finding.get("now") == picture["seen"]


async def find(
    client: BillingClient,
    operation: Operation,
    invoice_id: str | None,
    picture: Mapping[str, Any] | None,
    now: datetime,
    *,
    others: bool = False,
) -> Verdict:
    """What comparing says about ``operation``, whose answer was lost. Raises ClientError where it cannot be read.

    ``others``: the like was sent from here since the picture was taken, so what is new may be theirs (:func:`makes_new`
    says for which kinds that matters). ``state`` is done, prepared (provably not done, and the same done twice), or
    needs-you.
    """
    if picture is None:
        words = f"This panel knows no keys, and nothing was there to compare with. {_COMPARE}"
        return Verdict(S.NEEDS_YOU, NO_PICTURE, detail=words)
    try:
        found = await client.outcomes.found(act_of(operation, invoice_id), picture["seen"])
    except (Refused, BadAnswer) as error:
        found = Finding("unclear", f"Looking it up did not work: {error.message}")
    verdict = _verdict(client.driver.traits, operation, invoice_id, found)
    if verdict.state is S.DONE and abs(now - datetime.fromisoformat(picture["at"])) > PICTURE_AGE:  # or a wrong clock
        words = f"{found.words} But it was sent more than a day ago: something else can have caused that. {_COMPARE}"
        verdict = Verdict(S.NEEDS_YOU, TOO_OLD, detail=words)
    if verdict.state is S.DONE and others:
        words = f"{found.words} But the like was sent from here since then: it may be the effect of that. {_COMPARE}"
        verdict = Verdict(S.NEEDS_YOU, UNCLEAR, detail=words)
    kept = {"at": _text(now), "state": found.state, "words": found.words, "now": found.now}
    return replace(verdict, finding=kept)


def _verdict(traits: Traits, operation: Operation, invoice_id: str | None, found: Finding) -> Verdict:
    if found.state == "done":
        if found.answer is None and operation.kind in SPENDING:
            return Verdict(S.NEEDS_YOU, UNCLEAR, detail=f"{found.words} What it came to is not known. {_COMPARE}")
        verdict = Verdict(S.DONE, FOUND, detail=found.words, answer=found.answer)
        held = held_against(verdict, operation, invoice_id)
        if held.state is not S.DONE:
            words = f"{found.words} But that is not what this plan says. {_COMPARE}"
            return Verdict(S.NEEDS_YOU, held.code, detail=words)
        return held
    if found.state == "not-done" and may_repeat(traits, operation):
        return Verdict(S.PREPARED, NOT_DONE, detail=f"{found.words} Nothing happened.")
    return Verdict(S.NEEDS_YOU, NOT_DONE if found.state == "not-done" else UNCLEAR, detail=f"{found.words} {_COMPARE}")


def makes_new(operation: Operation) -> bool:
    """Whether its effect is something new, which does not say what it came from: two of a kind look alike.

    What is done to an invoice, an order or a ticket is seen there, and nothing else may be sent about that meanwhile.
    """
    return not any(one.startswith(("invoice:", "order:", "ticket:", "transfer:")) for one in operation.targets)


def paid_at_once(traits: Traits, operation: Operation, answer: Json) -> Verdict:
    """What was answered: done, unless a payment failed; and paid already, where the panel pays and says so."""
    if (failed := failed_payment(operation, answer)) is not None:
        return failed
    invoice = answer.get("invoice")
    if pays_by_itself(traits, operation.kind) and isinstance(invoice, Mapping) and invoice.get("state") == "paid":
        words = "The panel paid its invoice from the balance at once."
        return Verdict(S.DONE, PAID_AT_ONCE, detail=words, answer=answer)
    return Verdict(S.DONE, answer=answer)


def paid_by_panel(operation: Operation, invoice: Invoice) -> Verdict | None:
    """A payment whose invoice the panel has paid by itself: it is done, and nothing is sent; ``None`` if it is not."""
    if invoice.state != InvoiceState.PAID or invoice.total != operation.amount:
        return None
    answer = {
        "id": invoice.id.raw, "invoice_id": invoice.id.raw, "method": operation.text("method"), "state": "done",
        "amount": invoice.total.model_dump(mode="json"),
    }  # fmt: skip
    words = f"Invoice {invoice.number} was paid by the panel from the balance at once; nothing was sent for it."
    return Verdict(S.DONE, PAID_AT_ONCE, detail=words, answer=answer)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
