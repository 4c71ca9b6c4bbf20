"""Money: a decimal amount with two places and a currency (INV-10). Never a float, anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

CENT = Decimal("0.01")
MAX_AMOUNT = Decimal("999999999999.99")


class CurrencyMismatch(ValueError):
    """Two amounts in different currencies were put together (INV-10: one currency per account)."""


def round_money(amount: Decimal) -> Decimal:
    """``amount`` rounded half up to two places (INV-10). Rounding happens once, at the end of a calculation."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def round_fraction(amount: Fraction) -> Decimal:
    """An exact ``amount`` rounded half up (away from zero) to two places: the one rounding of ORD-5 and INV-10."""
    cents, rest = divmod(abs(amount) * 100, 1)
    whole = int(cents) + (1 if rest * 2 >= 1 else 0)
    return Decimal(whole if amount >= 0 else -whole).scaleb(-2)


def parse_amount(text: str) -> Decimal:
    """An amount that a person typed, ``12.50`` or ``12,50``: not negative, at most two places.

    Raises ``ValueError`` with a sentence that says what to type instead.
    """
    cleaned = text.strip().replace("\u00a0", "").replace(" ", "").replace("'", "").replace("\u2019", "")
    if "," in cleaned and "." not in cleaned:
        cleaned = cleaned.replace(",", ".")
    if not cleaned:
        raise ValueError("Type an amount, for example 12.50")
    if not cleaned.isascii() or not cleaned.replace(".", "", 1).isdigit():
        raise ValueError(f"“{text[:40]}” is not an amount; type digits and a point, for example 12.50")
    amount = Decimal(cleaned)
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        raise ValueError("An amount has at most two decimal places, for example 12.50")
    if amount > MAX_AMOUNT:
        raise ValueError(f"The amount is too large; at most {MAX_AMOUNT}")
    return amount.quantize(CENT)


def _decimal_from_wire(value: Any) -> Any:
    if isinstance(value, bool | float):
        raise ValueError("money must be a decimal string, not a float")
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise ValueError("not a decimal number")
        value = Decimal(value)
    elif isinstance(value, int):
        if abs(value) > MAX_AMOUNT:
            raise ValueError("not an amount of money")
        value = Decimal(value)
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value) > MAX_AMOUNT:
            raise ValueError("not an amount of money")
        exact = value.quantize(CENT, rounding=ROUND_HALF_UP)
        if exact != value:
            raise ValueError("more than two decimal places")
        return exact if exact else Decimal("0.00")  # never "-0.00"
    return value


_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?")
"""A decimal string of the wire; Python's ``Decimal`` alone would also take ``1_0``, ``1E2``, ``٣`` and blanks."""


Amount = Annotated[
    Decimal, BeforeValidator(_decimal_from_wire), PlainSerializer(lambda value: f"{value:.2f}", return_type=str)
]
"""A decimal with two places; on the wire a decimal string."""

Currency = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2,7}$")]
NO_CURRENCY = "XXX"
"""ISO 4217 for no currency at all: of an account that holds no money. It is never shown."""
"""A currency code such as ``EUR``: it is drawn beside every amount, so nothing else gets in from the wire."""


class Money(BaseModel):
    """An amount in a currency: ``{"amount": "12.50", "currency": "EUR"}`` on the wire (INV-10)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    amount: Amount
    currency: Currency

    def __init__(self, amount: Decimal | str | int, currency: str) -> None:
        """``Money("12.50", "EUR")``. Raises ``pydantic.ValidationError`` for a float or more than two places."""
        super().__init__(amount=amount, currency=currency)

    # Only a shorter way to write the fields (as pydantic's own RootModel has it): values of the wire are validated
    # field by field, so that a missing one is a validation error and an unknown one is ignored.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # an attribute on a function

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in ``currency``."""
        return cls(Decimal("0.00"), currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str) -> Money:
        """The exact sum of ``amounts``, all of which must be in ``currency``."""
        return Money(_sum(amounts, currency), currency)

    @classmethod
    def shown_total(cls, amounts: Iterable[Money], currency: str) -> Money:
        """As :meth:`total`, also beyond :data:`MAX_AMOUNT`: for what is shown, never for what is sent or kept."""
        return cls.shown(_sum(amounts, currency), currency)

    @classmethod
    def shown(cls, amount: Decimal, currency: str) -> Money:
        """A sum of any size, in whole cents: for what is shown, never for what is sent or kept."""
        if abs(amount) <= MAX_AMOUNT:
            return cls(amount, currency)
        return cls.model_construct(amount=amount.quantize(CENT), currency=currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be put together")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.amount * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount > other.amount

    def __ge__(self, other: Money) -> bool:
        self._same(other)
        return self.amount >= other.amount

    def __str__(self) -> str:
        return f"{group_digits(self.amount)} {self.currency}"


def _sum(amounts: Iterable[Money], currency: str) -> Decimal:
    result = Decimal("0.00")
    for amount in amounts:
        if amount.currency != currency:
            raise CurrencyMismatch(f"{currency} and {amount.currency} cannot be put together")
        result += amount.amount
    return result


def group_digits(amount: Decimal) -> str:
    """``1234.5`` as ``1 234.50`` with spaces: one form of numbers for every locale."""
    return f"{amount:,.2f}".replace(",", " ")
