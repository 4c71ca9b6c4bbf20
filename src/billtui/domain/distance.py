"""How far apart countries lie, roughly: for "the nearest location that has it", never for anything that costs."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

_EARTH_KM: Final = 6_371

PLACES: Final[dict[str, tuple[float, float]]] = {
    "AE": (24.5, 54.4), "AM": (40.2, 44.5), "AR": (-34.6, -58.4), "AT": (48.2, 16.4), "AU": (-33.9, 151.2),
    "BE": (50.9, 4.4), "BG": (42.7, 23.3), "BR": (-23.5, -46.6), "BY": (53.9, 27.6), "CA": (43.7, -79.4),
    "CH": (47.4, 8.5), "CL": (-33.4, -70.7), "CN": (31.2, 121.5), "CO": (4.7, -74.1), "CY": (35.2, 33.4),
    "CZ": (50.1, 14.4), "DE": (50.1, 8.7), "DK": (55.7, 12.6), "EE": (59.4, 24.8), "EG": (30.0, 31.2),
    "ES": (40.4, -3.7), "FI": (60.2, 24.9), "FR": (48.9, 2.4), "GB": (51.5, -0.1), "GE": (41.7, 44.8),
    "GR": (38.0, 23.7), "HK": (22.3, 114.2), "HR": (45.8, 16.0), "HU": (47.5, 19.0), "ID": (-6.2, 106.8),
    "IE": (53.3, -6.3), "IL": (32.1, 34.8), "IN": (19.1, 72.9), "IS": (64.1, -21.9), "IT": (45.5, 9.2),
    "JP": (35.7, 139.7), "KE": (-1.3, 36.8), "KR": (37.6, 127.0), "KZ": (43.2, 76.9), "LT": (54.7, 25.3),
    "LU": (49.6, 6.1), "LV": (56.9, 24.1), "MD": (47.0, 28.9), "MX": (19.4, -99.1), "MY": (3.1, 101.7),
    "NG": (6.5, 3.4), "NL": (52.4, 4.9), "NO": (59.9, 10.8), "NZ": (-36.8, 174.8), "PH": (14.6, 121.0),
    "PL": (52.2, 21.0), "PT": (38.7, -9.1), "RO": (44.4, 26.1), "RS": (44.8, 20.5), "RU": (55.8, 37.6),
    "SE": (59.3, 18.1), "SG": (1.4, 103.8), "SI": (46.1, 14.5), "SK": (48.1, 17.1), "TH": (13.8, 100.5),
    "TR": (41.0, 29.0), "TW": (25.0, 121.6), "UA": (50.5, 30.5), "US": (39.0, -95.0), "UZ": (41.3, 69.3),
    "VN": (10.8, 106.7), "ZA": (-26.2, 28.0),
}  # fmt: skip
"""Country code → latitude and longitude of where its servers mostly stand, in degrees."""


def kilometres(first: str, second: str) -> float | None:
    """Between two countries by their codes; 0 for the same one, ``None`` where one is not known."""
    if first and first.upper() == second.upper():
        return 0.0
    here, there = PLACES.get(first.upper()), PLACES.get(second.upper())
    if here is None or there is None:
        return None
    (lat1, lon1), (lat2, lon2) = ((radians(lat), radians(lon)) for lat, lon in (here, there))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))
