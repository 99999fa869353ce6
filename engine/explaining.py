"""Explaining: what the gate would say to each way of contacting a person, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from compliance.decision import Decision
from compliance.facts import COUNTED_BACK, Channel, Mode, Purpose
from compliance.zones import candidate_zones
from engine.gatekeeper import ContactRequest, Gatekeeper
from engine.placing.callees import callee_of
from engine.ports import Clock
from engine.registers.permissions import Permissions, PersonFacts, PersonQuery
from history.interaction import ContactPoint, PointKind

CHANNELS_OF = {
    PointKind.PHONE: (Channel.CALL, Channel.SMS),
    PointKind.EMAIL: (Channel.EMAIL,),
    PointKind.MESSENGER: (Channel.MESSENGER,),
    PointKind.VISITOR: (Channel.PUSH,),
}
# A browser that came to chat is no address: it is asked about only by name.
ASKED_BY_NAME = frozenset({Channel.PUSH})


@dataclass(frozen=True, slots=True)
class Ways:
    """Which ways of contact are asked about. Empty: all but push; of `modes` by hand is meant."""

    channels: tuple[Channel, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    modes: tuple[Mode, ...] = (Mode.MANUAL,)
    campaign: str | None = None
    debt: str | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """`packs` as the log names them; `zones`: every time zone in which the person may be."""

    point: ContactPoint
    channel: Channel
    purpose: Purpose
    mode: Mode
    packs: tuple[str, ...]
    zones: tuple[tzinfo, ...]
    decision: Decision


class Explainer:
    """Asks the gate without a trace in its log. Raises StoreUnavailable, and Missing for no contact's id."""

    def __init__(self, gatekeeper: Gatekeeper, permissions: Permissions, clock: Clock) -> None:
        self._gatekeeper = gatekeeper
        self._permissions = permissions
        self._clock = clock

    async def explain(
        self,
        *,
        contact_id: str | None = None,
        point: ContactPoint | None = None,
        ways: Ways,
        at: datetime | None = None,
        most_points: int | None = None,
    ) -> tuple[PersonFacts, Sequence[Explained]]:
        """Of each point of the person, the first `most_points`, or of `point` alone, now or as of `at`."""
        now = self._clock.now()
        at = at or now
        known = await self._facts(contact_id, point, now, at, ways)
        points = known.points[:most_points] if point is None else (point,)
        found: list[Explained] = []
        for each in points:
            asked = ways.channels or frozenset(Channel) - ASKED_BY_NAME
            channels = [channel for channel in CHANNELS_OF[each.kind] if channel in asked]
            if channels:
                person = await self._facts(known.contact_id, each, now, at, ways)
                found += self._of_point(person, each, channels, ways, at)
        return known, found

    async def _facts(
        self, contact_id: str | None, point: ContactPoint | None, now: datetime, at: datetime, ways: Ways
    ) -> PersonFacts:
        since = min(at, now) - COUNTED_BACK
        query = PersonQuery(Channel.CALL, since, point, contact_id, debt=ways.debt)
        return await self._permissions.person_facts(query, now)

    def _of_point(
        self, person: PersonFacts, point: ContactPoint, channels: Sequence[Channel], ways: Ways, at: datetime
    ) -> list[Explained]:
        zones = candidate_zones(callee_of(person, point), at)
        found: list[Explained] = []
        for channel in channels:
            for purpose in ways.purposes or tuple(Purpose):
                for mode in ways.modes:
                    request = ContactRequest(
                        "", channel, purpose, mode, point, debt=ways.debt, campaign=ways.campaign
                    )
                    judged = self._gatekeeper.judge(request, person, at)
                    found.append(
                        Explained(point, channel, purpose, mode, judged.packs, zones, judged.decision)
                    )
        return found
