"""An error of the panel, as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from pydantic import Field

from billtui.domain.models.wire import Instant, WireModel
from billtui.domain.safetext import SafeText


class Problem(WireModel):
    """Why the panel refused: ``code`` is stable, ``rule`` is an id of the billing rules where one applies."""

    type: SafeText = SafeText("about:blank")
    title: SafeText = SafeText("")
    status: int = 0
    detail: SafeText = SafeText("")
    code: SafeText = SafeText("")
    rule: SafeText | None = None
    fields: dict[SafeText, SafeText] = Field(default_factory=dict)
    related: dict[SafeText, SafeText] = Field(default_factory=dict)
    available_from: Instant | None = None
