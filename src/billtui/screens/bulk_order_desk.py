"""What the order of many servers holds besides its widgets: the draft, what is sold, the price, the names."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from billtui.client.errors import ClientError
from billtui.config.errors import ConfigError
from billtui.screens.bulk_order_price import LivePrice
from billtui.screens.bulk_order_text import Standing
from billtui.services.order_draft import OrderDraft, OrderDrafts
from billtui.services.order_estimate import Cell, estimate, left_out_of
from billtui.services.order_names import NamePreview
from billtui.services.session_settings import Catalogue, SessionRefused

if TYPE_CHECKING:
    from billtui.domain.models import Account
    from billtui.services.session import Session


class OrderDesk:
    """The draft of one account on one panel, and everything that is known about it."""

    def __init__(self, session: Callable[[], Session]) -> None:
        """``session`` gives the session at work."""
        self._session = session
        self.draft = OrderDraft()
        self.catalogue = Catalogue()
        self.stock: dict[Cell, int] | None = None
        self.asked = False
        """Whether the panel was asked what is sold, and has answered or failed."""
        self.price = LivePrice(session)
        self.drafts: OrderDrafts | None = None
        self._taken: tuple[object, frozenset[str]] = (None, frozenset())
        """The state of the copy, and the names of the account's orders in it."""
        self.names_shown = ""
        self.names_problem = ""
        """What is wrong with the pattern of names."""
        self.pasted = ""
        """Lines that were not understood: they stand in the dialog when it is opened again."""
        self._account = ("", "")

    def is_of(self, account: Account) -> bool:
        """Whether the draft is ``account``'s."""
        return self._account == (account.panel_id.raw, account.account_id.raw)

    def open(self, account: Account) -> OrderDrafts:
        """From now on ``account``'s."""
        self._account = (account.panel_id.raw, account.account_id.raw)
        self.drafts = OrderDrafts(self._session().settings.state_dir, *self._account)
        return self.drafts

    def leave(self) -> None:
        """Nothing of this account holds any more."""
        self._account, self.drafts, self.draft = ("", ""), None, OrderDraft()
        self.catalogue, self.stock, self.asked = Catalogue(), None, False

    async def load(self) -> None:
        """What is sold and how many there are. Raises ClientError, SessionRefused."""
        session = self._session()
        try:
            self.catalogue = await session.catalogue()
            await self.read_stock()
        finally:
            self.asked = True

    def keep(self) -> str:
        """Write the draft to its file; a sentence where that is not possible."""
        if self.drafts is None:
            return ""
        try:
            self.drafts.save(self.draft)
        except (ConfigError, OSError) as error:
            return f"What you typed holds until the program ends, but cannot be kept: {error}"
        return ""

    def standing(self) -> Standing:
        """How the order stands now."""
        price = self.price
        known = self.draft if self.catalogue.plans else OrderDraft()
        guess = estimate(known, self.catalogue, self.stock)
        left_out = guess.left_out
        if price.offer is not None:
            left_out = left_out_of(price.offer.excluded, self.draft, self.stock)
        return Standing(self.draft, guess, left_out, price.offer, price.asking, price.trouble, price.code_problem)

    def names(self) -> NamePreview:
        """What patterns give for what is in now."""
        return NamePreview(self.standing().cells, self._names_taken())

    def _names_taken(self) -> frozenset[str]:
        store = self._session().store
        state = (store.path, store.generation())
        if self._taken[0] != state:
            self._taken = (state, frozenset(row.name for row in store.orders()))
        return self._taken[1]

    def preview_names(self) -> None:
        """Work the pattern out once more: with many servers that is no matter of every key."""
        pattern = self.draft.names
        names = self.names() if pattern else NamePreview({}, frozenset())
        self.names_shown, self.names_problem = names.words(pattern), names.problem(pattern)

    async def ask_price(self) -> None:
        """Ask the panel for the price of the draft; where that tells of another stock than known, for the stock too."""
        await self.price.ask(self.draft, names_hold=not self.names_problem)
        offer = self.price.offer
        if offer is None or self.stock is None:
            return
        known = {one.cell for one in estimate(self.draft, self.catalogue, self.stock).left_out}
        if known != {one.cell for one in left_out_of(offer.excluded, self.draft, self.stock)}:
            with contextlib.suppress(ClientError, SessionRefused):  # the price stands without it
                await self.read_stock()

    async def read_stock(self) -> None:
        """How many there are now. Raises ClientError, SessionRefused."""
        stock = await self._session().stock()
        self.stock = {(one.plan.raw, one.location.raw): one.available for one in stock}
