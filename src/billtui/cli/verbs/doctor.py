"""``billtui doctor``"""

from __future__ import annotations

import asyncio

from billtui.cli.context import Context
from billtui.cli.doctor import examine, online
from billtui.cli.exits import Exit


def doctor(context: Context) -> Exit:
    """What billtui found on this host."""
    lines = examine(context.environment)
    if context.options.online:
        chosen = context.options.profile
        lines += asyncio.run(online([chosen] if chosen else None))
    if context.out.as_json:
        context.out.document("doctor", items=[{"what": label, "found": value} for label, value in lines])
    else:
        context.out.facts(lines)
    return Exit.DONE
