"""From a plan to its confirmation and its job: the one way in which a screen changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from billtui.domain.models import Account
from billtui.screens.base import BilltuiScreen
from billtui.screens.modals.choice import MessageDialog
from billtui.screens.modals.confirm import ConfirmPlan, needs_typing
from billtui.screens.modals.dialog import Fact
from billtui.services.journal import Busy
from billtui.services.plans import Plan
from billtui.services.session import NotSignedIn

if TYPE_CHECKING:
    from billtui.screens.shell import Shell


def signed_in_account(app: Shell) -> Account:
    """The account that plans are made for. Raises NotSignedIn."""
    account = app.session.account
    if account is None:
        raise NotSignedIn("Nobody is signed in yet. Sign in first; nothing was sent.")
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
) -> str | None:
    """Show ``plan``, and hand it to the executor if it is confirmed. Gives the job's id, or ``None``."""
    if not plan.operations:
        await say_nothing_left(app, plan)
        return None
    profile = app.profile
    limit = profile.confirm_limit if profile.confirm_limit is not None else app.settings.confirm_limit
    items = profile.confirm_items if profile.confirm_items is not None else app.settings.confirm_items
    dialog = ConfirmPlan(
        plan,
        button=button,
        facts=facts,
        note=note,
        danger=danger,
        typed=needs_typing(plan, limit, items),
    )
    if not await app.push_screen_wait(dialog):
        app.say("Nothing was sent.")
        return None
    job_id = app.submit(plan, hold=hold)
    if isinstance(app.screen, BilltuiScreen):
        app.screen.unmark()
    return job_id


async def say_nothing_left(app: Shell, plan: Plan) -> None:
    """Why nothing of what was chosen can be done."""
    lines = [
        Content.assemble((str(one.title), "bold"), "\n  ", (str(one.reason), "$text-warning")) for one in plan.left_out
    ]
    body = Content("\n").join(lines) if lines else Content("There is nothing to do here.")
    await app.push_screen_wait(MessageDialog("This cannot be done now", body))


def busy_targets(app: Shell) -> dict[str, Busy]:
    """What has an open operation already, in this program or another on the same account."""
    account = signed_in_account(app)
    return app.session.journal.open_targets(account.panel_id.raw, account.account_id.raw)
