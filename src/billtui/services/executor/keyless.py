"""One operation at a time on panels without idempotency keys, and a look back before anything goes a second time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from billtui.client.errors import ClientError
from billtui.services.executor.run import Run
from billtui.services.findings import find, makes_new, may_repeat, refused_indeed
from billtui.services.journal import OperationRow, OperationState
from billtui.services.settle import Verdict

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient
    from billtui.services.executor.desk import Desk
    from billtui.services.plans import Operation

logger = logging.getLogger(__name__)
S = OperationState
_LOOK: Final = 0.1
"""Seconds between two looks at whether another operation has its outcome; it doubles up to a second."""
_NOT_SEEN: Final = "Whether anything was done before that could not be seen; its outcome is looked up."


def bound_invoice(targets: tuple[str, ...]) -> str | None:
    """The invoice that an operation is about, where it is about one."""
    return targets[0].removeprefix("invoice:") if len(targets) == 1 and targets[0].startswith("invoice:") else None


async def until_alone(desk: Desk, run: Run, number: int) -> bool:
    """Wait until nothing else of the account is being sent or unknown, in any program; whether it may go now.

    The journal checks that once more when it is sent. After a while it ends as not sent: what a line or a person keeps
    open for long must not send anything later by surprise.
    """
    loop, pause = asyncio.get_running_loop(), _LOOK
    until = loop.time() + desk.limits.alone
    told = False
    while run.states.get(number) is S.PREPARED and run.paused is None and not desk.closing.is_set():
        desk.stirred.clear()
        others = desk.reader.under_way(run.plan.panel_id, run.plan.account_id)
        if not others:
            return True
        job_id, other = others[0]
        words = f"Operation {other} of job {job_id[:8]} has no known outcome yet, and this panel knows no keys."
        if loop.time() > until and not run.sends.get(number):
            fields = {"code": "other-open", "detail": f"{words} Nothing was sent; send it again when that is settled."}
            await desk.move_surely(run, number, S.NOT_SENT, S.PREPARED, **fields)
            return False
        if not told:
            desk.tell(run, error=f"{words} What is next waits for that.")
            told = True
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await desk.stirred.wait()
        pause = min(pause * 2, 1.0)
    return False


async def look(desk: Desk, run: Run, row: OperationRow, client: BillingClient) -> Verdict:
    """Compare the panel with the picture of ``row`` from the journal. Raises ClientError, JournalError."""
    operation = desk.as_invoiced(run.plan, run.operation(row.number))
    others = row.picture is not None and makes_new(operation) and desk.reader.sent_since(row)
    return await find(client, operation, bound_invoice(row.targets), row.picture, desk.clock(), others=others)


async def known_before_again(desk: Desk, run: Run, operation: Operation, client: BillingClient) -> Verdict | None:
    """What a look back says about an operation that was begun before and is said not to be executed (401, 429).

    ``None``: it may be sent. It is not believed blindly where a second time would cost money. Raises ClientError.
    """
    number = operation.number
    if not run.sends.get(number) or may_repeat(client.driver.traits, operation):
        return None
    row = desk.reader.operation(run.job_id, number)
    if row.picture is None:
        return None
    verdict = await look(desk, run, row, client)
    if verdict.state is S.DONE:
        return verdict
    if (verdict.finding or {}).get("state") == "not-done":
        return None
    return Verdict(S.UNKNOWN, verdict.code, detail=verdict.detail, finding=verdict.finding)


async def after_refusal(
    desk: Desk,
    client: BillingClient,
    operation: Operation,
    invoice_id: str | None,
    picture: Mapping[str, Any] | None,
    refused: Verdict,
) -> Verdict:
    """``refused``, unless the panel looks as if it had done something before it said no: then it is unknown.

    Without a picture it is believed. Raises nothing but cancellation.
    """
    if picture is None:
        return refused
    try:
        if await refused_indeed(client, operation, invoice_id, picture, desk.clock()):
            return refused
        words = f"{refused.detail} But something has changed on the panel since; its outcome is looked up."
    except ClientError:
        words = f"{refused.detail} {_NOT_SEEN}"
    except Exception:  # whatever went wrong in here, the request has left, and the panel may have done something
        logger.exception("looking back after a refusal failed in the program")
        words = f"{refused.detail} {_NOT_SEEN}"
    return Verdict(S.UNKNOWN, refused.code, refused.rule, words, refused.request_id)
