"""The worker that writes the messages of mailings, and the desk by which people check and order them.

Recipients are known when a mailing starts, and of many are written down in batches. They are marked in the
transaction that queues their messages, under a lease: whoever dies in between leaves them to the next one,
and nobody gets two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from engine.followup.cascade_steps import ERASED, begun_run
from engine.followup.composing import NotComposed, composed, point_for
from engine.followup.resting import Resting
from engine.followup.shelf import MODE, MessageShelf
from engine.lookout import Lookout
from engine.ports import Clock, StoreUnavailable
from engine.registers.cascades import KeptRun
from engine.registers.mailings import Mailing, MailingQueue, ToWrite, WrittenOne
from engine.registers.messages import BULK_PRIORITY
from messaging.bulk_pace import Bucket
from messaging.cascade import CascadeRun
from messaging.mailing import MailingState

log = structlog.get_logger("mailings")

BATCH = 200
# Of one mailing before the next one has its turn.
BATCHES = 10
LOOK_SECONDS = 1.0
AWAY_SECONDS = 5.0
# Between two rounds while there is more to write.
BREATH_SECONDS = 0.05
LEASE_SECONDS = 30.0
# All messages of a mailing are looked over so often: of many, which takes longer, less often.
TIDY_SECONDS = 2.0
TIDY_SECONDS_A_MESSAGE = 0.0002
LONGEST_TIDY_SECONDS = 60.0
TIME_OVER = "its time was over"
FAILED = "it cannot be gone on with ({fault}): the log tells more; it is tried again of itself"
NO_POINT = "the person has no address of this channel any more"
TWICE = "they have become one person with another recipient"


class MailingWork:
    """`shelf`: as it is now; files may be read anew."""

    def __init__(self, queue: MailingQueue, shelf: Callable[[], MessageShelf], clock: Clock) -> None:
        self._queue = queue
        self._shelf = shelf
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}
        # Of each mailing, the version that was looked over, and when.
        self._looked: dict[str, tuple[int, float]] = {}
        # Of each mailing, the version of which nothing is held any more.
        self._released: dict[str, int] = {}
        self._resting = Resting[str](clock)
        self.lookout = Lookout(
            "mailings",
            self.round,
            every_seconds=LOOK_SECONDS,
            away_seconds=AWAY_SECONDS,
            breath_seconds=BREATH_SECONDS,
        )

    async def round(self) -> bool:
        """A turn of each mailing. True: there is more to be written at once."""
        more = False
        mailings = await self._queue.claim(lease_seconds=LEASE_SECONDS)
        at_work = {one.id for one in mailings}
        for kept in (self._buckets, self._looked, self._released):
            for gone in kept.keys() - at_work:
                del kept[gone]
        resting = self._resting.now()
        for mailing in mailings:
            if mailing.id in resting:
                continue
            try:
                more = await self._turn(mailing) or more
            except StoreUnavailable:
                raise
            except Exception as fault:  # it holds none of the others up
                if self._resting.failed(mailing.id):
                    log.exception("a mailing could not be gone on with", mailing=mailing.id)
                await self._queue.note(mailing.id, FAILED.format(fault=type(fault).__name__))
            else:
                if self._resting.went_well(mailing.id):
                    await self._queue.note(mailing.id, "")
        return more

    async def _turn(self, mailing: Mailing) -> bool:
        if mailing.state is MailingState.PREPARING:
            return await self._prepare(mailing)
        if mailing.state is MailingState.RUNNING:
            return await self._write(mailing)
        if not self._is_time(mailing):
            return False
        look = self._queue.hold if mailing.state is MailingState.PAUSED else self._queue.sweep
        if await look(mailing.id):  # there may be more of it
            del self._looked[mailing.id]
            return True
        return False

    async def _prepare(self, mailing: Mailing) -> bool:
        """At any hour: nothing goes out yet."""
        if await self._over_time(mailing, self._clock.now()):
            return True
        for _ in range(BATCHES):
            if not await self._queue.prepare(mailing.id, lease_seconds=LEASE_SECONDS):
                break
        return True

    async def _over_time(self, mailing: Mailing, now: datetime) -> bool:
        if mailing.ends_at is None or now < mailing.ends_at:
            return False
        await self._queue.overtime(mailing.id, TIME_OVER)
        return True

    async def _write(self, mailing: Mailing) -> bool:
        now = self._clock.now()
        if await self._over_time(mailing, now):
            return True
        if self._released.get(mailing.id) != mailing.version:
            if await self._queue.release(mailing.id):  # there may be more of it
                return True
            self._released[mailing.id] = (
                mailing.version
            )  # nothing is held but by an order, which makes another
        shelf = self._shelf()
        if not is_open(mailing, now.astimezone(shelf.zone)):
            return False
        for _ in range(BATCHES):
            room = self._room(mailing)
            if room == 0:
                return False
            waiting = await self._queue.to_write(mailing.id, limit=min(BATCH, room))
            if not waiting:
                if self._is_time(mailing):
                    await self._queue.finish(mailing.id)
                return False
            outcomes = written_ones(mailing, waiting, shelf, self._clock.now())
            if not await self._queue.write(mailing.id, outcomes, lease_seconds=LEASE_SECONDS):
                return False
            self._spent(mailing, len(waiting))
        return True

    def _is_time(self, mailing: Mailing) -> bool:
        """At once where it came into another state."""
        at = self._clock.monotonic()
        version, looked_at = self._looked.get(mailing.id, (0, at))
        pause = min(LONGEST_TIDY_SECONDS, TIDY_SECONDS + TIDY_SECONDS_A_MESSAGE * mailing.recipients)
        if version == mailing.version and at - looked_at < pause:
            return False
        self._looked[mailing.id] = (mailing.version, at)
        return True

    def _room(self, mailing: Mailing) -> int:
        if mailing.per_second is None:
            return BATCH
        at = self._clock.monotonic()
        bucket = self._buckets.get(mailing.id)
        if bucket is None or bucket.per_second != mailing.per_second:
            bucket = Bucket(mailing.per_second, at)
        self._buckets[mailing.id] = bucket = bucket.filled(at)
        return bucket.whole

    def _spent(self, mailing: Mailing, count: int) -> None:
        if mailing.per_second is not None:
            self._buckets[mailing.id] = self._buckets[mailing.id].without(count)


def is_open(mailing: Mailing, local: datetime) -> bool:
    """Whether messages are written at that local time. From 20:00 to 08:00 is over midnight."""
    if mailing.opens is None or mailing.closes is None:
        return True
    at = local.time()
    if mailing.opens < mailing.closes:
        return mailing.opens <= at < mailing.closes
    return at >= mailing.opens or at < mailing.closes


def written_ones(
    mailing: Mailing, waiting: Sequence[ToWrite], shelf: MessageShelf, now: datetime
) -> list[WrittenOne]:
    """What becomes of each recipient. Pure."""
    write = _message if mailing.cascade is None else _run
    found = []
    for one in waiting:
        if one.contact is None or one.twice:
            found.append(WrittenOne(one.n, why=TWICE if one.twice else ERASED))
        else:
            found.append(write(mailing, one, shelf, now))
    return found


def message_id(mailing: Mailing, n: int) -> str:
    """The same whenever it is written: a second time there is no second message."""
    return f"{mailing.id}-{n:07}"


def _message(mailing: Mailing, one: ToWrite, shelf: MessageShelf, now: datetime) -> WrittenOne:
    template = shelf.templates.get(mailing.template or "")
    if template is None:
        return WrittenOne(one.n, why=f"there is no template {mailing.template} any more")
    assert mailing.channel is not None
    assert one.contact is not None
    point = point_for(mailing.channel, one.contact, None)
    if point is None:
        return WrittenOne(one.n, why=NO_POINT)
    try:
        made = composed(
            template,
            message_id(mailing, one.n),
            channel=mailing.channel,
            point=point,
            contact=one.contact,
            values=mailing.values,
            language=mailing.language,
            now=now,
            zone=shelf.zone,
            links=shelf.links,
        )
    except NotComposed as why:
        return WrittenOne(one.n, why=str(why))
    message = replace(
        made.message,
        mode=MODE,
        mailing=mailing.id,
        campaign=mailing.campaign,
        priority=BULK_PRIORITY,
        expires_at=min(now + shelf.expires, mailing.ends_at or now + shelf.expires),
    )
    return WrittenOne(one.n, (message,), () if made.link is None else (made.link,))


def _run(mailing: Mailing, one: ToWrite, shelf: MessageShelf, now: datetime) -> WrittenOne:
    cascade = shelf.cascades.get(mailing.cascade or "")
    if cascade is None:
        return WrittenOne(one.n, why=f"there is no cascade {mailing.cascade} any more")
    assert one.contact is not None
    kept = KeptRun(
        id=message_id(mailing, one.n),
        run=CascadeRun(cascade),
        contact_id=one.contact.id,
        created_at=now,
        values=mailing.values,
        mailing=mailing.id,
        campaign=mailing.campaign,
        language=mailing.language,
    )
    advance = begun_run(kept, one.contact, shelf, now)
    return WrittenOne(one.n, advance.messages, advance.links, advance.kept)
