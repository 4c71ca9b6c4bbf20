"""What all wire models share: unknown fields are ignored, values are frozen, errors never show the input."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from billtui.domain.periods import format_instant, utc
from billtui.domain.safetext import SafeText


class WireModel(BaseModel):
    """An object of the Billing API. How it is validated is worked out at its first use: not at a start."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


def _wire_string(value: Any) -> Any:
    """Ids are strings; a panel that sends a whole number means its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


Id = Annotated[SafeText, BeforeValidator(_wire_string), Field(min_length=1, max_length=200)]
"""An id on the wire: opaque, drawable; ``.raw`` goes back to the panel."""

Instant = Annotated[datetime, AfterValidator(utc), PlainSerializer(format_instant, return_type=str)]
"""An instant, aware and in UTC (RFC 3339 on the wire)."""

Whole = Annotated[int, Field(ge=-(10**15), le=10**15)]
"""A whole number. No count, version or size is larger, and a larger one does not fit into the copy."""

Percent = Annotated[Decimal, Field(ge=-1000, le=1000, max_digits=20, decimal_places=10)]
"""Per cent, as a decimal string; bounded, so that no exponent of the wire makes a text of a million digits."""

E_ = TypeVar("E_")
OpenEnum = Annotated[E_ | SafeText, Field(union_mode="left_to_right")]
"""An enum of the wire; an unknown value is kept and shown as it is."""
