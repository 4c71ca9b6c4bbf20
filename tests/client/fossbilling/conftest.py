"""A stand-in panel and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.client.drivers.kinds import make_driver
from tests.panels.fossbilling_panel import FossPanel

Client = Callable[..., BillingClient]


@pytest.fixture
def panel() -> Iterator[FossPanel]:
    with FossPanel() as running:
        yield running


@pytest.fixture
def client(panel: FossPanel) -> Client:
    """``client()`` by API key; ``client(token=None)`` signs in by itself; ``client(role="staff")``."""

    def make(token: str | None = "", tries: int = 2, **options: str) -> BillingClient:
        key = panel.staff_key if options.get("role") == "staff" else panel.api_key
        given = None if token is None else SecretStr(token or key)
        settings = ConnectionSettings(panel.url, tries=tries, retry_base=0.01, read_deadline=10, write_deadline=10)
        return BillingClient(settings, given, driver=make_driver("fossbilling", "", options))

    return make
