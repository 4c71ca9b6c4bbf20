"""Two of support and two clients write, change, merge and take apart in any order; time passes (TKT-4 to TKT-10).

What must come of it is worked out beside (:mod:`tests.support.ticket_model`). After every step everything that
a client can get is read: no word of a note, of another's ticket or of server access, and a note changes none of it.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

from tests.support.busy_desk import BusyDesk
from tests.support.ticket_machine import Desk

LONG = os.environ.get("BILLTUI_FAULTS") == "long"

Machine = BusyDesk if LONG else Desk
Machine.TestCase.settings = settings(
    max_examples=300 if LONG else 10,
    stateful_step_count=60 if LONG else 40,
    deadline=None,
    derandomize=not LONG,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a history takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestDesk = Machine.TestCase
