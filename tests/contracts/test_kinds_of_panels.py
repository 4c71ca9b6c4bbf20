"""The kinds that a profile may name, and the drivers that there are, are the same words."""

from __future__ import annotations

import pytest

from billtui.client.drivers.kinds import HOMES, TITLES, make_driver
from billtui.client.errors import ConfigurationProblem
from billtui.config.kinds import KINDS, USUAL_KIND


def test_every_driver_can_be_named_and_every_kind_has_a_title() -> None:
    assert set(HOMES) <= set(KINDS) == set(TITLES)
    assert USUAL_KIND in HOMES


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_driver_or_is_refused_in_words(kind: str) -> None:
    if kind in HOMES:
        driver = make_driver(kind, "ann", {})
        assert driver.capabilities and driver.name
        with pytest.raises(ConfigurationProblem, match="no_such_option"):
            make_driver(kind, "ann", {"no_such_option": "x"})
    else:
        with pytest.raises(ConfigurationProblem, match="no driver for"):
            make_driver(kind)
