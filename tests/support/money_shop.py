"""The shop of the money panel: new servers and add-ons, with prices, stock, codes and a discount by number (BLK)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Json = dict[str, Any]
TIER = 10
"""From so many services on each costs 5 % less (DSC-2): active ones, and those of the same purchase (DSC-5)."""
CENT = Decimal("0.01")


def euro(amount: Decimal) -> Json:
    return {"amount": f"{amount:.2f}", "currency": "EUR"}


@dataclass
class Shop:
    """What can be bought; tests change it at will between quote and purchase."""

    prices: dict[str, Decimal] = field(
        default_factory=lambda: {"vds-micro": Decimal("3.00"), "vds-mini": Decimal("2.00")}
    )
    stock: dict[str, int] = field(default_factory=lambda: {"vds-micro@nl": 50, "vds-micro@de": 50, "vds-mini@nl": 50})
    codes: dict[str, int] = field(default_factory=dict)
    """Promo codes of 10 % and how many uses each has left."""
    addon_prices: dict[str, Decimal] = field(default_factory=lambda: {"backup": Decimal("1.50")})

    def price_cells(self, body: Json, running: int) -> Json | tuple[int, str, str]:
        """The lines and exclusions of a quote of kind ``order``, or a refusal as status, code and rule."""
        code = body.get("promo_code")
        if code is not None and self.codes.get(code, 0) < 1:
            return 409, "promo-used-up", "DSC-6"
        asked: Counter[tuple[str, str]] = Counter()
        for cell in body["cells"]:
            asked[cell["plan"], cell["location"]] += cell["quantity"]
        lines, excluded = [], []
        inside = {key: number for key, number in asked.items() if self.stock.get("@".join(key), 0) >= number}
        count = running + sum(inside.values())
        discounts = [{"name": f"{TIER} or more services", "percent": "5"}] if count >= TIER else []
        if code is not None:
            discounts = [{"name": code, "percent": "10"}]
        for (plan, location), number in asked.items():
            if (plan, location) not in inside:
                why = {"code": "out-of-stock", "rule": "BLK-2", "reason": f"Fewer than {number} are in stock."}
                excluded.append({"plan": plan, "location": location, **why})
                continue
            listed = self.prices[plan] * body["period"]
            less = sum(Decimal(one["percent"]) for one in discounts)
            unit = (listed * (100 - less) / 100).quantize(CENT, ROUND_HALF_UP)
            lines.append({
                "plan": plan, "location": location, "quantity": number, "title": f"{plan} in {location}",
                "months": body["period"], "list_price": euro(listed * number), "discounts": discounts,
                "unit_amount": euro(unit), "amount": euro(unit * number),
            })  # fmt: skip
        return {"kind": "order", "lines": lines, "excluded": excluded, "promo_code": code}

    def price_addons(self, body: Json, orders: dict[str, Json]) -> Json:
        """The lines of a quote of kind ``addon``."""
        amount = sum((self.addon_prices[one] for one in body["addons"]), Decimal(0))
        lines = [
            {
                "order_id": number, "title": orders[number]["name"], "list_price": euro(amount),
                "amount": euro(amount), "paid_until": orders[number]["paid_until"],
            }
            for number in body["order_ids"]
        ]  # fmt: skip
        return {"kind": "addon", "lines": lines, "excluded": [], "addons": body["addons"]}
