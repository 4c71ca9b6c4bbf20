"""Which requests a fault strikes, how often, and that the seed alone decides."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from billtui.sandbox.http.fault_set import Fault, FaultKind, FaultOrder, FaultSet

PAY = "/api/v1/invoices/5531/payments"


@pytest.mark.parametrize(
    ("pattern", "path", "strikes"),
    [
        (None, PAY, True),
        ("/api/v1/invoices/*/payments", PAY, True),
        ("/invoices/*/payments", PAY, True),
        ("*/payments", PAY, True),
        ("payments", PAY, True),
        ("/invoices", PAY, True),
        ("/api/v1/invoices", PAY, True),
        ("/invoices/", PAY, True),
        ("/invoices/55", PAY, False),
        ("/invoices/*/payments", "/api/v1/invoices/5531", False),
        ("/invoices/????/payments", PAY, True),
        ("/invoices/???/payments", PAY, False),
        ("/orders", PAY, False),
        ("/orders/*", PAY, False),
    ],
)
def test_scope_by_path(pattern: str | None, path: str, strikes: bool) -> None:
    assert Fault(kind=FaultKind.HTTP_500, path=pattern).applies_to("POST", path) is strikes


@pytest.mark.parametrize(
    ("method", "strikes"), [(None, True), ("POST", True), ("post", True), ("GET", False), ("*", True)]
)
def test_scope_by_method(method: str | None, strikes: bool) -> None:
    assert Fault(kind=FaultKind.HTTP_500, method=method).applies_to("POST", PAY) is strikes


def _pattern(seed: int, probability: float = 0.5) -> list[bool]:
    faults = FaultSet()
    faults.replace(FaultOrder(seed=seed, faults=[Fault(kind=FaultKind.GARBLE, probability=probability)]))
    return [bool(faults.strikes("GET", PAY)) for _ in range(200)]


def test_the_seed_alone_decides() -> None:
    assert _pattern(7) == _pattern(7)
    assert _pattern(7) != _pattern(8)
    assert 60 < sum(_pattern(7)) < 140


def test_probability_at_its_ends() -> None:
    assert all(_pattern(1, 1.0))
    assert not any(_pattern(1, 0.0))


def test_times_counts_strikes_not_requests() -> None:
    faults = FaultSet()
    faults.replace(FaultOrder(faults=[Fault(kind=FaultKind.HTTP_503, times=2, method="POST")]))
    assert faults.strikes("GET", PAY) == []
    struck = [len(faults.strikes("POST", PAY)) for _ in range(4)]
    assert struck == [1, 1, 0, 0]
    assert faults.armed[0].strikes == 2


def test_each_fault_has_its_own_dice() -> None:
    """What one fault does never depends on which others are set."""
    one, two = FaultSet(), FaultSet()
    garble = Fault(kind=FaultKind.GARBLE, probability=0.3)
    one.replace(FaultOrder(seed=3, faults=[garble]))
    two.replace(FaultOrder(seed=3, faults=[garble, Fault(kind=FaultKind.HTML, probability=0.9)]))
    for _ in range(100):
        kinds = [armed.fault.kind for armed in two.strikes("GET", PAY)]
        assert bool(one.strikes("GET", PAY)) == (FaultKind.GARBLE in kinds)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "meteor"},
        {"kind": "html", "probability": 1.5},
        {"kind": "html", "times": -1},
        {"kind": "html", "probabilty": 0.5},
        {"kind": "latency", "ms": -1},
    ],
)
def test_a_wrong_order_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(wrong)
