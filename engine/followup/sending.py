"""The worker that sends messages: what is due is claimed, the gate is asked, and it is handed to a provider.

    queued -> claimed -> gate -> SENDING written -> submit -> answer written

A message is written down as being sent before a provider sees it. Whoever dies in between leaves it in
doubt: nobody sends it again by itself. Only as many are being sent as a provider's window takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from compliance.decision import Decision
from compliance.facts import Channel
from engine.followup.pace import Bucket
from engine.followup.routing import Carrier, Lane, choose
from engine.followup.verdicts import answered_by, pause_seconds, refused_by, request_of, submission_of
from engine.followup.writing import AWAY_SECONDS, Writer
from engine.gatekeeper import ContactRequest
from engine.ports import Clock, StoreUnavailable
from engine.registers.messages import Doubtful, Message, MessageQueue, Move, PutOff
from messaging.opting import Wish
from messaging.permission import PERMISSION, Permission
from messaging.provider import Answer, Incoming, Listeners, Taken
from messaging.replies import AUTOMATIC, own_words

log = structlog.get_logger("messages")

CLOSE_SECONDS = 5.0
# The providers' own limits are shorter.
SUBMIT_SECONDS = 60.0
# A message for which no provider has room now is looked at again after this.
NO_LANE_SECONDS = 5.0
MOST_UNANSWERED = 10_000
ASKED_AT_ONCE = 5


class ManyGate(Protocol):
    """Implemented by engine.gatekeeper.Gatekeeper."""

    async def ask_all(self, requests: Sequence[ContactRequest]) -> Sequence[Decision]: ...


@dataclass(frozen=True, slots=True)
class SendingLimits:
    """`claim_seconds`: from a claim to its submit. `lease_seconds`: from then to the answer, longer than a
    submit may take. `batch`: messages claimed at once. `look_seconds`: how often new ones are looked for.
    """

    claim_seconds: float = 30.0
    lease_seconds: float = 2 * SUBMIT_SECONDS
    batch: int = 200
    look_seconds: float = 0.5
    tidy_seconds: float = 5.0
    ask_seconds: float = 60.0


class MessageSending:
    """Runs between `start` and `close`. `wish_of` reads what people write.

    `moved` hears of each message whose state has changed, `received` of each that came in.
    """

    def __init__(
        self,
        queue: MessageQueue,
        carriers: Sequence[Carrier],
        gate: ManyGate,
        clock: Clock,
        *,
        wish_of: Callable[[str], Wish | None] = lambda _: None,
        moved: Callable[[Message], None] = lambda _: None,
        received: Callable[[Message], None] = lambda _: None,
        limits: SendingLimits | None = None,
    ) -> None:
        self._queue = queue
        self._gate = gate
        self._clock = clock
        self._wish_of = wish_of
        self._received = received
        self._limits = limits or SendingLimits()
        self._lanes: dict[Channel, list[Lane]] = {}
        for carrier in carriers:
            provider = carrier.provider
            lane = Lane(carrier, Bucket(provider.pace, clock.monotonic()))
            self._lanes.setdefault(provider.channel, []).append(lane)
        self._writer = Writer(queue, moved)
        self._rounds: dict[Channel, asyncio.Task[None]] = {}
        self._submits: set[asyncio.Task[None]] = set()
        self._work: list[asyncio.Task[None]] = []
        # Handed over, and nobody answered: the provider may hear of it yet.
        self._unanswered: dict[str, Message] = {}
        # Up to here what is in doubt was asked about.
        self._asked = ("", "")
        self._room = asyncio.Event()
        self._wake = asyncio.Event()
        self._closing = False
        self._away: str | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._lanes)

    def lanes(self) -> list[Lane]:
        return [lane for lanes in self._lanes.values() for lane in lanes]

    @property
    def trouble(self) -> str | None:
        """Why nothing is sent now, although there are providers."""
        return self._away or self._writer.away

    async def start(self) -> None:
        self._writer.start()
        for lane in self.lanes():
            listeners = Listeners(
                self._writer.receipt,
                self._take,
                partial(self._stands, lane),
                partial(self._answered_late, lane),
            )
            try:
                await lane.carrier.provider.start(listeners)
            except Exception as fault:
                log.exception("a provider could not be started", provider=lane.name)
                lane.why = f"it could not be started ({type(fault).__name__})"
        self._work = [
            asyncio.create_task(one)
            for one in (
                self._on("messages could not be looked for", self._look, self._limits.look_seconds),
                self._on("messages could not be tidied", self._tidy, self._limits.tidy_seconds),
                self._on("doubtful messages could not be asked about", self._ask, self._limits.ask_seconds),
            )
        ]

    async def close(self) -> None:
        """What is being handed over may be answered, for a while; then it is in doubt. Idempotent."""
        self._closing = True
        for task in self._work:
            task.cancel()
        if self._rounds:  # one that is cut may leave messages in doubt that nobody has seen
            await asyncio.wait(self._rounds.values(), timeout=CLOSE_SECONDS)
        tasks = [*self._work, *self._rounds.values()]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        if self._submits:
            await asyncio.wait(self._submits, timeout=CLOSE_SECONDS)
        for task in list(self._submits):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for lane in self.lanes():
            await lane.carrier.provider.close()
        await self._writer.close()

    def wake(self) -> None:
        """There may be something new to send."""
        self._wake.set()

    # --- looking ------------------------------------------------------------------------------------------

    async def _on(self, trouble: str, work: Callable[[], Coroutine[Any, Any, None]], pause: float) -> None:
        """Again and again. A database that is away is told once."""
        while True:
            seconds = pause
            try:
                await work()
                self._note(None)
            except StoreUnavailable as away:
                self._note(str(away))
                seconds = AWAY_SECONDS
            except Exception:
                log.exception(trouble)
                seconds = AWAY_SECONDS
            if work == self._look:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), seconds)
                self._wake.clear()
            else:
                await asyncio.sleep(seconds)

    async def _look(self) -> None:
        while await self._queue.take_in(self.channels):
            pass
        now = self._clock.monotonic()
        able = [
            channel
            for channel, lanes in self._lanes.items()
            if channel not in self._rounds and any(lane.usable(now) for lane in lanes)
        ]
        for channel in await self._queue.due(able) if able else ():
            self._rounds[channel] = asyncio.create_task(self._send_due(channel))

    async def _send_due(self, channel: Channel) -> None:
        try:
            while not self._closing and await self._round(channel):
                pass
        except StoreUnavailable as away:
            self._note(str(away))
        except Exception:
            log.exception("a round of messages stopped; it goes on in a while", channel=channel.value)
        finally:
            del self._rounds[channel]

    async def _round(self, channel: Channel) -> bool:
        """Send what there is room for. False: nothing is due, or nobody can carry it."""
        room = await self._room_of(channel)
        if room == 0:
            return False
        claimed = await self._queue.claim(
            channel, limit=min(room, self._limits.batch), lease_seconds=self._limits.claim_seconds
        )
        if not claimed:
            return False
        decisions = await self._gate.ask_all([request_of(message) for message in claimed])
        now = self._clock.now()
        put_off: list[PutOff] = []
        moves: list[Move] = []
        chosen: dict[str, tuple[Message, Lane]] = {}
        for message, decision in zip(claimed, decisions, strict=True):
            if not decision.allowed:
                verdict = refused_by(decision, message, now)
                (put_off if isinstance(verdict, PutOff) else moves).append(verdict)  # type: ignore[arg-type]
                continue
            lane = self._choose(channel, message)
            if lane is None:
                put_off.append(PutOff(message.id, now + timedelta(seconds=NO_LANE_SECONDS)))
                continue
            chosen[message.id] = message, lane
        until = now + timedelta(seconds=self._limits.lease_seconds)
        try:
            await self._queue.put_off(put_off)
            await self._queue.move(moves)
            handed = [(message, lane.name) for message, lane in chosen.values()]
            begun = {one.id: one for one in await self._queue.hand_over(handed, until)}
        except BaseException:
            for _, lane in chosen.values():
                lane.in_flight -= 1
            raise
        for message_id, (_, lane) in chosen.items():
            if message_id in begun:
                task = asyncio.create_task(self._submit(lane, begun[message_id]))
                self._submits.add(task)
                task.add_done_callback(self._submits.discard)
            else:  # it was stopped meanwhile
                lane.in_flight -= 1
        return True

    async def _room_of(self, channel: Channel) -> int:
        """Waits until half of the window is free: many small rounds cost more than a few great ones."""
        lanes = self._lanes[channel]
        while True:
            now = self._clock.monotonic()
            usable = [lane for lane in lanes if lane.usable(now)]
            if not usable or self._closing:
                return 0
            room = sum(lane.room(now) for lane in usable)
            flying = sum(lane.in_flight for lane in usable)
            windows = sum(lane.carrier.provider.pace.at_once for lane in usable)
            if room > 0 and (not flying or room * 2 >= min(windows, self._limits.batch)):
                return room
            if room > 0 and any(lane.carrier.provider.pace.per_second is not None for lane in usable):
                return room
            waits = [lane.bucket.seconds_to_next(now) for lane in usable]
            self._room.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), min(1.0, max(0.01, min(waits) or 1.0)))

    def _choose(self, channel: Channel, message: Message) -> Lane | None:
        to = "" if message.point is None else message.point.value
        return choose(self._lanes[channel], to, self._clock.monotonic())

    # --- handing over -------------------------------------------------------------------------------------

    async def _submit(self, lane: Lane, message: Message) -> None:
        provider = lane.carrier.provider
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                answer = await provider.submit(submission_of(message, lane.carrier.sender))
        except asyncio.CancelledError:
            answer = Answer(Taken.UNKNOWN, why="the hotline was stopped before the provider answered")
            self._answered(lane, message, answer)
            raise
        except TimeoutError:
            answer = Answer(Taken.UNKNOWN, why=f"no answer within {SUBMIT_SECONDS:g} s")
        except Exception as fault:
            log.exception("a provider failed", provider=lane.name, message=message.id)
            answer = Answer(Taken.UNKNOWN, why=f"a fault of ours: {type(fault).__name__}")
        self._answered(lane, message, answer)

    def _answered(self, lane: Lane, message: Message, answer: Answer) -> None:
        lane.in_flight -= 1
        if pause := pause_seconds(answer):
            lane.paused_until = max(lane.paused_until, self._clock.monotonic() + pause)
        if answer.taken is Taken.UNKNOWN:
            if len(self._unanswered) >= MOST_UNANSWERED:
                del self._unanswered[next(iter(self._unanswered))]
            self._unanswered[message.id] = message
        self._writer.answered(answered_by(answer, message, lane.name, self._clock.now()))
        self._room.set()

    async def _answered_late(self, lane: Lane, message_id: str, answer: Answer) -> None:
        """Written when this returns. A message that was sent again meanwhile is left to its new answer."""
        if (message := self._unanswered.pop(message_id, None)) is not None:
            move = answered_by(answer, message, lane.name, self._clock.now())
            await self._writer.answered_late(move)

    # --- what providers tell ------------------------------------------------------------------------------

    async def _take(self, incoming: Incoming) -> None:
        """Written when this returns. Raises StoreUnavailable."""
        permission = incoming.data.get(PERMISSION)
        wish = None if incoming.data.get(AUTOMATIC) else self._wish_of(own_words(incoming))
        message = await self._queue.take(
            incoming,
            opted_out=permission == Permission.WITHDRAWN or wish is Wish.STOP,
            opted_in=permission == Permission.GIVEN or wish is Wish.START,
        )
        if message is not None:
            self._received(message)

    def _stands(self, lane: Lane, standing: bool, why: str) -> None:
        was_well = lane.well
        lane.standing, lane.why = standing, why
        if self._closing:  # it is closed because the hotline stops
            pass
        elif lane.well and not was_well:
            log.info("a provider stands", provider=lane.name)
        elif was_well and not standing:
            log.warning("a provider is away", provider=lane.name, why=why)
        if standing:
            lane.paused_until = 0.0
            self._wake.set()
        self._room.set()

    # --- in the background --------------------------------------------------------------------------------

    async def _tidy(self) -> None:
        while (tidied := await self._queue.tidy()).more:
            pass
        if tidied.expired or tidied.in_doubt:
            log.warning("messages were not sent", expired=tidied.expired, in_doubt=tidied.in_doubt)

    async def _ask(self) -> None:
        """What is in doubt is asked about, where the provider can be asked: some, and the next ones later."""
        limit = self._limits.batch
        parts = await self._queue.doubtful(limit=limit, after=self._asked)
        self._asked = (parts[-1].message_id, parts[-1].reference) if len(parts) == limit else ("", "")
        waiting = iter(parts)

        async def ask() -> None:
            for part in waiting:
                await self._ask_about(part)

        async with asyncio.TaskGroup() as group:
            for _ in range(ASKED_AT_ONCE):
                group.create_task(ask())

    async def _ask_about(self, part: Doubtful) -> None:
        lane = next((lane for lane in self.lanes() if lane.name == part.provider), None)
        if lane is None:
            return
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                found = await lane.carrier.provider.ask(part.reference)
        except Exception as fault:
            log.warning("a provider could not be asked", provider=part.provider, why=type(fault).__name__)
            return
        if found is not None:
            with suppress(StoreUnavailable):  # it is asked again
                await self._writer.receipt(found)

    def _note(self, away: str | None) -> None:
        if away is not None and self._away is None:
            log.warning("messages wait for the database", why=away)
        self._away = away
