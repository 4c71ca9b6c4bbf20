"""A forgotten password: a code by mail, then a new password with it (ACC-3). Nobody is signed in meanwhile.

Both calls are made once and never journalled: their bodies are secrets, and the panel keeps no answer for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from billtui.client.errors import ClientError, InvalidInput, NotSent, OutcomeUnknown
from billtui.domain.safetext import SafeText
from billtui.services.pasted_codes import host_of, linked_host
from billtui.services.waits import Leaving, Question

if TYPE_CHECKING:
    from billtui.services.session_core import SessionCore
    from billtui.services.session_thread import LoopThread

CODE_LIFE = "The code is good once, for 24 hours; asking again makes the older one worthless."
NEUTRAL = f"If this is the primary e-mail of an account, a mail with a code is on its way to it. {CODE_LIFE}"
"""What is said after asking, whoever asked: nobody learns here which addresses exist (ACC-3)."""

NOT_KNOWN = (
    "The answer was lost: whether the password was changed is not known. Sign in with the new password to see; if that"
    " is refused, the old one still holds."
)

_MAIL: Final = Question("Asking for the mail with the code", left="The mail may be on its way all the same.")
_WORDS = {
    "recovery-code-used": "This code was used already: a password was set with it. If that was not you, ask for a new"
    " code at once.",
    "recovery-code-expired": "This code has expired: it was good for 24 hours. Ask for a new one.",
    "recovery-code-voided": "A newer code was asked for, so this one is worth nothing. Use the newest mail, or ask for"
    " a new code.",
    "recovery-code-unknown": "There is no such code. Check what was typed, or paste the mail's whole link; or ask for a"
    " new code.",
}


class Recovery:
    """Recovers passwords on a session's panel. Await it in the interface's loop."""

    def __init__(self, threads: LoopThread, core: SessionCore) -> None:
        """The session's own loop and its inside."""
        self._threads = threads
        self._core = core

    async def ask(self, email: str) -> None:
        """Ask for the mail; every address is answered alike (:data:`NEUTRAL`). Raises ClientError."""
        await self._threads.ask(self._ask(email.strip()), _MAIL)

    async def confirm(self, code: SecretStr, new: SecretStr) -> None:
        """Set ``new`` with the code of the mail. Raises RuleRefused (:func:`explain`), OutcomeUnknown, ClientError.

        The link of another panel's mail is not sent here (NotSent): with its code anybody sets a password there.
        """
        check_host(code.get_secret_value(), host_of(self._core.settings.connection.url))
        await self._threads.ask(
            self._confirm(SecretStr(code_of(code.get_secret_value())), new),
            Question("Setting the new password", Leaving.HOLDS),
        )

    async def _ask(self, email: str) -> None:
        await (await self._core.client()).account.ask_recovery(email)

    async def _confirm(self, code: SecretStr, new: SecretStr) -> None:
        await (await self._core.client()).account.recover(code, new)


def code_of(typed: str) -> str:
    """The code in what was typed or pasted: the code itself, or the mail's link, whose fragment ends with it."""
    text = typed.strip()
    _, marked, fragment = text.rpartition("#")
    return (fragment if marked else text).rpartition("=")[2].strip() if "://" in text else text


def check_host(typed: str, host: str) -> None:
    """Raises NotSent for a link that leads elsewhere than to ``host``; its code stands in no word of that."""
    before, link, _ = typed.strip().partition("#")
    found = linked_host(before) if link else ""
    if found not in ("", host):
        words = f"That link leads to {SafeText(found[:80])}, and this panel is {host}: its code was not sent here."
        raise NotSent(f"{words} Recover that password with the profile of that panel.")


def explain(error: ClientError) -> str:
    """Why the new password was not set, and what to do instead: each refusal in words of its own (ACC-3)."""
    if isinstance(error, OutcomeUnknown):
        return NOT_KNOWN
    if isinstance(error, InvalidInput) and error.problem is not None and error.problem.fields:
        return " ".join(str(text) for text in error.problem.fields.values())
    return _WORDS.get(error.code, str(error))
