"""Where an external payment is made is the panel's word: only a web address is shown as one (INV-3)."""

from __future__ import annotations

import pytest

from billtui.domain.payment_address import MAX_ADDRESS, payment_address, payment_host, refused_address

PANEL = "http://127.0.0.1:4000/billing"


@pytest.mark.parametrize(
    "sent",
    ["https://pay.example/card/17?a=b%20c#d", "https://xn--pay-hoa.example:8443/", "http://127.0.0.1:4000/pay/17"],
)
def test_web_addresses_and_the_panels_own_are_shown(sent: str) -> None:
    assert payment_address(sent, PANEL) == sent


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "pay.example/17",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ssh://-oProxyCommand=x",
        "http://pay.example/17",
        "http://127.0.0.1:4001/pay",
        "https:///17",
        "https://pay.example@evil.example/",
        "https://pay.example\\@evil.example/",
        "https://pay.example:port/",
        "https://[::1/",
        "https://pay.example/\x1b]0;x\x07",
        "https://pay.example/\n17",
        "https://pay.example/a b",
        "https://pаy.example/",
        "https://pay.example/\u202e71",
        "https://pay.example/" + "a" * MAX_ADDRESS,
    ],
)
def test_anything_else_is_not(sent: str) -> None:
    assert payment_address(sent, PANEL) is None
    assert len(refused_address(sent)) < 400


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://panel.example/invoice/1", "On panel.example, the panel's own host."),
        ("https://PANEL.example:8443/x", "On panel.example, the panel's own host."),
        ("https://panel.example.evil.example/x", "On panel.example.evil.example: not the panel's own host, "),
        (f"https://{'a' * 200}.example/", f"On {'a' * 100}…: not the panel's own host, "),
    ],
)
def test_whose_host_it_is_is_said(address: str, words: str) -> None:
    assert payment_host(address, "https://panel.example/billmgr").startswith(words)
