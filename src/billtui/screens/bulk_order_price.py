"""The panel's price of what is being chosen: asked for after a pause in typing; late answers are dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from billtui.client.errors import ClientError, Refused
from billtui.domain.models import OrderRequest
from billtui.services.offers import Offer
from billtui.services.order_draft import OrderDraft
from billtui.services.session_settings import SessionRefused
from billtui.services.waits import was_left

if TYPE_CHECKING:
    from billtui.services.session import Session

CODE_REFUSED = "promo-"
"""How the problem codes of a promo code that does not hold begin (DSC-6)."""


LEFT = "The panel's price is not asked for any more; r asks again."
"""What stands in the place of a price that nobody waited for."""


class LivePrice:
    """Holds the price of the draft that was asked about last, or why there is none."""

    def __init__(self, session: Callable[[], Session]) -> None:
        """``session`` gives the session at work."""
        self._session = session
        self._draft: OrderDraft | None = None
        self.offer: Offer[OrderRequest] | None = None
        self.asking = False
        self.trouble = ""
        """Why there is no price."""
        self.code_problem = ""
        """Why the code does not hold; the price is without it."""

    def changed(self, draft: OrderDraft) -> None:
        """Something else is wanted: the price known so far is of something that is gone."""
        if draft != self._draft:
            before = self._draft
            self._draft = draft
            self.offer = None
            self.asking = bool(draft.cells)
            self.trouble = ""
            if before is None or before.promo_code != draft.promo_code:
                self.code_problem = ""

    @property
    def expired(self) -> bool:
        """Whether the price does not hold any more (DSC-8)."""
        return self.offer is not None and self.offer.expires_at <= self._session().now()

    def is_of(self, draft: OrderDraft) -> bool:
        """Whether what is known is the price of ``draft`` as it stands: the names may have been left away for it."""
        if self.offer is None:
            return False
        return all((one.names.raw if one.names is not None else "") == draft.names for one in self.offer.requests)

    async def ask(self, draft: OrderDraft, *, names_hold: bool) -> None:
        """Price ``draft``; an answer to what is not wanted any more changes nothing. Without error of its own."""
        if not draft.cells:
            self.asking = False
            return
        self.asking = True
        try:
            offer, problem = await self._priced(draft, names_hold)
        except (ClientError, SessionRefused) as error:
            if draft == self._draft:
                self.fail(error)
            return
        except asyncio.CancelledError:
            if was_left() and draft == self._draft:
                self.trouble, self.asking = LEFT, False
            raise
        if draft == self._draft:
            self.offer, self.code_problem, self.trouble, self.asking = offer, problem, "", False

    def fail(self, error: ClientError | SessionRefused) -> None:
        """There is no price, and why."""
        self.offer, self.asking = None, False
        self.trouble = f"{error} What you typed is kept; r asks again."

    def ask_anew(self) -> None:
        """The price known so far is not good enough any more."""
        self.offer, self.trouble, self.asking = None, "", self._draft is not None and bool(self._draft.cells)

    async def _priced(self, draft: OrderDraft, names_hold: bool) -> tuple[Offer[OrderRequest], str]:
        wanted = draft if names_hold else draft.model_copy(update={"names": ""})
        session = self._session()
        try:
            return await session.offer_order(wanted.request()), ""
        except Refused as error:
            if not draft.promo_code or not _about_the_code(error):
                raise
            problem = error.fact
        return await session.offer_order(wanted.request(with_code=False)), problem


def _about_the_code(error: Refused) -> bool:
    """Whether it is the code that does not hold, or is not known."""
    named = error.problem is not None and "promo_code" in error.problem.fields
    return named or error.code.startswith(CODE_REFUSED)
