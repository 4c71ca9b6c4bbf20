"""The kinds of panels, by the word that stands for each in a profile. A driver is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from billtui.client.drivers import Driver
from billtui.client.errors import ConfigurationProblem

HOMES: Final[Mapping[str, str]] = {
    "billing_v1": "billtui.client.drivers.billing_v1.driver:BillingV1",
}
"""Kind → module and class, which is made without arguments, or by ``for_profile(login, options)`` if it has that."""


def make_driver(kind: str, login: str = "", options: Mapping[str, str] | None = None) -> Driver:
    """The driver for ``kind``. Raises ``ConfigurationProblem`` for a kind or an option that is not known.

    ``login`` is the profile's; ``options`` are its ``panel_options``: what a driver assumes, said otherwise.
    """
    if kind not in HOMES:
        raise ConfigurationProblem(f"There is no kind of panel {kind!r}. Known: {', '.join(HOMES)}.")
    module, _, name = HOMES[kind].partition(":")
    home = getattr(import_module(module), name)
    given = dict(options or {})
    if hasattr(home, "for_profile"):
        driver: Driver = home.for_profile(login, given)
        return driver
    if given:
        raise ConfigurationProblem(f"A panel of the kind {kind} has no options; take out {', '.join(sorted(given))}.")
    plain: Driver = home()
    return plain
