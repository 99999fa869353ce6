"""Written work: dialogues in which an answer is owed are offered to agents, who answer, pass on and close."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from acd.views import BoardNews
from compliance.facts import Mode
from engine.desk.forgotten import Forgotten
from engine.desk.refusals import DeskRefused, store_away
from engine.desk.settings import DeskSettings
from engine.desk.showing import values_of
from engine.desk.written_offers import Offer, WrittenOffers
from engine.ports import Clock, Ids, StoreUnavailable
from engine.queues import Queues
from engine.registers.actor import Actor
from engine.registers.dialogues import AnswerFigures, DialogueRow, Dialogues, Route
from engine.registers.messages import Message
from engine.registers.refusals import Missing, Refused
from history.contact import Contact
from history.dispositions import Disposition
from history.interaction import PointKind
from messaging.chat import Chat
from messaging.dialogue import Dialogue, DialogueRules

# Also of what other engines took in; what this one receives is looked at at once.
LOOK_SECONDS = 3.0
# An engine that is gone holds nothing for longer than this.
HELD = timedelta(seconds=60)
LONGEST_ANSWER = 2000
# An answer that could not be sent by then is no answer to what they asked.
ANSWER_WAITS = timedelta(days=1)
SHOWN_AT_DESK = 6
_PLACE = re.compile(r"\{[a-z_][a-z0-9_]*\}")

log = structlog.get_logger("messages")


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """A dialogue at an agent's desk. `held`: it is their present work. `answers`: canned ones, filled in."""

    row: DialogueRow
    messages: Sequence[Message] = ()
    held: bool = False
    offer: Offer | None = None
    answers: Sequence[tuple[str, str]] = ()
    dispositions: Sequence[Disposition] = ()


@dataclass(frozen=True, slots=True)
class WrittenDesk:
    """`day`: the agent's own answers since midnight. `returned`: how many they had open for too long, which
    went back to their queues lately."""

    now: datetime
    items: Sequence[WrittenItem] = ()
    returned: int = 0
    day: AnswerFigures = field(default_factory=AnswerFigures)


