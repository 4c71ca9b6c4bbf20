"""Which message of a thread is the first that was not read yet."""

from __future__ import annotations

from collections.abc import Sequence

from billtui.services.read_marks import ReadMark
from billtui.services.store import MessageRow

STAFF_SIDE = ("support", "admin")


def first_unread(
    messages: Sequence[MessageRow], mark: ReadMark | None, me: str, *, unread: bool, staff: bool
) -> str | None:
    """The first message behind the read mark that somebody else wrote; ``None`` where all was read.

    Without a mark, and where the ticket is ``unread``, it is the first one behind one's own side's last word to the
    other. A colleague's answer or note is new to staff as well.
    """
    if mark is not None:
        known = next((at for at, one in enumerate(messages) if one.id == mark.message_id), None)
        start = known + 1 if known is not None else sum(1 for one in messages if one.at <= mark.at)
    elif unread:
        own = STAFF_SIDE if staff else ("client",)
        start = max((at + 1 for at, one in enumerate(messages) if one.role in own and not one.internal), default=0)
    else:
        return None
    return next((one.id for one in messages[start:] if not me or one.author != me), None)
