"""The guide's field for the login: what it takes for one goes by the kind of panel that was found."""

from __future__ import annotations

import pytest

from billtui.config.kinds import KINDS, USUAL_KIND
from billtui.screens.guide_draft import login_refusal


@pytest.mark.parametrize("kind", KINDS)
def test_an_email_is_a_login_where_the_panel_says_so(kind: str) -> None:
    """ACC-1 is a rule of the Billing API: others know people by their e-mail (wire: FOSSBilling, ``email``)."""
    assert (login_refusal("olena@example.org", kind) is not None) is (kind == USUAL_KIND)
    assert login_refusal("olena.marsh", kind) is None and login_refusal("", kind) is None
    assert login_refusal("olena\n@example.org", kind) is not None
