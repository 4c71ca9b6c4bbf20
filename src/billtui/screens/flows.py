"""From a plan to its confirmation and its job: the one way in which a screen changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr
from textual.content import Content

from billtui.domain.models import Account
from billtui.screens.base import BilltuiScreen
from billtui.screens.modals.choice import MessageDialog
from billtui.screens.modals.confirm import ConfirmPlan, needs_typing
from billtui.screens.modals.dialog import Fact
from billtui.screens.modals.prompt import Prompt
from billtui.services.journal import Busy, OperationRow
from billtui.services.panel_ways import ways_of
from billtui.services.plan_files import write_typed
from billtui.services.plans import Plan, PlanError
from billtui.services.session import NotSignedIn
from billtui.services.session_settings import NOBODY
from billtui.services.waits import Leaving, Question, asking, was_left

if TYPE_CHECKING:
    from billtui.screens.shell import Shell


OUTCOME: Final = Question("Waiting for the outcome", Leaving.GOES_ON)
ADDRESS: Final = Question("Asking for the address to pay at", Leaving.GOES_ON)
SIGN_IN_FIRST = "Nothing was sent yet: the session has ended. Sign in, and what you confirmed goes on."


def signed_in_account(app: Shell) -> Account:
    """The account that plans are made for. Raises NotSignedIn."""
    account = app.session.account
    if account is None:
        raise NotSignedIn(f"{NOBODY} Nothing was sent.")
    return account


async def confirm_and_submit(
    app: Shell,
    plan: Plan,
    *,
    button: str,
    facts: Sequence[Fact] = (),
    note: str = "",
    danger: bool = False,
    hold: bool = False,
    keep_marks: bool = False,
    type_word: str = "",
    type_label: str = "",
    rows: Sequence[str] = (),
    rows_title: str = "Server by server",
    codes: Mapping[int, SecretStr] | None = None,
) -> str | None:
    """Show ``plan``, and hand it to the executor if it is confirmed. Gives the job's id, or ``None``.

    What is marked is used up by it, unless it is a step on the way to something else (``keep_marks``). ``type_word``
    has to be typed; ``rows`` name one by one what the steps are about; ``codes`` are one-time codes by the operation's
    number, and such a plan goes into no file (TRF-2).
    """
    if not plan.operations:
        await say_nothing_left(app, plan)
        return None
    note = " ".join(filter(None, (note, *ways_of(app.session.traits, plan, ahead=app.session.paid_ahead()))))
    profile = app.profile
    limit = profile.confirm_limit if profile.confirm_limit is not None else app.settings.confirm_limit
    items = profile.confirm_items if profile.confirm_items is not None else app.settings.confirm_items
    while True:
        dialog = ConfirmPlan(
            plan,
            button=button,
            facts=facts,
            note=note,
            danger=danger,
            typed=needs_typing(plan, limit, items),
            type_word=type_word,
            type_label=type_label,
            rows=rows,
            rows_title=rows_title,
            to_file=not plan.coded,
        )
        answer = await app.push_screen_wait(dialog)
        if answer:
            if await app.sign_in_first(SIGN_IN_FIRST):
                break
            continue  # the plan stays where it was: confirmed again, or left
        if answer is None:
            app.say("Nothing was sent.")
            return None
        if await write_to_file(app, plan):
            return None
    job_id = app.submit(plan, hold=hold, codes=codes)
    if isinstance(app.screen, BilltuiScreen) and not keep_marks:
        app.screen.unmark()
    return job_id


async def write_to_file(app: Shell, plan: Plan) -> bool:
    """Ask where, and write ``plan`` there instead of carrying it out; whether it is written."""
    name, trouble = f"plan-{plan.id[:8]}.json", ""
    while True:
        note = "Nothing is sent. Read it with: billtui plan show FILE; carry it out with: billtui apply FILE"
        prompt = Prompt(
            "Write the plan to a file", label=trouble or "Path of a new file", value=name, button="Write", note=note,
            check=lambda text: None if text.strip() else "Type the path of a new file, or press esc.",
        )  # fmt: skip
        typed = await app.push_screen_wait(prompt)
        if typed is None:
            return False
        name = typed
        try:
            with asking("Looking at the panel as it is now"):
                path = await asyncio.to_thread(write_typed, typed, await app.session.with_panel_seen(plan))
        except FileExistsError:
            trouble = f"{typed.strip()} is there already, and is not overwritten: another name"
        except PlanError as error:
            trouble = str(error)
        except OSError as error:
            trouble = f"{typed.strip()} cannot be written ({error.strerror or error}): another path"
        else:
            app.say(f"Written to {path}; nothing was sent. Carry it out with: billtui apply {path}")
            return True


async def say_nothing_left(app: Shell, plan: Plan) -> None:
    """Why nothing of what was chosen can be done."""
    lines = [
        Content.assemble((str(one.title), "bold"), "\n  ", (str(one.reason), "$text-warning")) for one in plan.left_out
    ]
    body = Content("\n").join(lines) if lines else Content("There is nothing to do here.")
    await app.push_screen_wait(MessageDialog("This cannot be done now", body))


async def payment_refused(app: Shell, plan: Plan) -> bool:
    """Whether what was to be paid at once cannot be, and then says why.

    Buying and paying were asked for as one thing: an invoice that cannot be paid now is not issued unasked (ACC-4).
    """
    refused = tuple(one for one in plan.left_out if one.target == "invoice")
    if refused:
        await say_nothing_left(app, plan.model_copy(update={"operations": (), "left_out": refused}))
    return bool(refused)


async def job_ended(app: Shell, job_id: str, question: Question | None = None) -> None:
    """Wait until every outcome of a job of this program is final; at once where it is so already.

    With a ``question`` a person waits for it, and it is shown.
    """
    if not app.session.journal.job(job_id).finished:
        with asking(question):
            await app.job_finished(job_id)


def address_is_told(app: Shell) -> bool:
    """Whether nobody waits for an address to pay at any more: then it is said where it stands, and nothing comes up."""
    if was_left():
        app.say("The address to pay at is there: 4 Jobs, enter on the job, enter on its step.")
        return True
    return False


async def carried_out(app: Shell, plan: Plan) -> OperationRow:
    """Have a plan of one operation done at once, without a question; how it ended."""
    job_id = app.submit(plan)
    await job_ended(app, job_id, Question(str(plan.title), Leaving.GOES_ON))
    return app.session.journal.operations(job_id)[0]


def outcome_words(operation: OperationRow) -> str:
    """Why an operation is not done, in a sentence."""
    return str(operation.detail) if operation.detail else f"it is {operation.state}; the jobs (4) say more."


def busy_targets(app: Shell) -> dict[str, Busy]:
    """What has an open operation already, in this program or another on the same account."""
    account = signed_in_account(app)
    return app.session.journal.open_targets(account.panel_id.raw, account.account_id.raw)
