"""What can be done with transfers: confirm and accept with codes, decline, cancel; and why not (TRF-2, TRF-3)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr
from textual.content import Content

from billtui.client.errors import ClientError
from billtui.commands import Command
from billtui.domain.models import Account, Transfer
from billtui.screens.flows import OUTCOME, busy_targets, confirm_and_submit, job_ended, signed_in_account
from billtui.screens.modals.choice import MessageDialog
from billtui.screens.modals.codes import CodesAnswer, CodesDialog, Waiting
from billtui.screens.modals.dialog import Fact, named
from billtui.screens.push_dialog import discount_facts, month_fact
from billtui.screens.transfer_mail import look_for_codes
from billtui.services import planner
from billtui.services.journal import OperationRow, OperationState
from billtui.services.pasted_codes import host_of
from billtui.services.plans import Plan
from billtui.services.session import NotSignedIn
from billtui.services.store import StoreReader, TransferRow
from billtui.services.transfer_preflight import Incoming, accept_preflight, plan_kinds
from billtui.services.transfers import is_running, turn_of
from billtui.services.waits import was_left
from billtui.widgets.formats import count_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell
    from billtui.services.session import Session

PATIENCE: Final = 30.0
"""Seconds to wait for the outcome of a step before the screen goes on without it."""
SIDES: Final = 3
"""So many other accounts are named one by one."""
FRESH: Final = 50
"""So many transfers are read anew before a step is planned."""
WRONG_CODE: Final = frozenset({"wrong-code", "code-needed"})
"""Refusals after which another code is asked for, with the rest as it was given."""
_KEY: Final = {"confirm": "f", "accept": "a"}
_KEYS: Final = {"confirm": "f confirms it, X cancels it", "accept": "a accepts it, D declines it"}
_PLANS: Final[Mapping[str, Callable[..., Plan]]] = {
    "confirm": planner.confirm_transfer,
    "accept": planner.accept_transfer,
}


def transfer_refusal(command: Command, rows: Sequence[TransferRow], session: Session) -> str | None:
    """Why a command cannot be used on these transfers, from what the list knows."""
    area, _, verb = command.id.partition(".")
    if area != "transfer" or not rows:
        return None
    one = rows[0]
    if verb in ("confirm", "accept"):
        wanted = [row for row in rows if _is_turn(row, verb)]
        return None if wanted else _why_not_yet(one, verb)
    if verb == "decline" and not any(_is_turn(row, "accept") for row in rows):
        return _why_not_yet(one, "decline")
    if verb == "cancel" and not any(row.direction == "out" and is_running(row) for row in rows):
        return _why_not_yet(one, "cancel")
    if verb == "order" and not session.closed and not session.store.order_rows([one.order_id]):
        return f"{one.order_name} is {one.counterparty}'s: it is not among your orders."
    return None


def _is_turn(row: TransferRow, step: str) -> bool:
    turn = turn_of(row)
    return turn is not None and turn.yours and turn.step == step


def _why_not_yet(row: TransferRow, verb: str) -> str:
    """The reason and the way out, for one transfer."""
    name, other = row.order_name or row.order_id, row.counterparty
    turn = turn_of(row)
    if turn is None:
        return f"The transfer of {name} is {row.state}: nothing is left to do (TRF-3)."
    if turn.yours:
        return f"{name} waits for you to {turn.step}: {_KEYS[turn.step]}."
    if row.direction == "out":
        return f"{name} is confirmed and waits for {other} to accept; X cancels it."
    return f"{name} comes from {other}, who alone can {verb} it (TRF-3): {_KEYS['accept']}."


# --- with codes


async def confirm_transfers(app: Shell, ids: Sequence[str], step: str) -> None:
    """Ask for the codes of the chosen transfers and of those of the same push, then confirm or accept them (TRF-2)."""
    await give_codes(app, step, ids, {})


async def give_codes(app: Shell, step: str, ids: Sequence[str], codes: Mapping[str, SecretStr]) -> None:
    """Ask for what is missing of the codes, show the plan, and send it; a wrong code is asked for anew.

    Nothing that was given is lost on the way: what was refused stays in the list with the reason, and what the line
    swallowed before it was sent keeps its code.
    """
    account = signed_in_account(app)
    given = dict(codes)
    problems: dict[str, str] = {}
    trouble = ""
    while True:
        waiting = _waiting(app, ids, step, problems)
        if not waiting:
            _say_over(app, ids, step)
            return
        if problems or trouble or not given.keys() >= {one.row.id for one in waiting}:
            answer = await _ask(app, account, step, waiting, given, trouble)
            if answer is None:
                names = waiting[0].row.order_name if len(waiting) == 1 else count_text(len(waiting), "transfer")
                app.say(f"{names}: still waits for you to {step}. Transfers (8), then {_KEY[step]}.")
                return
            given = dict(answer.codes)
            if answer.mail:
                wanted = [one.row.id for one in waiting]
                found = await look_for_codes(app, wanted)
                given |= {one.transfer_id: one.code for one in found if one.step == step}
                ids = list(dict.fromkeys([*ids, *given]))
                continue
        trouble = ""
        try:
            job = await _submit(app, account, step, given)
        except ClientError as error:
            trouble = f"{error} Nothing was sent."
            continue
        if job is None:
            return
        refused = await _outcome(app, job)
        again = [one for one in refused if one.code in WRONG_CODE or one.state is OperationState.NOT_SENT]
        await _say_refused(app, [one for one in refused if one not in again])
        if not again:
            return
        problems = {_transfer_of(one): str(one.detail or "refused") for one in again}
        unsent = {_transfer_of(one) for one in again if one.state is OperationState.NOT_SENT}
        ids, given = list(problems), {key: code for key, code in given.items() if key in unsent}


def _waiting(app: Shell, ids: Sequence[str], step: str, problems: Mapping[str, str]) -> list[Waiting]:
    """The chosen ones that wait for this step, then the others of their pushes (TRF-7)."""
    store = app.session.store
    chosen = [row for row in store.transfer_rows(ids).values() if _is_turn(row, step)]
    chosen.sort(key=lambda row: list(ids).index(row.id))
    pushes = {row.push_id for row in chosen if row.push_id}
    seen = {row.id for row in chosen}
    others = [row for row in store.transfers_running() if row.push_id in pushes and row.id not in seen]
    rows = [*chosen, *(row for row in others if _is_turn(row, step) and not problems)]
    return [Waiting(row, problems.get(row.id, "")) for row in rows]


async def _ask(
    app: Shell,
    account: Account,
    step: str,
    waiting: Sequence[Waiting],
    given: Mapping[str, SecretStr],
    trouble: str,
) -> CodesAnswer | None:
    def known(transfer_id: str) -> TransferRow | None:
        return app.session.store.transfer_rows([transfer_id]).get(transfer_id)

    return await app.push_screen_wait(
        CodesDialog(
            step,
            waiting,
            now=int(app.session.now().timestamp()),
            address=str(account.email),
            host=host_of(app.profile.url),
            known=known,
            offered=lambda row: _is_turn(row, step),
            codes=given,
            trouble=trouble,
            with_mail=app.capability_refusal("sandbox.mail") is None,
        )
    )


async def _in_full(app: Shell, ids: Sequence[str]) -> list[Transfer]:
    """The transfers in full; of many the copy's: each is read anew before its step is sent anyhow."""
    if len(ids) <= FRESH:
        return await app.session.transfers_by_ids(ids)
    found = (app.session.store.transfer(key) for key in ids)
    return [one for one in found if one is not None]


