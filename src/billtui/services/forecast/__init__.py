"""Forecasts: renewals, purses and trouble ahead, from the local copy alone."""

from billtui.services.forecast.fleet import CentsHeld, Fleet, TopUp
from billtui.services.forecast.forecast import HORIZONS, Event, Forecast, forecast
from billtui.services.forecast.happenings import BLOCKED, OF_INVOICES, RENEWED, DaySums, What
from billtui.services.forecast.reading import forecast_from, forecast_near, held_by
from billtui.services.forecast.topping_up import Saving
from billtui.services.forecast.walk import Walk

__all__ = [
    "BLOCKED",
    "HORIZONS",
    "OF_INVOICES",
    "RENEWED",
    "CentsHeld",
    "DaySums",
    "Event",
    "Fleet",
    "Forecast",
    "Saving",
    "TopUp",
    "Walk",
    "What",
    "forecast",
    "forecast_from",
    "forecast_near",
    "held_by",
]
