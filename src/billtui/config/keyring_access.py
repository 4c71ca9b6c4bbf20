"""The desktop's secret store, through a process of its own that is killed after 3 seconds.

A locked collection with nobody to answer its prompt blocks for ever, and a blocked thread would hang quitting as well;
a process can be killed. It is asked over its standard input, so no secret is in a command line or an environment.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from typing import Literal, NamedTuple

from pydantic import SecretStr

from billtui.config.keyring_process import KEYRING_SECONDS
from billtui.config.limited_process import Cancelled, SaidTooMuch, TookTooLong, run_limited

Operation = Literal["status", "get", "set", "delete"]

_REASONS = {
    "none": "no usable keyring on this machine",
    "off": "the keyring is turned off in its own configuration",
    "refused": "the configured keyring is not one that billtui trusts with secrets",
    "locked": "the keyring is locked; unlock it and try again",
    "missing": "the keyring library is not installed",
    "failed": "the keyring does not work",
}


_ORDINARY = ("none", "off", "refused", "missing")
"""A host where no keyring is used: nothing can be kept in it, and nothing can be missing from it."""


class KeyringAnswer(NamedTuple):
    """What the keyring said: ``problem`` is empty when it answered; ``backend`` is the one that did, by name."""

    backend: str = ""
    secret: SecretStr | None = None
    problem: str = ""
    in_trouble: bool = False
    """There is a keyring, which may hold something, but it does not give it: locked, silent, broken."""


class KeyringAccess:
    """Talks to the keyring process. After a failure it is not asked again for the life of this object."""

    def __init__(
        self,
        *,
        seconds: float = KEYRING_SECONDS,
        backend: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """``backend`` ("module:Class") and ``environment`` put another keyring in the place of the desktop's."""
        self.seconds = seconds
        self._backend = backend
        self._environment = environment
        self._given_up: KeyringAnswer | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End a question that is being waited for, from another thread; no later one is asked."""
        self._cancelled.set()

    def ask(self, operation: Operation, user: str = "", secret: SecretStr | None = None) -> KeyringAnswer:
        """One question; at most ``seconds`` long. Never raises: what went wrong is in ``problem``, in words."""
        if self._given_up is not None:
            return self._given_up
        answer = self._ask(operation, user, secret)
        if answer.problem:
            self._given_up = answer
        return answer

    @property
    def last_trouble(self) -> KeyringAnswer | None:
        """The failure after which it is not asked any more."""
        return self._given_up

    def try_again(self) -> None:
        """Forget an earlier failure, e.g. after the keyring was unlocked."""
        self._given_up = None

    def _ask(self, operation: Operation, user: str, secret: SecretStr | None) -> KeyringAnswer:
        if not sys.executable:
            return KeyringAnswer(problem="the keyring process cannot be started")
        question = {
            "operation": operation,
            "user": user,
            "secret": secret.get_secret_value() if secret is not None else None,
        }
        # -P: the present directory is not on the module path, so nothing lying there is run.
        argv = [sys.executable, "-P", "-m", "billtui.config.keyring_process"]
        if self._backend is not None:
            argv += ["--backend", self._backend]
        try:
            code, output = run_limited(
                argv,
                stdin=json.dumps(question).encode(),
                seconds=self.seconds,
                environment=self._environment,
                cancelled=self._cancelled,
            )
        except TookTooLong:
            return KeyringAnswer(
                problem=f"the keyring did not answer within {self.seconds:g} s (it may be waiting to be unlocked)",
                in_trouble=True,
            )
        except Cancelled:
            return KeyringAnswer(problem="the keyring was not waited for")
        except (SaidTooMuch, OSError):
            return KeyringAnswer(problem="the keyring process cannot be used", in_trouble=True)
        return _understood(code, output)


def _understood(code: int, output: bytes) -> KeyringAnswer:
    try:
        answer = json.loads(output)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return KeyringAnswer(problem=f"the keyring process ended with exit code {code}", in_trouble=True)
    backend = answer.get("backend")
    name = backend if isinstance(backend, str) and backend.isprintable() else ""
    if (error := answer.get("error")) is not None:
        reason = _REASONS.get(str(error), _REASONS["failed"])
        detail = answer.get("detail")
        shown = f" ({detail})" if isinstance(detail, str) and detail.isprintable() and detail else ""
        return KeyringAnswer(name, None, f"{reason}{shown}", in_trouble=str(error) not in _ORDINARY)
    secret = answer.get("secret")
    return KeyringAnswer(name, SecretStr(secret) if isinstance(secret, str) else None)
