"""The address of a second factor (``otpauth://totp/…``), made shorter for a small QR code, and its secret to type."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

_DEFAULTS = {"algorithm": "SHA1", "digits": "6", "period": "30"}
"""What every app takes for granted."""


def shorter(address: str) -> str:
    """``address`` without parameters that say what is the default anyway; unchanged where it is of another form."""
    parts = urlsplit(address)
    if parts.scheme != "otpauth" or parts.netloc != "totp":
        return address
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if _DEFAULTS.get(name, "").casefold() != value.casefold() or name not in _DEFAULTS
    ]
    # A slash needs no escape in a query, and apps write it as it is: escaped, the address would become longer.
    query = urlencode(kept, safe="/", quote_via=quote)
    return f"otpauth://totp{parts.path}?{query}"


def in_groups(secret: str, size: int = 4) -> str:
    """A secret in groups to be typed without losing one's place; blanks mean nothing to an app."""
    plain = secret.replace(" ", "")
    return " ".join(plain[at : at + size] for at in range(0, len(plain), size))
