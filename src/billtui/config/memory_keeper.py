"""A keeper of sign-ins that keeps nothing beyond the program's end."""

from __future__ import annotations

from billtui.config.credentials import SaveResult
from billtui.config.secret_sources import Credential


class MemoryKeeper:
    """Holds one credential in memory."""

    def __init__(self, credential: Credential | None) -> None:
        """Sign in with ``credential`` until somebody signs out; without one it is typed."""
        self._credential = credential

    def load(self) -> Credential | None:
        """What to sign in with."""
        return self._credential

    def save(self, credential: Credential) -> SaveResult:
        """Keep it until the program ends."""
        self._credential = credential
        return SaveResult("memory", None)

    def forget(self) -> list[str]:
        """Forget it: from now on it is typed. Nothing is left anywhere."""
        self._credential = None
        return []

    def missed(self) -> str:
        """Nobody else is asked."""
        return ""

    def cancel(self) -> None:
        """Nothing is ever waited for."""