async def _submit(app: Shell, account: Account, step: str, given: Mapping[str, SecretStr]) -> str | None:
    transfers = await _in_full(app, list(given))
    plan = _PLANS[step](account, transfers, busy=busy_targets(app), profile=app.profile.name)
    codes = {}
    for operation in plan.operations:
        codes[operation.number] = given[str(operation.params["transfer_id"])]
    count = len(plan.operations)
    facts = _facts(transfers)
    if step == "confirm":
        note = "They move once the recipient has accepted. X cancels until then; after 72 hours it expires by itself."
    else:
        note = "They become yours at once, with their price, their paid time and their length of use (TRF-5)."
        facts += await _own_month(app, transfers)
    return await confirm_and_submit(
        app,
        plan,
        button="Confirm" if step == "confirm" else f"Accept {count_text(count, 'server')}",
        facts=facts,
        note=note if count > 1 else _singular(note),
        codes=codes,
    )


async def _own_month(app: Shell, transfers: Sequence[Transfer]) -> list[Fact]:
    """What a month costs the recipient before and after; worked out beside the loop (DSC-2, TRF-5)."""
    catalogue = await app.session.catalogue()
    path, now = app.session.store.path, app.session.now()
    found = await asyncio.to_thread(_incoming, path, transfers, plan_kinds(catalogue.plans), now)
    month = month_fact(found.effect, found.effect.added_monthly, "what comes", found.undiscounted)
    facts = [month, *discount_facts(found.effect)]
    if found.unpriced:
        facts.append(Fact("Without", f"{count_text(len(found.unpriced), 'server')} whose price is not told"))
    if found.addons_untold:
        facts.append(Fact("Besides", "add-ons that they may have: this panel does not tell their price"))
    return [*facts, Fact("At most", "their length of use comes along and may lower it")]


