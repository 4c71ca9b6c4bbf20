"""Paying and renewing on several accounts: asked once, planned, confirmed and followed for each by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from billtui.domain.periods import PERIODS
from billtui.screens.modals.account_outcomes import AccountOutcomes
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.confirm_accounts import ConfirmAccounts
from billtui.screens.modals.prompt import Prompt
from billtui.services.accounts import AccountRow, AccountsDesk, Kind
from billtui.services.accounts.bulk import (
    AccountJob,
    AccountPlan,
    by_profile,
    follow,
    plan_payments,
    plan_renewals,
    rests,
    submit_all,
)
from billtui.services.accounts.files import write_plans
from billtui.services.journal import JobRow
from billtui.services.plans import PlanError
from billtui.widgets.formats import count_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

UNPAID = "unpaid"
_WAYS = {
    "internal": ("Internal balance", "Of each account its own"),
    "affiliate": ("Affiliate balance", "Of each account its own"),
    "promise": ("Promise to pay", "Each account commits to pay within 7 days; what cannot be promised is left out"),
}


async def pay_on_accounts(
    app: Shell, desk: AccountsDesk, rows: Sequence[AccountRow], confirmed: Callable[[], None]
) -> None:
    """Ask how, plan for each account, confirm, hand over. ``confirmed``: what was marked is used up."""
    ids = by_profile(rows, Kind.INVOICE)
    if skipped := sum(1 for row in rows if row.kind is Kind.ORDER):
        app.say(f"{count_text(skipped, 'order')} among them: R renews orders; only the invoices are paid now.")
    count = sum(map(len, ids.values()))
    title = f"Pay {count_text(count, 'invoice')} on {count_text(len(ids), 'account')}"
    choices = [Choice(key, name, detail) for key, (name, detail) in _WAYS.items()]
    method = await _ask(app, title, choices, len(ids), "How? Each account pays from its own.")
    if method is None:
        return
    app.say("Asking each account …")
    plans = await plan_payments(desk, ids, method)
    await _confirm(app, desk, plans, title, "Promise" if method == "promise" else "Pay", confirmed)


async def renew_on_accounts(
    app: Shell, desk: AccountsDesk, rows: Sequence[AccountRow], confirmed: Callable[[], None]
) -> None:
    """Ask for the period and how to pay, plan for each account, confirm, hand over."""
    ids = by_profile((row for row in rows if not row.refusal), Kind.ORDER)
    aside = [row for row in rows if row.kind is Kind.INVOICE or row.refusal]
    if aside:
        app.say(f"{count_text(len(aside), 'line')} set aside: {aside[0].title} is {aside[0].refusal or 'an invoice'}.")
    count = sum(map(len, ids.values()))
    title = f"Renew {count_text(count, 'order')} on {count_text(len(ids), 'account')}"
    periods = [Choice(str(months), count_text(months, "month")) for months in PERIODS]
    period = await _ask(app, title, periods, len(ids), "For how long?")
    if period is None:
        return
    choices = [Choice(UNPAID, "Only issue the invoices", "Only payment renews: the ends stay until they are paid")]
    choices += [Choice(key, name, detail) for key, (name, detail) in _WAYS.items()]
    method = await _ask(app, title, choices, len(ids), "How are the new invoices paid?")
    if method is None:
        return
    app.say("Asking each account for its prices …")
    plans = await plan_renewals(desk, ids, int(period), None if method == UNPAID else method)
    button = "Issue invoices" if method == UNPAID else "Renew and pay"
    await _confirm(app, desk, plans, title, button, confirmed)


async def _ask(app: Shell, title: str, choices: Sequence[Choice], accounts: int, note: str) -> str | None:
    dialog = ChoiceDialog(title, choices, note=note)
    dialog.about = count_text(accounts, "account")
    return await app.push_screen_wait(dialog)


async def _confirm(
    app: Shell,
    desk: AccountsDesk,
    plans: Sequence[AccountPlan],
    title: str,
    button: str,
    confirmed: Callable[[], None],
) -> None:
    while True:
        dialog = ConfirmAccounts(plans, app.settings, title=title, button=button)
        answer = await app.push_screen_wait(dialog)
        if answer:
            break
        if answer is None:
            app.say("Nothing was sent.")
            return
        if await _to_files(app, dialog.done):
            return
    confirmed()
    app.run_worker(app.boundary(_hand_over(app, desk, dialog.done)), group="profiles", exit_on_error=False)


async def _hand_over(app: Shell, desk: AccountsDesk, plans: Sequence[AccountPlan]) -> None:
    """In a worker of the program: what was confirmed is handed over whole, whatever happens to the list."""
    jobs = await submit_all(desk, plans)
    outcomes = AccountOutcomes(jobs, ascii_only=app.ascii_only)
    app.push_screen(outcomes)
    await asyncio.gather(*(_watch(app, desk, job, outcomes) for job in jobs))


async def _watch(app: Shell, desk: AccountsDesk, job: AccountJob, outcomes: AccountOutcomes) -> JobRow | None:
    """One account's job until it rests; once the dialog is closed, a message says how it ended."""
    row = await follow(desk, job, lambda row: outcomes.hear(job.profile.name, row))
    if row is not None and rests(row) and not outcomes.is_attached:
        if not any(hasattr(screen, "account_changed") for screen in app.screen_stack):
            await desk.release()  # nobody looks at the list any more, and this was what kept the session open
        words = ", ".join(f"{count} {state.value}" for state, count in row.counts.items() if count)
        app.say(f"{job.profile.name}: {words}.")
    return row


async def _to_files(app: Shell, plans: Sequence[AccountPlan]) -> bool:
    """Ask for a folder, and write each account's plan to a file of its own there; whether they are written."""
    folder, trouble = ".", ""
    while True:
        prompt = Prompt(
            "Write the plans to files", label=trouble or "Folder for one new file of each account", value=folder,
            button="Write", note="Nothing is sent. Carry each out with: billtui apply FILE --profile PROFILE",
            check=lambda text: None if text.strip() else "Type a folder, or press esc.",
        )  # fmt: skip
        prompt.about = count_text(len(plans), "account")
        typed = await app.push_screen_wait(prompt)
        if typed is None:
            return False
        folder = typed
        try:
            paths = await asyncio.to_thread(write_plans, typed, plans)
        except PlanError as error:
            trouble = str(error)
        else:
            app.say(f"Written, nothing was sent: {', '.join(path.name for path in paths)}.")
            return True
