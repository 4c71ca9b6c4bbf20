"""What is sold, and where."""

from __future__ import annotations

from dataclasses import dataclass

from billtui.client import paging
from billtui.client.resources.resource import Resource
from billtui.domain.models import Addon, Location, Plan, StockItem


@dataclass(frozen=True, slots=True)
class Catalogue(Resource):
    """``client.catalogue``: each list as a whole."""

    async def plans(self) -> list[Plan]:
        """All plans with their monthly prices."""
        return [item async for item in paging.items(paging.pages(self._fetcher(self._driver.plans)))]

    async def locations(self) -> list[Location]:
        """All locations."""
        return [item async for item in paging.items(paging.pages(self._fetcher(self._driver.locations)))]

    async def addons(self) -> list[Addon]:
        """All add-ons with their monthly prices."""
        return [item async for item in paging.items(paging.pages(self._fetcher(self._driver.addons)))]

    async def stock(self) -> list[StockItem]:
        """How many servers of each plan each location has."""
        return [item async for item in paging.items(paging.pages(self._fetcher(self._driver.stock)))]
