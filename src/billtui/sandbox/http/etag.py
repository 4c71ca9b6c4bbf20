"""Entity tags: reads answer 304 when nothing changed, writes check the version that the client saw."""

from __future__ import annotations

import hashlib
import re

from fastapi import Request
from fastapi.responses import Response

from billtui.domain.numbers import is_number
from billtui.sandbox.http.problems import ApiProblem

_TAG = re.compile(r'\s*(?:W/)?(?:"([^"]*)"|([^\s,"]+))\s*(?:,|\Z)')


def entity_tag(body: bytes, version: int | None = None) -> str:
    """The strong tag of ``body``; with ``version`` in front, so that it can be sent back as ``If-Match``."""
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def tags_of(header: str) -> list[str]:
    """The opaque tags of an ``If-Match`` or ``If-None-Match`` header; bare words count as tags too."""
    return [quoted or bare for quoted, bare in _TAG.findall(header)]


def tagged(request: Request, body: bytes, media_type: str = "application/json", version: int | None = None) -> Response:
    """200 with its ``ETag``, or 304 when the client already has exactly this."""
    tag = entity_tag(body, version)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    wanted = request.headers.get("if-none-match")
    if wanted is not None:
        tags = tags_of(wanted)
        if "*" in tags or tag.strip('"') in tags:
            return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def expected_version(header: str | None) -> int | None:
    """The version in ``If-Match``: ``7``, ``"7"`` or the whole tag of a read; ``None`` for none or ``*``.

    Raises :class:`ApiProblem` 422 for anything else.
    """
    if header is None or header.strip() == "*":
        return None
    tags = tags_of(header)
    number = tags[0].partition("-")[0] if len(tags) == 1 else ""
    if not is_number(number):
        raise ApiProblem(
            422,
            "invalid-input",
            "If-Match takes the version of the object that you saw.",
            fields={"If-Match": "send the object's version, for example 7"},
        )
    return int(number)
