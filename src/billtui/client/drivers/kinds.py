"""The kinds of panels, by the word that stands for each in a profile. A driver is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from billtui.client.errors import ConfigurationProblem

if TYPE_CHECKING:
    from billtui.client.drivers import Driver

HOMES: Final[Mapping[str, str]] = {
    "billing_v1": "billtui.client.drivers.billing_v1.driver:BillingV1",
    "rootpanel": "billtui.client.drivers.rootpanel.driver:RootPanel",
    "fossbilling": "billtui.client.drivers.fossbilling.driver:FossBilling",
    "billmanager": "billtui.client.drivers.billmanager.driver:BillManager",
}
"""Kind → module and class, which is made without arguments, or by ``for_profile(login, options)`` if it has that."""

TITLES: Final[Mapping[str, str]] = {
    "billing_v1": "Billing API v1",
    "fossbilling": "FOSSBilling",
    "rootpanel": "RootPanel gateway (apih.php)",
    "billmanager": "BILLmanager",
}
"""Every kind that a profile may name, as people call it."""


def title_of(kind: str) -> str:
    """What people call this kind."""
    return TITLES.get(kind, kind)


def driver_home(kind: str) -> Any:
    """The class of the driver for ``kind``. Raises ``ConfigurationProblem`` where there is none."""
    if kind not in HOMES:
        known = ", ".join(HOMES)
        if kind in TITLES:
            raise ConfigurationProblem(f"This billtui has no driver for {title_of(kind)} yet. It speaks with: {known}.")
        raise ConfigurationProblem(f"There is no kind of panel {kind!r}. Known: {known}.")
    module, _, name = HOMES[kind].partition(":")
    return getattr(import_module(module), name)


def make_driver(kind: str, login: str = "", options: Mapping[str, str] | None = None) -> Driver:
    """The driver for ``kind``. Raises ``ConfigurationProblem`` for a kind or an option that is not known.

    ``login`` is the profile's; ``options`` are its ``panel_options``: what a driver assumes, said otherwise.
    """
    home = driver_home(kind)
    given = dict(options or {})
    if hasattr(home, "for_profile"):
        driver: Driver = home.for_profile(login, given)
        return driver
    known_options(kind, given, {})
    plain: Driver = home()
    return plain


def known_options(kind: str, given: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Check a profile's ``panel_options`` by name. ``known`` is option → meaning. Raises ``ConfigurationProblem``."""
    strange = sorted(set(given) - set(known))
    if not strange:
        return
    if not known:
        raise ConfigurationProblem(f"A panel of the kind {kind} has no options; take out {', '.join(strange)}.")
    raise ConfigurationProblem(
        f"{title_of(kind)} has no option {', '.join(strange)}. It has: {', '.join(sorted(known))}."
    )
