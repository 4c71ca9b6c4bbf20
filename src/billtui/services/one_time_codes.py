"""One-time codes of transfers (TRF-2): read from what a person pastes, and what is said where one is missing.

A code is a secret: it goes from the field, or from standard input, straight to the executor's memory, and from there
into one request. It stands in no plan, journal, plan file, log, title or picture.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from billtui.services.plans import OperationKind

K = OperationKind

CODE_NEEDED: Final = "code-needed"
"""Code of an operation that was not sent because its one-time code is not there any more."""
STEP_OF: Final = {K.TRANSFER_CONFIRM: "confirm", K.TRANSFER_ACCEPT: "accept"}
"""The steps that need a code; so the fragment of a mail's link is named, and the verb of the command line."""
_CODE = re.compile(r"[A-Za-z0-9._~-]{4,200}")
_LONG_ENOUGH: Final = 6
"""A shorter text is no code of a mail, and may stand in any sentence by chance."""


class NoCode(ValueError):
    """What was typed or pasted is no code for this step; the message says why and what to give instead."""


def code_of(pasted: str, kind: OperationKind, transfer_id: str | None = None) -> SecretStr:
    """The code in a pasted link of the mail, or the bare code. Raises NoCode; its message never repeats what was given.

    ``kind`` is the step that it is for. A link of the other step, or of another transfer than ``transfer_id``, is
    refused, before a request is lost on it.
    """
    text = "".join(pasted.split())
    step = STEP_OF[kind]
    if not text:
        raise NoCode(f"Nothing was given. The code stands in the mail; its whole link does as well ({step}).")
    if "://" in text or "#" in text:
        linked, code = _of_link(text, step)
        if transfer_id is not None and linked and linked != transfer_id:
            raise NoCode("That link is for another transfer: paste the one of the mail about this order.")
        return code
    if not _CODE.fullmatch(text):
        raise NoCode("That is no code: it has letters, digits and dashes. The whole link of the mail does as well.")
    return SecretStr(text)


def link_of(pasted: str, kind: OperationKind) -> tuple[str, SecretStr]:
    """The transfer that a mail's link is for, and its code. Raises NoCode, also for a bare code."""
    text = "".join(pasted.split())
    linked, code = _of_link(text, STEP_OF[kind])
    if not linked:
        raise NoCode("That link names no transfer: give the whole link of the mail.")
    return linked, code


def _of_link(text: str, step: str) -> tuple[str, SecretStr]:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise NoCode("That link cannot be read: paste the whole link of the mail, or the code alone.") from None
    name, _, code = parts.fragment.partition("=")
    if name not in STEP_OF.values() or not code:
        raise NoCode("That link carries no code: paste the whole link of the mail, or the code alone.")
    if name != step:
        whose = "the sender's, to confirm" if name == "confirm" else "the recipient's, to accept"
        raise NoCode(f"That link is {whose}; this step is to {step}. Paste the link of the other mail.")
    found = unquote(code)
    if not _CODE.fullmatch(found):
        raise NoCode("The code in that link cannot be read: paste the link again, or the code alone.")
    return unquote(parts.path).rstrip("/").rpartition("/")[2], SecretStr(found)


def code_needed_words(kind: OperationKind, targets: Iterable[str]) -> str:
    """What is said of a step that was not sent for want of its code, with the way out."""
    transfer = next((one.partition(":")[2] for one in targets if one.startswith("transfer:")), "ID")
    step = STEP_OF.get(kind, "accept")
    return (
        "It was not sent: its one-time code was in memory only, and is gone with the program that had it. "
        f"Give the code again: billtui transfers {step} id:{transfer}."
    )


def without_code(text: str, code: SecretStr | None) -> str:
    """``text`` of a panel without the code, should the panel repeat it."""
    secret = code.get_secret_value() if code is not None else ""
    return text.replace(secret, "(the code)") if len(secret) >= _LONG_ENOUGH else text


def answer_without_code(answer: dict[str, Any], code: SecretStr | None) -> dict[str, Any]:
    """``answer`` of a panel without the values that repeat the code."""
    secret = code.get_secret_value() if code is not None else ""
    if len(secret) < _LONG_ENOUGH:
        return answer
    return {name: value for name, value in answer.items() if secret not in json.dumps(value, ensure_ascii=False)}
