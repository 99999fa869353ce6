"""Following: what the board and the calls' logs tell of agents becomes their log, their parts, their news."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from acd.agents import AgentState, AgentStatus
from acd.events import StandingFound
from acd.views import AgentView, BoardNews
from calls.events import CallEvent, CallEventKind
from engine.changes import AgentEventsAppended
from engine.desk.call_parts import CallParts
from engine.desk.journal import entries_of
from engine.desk.ordered_ledger import OrderedLedger
from engine.desk.showing import Showing
from engine.desk.sittings import Sittings
from engine.desk.view import DeskPart
from engine.desk.written_beside import of_calls
from engine.exchange import Exchange
from engine.registers.agents import AgentEvent, AgentEventKind, AgentStanding

# What was talked of before a restart and is not talked of any more by then is wrapped up.
LEFT_OVER_SECONDS = 90.0
# What is written together is told together; a day that must be read anew is in the database by then.
DAY_SECONDS = 0.6
ON_THE_LINE = frozenset({AgentState.TALKING, AgentState.HOLD})
_TALK_BEGINS = frozenset({CallEventKind.AGENT_CONNECTED, CallEventKind.TRANSFERRED})
# Every page of every agent fetches the queues when it is told of them: so often at most.
QUEUES_SECONDS = 2.0
BROWSER = "browser"
AT_OTHER_THINGS = frozenset({AgentStatus.BREAK, AgentStatus.TRAINING})
BUSY = ON_THE_LINE | {AgentState.OFFERED}

log = structlog.get_logger(__name__)


class Following:
    """`on_free` is told an agent who was to leave after a talk; `on_removed` one whom the queues do not know
    any more. `views`: each agent as the board told last."""

    def __init__(
        self,
        exchange: Exchange,
        parts: CallParts,
        showing: Showing,
        sittings: Sittings,
        ordered: OrderedLedger,
        *,
        on_free: Callable[[str], None],
        on_removed: Callable[[str], None],
    ) -> None:
        self.views: dict[str, AgentView] = {}
        self._exchange = exchange
        self._queues = exchange.queues
        self._parts = parts
        self._showing = showing
        self._sittings = sittings
        self._ordered = ordered
        self._on_free = on_free
        self._on_removed = on_removed
        self._restoring = False
        self._by: dict[str, str] = {}  # who chose the status that an agent is about to have
        self._stop_watching: Callable[[], None] = lambda: None
        self._timers: set[asyncio.TimerHandle] = set()
        self._queues_due = False
        self._days_due: set[str] = set()  # agents whose page is about to be told of its numbers

    def start(self) -> None:
        self.views = {name: of_calls(view) for name, view in self._queues.agent_views().items()}
        self._stop_watching = self._queues.watch(self._on_board)
        self._exchange.live.on_event = self._on_call_event
        self._later(LEFT_OVER_SECONDS, self._wrap_up_left_over)

    def close(self) -> None:
        """Idempotent."""
        self._stop_watching()
        self._stop_watching = lambda: None
        self._exchange.live.on_event = lambda event: None
        for timer in self._timers:
            timer.cancel()

    def telephone(self, agent: str) -> str:
        """ "browser", "sip" or "number"; of one who is being taken away, who still talks, "browser"."""
        try:
            line = self._queues.line(agent)
        except KeyError:
            return BROWSER
        return BROWSER if line.browser else "sip" if line.number is None else "number"

    def restore(self, standing: AgentStanding) -> None:
        """As an earlier engine left an agent, if there still is one: their log has it already."""
        agent, status = standing.agent, AgentStatus(standing.status)
        if agent not in self.views:
            return
        if self.telephone(agent) == BROWSER:
            self._sittings.take_back(agent)
        elif standing.wrap_up_work is None and status not in AT_OTHER_THINGS:
            return  # its telephone tells whether it is there
        found = StandingFound(
            agent,
            status,
            standing.reason,
            standing.since,
            standing.wrap_up_work,
            standing.wrap_up_until,
            standing.wrap_up_queue,
        )
        self._restoring = True
        try:
            self._queues.tell(found)
        finally:
            self._restoring = False

    def chosen_by(self, agent: str, by: str) -> None:
        """The agent's next status is this person's choice; "" the agent's own."""
        self._by[agent] = by

    def note(self, agent: str, kind: AgentEventKind, data: Mapping[str, object]) -> None:
        """Into the agent's log."""
        event = AgentEvent(self._exchange.ids.new(), agent, self._exchange.clock.now(), kind, data)
        self._ordered.write(AgentEventsAppended((event,)))
        self.noted(event)

    def noted(self, event: AgentEvent) -> None:
        """On its way into the agent's log: the page is told if it changes the day's numbers."""
        agent = event.agent
        if self._showing.days.noted(event) and agent in self._sittings and agent not in self._days_due:
            self._days_due.add(agent)
            self._later(DAY_SECONDS, lambda: self._tell_day(agent))

    def _tell_day(self, agent: str) -> None:
        self._days_due.discard(agent)
        self._sittings.tell(agent, DeskPart.DAY)

    # --- the board ----------------------------------------------------------------------------------------

    def _on_board(self, news: BoardNews) -> None:
        try:
            self._follow(news)
        except Exception:  # whoever told the board leads a call, which must go on
            log.exception("a desk could not follow the board")

    def _follow(self, news: BoardNews) -> None:
        if news.agent is not None:
            self._agent_changed(of_calls(news.agent))
        elif news.agent_gone:
            gone = self.views.pop(news.agent_gone, None)
            if gone is not None:
                self._on_removed(gone.name)
                self._follow_work(gone, None)
        elif not self._queues_due:
            self._queues_due = True
            self._later(QUEUES_SECONDS, self._tell_queues)

    def _tell_queues(self) -> None:
        self._queues_due = False
        self._sittings.tell_all(DeskPart.QUEUES)

    def _agent_changed(self, after: AgentView) -> None:
        agent = after.name
        before = self.views.get(agent)
        self.views[agent] = after
        if not self._restoring:
            by = self._by.get(agent, "")
            for kind, data in entries_of(before, after, telephone=self.telephone(agent), by=by):
                self.note(agent, kind, data)
                if kind is AgentEventKind.STATUS_CHANGED:
                    self._by.pop(agent, None)  # what comes next by itself is nobody's choice
        self._follow_work(before, after)
        self._sittings.tell(agent, DeskPart.STATE)
        sitting = self._sittings.get(agent)
        if sitting is not None and sitting.leaving and after.state not in BUSY:
            self._on_free(agent)

    def _follow_work(self, before: AgentView | None, after: AgentView | None) -> None:
        """Talks that have begun, are over, or are wrapped up now."""
        was = {} if before is None else {work.work_id: work for work in before.all_work}
        now = {} if after is None else {work.work_id: work for work in after.all_work}
        view = after or before
        assert view is not None
        agent, at = view.name, self._exchange.clock.now()
        for work_id, work in now.items():
            if work.state in ON_THE_LINE:
                self._parts.begin(agent, work_id, work.queue, work.since)
            elif work.state is AgentState.WRAP_UP and (part := self._parts.get(agent, work_id)):
                self._parts.talk_over(part, work.since)
            if work_id not in was or was[work_id].state is not work.state:
                self._sittings.tell(agent, DeskPart.OFFER)
                self._sittings.tell(agent, DeskPart.TALK)
        for work_id in was.keys() - now.keys():
            self._sittings.tell(agent, DeskPart.OFFER)
            self._sittings.tell(agent, DeskPart.TALK)
            part = self._parts.get(agent, work_id)
            if part is not None:
                self._parts.wrapped_up(part, at)
            self._showing.forget(work_id)

    def _wrap_up_left_over(self) -> None:
        for part in self._parts.all():
            view = self.views.get(part.agent)
            if view is None or part.call_id not in {work.work_id for work in view.all_work}:
                self._parts.left_over(part)

    # --- the calls ----------------------------------------------------------------------------------------

    def _on_call_event(self, event: CallEvent) -> None:
        """Each event of each call's log: must be quick."""
        try:
            self._hear(event)
        except Exception:  # the call must go on
            log.exception("a desk could not follow a call", call=event.call_id)

    def _hear(self, event: CallEvent) -> None:
        if event.kind is CallEventKind.AGENT_OFFERED:
            agent = str(event.data.get("agent"))
            self.note(agent, AgentEventKind.OFFERED, _of_offer(event))
            if agent in self._sittings:
                self._showing.prepare(agent, event.call_id)
        elif event.kind is CallEventKind.AGENT_MISSED:
            missed = {**_of_offer(event), "outcome": event.data.get("outcome")}
            self.note(str(event.data.get("agent")), AgentEventKind.MISSED, missed)
        parts = self._parts.of_call(event.call_id)
        if parts:
            self._parts.heard(event)
            # The agent's state was told a moment before: what hangs on the talk is looked at again.
            told = DeskPart.STATE if event.kind in _TALK_BEGINS else DeskPart.TALK
            for part in parts:
                self._sittings.tell(part.agent, told)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            work()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)


def _of_offer(event: CallEvent) -> dict[str, object]:
    return {"work": event.call_id, "queue": event.data.get("queue")}
