"""What the client's tests share: short deadlines and certificates."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from tests.client.client_kit import TOKEN, Certificate, Connect, make_certificate


@pytest.fixture
def connect() -> Connect:
    """``connect(url, **settings)``: a client with short deadlines and a token."""

    def make(url: str, token: str | None = TOKEN, **changes: Any) -> BillingClient:
        renewer = changes.pop("on_session_expired", None)
        given = {"read_deadline": 5.0, "write_deadline": 5.0, "retry_base": 0.001} | changes
        secret = None if token is None else SecretStr(token)
        return BillingClient(ConnectionSettings(url, **given), secret, on_session_expired=renewer)

    return make


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Made once, valid for a day around now."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "localhost")