def _incoming(path: Path | None, transfers: Sequence[Transfer], kinds: Mapping[str, str], now: datetime) -> Incoming:
    """In a thread, with a reader of its own."""
    reader = StoreReader(path)
    try:
        return accept_preflight(reader.orders(), transfers, kinds, now)
    finally:
        reader.close()


def _singular(note: str) -> str:
    return note.replace("They move", "It moves").replace("They become", "It becomes").replace("their", "its")


def _facts(transfers: Sequence[Transfer]) -> list[Fact]:
    """Whom they come from or go to."""
    sides = dict.fromkeys(
        ("From" if one.direction == "in" else "To", str(one.counterparty), str(one.counterparty_account_id or ""))
        for one in transfers
    )
    facts = [
        Fact(label, f"{named(login)} (account ID {named(account)})" if account else named(login), strong=True)
        for label, login, account in list(sides)[:SIDES]
    ]
    if len(sides) > SIDES:
        more = count_text(len(sides) - SIDES, "other account")
        facts.append(Fact("And", f"{more}, named at each server below", strong=True))
    return facts


# --- without codes


async def decline_transfers(app: Shell, ids: Sequence[str]) -> None:
    """The recipient's no to what is chosen; sent at once (TRF-3)."""
    note = "The servers stay with their owner, who is told by mail. They can be pushed to you again."
    await _end(app, ids, planner.decline_transfer, "Decline", note)


async def cancel_transfers(app: Shell, ids: Sequence[str], *, keep_marks: bool = False) -> str | None:
    """The sender's no to what is chosen; sent at once: until then the other side can accept (TRF-3)."""
    note = "The servers stay yours and are unlocked; the codes of the mails hold no more."
    return await _end(app, ids, planner.cancel_transfer, "Cancel the transfer", note, keep_marks)


async def _end(
    app: Shell, ids: Sequence[str], make: Callable[..., Plan], button: str, note: str, keep_marks: bool = False
) -> str | None:
    account = signed_in_account(app)
    transfers = await _in_full(app, ids)
    if not transfers:
        app.say("These transfers are not there any more; press r to refresh.", "warning")
        return None
    plan = make(account, transfers, busy=busy_targets(app), profile=app.profile.name)
    count = len(plan.operations)
    words = button if count <= 1 else button.replace("the transfer", count_text(count, "transfer"))
    facts = _facts(transfers)
    return await confirm_and_submit(app, plan, button=words, danger=True, facts=facts, note=note, keep_marks=keep_marks)


# --- outcomes


async def outcome_of(app: Shell, job: str) -> list[OperationRow] | None:
    """The operations of a job once every outcome is final; ``None`` where nobody waits for that any more.

    That is where it takes longer than a person waits, or was left: no question comes up out of nowhere then.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            await job_ended(app, job, OUTCOME)
    except TimeoutError:
        app.say("Its outcome is not known yet: 4 shows the job, 8 what became of it.", "warning")
        return None
    with contextlib.suppress(ClientError, NotSignedIn):  # the copy follows once the line is back
        await app.session.refresh()
    if was_left():
        return None
    return app.session.journal.operations(job)


async def _outcome(app: Shell, job: str) -> list[OperationRow]:
    """The refused operations of a job."""
    rows = await outcome_of(app, job)
    wanted = (OperationState.REFUSED, OperationState.NOT_SENT)
    return [row for row in rows or () if row.state in wanted]


def _transfer_of(row: OperationRow) -> str:
    return next((one.partition(":")[2] for one in row.targets if one.startswith("transfer:")), "")


async def _say_refused(app: Shell, refused: Sequence[OperationRow]) -> None:
    """Each refused one with the panel's words."""
    if not refused:
        return
    lines = [
        Content.assemble((str(row.title), "bold"), "\n  ", (str(row.detail or row.code or ""), "$text-warning"))
        for row in refused
    ]
    await app.push_screen_wait(MessageDialog("Not done", Content("\n").join(lines)))


def _say_over(app: Shell, ids: Sequence[str], step: str) -> None:
    """Nothing of what was chosen waits for this step any more: what became of it."""
    rows = list(app.session.store.transfer_rows(ids).values())
    if not rows:
        app.say("That transfer is not there, or is another account's; press r to refresh.", "warning")
        return
    app.say(_why_not_yet(rows[0], step), "warning")
