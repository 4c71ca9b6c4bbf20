"""How the HTTP libraries are told to behave, once, before the first connection; none of them is loaded by it."""

from __future__ import annotations

import importlib.util
import logging
import sys


def settle_event_loop_library() -> None:
    """Tell httpcore once that there is no sniffio: without it, each lock of each request searches the whole path for
    that module (a third of a request's time). Where sniffio is installed, it stays."""
    if "sniffio" not in sys.modules and importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # the documented way to say "cannot be imported"


def silence_loggers() -> None:
    """Keep the HTTP libraries from logging addresses, headers and timing (they log all of it at DEBUG)."""
    for name in ("httpx", "httpcore", "h11", "asyncio.ssl"):
        logger = logging.getLogger(name)
        logger.disabled = True
        logger.propagate = False
    for name in ("connection", "http11", "http2", "proxy", "socks"):
        logger = logging.getLogger(f"httpcore.{name}")
        logger.disabled = True
        logger.propagate = False
        logger.setLevel(logging.CRITICAL)
