"""Sessions of the dialect."""

from __future__ import annotations

import pytest

from tests.sandbox.billmgr.kit import Browser, sign_in
from tests.support.panel import InProcessPanel


@pytest.fixture
async def shop(panel: InProcessPanel) -> Browser:
    """The first client, who owns the fleet."""
    return await sign_in(panel)


@pytest.fixture
async def desk(panel: InProcessPanel) -> Browser:
    """Somebody of support."""
    return await sign_in(panel, "support")
