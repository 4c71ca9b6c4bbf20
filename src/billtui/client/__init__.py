"""The typed HTTP client for billing panels, usable as a library::

    from billtui.client import BillingClient, ConnectionSettings

    async with BillingClient(ConnectionSettings("https://panel.example"), token) as client:
        async for invoice in client.invoices.iterate(state="unpaid"):
            print(invoice.number, invoice.total)

Names are loaded when they are first used: importing ``billtui.client.errors`` alone loads neither models nor HTTP.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient as BillingClient
    from billtui.client.errors import BadAnswer as BadAnswer
    from billtui.client.errors import CapabilityMissing as CapabilityMissing
    from billtui.client.errors import CertificateProblem as CertificateProblem
    from billtui.client.errors import CircuitOpen as CircuitOpen
    from billtui.client.errors import ClientError as ClientError
    from billtui.client.errors import ConfigurationProblem as ConfigurationProblem
    from billtui.client.errors import ConnectionLost as ConnectionLost
    from billtui.client.errors import CursorExpired as CursorExpired
    from billtui.client.errors import Forbidden as Forbidden
    from billtui.client.errors import InvalidInput as InvalidInput
    from billtui.client.errors import LockedOut as LockedOut
    from billtui.client.errors import NotFound as NotFound
    from billtui.client.errors import NotSent as NotSent
    from billtui.client.errors import Outcome as Outcome
    from billtui.client.errors import OutcomeUnknown as OutcomeUnknown
    from billtui.client.errors import PriceChanged as PriceChanged
    from billtui.client.errors import RateLimited as RateLimited
    from billtui.client.errors import Refused as Refused
    from billtui.client.errors import RuleRefused as RuleRefused
    from billtui.client.errors import ServerTrouble as ServerTrouble
    from billtui.client.errors import SessionExpired as SessionExpired
    from billtui.client.errors import ShutOut as ShutOut
    from billtui.client.errors import SignInRefused as SignInRefused
    from billtui.client.errors import TimedOut as TimedOut
    from billtui.client.errors import TotpRequired as TotpRequired
    from billtui.client.errors import VersionMismatch as VersionMismatch
    from billtui.client.settings import ConnectionSettings as ConnectionSettings
    from billtui.client.settings import Write as Write
    from billtui.client.top_up import TopUp as TopUp

_HOME = {
    "BillingClient": "billtui.client.billing_client",
    "ConnectionSettings": "billtui.client.settings",
    "TopUp": "billtui.client.top_up",
    "Write": "billtui.client.settings",
}

__all__ = [
    "BadAnswer",
    "BillingClient",
    "CapabilityMissing",
    "CertificateProblem",
    "CircuitOpen",
    "ClientError",
    "ConfigurationProblem",
    "ConnectionLost",
    "ConnectionSettings",
    "CursorExpired",
    "Forbidden",
    "InvalidInput",
    "LockedOut",
    "NotFound",
    "NotSent",
    "Outcome",
    "OutcomeUnknown",
    "PriceChanged",
    "RateLimited",
    "Refused",
    "RuleRefused",
    "ServerTrouble",
    "SessionExpired",
    "ShutOut",
    "SignInRefused",
    "TimedOut",
    "TopUp",
    "TotpRequired",
    "VersionMismatch",
    "Write",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME.get(name, "billtui.client.errors")), name)