class WrittenWork:
    """Runs between `start` and `close`. `route` says who is to read a message; see Dialogues.take_in.

    Deeds raise DeskRefused. `rules` and `settings` are as configured now; `node` is this engine's own name.
    """

    def __init__(
        self,
        register: Dialogues,
        queues: Queues,
        clock: Clock,
        ids: Ids,
        *,
        node: str,
        route: Route,
        rules: Callable[[], DialogueRules],
        settings: Callable[[], DeskSettings],
        tell: Callable[[str], None],
        shown: Callable[[str], str] = str,
        midnight: Callable[[datetime], datetime] = lambda now: now - timedelta(days=1),
    ) -> None:
        self.register = register
        self._queues = queues
        self._clock = clock
        self._ids = ids
        self._node = node
        self._route = route
        self._rules = rules
        self._settings = settings
        self._tell = tell
        self._shown = shown
        self._midnight = midnight
        self._offers = WrittenOffers(queues, clock, tell)
        self._news = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()
        self._stop_watching: Callable[[], None] = lambda: None
        self._taking: set[str] = set()
        self._changed: set[str] = set()  # dialogues that were changed here since a look began
        self._forgotten = Forgotten()

    def start(self) -> None:
        self._stop_watching = self._queues.watch(self._on_board)
        self._run(self._watch())

    async def close(self) -> None:
        self._stop_watching()
        self._stop_watching = lambda: None
        self._offers.close()
        tasks = list(self._background)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    def nudge(self) -> None:
        """Something came in."""
        self._news.set()

    def message_moved(self, message: Message) -> None:
        """An agent sees what becomes of an answer."""
        if message.agent:
            self._tell(message.agent)

    # --- what is shown ------------------------------------------------------------------------------------

    async def desk(self, agent: str) -> WrittenDesk:
        """Raises StoreUnavailable."""
        now, items = self._clock.now(), []
        for offer in self._offers.of(agent):
            with suppress(Missing):
                items.append(await self._item(await self.register.row(offer.dialogue_id), agent, offer))
        offered = {one.row.dialogue.id for one in items}
        own = [row for row in await self.register.of_agent(agent) if row.dialogue.id not in offered]
        items += [await self._item(row, agent) for row in own[:SHOWN_AT_DESK]]
        figures = await self.register.figures(self._midnight(now), agent)
        return WrittenDesk(now, tuple(items), self._forgotten.told(agent, now), figures)

    async def item(self, id: str, agent: str = "") -> WrittenItem:
        """One dialogue, for whoever looks on. Raises Missing and StoreUnavailable."""
        return await self._item(await self.register.row(id), agent)

    async def _item(self, row: DialogueRow, agent: str, offer: Offer | None = None) -> WrittenItem:
        dialogue, settings = row.dialogue, self._settings()
        return WrittenItem(
            row,
            await self.register.messages(dialogue),
            held=self._offers.held.get(dialogue.id) == agent,
            offer=offer,
            answers=canned(settings, dialogue, row.contact, self._shown(agent)),
            dispositions=settings.written_dispositions_of(dialogue.queue),
        )

    # --- what agents do -----------------------------------------------------------------------------------

    async def take(self, agent: str, id: str) -> None:
        """Accept what is offered. Refused ("written_gone") when it is not any more."""
        # Pressed twice, or by two: whoever came too late would give back what the first one has.
        if self._offers.offer(id, agent) is None or id in self._taking:
            raise _gone()
        self._taking.add(id)
        try:
            await self._kept(self.register.hold(id, agent, self._node, self._clock.now() + HELD))
            if not self._offers.accept(id, agent):
                await self._kept(self.register.give(id, agent=None))
                self.nudge()
                raise _gone()
        finally:
            self._taking.discard(id)
            self._changed.add(id)
        self.touched(agent, id)

    def touched(self, agent: str, id: str) -> None:
        """The agent does something about it, if only typing: they have not forgotten it."""
        if self._offers.held.get(id) == agent:
            self._forgotten.touch(agent, id, self._clock.now())

    def decline(self, agent: str, id: str) -> None:
        self._offers.decline(id, agent)

    async def answer(self, agent: str, id: str, text: str, *, after: int | None = None) -> None:
        """Queue the answer; the gate is asked as it goes out, and the dialogue shows what became of it.

        `after`: how many answers its writer had seen; see Dialogues.answer.
        """
        written = text.replace("\r\n", "\n").strip()
        if not written or len(written) > LONGEST_ANSWER:
            raise DeskRefused(
                "written_text", f"Write 1 to {LONGEST_ANSWER} characters.", most=str(LONGEST_ANSWER)
            )
        if place := _PLACE.search(written):
            raise DeskRefused(
                "written_place", f"Replace {place[0]}: it is not known of this person.", place=place[0]
            )
        dialogue = await self._kept(self.register.get(id))
        message = self._message(dialogue, agent, written)
        await self._kept(self.register.answer(id, agent, message, after=after))
        self._done(id)
        self._tell(agent)

    async def pass_on(
        self,
        agent: str,
        id: str,
        *,
        to: str | None,
        queue: str | None,
        actor: Actor | None = None,
        why: str = "",
    ) -> None:
        """To an agent, or to whoever is free of a queue. With an `actor` it stands in the audit log."""
        if to is not None and self._queues.agent_view(to) is None:
            raise DeskRefused("written_target", "There is no such agent any more: choose another.")
        if queue is not None and queue not in self._queues:
            raise DeskRefused("written_target", "There is no such queue any more: choose another.")
        if actor is None:
            await self._own(agent, id)
        await self._kept(self.register.give(id, agent=to, queue=queue, actor=actor, reason=why))
        self._done(id)
        for one in {agent, to} - {None, ""}:
            self._tell(str(one))
        self.nudge()

    async def end(
        self, agent: str, id: str, disposition: str, *, actor: Actor | None = None, why: str = ""
    ) -> None:
        """Close it; another message from the person opens another."""
        dialogue = await (self._kept(self.register.get(id)) if actor else self._own(agent, id))
        settings = self._settings()
        known = {one.name for one in settings.written_dispositions_of(dialogue.queue)}
        if disposition and disposition not in known:
            raise DeskRefused("outcome", f"There is no outcome {disposition[:40]!r} here.")
        if not disposition and actor is None and settings.of_queue(dialogue.queue).disposition_required:
            raise DeskRefused("disposition", "This queue wants an outcome: choose one first.")
        await self._kept(self.register.close(id, disposition or None, actor=actor, reason=why))
        self._done(id)
        for one in {agent, dialogue.agent} - {None, ""}:
            self._tell(str(one))

    async def take_over(self, agent: str, id: str, *, actor: Actor, why: str) -> None:
        """A supervisor answers it from now on, whoever had it."""
        before = await self._kept(self.register.get(id))
        until = self._clock.now() + HELD
        await self._kept(self.register.hold(id, agent, self._node, until, actor=actor, reason=why))
        self._offers.hold(id, agent)
        self._changed.add(id)
        self.touched(agent, id)
        if before.agent:
            self._tell(before.agent)

    # --- inside -------------------------------------------------------------------------------------------

    def _message(self, dialogue: Dialogue, agent: str, text: str) -> Message:
        now = self._clock.now()
        asked = dialogue.owed_since or dialogue.last_at or now
        return Message(
            self._ids.new(),
            now,
            dialogue.channel,
            dialogue.point,
            text,
            contact_id=dialogue.contact_id,
            ours=dialogue.ours or None,
            language=dialogue.language,
            mode=Mode.MANUAL,
            campaign=dialogue.campaign,
            agent=agent,
            expires_at=now + ANSWER_WAITS,
            requested_at=min(asked, now),
            requested_until=now + ANSWER_WAITS,
        )

    async def _own(self, agent: str, id: str) -> Dialogue:
        dialogue = await self._kept(self.register.get(id))
        if dialogue.agent != agent:
            raise DeskRefused("written_held", "Somebody else has this dialogue now.")
        return dialogue

    async def _kept(self, work: Coroutine[None, None, Dialogue]) -> Dialogue:
        try:
            return await work
        except (Missing, Refused) as refused:
            why = refused.field if isinstance(refused, Refused) else "missing"
            raise DeskRefused(f"written_{why}", str(refused)) from refused
        except (StoreUnavailable, TimeoutError) as away:
            raise store_away() from away

    def _done(self, id: str) -> None:
        self._changed.add(id)
        self._offers.take_out(id)

    def _on_board(self, news: BoardNews) -> None:
        """Who goes leaves what they have in hand to the others."""
        view = news.agent
        gone = news.agent_gone or (view.name if view is not None and not view.signed_in else "")
        if gone and (view is None or view.all_work):
            at_work = set() if view is None else {one.work_id for one in view.all_work}
            for one, agent in self._offers.held.items():
                if agent == gone and (view is None or one in at_work):
                    self._run(self._released(one))

    async def _released(self, id: str) -> None:
        self._done(id)
        try:
            await self.register.give(id, agent=None)
        except (StoreUnavailable, Missing, Refused) as left:  # it is offered again when its hold is over
            log.debug("a dialogue stays with an agent who is gone", why=str(left))
        self.nudge()

    async def _watch(self) -> None:
        while True:
            self._news.clear()
            try:
                await self._look()
            except StoreUnavailable as away:
                log.debug("dialogues wait until the database answers", why=str(away))
            except Exception:
                log.exception("dialogues could not be looked at; trying again")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()

    async def _look(self) -> None:
        now, settings = self._clock.now(), self._settings()
        self._changed.clear()
        changed = await self.register.take_in(self._route)
        owed = {one.id: one for one in await self.register.owed(self._node)}
        fresh = self._taking | self._changed
        held = self._offers.held
        for one in {*self._offers.waiting(), *held} - owed.keys() - fresh:
            self._offers.take_out(one)  # answered, closed or taken in another engine
        for dialogue in owed.values():
            if dialogue.id not in fresh and dialogue.id not in held:
                self._offers.put(dialogue, self._rules().skills_for(dialogue.language))
        for dialogue in changed:
            if dialogue.agent:
                self._tell(dialogue.agent)
        for one, agent, left_seconds in self._forgotten.due(self._offers.held, now, settings.message_hold):
            await self._give_back(one, agent, left_seconds)
        await self.register.keep_held(sorted(self._offers.held), self._node, self._clock.now() + HELD)

    async def _give_back(self, id: str, agent: str, left_seconds: float) -> None:
        self._done(id)
        with suppress(Missing, Refused):  # answered or closed just now
            await self.register.give(id, agent=None, left_seconds=left_seconds)
            self._forgotten.went_back(agent, self._clock.now())
        self._tell(agent)
        self.nudge()

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def canned(
    settings: DeskSettings, dialogue: Dialogue | Chat, contact: Contact | None, agent: str
) -> tuple[tuple[str, str], ...]:
    """Name and text of each, in the person's language, else in any; what is not known stays as a place."""
    point = dialogue.point
    number = "" if point is None or point.kind is PointKind.VISITOR else point.value
    values = values_of(contact, number, agent)
    found = []
    for one in settings.templates_of(dialogue.queue):
        text = one.text.get((dialogue.language or "")[:2]) or next(iter(one.text.values()), "")
        found.append((one.name, _PLACE.sub(lambda place: values.get(place[0][1:-1]) or place[0], text)))
    return tuple(found)


def _gone() -> DeskRefused:
    return DeskRefused("written_gone", "This message is offered to somebody else by now.")
