"""Ids: on the wire all of them are strings, and a stranger's until they are cleaned."""

from billtui.domain.safetext import SafeText


def clean_id(raw: str) -> str:
    """An id as it stands in the copy on this machine; ``raw`` is what the panel wrote."""
    return str(SafeText(raw))
