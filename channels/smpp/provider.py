"""SMS over SMPP 3.4: messaging.provider's Provider, over one or more binds to one SMSC.

What was not written to a socket surely did not go out. What was written and not answered may have: it is
`unknown`, and when the answer, or a receipt that carries our own reference, comes later, that is told.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine
from dataclasses import dataclass

from channels.smpp.addresses import AddressRefused, source_of, told_address
from channels.smpp.binds import Bind
from channels.smpp.handing import Handing, Outcome
from channels.smpp.incoming import Deliveries
from channels.smpp.link import NotWritten, Unanswered
from channels.smpp.pdus import QUERY, SUBMIT, NotSmpp, Pdu, message_id_of, query_body, read_query
from channels.smpp.receipts import WORDS, id_to_ask, reference_of_answer, state_of, why_of
from channels.smpp.settings import SmppSettings
from channels.smpp.statuses import OK, PAUSES, code_of, taken_of, words_of
from channels.smpp.submits import submit_bodies
from channels.smpp.texts import TextRefused
from compliance.facts import Channel
from engine.ports import Clock
from messaging.marks import mark_of
from messaging.provider import Answer, Listeners, Pace, Receipt, Submission, Taken

log = logging.getLogger(__name__)

CLOSING_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# How long a further part of a message waits before it is tried again.
_PART_PAUSE_SECONDS = 0.5
_SHORTEST_WAIT_SECONDS = 1.0
_REFERENCES = 0x10000
_MOST_DOUBTS = 10_000


@dataclass(slots=True)
class _Doubt:
    """A part that is being handed over, or was and is not answered. `learned`: its id, from a receipt that
    came before any answer."""

    handing: Handing
    index: int
    number: str
    learned: str = ""


class SmppProvider:
    """Implements messaging.provider.Provider. Used between `start` and `close`.

    Raises ValueError for a sender that no SMSC can be told.
    """

    channel = Channel.SMS

    def __init__(self, settings: SmppSettings, clock: Clock) -> None:
        source_of(settings.sender, settings)
        self._settings = settings
        self._clock = clock
        self._listeners: Listeners | None = None
        self._deliveries: Deliveries | None = None
        self._binds: list[Bind] = []
        self._stands: tuple[bool, str] | None = None
        self._is_closing = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._paused_until = 0.0
        self._pause_seconds = 0.0
        self._concatenation = random.randrange(_REFERENCES)
        # By our own reference, which is not this message's alone, and the number.
        self._doubts: dict[tuple[int, str], _Doubt] = {}

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def pace(self) -> Pace:
        settings = self._settings
        return Pace(settings.window * settings.binds * len(settings.endpoints), settings.per_second)

    async def start(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._deliveries = Deliveries(self._settings, self._clock, listeners, self._learned)
        self._deliveries.start()
        self._binds = [
            Bind(endpoint, self._settings, self._deliveries.take, self._changed, self._deliveries.lost)
            for _ in range(self._settings.binds)
            for endpoint in self._settings.endpoints
        ]
        for bind in self._binds:
            bind.start()

    async def close(self) -> None:
        self._is_closing = True
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%s: %d messages were not answered before closing", self.name, self._in_hand)
        binds, self._binds = self._binds, []
        if self._deliveries is not None:
            await self._deliveries.close(CLOSING_SECONDS)
        await asyncio.gather(*(bind.stop() for bind in binds))
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSING_SECONDS)
        if binds and self._listeners is not None:
            self._listeners.standing(False, "closed")

    async def submit(self, submission: Submission) -> Answer:
        if self._is_closing or self._listeners is None:
            return Answer(Taken.AWAY, why="the provider is not open")
        if (left_seconds := self._paused_until - self._now()) > 0:
            return Answer(Taken.BUSY, why="the SMSC asked for a pause", retry_after_seconds=left_seconds)
        first = mark_of(submission.message_id)
        try:
            bodies = submit_bodies(submission, self._settings, self._concatenation, first, self._clock.now())
        except (TextRefused, AddressRefused) as refusal:
            return Answer(Taken.REJECTED, code="ours", why=str(refusal))
        if len(bodies) > 1:
            self._concatenation = (self._concatenation + 1) % _REFERENCES
        handing = Handing(submission.message_id, len(bodies))
        self._in_hand += 1
        self._idle.clear()
        try:
            until = self._now() + self._settings.submit_seconds
            for index, body in enumerate(bodies):
                doubt = _Doubt(handing, index, submission.to.lstrip("+"))
                await self._hand_over(body, doubt, mark_of(submission.message_id, index), until)
                if handing.outcomes[index].taken not in (Taken.ACCEPTED, Taken.UNKNOWN):
                    break
            handing.is_answered = True
            return handing.answer()
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    async def ask(self, reference: str) -> Receipt | None:
        settings, bind = self._settings, self._freest()
        if bind is None or bind.link is None:
            return None
        body = query_body(id_to_ask(reference, settings.receipt_ids), source_of(settings.sender, settings))
        try:
            answer = await bind.link.request(QUERY, body, settings.answer_seconds)
            if answer.status != OK:
                return None
            _, state, error = read_query(answer.body)
        except (NotWritten, Unanswered, NotSmpp) as failure:
            log.info("%s: asking for a message failed: %s", self.name, failure)
            return None
        word = WORDS.get(state)
        if word is None or word == "UNKNOWN":
            return None
        code = f"{word} {error:03d}" if error else word
        return Receipt(self.name, reference, state_of(word), self._clock.now(), code, why_of(word))

    # Handing over

    async def _hand_over(self, body: bytes, doubt: _Doubt, reference: int, until: float) -> None:
        """Append the part's outcome. A further part is tried again while there is time: half a message
        is of no use, and the whole cannot be sent again."""
        outcomes = doubt.handing.outcomes
        while True:
            outcome = await self._tried(body, doubt, reference, until)
            again = doubt.handing.has_begun and outcome.taken in (Taken.BUSY, Taken.AWAY)
            pause_seconds = max(self._paused_until - self._now(), _PART_PAUSE_SECONDS)
            if not again or self._is_closing or self._now() + pause_seconds >= until:
                outcomes.append(outcome)
                return
            await asyncio.sleep(pause_seconds)

    async def _tried(self, body: bytes, doubt: _Doubt, reference: int, until: float) -> Outcome:
        bind = self._freest()
        if bind is None:
            return Outcome(Taken.AWAY, why=self._why_away())
        bind.in_use += 1
        try:
            try:
                if bind.window.locked():
                    async with asyncio.timeout(self._limit_seconds(until)):
                        await bind.window.acquire()
                else:
                    await bind.window.acquire()
            except TimeoutError:
                return Outcome(Taken.BUSY, why="the window is full", retry_after_seconds=FIRST_PAUSE_SECONDS)
            try:
                if bind.link is None:
                    return Outcome(Taken.AWAY, why=bind.why)
                self._remember(doubt, reference)
                answer = await bind.link.request(SUBMIT, body, self._limit_seconds(until))
            finally:
                bind.window.release()
        except NotWritten as failure:
            self._doubts.pop((reference, doubt.number), None)
            return Outcome(Taken.AWAY, why=str(failure))
        except Unanswered as failure:
            if doubt.learned:
                self._doubts.pop((reference, doubt.number), None)
                return Outcome(Taken.ACCEPTED, doubt.learned)
            failure.link.when_late(failure.sequence, lambda pdu: self._late(doubt, reference, pdu))
            return Outcome(Taken.UNKNOWN, why=str(failure))
        finally:
            bind.in_use -= 1
        self._doubts.pop((reference, doubt.number), None)
        return self._read(answer)

    def _read(self, answer: Pdu) -> Outcome:
        taken = taken_of(answer.status, self._settings.busy_statuses)
        if taken is Taken.ACCEPTED:
            self._pause_seconds = 0.0
            reference = reference_of_answer(message_id_of(answer.body), self._settings.receipt_ids)
            return Outcome(taken, reference)
        retry_seconds = None
        if taken is Taken.BUSY:
            retry_seconds = FIRST_PAUSE_SECONDS
            if answer.status in PAUSES or answer.status in self._settings.busy_statuses:
                retry_seconds = self._paused()
        return Outcome(taken, "", code_of(answer.status), words_of(answer.status), retry_seconds)

    def _paused(self) -> float:
        """Seconds of the whole provider's pause: of one bout of such answers, only the first counts."""
        now = self._now()
        if now >= self._paused_until:
            doubled = self._pause_seconds * 2 or FIRST_PAUSE_SECONDS
            self._pause_seconds = min(doubled, LONGEST_PAUSE_SECONDS)
            self._paused_until = now + self._pause_seconds
        return self._paused_until - now

    def _freest(self) -> Bind | None:
        up = [bind for bind in self._binds if bind.is_up]
        return min(up, key=lambda bind: bind.in_use) if up else None

    # What is learned later

    def _remember(self, doubt: _Doubt, reference: int) -> None:
        if not self._settings.message_references:
            return
        if len(self._doubts) >= _MOST_DOUBTS:
            del self._doubts[next(iter(self._doubts))]
        self._doubts[reference, doubt.number] = doubt

    def _late(self, doubt: _Doubt, reference: int, answer: Pdu) -> None:
        self._doubts.pop((reference, doubt.number), None)
        self._settle(doubt, self._read(answer))

    async def _learned(self, message_reference: int, number: str, ton: int, reference: str) -> None:
        """A receipt with a reference of ours came: a part that was not answered had been accepted."""
        place = message_reference, told_address(number, ton).lstrip("+")
        doubt = self._doubts.get(place)
        if doubt is None:
            return
        doubt.learned = reference
        if len(doubt.handing.outcomes) > doubt.index:  # nobody waits for its answer any more
            del self._doubts[place]
            told = self._settle(doubt, Outcome(Taken.ACCEPTED, reference))
            if told is not None:
                await told

    def _settle(self, doubt: _Doubt, outcome: Outcome) -> asyncio.Task[None] | None:
        handing = doubt.handing
        handing.outcomes[doubt.index] = outcome
        answer = handing.answer()
        if not handing.is_answered or answer.taken is Taken.UNKNOWN:
            return None
        if self._listeners is None or self._listeners.answered is None:
            return None
        return self._run(self._tell(handing.message_id, answer))

    async def _tell(self, message_id: str, answer: Answer) -> None:
        assert self._listeners is not None
        assert self._listeners.answered is not None
        try:
            await self._listeners.answered(message_id, answer)
        except Exception as error:
            # It stays in doubt, as it was. The error's own words may hold the text.
            log.error("%s: a late answer could not be kept (%s)", self.name, type(error).__name__)

    def _run(self, coroutine: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    # Standing

    def _changed(self) -> None:
        is_up = any(bind.is_up for bind in self._binds)
        standing = (is_up, "" if is_up else self._why_away())
        if self._listeners is not None and standing != self._stands and not self._is_closing:
            self._stands = standing
            self._listeners.standing(*standing)

    def _why_away(self) -> str:
        return self._binds[0].why if self._binds else "the provider is not open"

    def _limit_seconds(self, until: float) -> float:
        return min(self._settings.answer_seconds, max(until - self._now(), _SHORTEST_WAIT_SECONDS))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
