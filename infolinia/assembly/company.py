"""What conversations know of the company, from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from infolinia.configuration import Configuration
from infolinia.sections.hours import HoursSection
from ivr.surroundings import Surroundings
from schedules.opening_hours import OpeningHours


class OfficeHours:
    """Hours by name. Those that a later configuration has no more stay for the calls that ask for them."""

    def __init__(self, hours: Mapping[str, HoursSection], zone: ZoneInfo) -> None:
        self._zone = zone
        self._hours: dict[str, OpeningHours] = {}
        self.put(hours)

    def put(self, hours: Mapping[str, HoursSection]) -> None:
        self._hours |= {name: section.opening_hours(self._zone) for name, section in hours.items()}

    def named(self, name: str) -> OpeningHours | None:
        return self._hours.get(name)

    def at(self, name: str, now: datetime) -> str:
        return self._hours[name].at(now)


def surroundings_of(configuration: Configuration, hours: OfficeHours | None = None) -> Surroundings:
    zone = ZoneInfo(configuration.time_zone)
    hours = hours or OfficeHours(configuration.hours, zone)
    return Surroundings(hours.at, configuration.country, zone, configuration.currency)
