"""The invented catalogue: 13 locations, plans of real shapes, what is sold where and how many are left."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan; price in cents a month."""

    id: str
    name: str
    kind: str
    cents: int
    cpu: int
    memory_mib: int
    disk_gib: int
    not_in: tuple[str, ...] = ()


LOCATIONS: tuple[tuple[str, str, str], ...] = (
    ("nl", "Amsterdam", "NL"),
    ("de", "Frankfurt", "DE"),
    ("uk", "London", "GB"),
    ("fr", "Paris", "FR"),
    ("se", "Stockholm", "SE"),
    ("pl", "Warsaw", "PL"),
    ("ch", "Zurich", "CH"),
    ("us-east", "New York", "US"),
    ("us-west", "Los Angeles", "US"),
    ("ca", "Toronto", "CA"),
    ("sg", "Singapore", "SG"),
    ("hk", "Hong Kong", "HK"),
    ("jp", "Tokyo", "JP"),
)
_EUROPE_ONLY = ("us-east", "us-west", "ca", "sg", "hk", "jp")
PLANS: tuple[Plan, ...] = (
    Plan("vds-nano", "VDS nano", "vds", 3_50, 1, 1_024, 15),
    Plan("vds-micro", "VDS micro", "vds", 5_90, 1, 2_048, 25, ("ch", "hk")),
    Plan("vds-small", "VDS small", "vds", 9_90, 2, 4_096, 50),
    Plan("vds-medium", "VDS medium", "vds", 18_90, 4, 8_192, 100),
    Plan("vds-large", "VDS large", "vds", 34_90, 6, 16_384, 200, ("hk",)),
    Plan("vds-xlarge", "VDS extra large", "vds", 64_90, 8, 32_768, 400, ("se", "hk", "jp")),
    Plan("vds-storage", "VDS storage", "vds", 27_50, 2, 4_096, 2_000, _EUROPE_ONLY),
    Plan("ds-e5", "Dedicated E5", "dedicated", 89_00, 8, 65_536, 960, (*_EUROPE_ONLY, "se", "ch")),
    Plan("ds-epyc", "Dedicated EPYC", "dedicated", 189_00, 24, 131_072, 1_920, (*_EUROPE_ONLY, "se", "ch", "pl")),
)
PLAN = {plan.id: plan for plan in PLANS}
ADDONS: tuple[tuple[str, str, str, int], ...] = (
    ("ipv4", "Additional IPv4 address", "vds", 2_00),
    ("backup", "Daily backup", "vds", 3_40),
    ("panel", "Control panel licence", "vds", 11_90),
    ("raid", "Hardware RAID", "dedicated", 14_00),
)
_SOLD_OUT = (("vds-micro", "jp"), ("vds-small", "se"), ("vds-large", "sg"), ("ds-epyc", "uk"))


def sold_in(plan: Plan) -> list[str]:
    """Ids of the locations where the plan is sold."""
    return [location for location, _name, _country in LOCATIONS if location not in plan.not_in]


def plant(conn: Connection, random: Random) -> None:
    """Write the catalogue."""
    conn.exec_driver_sql(
        "INSERT INTO locations (id, name, country, position) VALUES (?, ?, ?, ?)",
        [(*location, place) for place, location in enumerate(LOCATIONS)],
    )
    conn.exec_driver_sql(
        "INSERT INTO plans (id, name, kind, monthly_cents, cpu, memory_mib, disk_gib, position)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (plan.id, plan.name, plan.kind, plan.cents, plan.cpu, plan.memory_mib, plan.disk_gib, place)
            for place, plan in enumerate(PLANS)
        ],
    )
    conn.exec_driver_sql(
        "INSERT INTO addons (id, name, kind, monthly_cents, position) VALUES (?, ?, ?, ?, ?)",
        [(*addon, place) for place, addon in enumerate(ADDONS)],
    )
    cells = [(plan.id, location) for plan in PLANS for location in sold_in(plan)]
    conn.exec_driver_sql(
        "INSERT INTO stock (plan, location, available) VALUES (?, ?, ?)",
        [(*cell, 0 if cell in _SOLD_OUT else random.randint(3, 400)) for cell in cells],
    )
