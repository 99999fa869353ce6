"""The supervisors' floor, wired: who listens, what they see, and what they change."""

from __future__ import annotations

from collections.abc import Sequence

from acd.agents import AgentStatus
from acd.events import StatusChanged
from acd.views import BoardNews
from calls.talk_control import TalkControl
from engine.desk.days import midnight
from engine.desk.desks import Desks
from engine.desk.refusals import DeskRefused
from engine.floor.changes import Floor, FloorRefused
from engine.floor.supervision import FLOOR, Supervision
from engine.live import LiveCalls
from engine.ports import Clock
from engine.queues import Queues
from engine.registers.access import Role
from engine.registers.agents import AgentProfile
from engine.roster import Roster
from engine.switchboard import Switchboard
from store.store import Store


def opened_floor(
    control: TalkControl,
    switchboard: Switchboard,
    queues: Queues,
    roster: Roster,
    desks: Desks,
    store: Store,
    live: LiveCalls,
    clock: Clock,
) -> Floor:
    """Boards are told of what moves, and who is disabled or loses the role hears nobody any more."""
    supervision = Supervision(control, switchboard, store.accounts.audit, live, clock)

    def moved(news: BoardNews) -> None:
        live.changed(FLOOR)

    def read(profiles: Sequence[AgentProfile]) -> None:
        supervision.allow_only({one.name for one in profiles if one.role.includes(Role.SUPERVISOR)})

    queues.watch(moved)
    roster.on_read = read
    orders = _Orders(queues, desks)
    return Floor(
        queues,
        switchboard,
        supervision,
        store.agents,
        store.accounts.audit,
        orders,
        live,
        clock,
        store.queue_days,
        lambda now: midnight(now, desks.settings.zone),
        store.ratings,
    )


class _Orders:
    """Implements AgentOrders: an agent with a desk is told there, another by the queues."""

    def __init__(self, queues: Queues, desks: Desks) -> None:
        self._queues = queues
        self._desks = desks

    async def set_status(self, agent: str, status: AgentStatus, reason: str, by: str) -> None:
        if not self._queues.line(agent).browser:
            self._queues.tell(StatusChanged(agent, status, reason))
            return
        try:
            await self._desks.set_status(agent, status, reason, by)
        except DeskRefused as refused:
            raise FloorRefused(refused.why, str(refused)) from None

    async def sign_out(self, agent: str, by: str) -> None:
        if not self._queues.line(agent).browser:
            self._queues.tell(StatusChanged(agent, AgentStatus.OFFLINE))
            return
        try:
            await self._desks.sign_out(agent, by)
        except DeskRefused as refused:
            raise FloorRefused(refused.why, str(refused)) from None
