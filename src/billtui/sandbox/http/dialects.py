"""What the middleware has to know of the dialects of other panels, served beside the panel's own interface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import Scope

LONG_REQUEST = "billtui.long-request"
"""Key in ``scope["extensions"]``: the milliseconds for which a request counts as being worked at (faults)."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect: everything is asked at one address, and what is asked stands in the form."""

    serves: Callable[[str], bool]
    """Whether a path is of this dialect."""
    path_of: Callable[[Scope, bytes], str]
    """The path by which a request is told from others, made of its form: ``/billmgr/service.prolong``."""
    expire_session: Callable[[Scope, bytes], Awaitable[None]]
    """Let the session of a request be over."""
    largest_body: int = 0
    """In bytes; 0: as everywhere."""
