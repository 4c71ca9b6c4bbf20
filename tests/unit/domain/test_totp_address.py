"""The address of a second factor, shorter for a small QR code, and its secret to be typed (ACC-6)."""

from __future__ import annotations

from urllib.parse import quote

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.totp_address import in_groups, shorter

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NAMES = st.text(st.characters(codec="utf-8", exclude_characters=":", exclude_categories=("Cs", "Cc")), max_size=20)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            f"otpauth://totp/Panel:olena?secret={SECRET}&issuer=Panel&algorithm=SHA1&digits=6&period=30",
            f"otpauth://totp/Panel:olena?secret={SECRET}&issuer=Panel",
        ),
        (
            f"otpauth://totp/x?secret={SECRET}&digits=8&period=60&algorithm=SHA256",
            f"otpauth://totp/x?secret={SECRET}&digits=8&period=60&algorithm=SHA256",
        ),
        (
            f"otpauth://totp/%2F:a?secret={SECRET}&issuer=/&digits=8",
            f"otpauth://totp/%2F:a?secret={SECRET}&issuer=/&digits=8",
        ),
        ("otpauth://hotp/x?secret=A&digits=6", "otpauth://hotp/x?secret=A&digits=6"),
        ("nothing of the kind", "nothing of the kind"),
    ],
)
def test_only_what_is_the_default_anyway_is_left_away(address: str, expected: str) -> None:
    assert shorter(address) == expected


@given(issuer=NAMES, login=NAMES, digits=st.sampled_from([6, 8]), interval=st.sampled_from([30, 60]))
def test_an_app_reads_the_same(issuer: str, login: str, digits: int, interval: int) -> None:
    """As another reader of such addresses sees it: same secret, same digits, same period, never longer."""
    label = f"{quote(issuer)}:{quote(login)}" if issuer else quote(login)
    address = f"otpauth://totp/{label}?secret={SECRET}&digits={digits}&period={interval}"
    address += f"&issuer={quote(issuer)}" if issuer else ""
    short = shorter(address)
    assert len(short) <= len(address)
    before, after = pyotp.parse_uri(address), pyotp.parse_uri(short)
    assert isinstance(before, pyotp.TOTP)
    assert isinstance(after, pyotp.TOTP)
    assert before.at(1_800_000_000) == after.at(1_800_000_000)
    assert (before.name, before.issuer, before.interval) == (after.name, after.issuer, after.interval)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", max_size=64))
def test_groups_are_the_secret(secret: str) -> None:
    grouped = in_groups(secret)
    assert grouped.replace(" ", "") == secret
    assert all(len(group) <= 4 for group in grouped.split(" "))
    assert in_groups(grouped) == grouped
