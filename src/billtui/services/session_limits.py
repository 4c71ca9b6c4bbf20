"""What an account can on its kind of panel, known without asking: from its copy, while nobody is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.client.drivers.capabilities import Limits, web_address
from billtui.config.kinds import USUAL_KIND
from billtui.services.session_settings import SessionSettings

if TYPE_CHECKING:
    from billtui.domain.models import Account


class KnownLimits:
    """The limits of the profile's panel and account. From any thread."""

    def __init__(self, settings: SessionSettings) -> None:
        """``settings`` name the kind of panel and its address."""
        self._settings = settings
        self._last: tuple[Account, Limits] | None = None

    @property
    def web_page(self) -> str:
        """Address of the panel's page for people, where the kind of panel has one to point to."""
        if self._settings.kind == USUAL_KIND:
            return ""
        return web_address(self._settings.connection.url, self._settings.driver().traits.web)

    def of(self, account: Account) -> Limits:
        """What ``account`` can, by what the panel told about it when it was copied."""
        last = self._last
        if last is None or last[0] is not account:
            told = account.capabilities or None
            if self._settings.kind == USUAL_KIND:
                limits = Limits.usual(told)
            else:
                limits = Limits.of(self._settings.driver(), self._settings.connection.url, told)
            self._last = last = (account, limits)
        return last[1]
