"""What must become of transfers, worked out beside the panel by other means than its rules (TRF)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
RUNNING = ("awaiting sender", "awaiting recipient")
ACTOR = {"confirm": "sender", "accept": "recipient", "decline": "recipient", "cancel": "sender"}
WRONG_CODES = 10


@dataclass
class Held:
    """One transfer."""

    id: str
    order: str
    sender: int
    recipient: int
    state: str
    expires: datetime | None
    known: bool = False
    codes: dict[str, str] = field(default_factory=dict)
    wrong: list[datetime] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        return self.state in RUNNING

    def side(self, account: int) -> str | None:
        """Who the account is in it, as far as it knows of it."""
        if account == self.sender:
            return "sender"
        return "recipient" if self.known and account == self.recipient else None


@dataclass(frozen=True)
class Period:
    """What time will do to an order."""

    end: datetime
    renews_at: datetime | None
    """When auto-renewal is sure to issue an invoice."""


@dataclass
class TransferModel:
    """Owners, transfers and mails, after every step."""

    owners: dict[str, int] = field(default_factory=dict)
    transfers: dict[str, Held] = field(default_factory=dict)
    mails: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    """(account, event, transfer) of every mail about a transfer."""

    def running(self, order: str) -> Held | None:
        """The transfer that locks an order."""
        found = [one for one in self.transfers.values() if one.order == order and one.runs]
        assert len(found) <= 1
        return found[0] if found else None

    def pushed(self, transfer: str, order: str, recipient: int, now: datetime) -> None:
        """The sender has a mail and 72 hours."""
        sender = self.owners[order]
        self.transfers[transfer] = Held(transfer, order, sender, recipient, RUNNING[0], now + 72 * HOUR)
        self.mails[sender, "transfer-confirmation", transfer] += 1

    def expected(self, one: Held, account: int, action: str, code: str, now: datetime) -> str | None:
        """The code of the refusal of a step, ``None`` if it must be taken (TRF-2, TRF-3)."""
        side = one.side(account)
        if side is None:
            return "not-found"
        if side != ACTOR[action]:
            return f"not-the-{ACTOR[action]}" if one.runs else "transfer-over"
        right = one.codes.get(action)
        if action == "confirm" and one.state == "awaiting recipient":
            return "code-used" if code == right else "already-confirmed"
        if action == "accept" and one.state == "completed" and code == right:
            return "code-used"
        if not one.runs:
            return "transfer-over"
        if action in ("confirm", "accept"):
            if sum(now - HOUR < at for at in one.wrong) >= WRONG_CODES:
                return "too-many-wrong-codes"
            if code != right:
                return "wrong-code"
        return None

    def stepped(self, one: Held, action: str, now: datetime) -> None:
        """A step was taken."""
        if action == "confirm":
            one.state, one.expires, one.known = "awaiting recipient", now + 72 * HOUR, True
            self.mails[one.recipient, "transfer-acceptance", one.id] += 1
            return
        if action == "accept":
            self.owners[one.order] = one.recipient
        end = {"accept": "completed", "decline": "declined", "cancel": "cancelled"}[action]
        self._end(one, end, one.sender if action == "cancel" else one.recipient)

    def _end(self, one: Held, state: str, by: int | None) -> None:
        one.state, one.expires = state, None
        for account in (one.sender, *((one.recipient,) if one.known else ())):
            if state == "completed" or account != by:
                self.mails[account, f"transfer-{state}", one.id] += 1

    def passed(self, periods: dict[str, Period], now: datetime) -> None:
        """Time went on to ``now``: transfers expired, or gave way to what time did to their orders (TRF-3, TRF-6)."""
        for one in self.transfers.values():
            if not one.runs or one.expires is None:
                continue
            period = periods[one.order]
            gives_way = min(at for at in (period.end, period.renews_at) if at is not None)
            if min(one.expires, gives_way) <= now:
                self._end(one, "expired" if one.expires <= gives_way else "cancelled", None)
