"""What conversations know of the company, from its configuration."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from infolinia.configuration import Configuration
from ivr.surroundings import Surroundings


def surroundings_of(configuration: Configuration) -> Surroundings:
    zone = ZoneInfo(configuration.time_zone)
    hours = {name: section.opening_hours(zone) for name, section in configuration.hours.items()}

    def opening(name: str, now: datetime) -> str:
        return hours[name].at(now)

    return Surroundings(opening, configuration.country, zone, configuration.currency)
