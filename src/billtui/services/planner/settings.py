"""Plans that change the account's settings: which event is told where (ACC-8)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from billtui.domain.models import Account
from billtui.domain.refusal import Refusal
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft, counted
from billtui.services.plans import OperationKind, Plan

K = OperationKind
TARGET = "account"
NAMED = 3
"""Changes that the title names, one by one; of more it says how many."""


def notifications(
    account: Account,
    settings: Mapping[str, Mapping[str, bool]],
    *,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Set channels of events, ``{event: {"email": on}}``; what is not named stays (ACC-8).

    What is so already, cannot be turned off, or is not known to the panel, is left out with the reason.
    """
    draft = Draft(account, K.NOTIFY, profile, busy or {})
    rules = {rule.event.raw: rule for rule in account.notifications}
    wanted: dict[str, JsonValue] = {}
    before: dict[str, JsonValue] = {}
    changes: list[str] = []
    for event, channels in settings.items():
        rule = rules.get(event)
        title = str(rule.title or rule.event) if rule is not None else event
        now = {channel.raw: on for channel, on in rule.channels.items()} if rule is not None else {}
        fixed = {channel.raw for channel in rule.fixed} if rule is not None else set()
        taken: dict[str, JsonValue] = {}
        for channel, on in channels.items():
            what = f"{title} by {channel}"
            if channel not in now:
                words = "The panel knows no such setting: choose one of those that it lists."
                draft.refuse(TARGET, what, Refusal("unknown-setting", "ACC-8", words))
            elif now[channel] == on:
                words = f"It is {_word(on)} already."
                draft.refuse(TARGET, what, Refusal("nothing-to-do", "ACC-8", words))
            elif channel in fixed and not on:
                words = f"{title} is always told by {channel}: it cannot be turned off."
                draft.refuse(TARGET, what, Refusal("setting-fixed", "ACC-8", words))
            else:
                taken[channel] = on
                changes.append(f"{what}: {_word(on)}")
        if taken:
            wanted[event] = taken
            before[event] = {channel: now[channel] for channel in taken}
    if wanted and not draft.taken([TARGET], "Notifications"):
        many = f"Change {counted(len(changes), 'notification')}"
        title = "; ".join(changes) if len(changes) <= NAMED else many
        draft.add(K.NOTIFY, [TARGET], title, params={"settings": wanted}, facts={"settings": before})
    return draft.plan(draft.named("Change no notification"))


def _word(on: bool) -> str:
    return "on" if on else "off"
