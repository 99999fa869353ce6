"""Who the queues know as agents, as configuration and register change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from acd.agents import Agent, AgentStatus, MissedRule
from acd.events import StatusChanged
from acd.queues import Queue
from acd.work import WorkKind
from engine.ports import StoreUnavailable
from engine.queues import AgentLine, Queues
from engine.registers.agents import AgentProfile
from engine.roster import Roster, Staff, lines_of


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


class Register:
    def __init__(self, *profiles: AgentProfile) -> None:
        self.known: Sequence[AgentProfile] = profiles
        self.away = False

    async def profiles(self) -> Sequence[AgentProfile]:
        if self.away:
            raise StoreUnavailable("connection refused")
        return self.known


JAN = AgentLine(Agent("jan", {"en": 2}), "+48220000021")
ANNA = AgentProfile("anna", "p1", "Anna", {"pl": 5}, {"chat": 4})


def test_the_register_tells_skills_and_the_configuration_the_telephone() -> None:
    staff = Staff((), (JAN,), MissedRule.STATUS)
    profiles = [ANNA, AgentProfile("jan", "p2", "Jan", {}, {"call": 2})]
    assert lines_of(staff, profiles) == (
        AgentLine(Agent("jan", {"en": 2}, {WorkKind.CALL: 2}), "+48220000021"),
        AgentLine(Agent("anna", {"pl": 5}, {WorkKind.CHAT: 4}, missed=MissedRule.STATUS), browser=True),
    )


async def test_queues_that_name_nobody_who_is_known_are_told() -> None:
    staff = Staff((Queue("orders", agents=frozenset({"anna", "jan", "ola"})), Queue("service")), (JAN,))
    queues = Queues(staff.queues, staff.lines, clock=Clock())
    roster = Roster(Register(ANNA), queues, staff)  # type: ignore[arg-type]
    assert roster.nobody() == [], "the register was not read yet"
    await roster.refresh()
    (told,) = roster.nobody()
    assert told.startswith("queues.orders.agents: nobody is known as ola;")
    queues.close()


async def test_queues_follow_the_register_and_the_configuration() -> None:
    staff = Staff((Queue("orders"),), (JAN,))
    queues = Queues(staff.queues, staff.lines, clock=Clock())
    register = Register(ANNA)
    roster = Roster(register, queues, staff)  # type: ignore[arg-type]
    await roster.refresh()
    assert queues.agent_views().keys() == {"anna", "jan"}
    assert queues.agent_views()["anna"].skills == {"pl": 5}
    assert (roster.person_of("anna"), roster.person_of("jan")) == ("Anna", None)
    assert roster.names() == {"anna": "Anna"}
    queues.tell(StatusChanged("anna", AgentStatus.BREAK, "lunch"))
    register.known = (AgentProfile("anna", "p1", "Anna", {"pl": 3}), AgentProfile("ola", "p3", "Ola"))
    await roster.refresh()
    anna = queues.agent_views()["anna"]
    assert (anna.skills, anna.status, anna.reason) == ({"pl": 3}, AgentStatus.BREAK, "lunch")
    roster.put(Staff((Queue("service"),), ()))
    assert queues.agent_views().keys() == {"anna", "ola"}
    assert queues.queue_views().keys() == {"service"}
    register.known = ()
    await roster.refresh()
    assert not queues.agent_views()
    register.away = True
    with pytest.raises(StoreUnavailable):
        await roster.refresh()
    queues.close()
