"""What the SMSC sends: receipts and people's texts, each confirmed only when it has been kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from channels.smpp.addresses import told_address
from channels.smpp.link import Link
from channels.smpp.pdus import USER_MESSAGE_REFERENCE, Delivery, NotSmpp, Pdu, read_delivery
from channels.smpp.reassembly import Assemblies, Assembly, Part, Sending, part_of
from channels.smpp.receipts import is_receipt, read_receipt
from channels.smpp.repeats import Repeats, mark_of
from channels.smpp.settings import SmppSettings
from channels.smpp.statuses import NEVER, OK, TRY_LATER
from channels.smpp.texts import decoded
from compliance.facts import Channel
from engine.ports import Clock
from messaging.provider import Incoming, Listeners, Receipt

log = logging.getLogger(__name__)

# A part waits for its confirmation until the text is whole and kept, but an SMSC that sends the next part
# only after it must not wait for ever: later than this, the part is in memory alone.
HOLD_SECONDS = 1.0
LISTENER_SECONDS = 30.0
# More than these at once are left in the socket, and so with the SMSC.
MOST_AT_ONCE = 1000
_SWEEP_SECONDS = 15.0


class Deliveries:
    """`learned` is told our own reference, the recipient's number and its type, and the SMSC's id."""

    def __init__(
        self,
        settings: SmppSettings,
        clock: Clock,
        listeners: Listeners,
        learned: Callable[[int, str, int, str], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._listeners = listeners
        self._learned = learned
        self._assemblies = Assemblies(settings.reassembly_seconds)
        self._kept: dict[int, asyncio.Future[bool]] = {}
        self._repeats = Repeats()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: set[Link] = set()
        self._sweeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep(), name="smpp reassembly")

    async def close(self, limit_seconds: float) -> None:
        """What is being kept is finished, and parts whose rest did not come are passed on as they are."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait({self._sweeping})
            self._sweeping = None
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=limit_seconds)
        for sending, assembly in self._assemblies.unfinished():
            await self._pass_on(sending, assembly, None)

    def take(self, link: Link, pdu: Pdu) -> None:
        task = asyncio.get_running_loop().create_task(self._taken(link, pdu))
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        if len(self._tasks) >= MOST_AT_ONCE:
            self._held.add(link)
            link.hold(True)

    def lost(self, link: Link) -> None:
        self._held.discard(link)
        self._repeats.lost(link.number, self._now())

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._held and len(self._tasks) < MOST_AT_ONCE // 2:
            held, self._held = self._held, set()
            for link in held:
                link.hold(False)

    async def _taken(self, link: Link, pdu: Pdu) -> None:
        try:
            await self._read(link, pdu)
        except Exception:
            log.exception("%s: a delivery was not taken by a fault of ours", self._settings.name)
            link.respond(pdu, TRY_LATER)

    async def _read(self, link: Link, pdu: Pdu) -> None:
        try:
            delivery = read_delivery(pdu.command, pdu.body)
        except NotSmpp as error:
            # Sent again it would be no better.
            log.warning("%s: a delivery cannot be read: %s", self._settings.name, error)
            link.respond(pdu, NEVER)
            return
        if is_receipt(delivery):
            link.respond(pdu, OK if await self._receipt(delivery) else TRY_LATER)
            return
        part = part_of(delivery)
        if part.is_whole:
            is_kept, mark = await self._whole(delivery, part, link)
            if link.respond(pdu, OK if is_kept else TRY_LATER) and is_kept:
                self._repeats.confirmed(mark, self._now())
            return
        link.respond(pdu, OK if await self._part(delivery, part, link) else TRY_LATER)

    async def _receipt(self, delivery: Delivery) -> bool:
        read = read_receipt(delivery, self._settings.receipt_ids, self._settings.receipt_zone)
        if read is None:
            log.warning("%s: a receipt names no message or no state", self._settings.name)
            return True  # it would never be another
        if (own := delivery.number(USER_MESSAGE_REFERENCE)) is not None:
            learned = self._learned(own, delivery.source, delivery.source_ton, read.reference)
            if not await self._listened(learned, "what a receipt told of an answer"):
                return False  # as long as it cannot be kept nothing more is taken from the SMSC
        at = read.done_at or self._clock.now()
        to = told_address(delivery.source, delivery.source_ton)
        receipt = Receipt(self._settings.name, read.reference, read.state, at, read.code, read.why, to, own)
        return await self._listened(self._listeners.receipt(receipt), "a receipt")

    async def _part(self, delivery: Delivery, part: Part, link: Link) -> bool:
        """Whether to confirm it."""
        sending = Sending(*_ends(delivery), part.reference, part.total)
        if self._assemblies.was_done(sending, part, self._now()):
            return True
        assembly = self._assemblies.put(sending, part, self._now())
        if assembly.is_complete:
            return await self._pass_on(sending, assembly, link)
        kept = self._kept.get(id(assembly))
        if kept is None:
            kept = self._kept[id(assembly)] = asyncio.get_running_loop().create_future()
        await asyncio.wait({kept}, timeout=HOLD_SECONDS)
        return kept.result() if kept.done() else True

    async def _pass_on(self, sending: Sending, assembly: Assembly, link: Link | None) -> bool:
        """Whole, or with gaps when its time is over. What was not kept is tried again later."""
        text = assembly.text(lambda content, coding: decoded(content, coding, self._settings.alphabet))
        mark = mark_of(*sending.marks, text)
        incoming = Incoming(
            self._settings.name,
            Channel.SMS,
            sending.from_,
            sending.to,
            text,
            self._clock.now(),
            self._repeats.external_id(mark, link.number if link else 0, self._now()),
            data={"parts": assembly.total, "missing": list(assembly.missing)},
        )
        is_kept = await self._listened(self._listeners.incoming(incoming), "a text")
        if is_kept:
            self._assemblies.done(sending, assembly, self._now())
            self._repeats.confirmed(mark, self._now())
        else:
            self._assemblies.postpone(assembly, self._now())
        waiting = self._kept.pop(id(assembly), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(is_kept)
        return is_kept

    async def _sweep(self) -> None:
        interval = min(_SWEEP_SECONDS, self._settings.reassembly_seconds / 4)
        while True:
            await asyncio.sleep(interval)
            for sending, assembly in self._assemblies.overdue(self._now()):
                log.info("%s: parts of a text did not come: it is passed on with gaps", self._settings.name)
                try:
                    await self._pass_on(sending, assembly, None)
                except Exception:
                    log.exception("%s: a text with gaps was not passed on", self._settings.name)
                    self._assemblies.postpone(assembly, self._now())

    async def _whole(self, delivery: Delivery, part: Part, link: Link) -> tuple[bool, bytes]:
        from_, to = _ends(delivery)
        mark = mark_of(from_, to, part.data_coding, part.content.hex())
        incoming = Incoming(
            self._settings.name,
            Channel.SMS,
            from_,
            to,
            decoded(part.content, part.data_coding, self._settings.alphabet),
            self._clock.now(),
            self._repeats.external_id(mark, link.number, self._now()),
        )
        return await self._listened(self._listeners.incoming(incoming), "a text"), mark

    async def _listened(self, kept: Awaitable[None], what: str) -> bool:
        try:
            async with asyncio.timeout(LISTENER_SECONDS):
                await kept
        except TimeoutError:
            log.error("%s: %s was not kept within %g s", self._settings.name, what, LISTENER_SECONDS)
            return False
        except Exception as error:
            # Not confirmed, so it comes again. The error's own words may hold the text.
            log.error("%s: %s could not be kept (%s)", self._settings.name, what, type(error).__name__)
            return False
        return True

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _ends(delivery: Delivery) -> tuple[str, str]:
    return (
        told_address(delivery.source, delivery.source_ton),
        told_address(delivery.destination, delivery.destination_ton),
    )
