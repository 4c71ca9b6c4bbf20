"""Which events are told, and where (ACC-8)."""

from __future__ import annotations

from collections.abc import Mapping

from billtui.domain.refusal import Refusal

EVENTS: dict[str, str] = {
    "administration-invoice": "New invoice from the administration",
    "invoice-reminder": "Reminder of an unpaid invoice",
    "period-ending": "Paid period ends soon",
    "order-blocked": "Order blocked",
    "order-soon-deleted": "Overdue order is deleted soon",
}
"""Events with settings of their own, with what they are called. Every other event always goes by e-mail."""
EMAIL, TELEGRAM = "email", "telegram"
CHANNELS: dict[str, bool] = {EMAIL: True, TELEGRAM: False}
"""Where an event may go, and whether it does as long as nobody set anything."""
FIXED = frozenset({("order-soon-deleted", EMAIL)})
"""What cannot be turned off: whoever hears nothing of it loses a server."""
Settings = Mapping[str, Mapping[str, bool]]
"""What was set, by event and channel."""


def is_told(event: str, channel: str, settings: Settings) -> bool:
    """Whether ``event`` goes to ``channel`` with these settings."""
    if event not in EVENTS:
        return channel == EMAIL
    if (event, channel) in FIXED:
        return True
    return settings.get(event, {}).get(channel, CHANNELS[channel])


def setting_refusal(event: str, channel: str, on: bool) -> Refusal | None:
    """Why an event's channel cannot be set so."""
    if event not in EVENTS:
        return Refusal("unknown-notification", "ACC-8", f"There is no event of that name: choose {_either(EVENTS)}.")
    if channel not in CHANNELS:
        text = f"There is no channel of that name: choose {_either(CHANNELS)}."
        return Refusal("unknown-notification", "ACC-8", text)
    if (event, channel) in FIXED and not on:
        text = "The warning before an order is deleted cannot be turned off for e-mail."
        return Refusal("notification-fixed", "ACC-8", text)
    return None


def _either(names: Mapping[str, object]) -> str:
    return " or ".join(names)
