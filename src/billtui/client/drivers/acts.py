"""Writes on panels that know no idempotency keys: what is looked at before one, and what a lost answer is found by.

Before such a write is sent, the driver reads what it will need to recognise the effect (:meth:`Driver.before`): the
*picture*. It is written down durably. If the answer is lost, or the program dies, the driver reads again and compares
(:meth:`Driver.found`). Both only read.

**The picture** is small plain JSON (:data:`MOST_BYTES`), and what a person sees where no verdict is possible: its names
are shown as words, ``_`` as a space, so they are words (``balance``, ``paid_until``, ``unpaid_invoices``,
``newest_orders``); its values are texts, numbers, booleans, ``None``, or lists and objects of those; money as
``"12.00 EUR"``, instants as ISO 8601 in UTC. ``Finding.now`` has the same names, so that both lie side by side. No
secret stands in it.

**The answer** of a finding has the shape of the model that the call returns, ``model_dump(mode="json")``, as if the
answer had not been lost:

- ``{"invoice": Invoice}`` for ``order.renew``, ``order.addons`` and ``order.change-plan``;
- ``{"invoice": Invoice, "orders": [Order, …]}`` for ``order.new``;
- ``Payment`` for ``invoice.pay``, ``Invoice`` for ``invoice.delete``;
- ``{"invoice": Invoice, "payment": Payment}`` for ``balance.top-up``;
- ``Order`` for ``order.action``, ``order.rename`` and ``order.auto-renew``;
- ``Ticket`` for ``ticket.new``, ``{"message": …, "ticket": …}`` (``PostedMessage``) for ``ticket.reply``, ``Ticket``,
  or ``{"items": [Ticket, …]}`` where there are several, for ``ticket.change``.

It is held against the plan like any other answer: one about another amount, invoice or order proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from billtui.domain.money import Money

MOST_BYTES: Final = 100_000
"""Most bytes of a picture as JSON; newest ids rather than whole lists keep it small."""

Picture = dict[str, Any]
State = Literal["done", "not-done", "unclear"]


@dataclass(frozen=True, slots=True)
class Act:
    """One write that is about to be sent, or was."""

    kind: str
    """A value of ``services.operation_kinds.OperationKind``: ``invoice.pay``, ``order.renew``, ``order.new``,
    ``invoice.delete``, ``order.action``, ``order.rename``, ``order.auto-renew``, ``balance.top-up``, ``ticket.new``,
    ``ticket.reply`` (a note where ``internal``), ``ticket.change`` …; the same words stand in ``Traits.repeatable``."""
    params: Mapping[str, Any]
    """Its parameters by ``operation_kinds.PARAMS``: ``order_ids``, ``period``, ``cells``, ``promo_code``, ``body``,
    ``subject`` …; for ``invoice.pay`` always with ``invoice_id`` beside ``method``."""
    amount: Money | None = None
    """What it is to cost, where it moves or bills money."""
    targets: tuple[str, ...] = ()
    """What it is done to: ``invoice:ID``, ``order:ID``, ``ticket:ID`` …"""
    key: str = ""
    """The operation's key (``Plan.key``) before it is sent: what it makes may carry a mark of it, which the picture
    notes for the time after. Empty afterwards."""

    def text(self, name: str) -> str:
        """A parameter as text; empty where it is none."""
        value = self.params.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """A parameter that is a list of texts; empty where it is none."""
        value = self.params.get(name)
        return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []


@dataclass(frozen=True, slots=True)
class Finding:
    """What reading the panel again says about a write whose answer was lost."""

    state: State
    """``done`` only on proof: the panel shows this very effect, and did not before. ``not-done`` only where the effect
    would have to be seen and is not. Everything else is ``unclear``, also where more than this could have caused it."""
    words: str
    """One sentence for a person: what was seen that says so."""
    now: Picture = field(default_factory=dict)
    """The panel as it is now, by the names of the picture before."""
    answer: dict[str, Any] | None = None
    """For ``done``: what the panel would have answered."""


def is_small(picture: Mapping[str, Any]) -> bool:
    """Whether a picture is plain JSON of a size that is kept."""
    try:
        return len(json.dumps(picture, allow_nan=False)) <= MOST_BYTES
    except (TypeError, ValueError, RecursionError):
        return False
