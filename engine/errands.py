"""The errands of one call: work that does not touch the caller's channel, each within a limit.

What only asks is dropped when nobody waits for it any more; what is being written is written. Whatever goes
wrong becomes an outcome and a note, never the end of the call.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

import structlog

from calls.events import CallEventKind
from calls.numbers import parse_number
from compliance.facts import Channel, Mode, Purpose
from engine.changes import ProfileSet
from engine.codes import CODE_SECONDS, SentCode, same_answer
from engine.debt_desk import DebtDesk
from engine.debt_errands import BY_DEBT, DebtErrands
from engine.errand_log import ErrandLog
from engine.fetching import fetch
from engine.gatekeeper import ContactRequest, Gate, asked_for
from engine.outbox_jobs import WAITS_FOR_MESSAGE, Circumstances, KeptErrand, NotKept, checked_job, kept_of
from engine.ports import Clock, Codes, Ids, Ledger, LedgerUnavailable, Profiles, Services, StoreUnavailable
from history.interaction import ContactPoint, PointKind
from ivr.commands import (
    CheckAnswer,
    DisputeDebt,
    Errand,
    Fetch,
    KeepConsent,
    KeepPromise,
    ReadDebt,
    ReadProfile,
    RequestCallback,
    SendCode,
    SendMessage,
    StopContact,
    WriteProfile,
)
from ivr.events import Finished

# The caller waits in silence meanwhile. A request to a service has its own limit, and this much on top.
ERRAND_SECONDS = 5.0
SLACK_SECONDS = 0.5
# Each costs the company money, and a caller who goes back and forth could have them sent without end.
MOST_CODES_SENT = 3
# Of what only they know, a person and whoever guesses may say so many wrong answers in that time, in all
# calls: four digits would else be found in a few hundred.
MOST_WRONG_ANSWERS = 10
WRONG_ANSWERS_COUNT = timedelta(days=30)
# What the gate refuses for want of facts is no rule's word.
OF_THE_GATE = "gate/"

# The outcome of work that has no "failed". What else has none leaves the flow by its `always.trouble`.
OUTCOMES_OF_TROUBLE: dict[type[Errand], str] = {
    ReadProfile: "unknown",
    ReadDebt: "unknown",
    DisputeDebt: "unknown",
    WriteProfile: "unknown",
    RequestCallback: "declined",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What errands need beyond the call, wired by the composition root.

    `debts` None: none are kept here. `codes_in_log`: codes are also told in the engine's log, for want of
    anybody who sends messages.
    """

    ledger: Ledger
    profiles: Profiles
    services: Services
    codes: Codes
    clock: Clock
    ids: Ids
    region: str
    gate: Gate
    debts: DebtDesk | None = None
    codes_in_log: bool = True


class Errands:
    """Begins errands and tells when each has Finished, until the call ends."""

    def __init__(
        self, call_id: str, *, desk: Desk, call_log: ErrandLog, tell: Callable[[Finished], None]
    ) -> None:
        self._call_id = call_id
        self._desk = desk
        self._call_log = call_log
        self._tell = tell
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._questions: set[int] = set()  # that may be asked again
        self._writes: set[asyncio.Task[None]] = set()
        self._codes_sent = 0
        self._debts = DebtErrands(
            desk.debts, call_log, desk.ids, here=self._circumstances, finish=self._finish_writing
        )
        self._code_message = ""
        self._code: SentCode | None = None  # in memory alone: after a restart every answer is wrong

    def begin(self, errand: Errand) -> None:
        if isinstance(errand, Fetch | ReadProfile | ReadDebt | CheckAnswer):
            self._questions.add(errand.work_id)
        self._tasks[errand.work_id] = asyncio.get_running_loop().create_task(self._run(errand))

    def has(self, work_id: int | None) -> bool:
        """Whether this work is under way here, or has Finished and the Dialogue has not been told yet."""
        return work_id in self._tasks

    def keeps(self, work_id: int | None) -> bool:
        """Whether it is under way and leaves something behind: then it must not be begun a second time."""
        return work_id in self._tasks and work_id not in self._questions

    def drop(self, waited: int | None) -> None:
        """The Dialogue waits for `waited` only."""
        for work_id in [known for known in self._tasks if known != waited]:
            self._tasks.pop(work_id).cancel()

    async def end(self) -> None:
        """The call is over. What is being written is waited for, within a limit."""
        left = {*self._tasks.values(), *self._writes}
        self.drop(None)
        if left:
            await asyncio.wait(left, timeout=ERRAND_SECONDS)

    async def _run(self, errand: Errand) -> None:
        limit_seconds = ERRAND_SECONDS
        if isinstance(errand, Fetch):
            limit_seconds = errand.timeout_seconds + SLACK_SECONDS
        try:
            async with asyncio.timeout(limit_seconds):
                finished = await self._perform(errand)
        except TimeoutError:
            finished = await self._trouble(errand, f"it took more than {limit_seconds:g} s")
        except LedgerUnavailable as unavailable:
            finished = self._given_up(errand, str(unavailable))  # the call's log tells it already
        except (NotKept, StoreUnavailable) as failure:
            finished = await self._trouble(errand, str(failure))
        except Exception as fault:
            log.exception("an errand failed", call=self._call_id, errand=name_of(errand))
            finished = await self._trouble(errand, f"a fault of the engine ({type(fault).__name__})")
        self._tell(finished)

    async def _perform(self, errand: Errand) -> Finished:
        match errand:
            case Fetch():
                desk = self._desk
                return await fetch(errand, services=desk.services, clock=desk.clock, call_log=self._call_log)
            case ReadProfile():
                return await self._read(errand)
            case WriteProfile():
                return await self._write(errand)
            case SendMessage():
                return await self._send(errand)
            case RequestCallback(number=number):
                return await self._keep(errand, number)
            case StopContact(number=number):
                finished = await self._keep(errand, number)
                await self._debts.stop(errand)
                return finished
            case KeepConsent():
                return await self._keep(errand)
            case KeepPromise():
                return await self._debts.promise(errand)
            case ReadDebt():
                return await self._debts.read(errand)
            case DisputeDebt():
                return await self._debts.dispute(errand)
            case SendCode():
                return await self._send_code(errand)
            case CheckAnswer():
                return await self._check(errand)
            case _:
                assert_never(errand)

    # --- asking -------------------------------------------------------------------------------------------

    async def _read(self, errand: ReadProfile) -> Finished:
        value = await self._known(errand.attribute)
        if value is None:
            return Finished(errand.work_id, "unknown")
        return Finished(errand.work_id, "next", {"value": value})

    async def _known(self, attribute: str) -> object:
        point = self._call_log.point
        return None if point is None else await self._desk.profiles.attribute(point, attribute)

    async def _check(self, errand: CheckAnswer) -> Finished:
        guessed = False
        if errand.debt:
            guessed = await self._guessed()
            by, passed = BY_DEBT, await self._debts.knows_reference(errand.answer)
        elif errand.attribute is None:
            now = self._desk.clock.monotonic()
            by, passed = "code", self._code is not None and self._code.matches(errand.answer, now)
        else:
            guessed = await self._guessed()
            known = await self._known(errand.attribute)
            by, passed = "attribute", known is not None and same_answer(errand.answer, known)
        passed = passed and not guessed
        data = {"by": by, "passed": passed} | ({"locked": True} if guessed else {})
        if passed and by == "code":
            desk = self._desk
            job = checked_job(self._call_id, self._code_message, desk.ids.new(), desk.clock.now())
            await self._call_log.add(CallEventKind.IDENTITY_CHECKED, data, job, durable=False)
        else:
            await self._call_log.write(CallEventKind.IDENTITY_CHECKED, data)
        return Finished(errand.work_id, "verified" if passed else "failed")

    async def _guessed(self) -> bool:
        """Whether so many answers were wrong over several calls that no answer is right any more."""
        point = self._call_log.point
        if point is None:
            return False
        since = self._desk.clock.now() - WRONG_ANSWERS_COUNT
        return await self._desk.profiles.wrong_answers(point, since) >= MOST_WRONG_ANSWERS

    # --- keeping ------------------------------------------------------------------------------------------

    async def _write(self, errand: WriteProfile) -> Finished:
        point = self._call_log.point
        if point is None:
            return Finished(errand.work_id, "unknown")
        desk = self._desk
        change = ProfileSet(
            point, errand.attribute, errand.value, desk.clock.now(), self._call_id, desk.ids.new()
        )

        async def kept() -> None:
            try:
                await desk.ledger.commit([change], durable=True)
            except LedgerUnavailable:
                await desk.ledger.commit([change])  # it can wait on disk: nothing is done because of it

        await self._finish_writing(kept())
        return Finished(errand.work_id, "next")

    async def _keep(
        self, errand: KeptErrand, number: str | None = None, code: str = "", new_id: str = ""
    ) -> Finished:
        desk = self._desk
        kept = kept_of(
            errand,
            self._circumstances(),
            new_id=new_id or desk.ids.new(),
            number=None if number is None else parse_number(number, desk.region).e164,
            code=code,
        )
        await self._finish_writing(self._call_log.keep(kept.kind, kept.data, *kept.changes))
        return Finished(errand.work_id, "next")

    def _circumstances(self) -> Circumstances:
        call, now = self._call_log.call, self._desk.clock.now()
        return Circumstances(
            call_id=self._call_id,
            at=now,
            point=self._call_log.point,
            flow=call.flow or "",
            recording=call.recording,
            second=round((now - (call.answered_at or call.started_at)).total_seconds(), 2),
            language=call.language,
            stay=self._call_log.queue_stay,
        )

    async def _send(self, errand: SendMessage) -> Finished:
        new_id = self._desk.ids.new()
        refusal = await self._refused(errand.to, Purpose(errand.purpose), new_id)
        if refusal is not None:
            return Finished(errand.work_id, refusal)
        return await self._keep(errand, errand.to, new_id=new_id)

    async def _refused(self, to: str, purpose: Purpose, message_id: str) -> str | None:
        """The outcome when the gate does not let a text message go out, told in the call's log."""
        desk = self._desk
        number = parse_number(to, desk.region).e164
        if number is None:
            return None  # it is told as trouble, further on
        request = ContactRequest(
            subject=f"message:{message_id}",
            channel=Channel.SMS,
            purpose=purpose,
            mode=Mode.AGENTLESS,
            point=ContactPoint(PointKind.PHONE, number),
        )
        if purpose in (Purpose.SERVICE, Purpose.INFORMATION):  # nobody asks for advertising by calling
            request = asked_for(request, desk.clock.now(), WAITS_FOR_MESSAGE)
        decision = await desk.gate.ask(request)
        if decision.allowed:
            return None
        then = decision.next_allowed_at
        data = {
            "channel": "sms",
            "to": number,
            "purpose": purpose.value,
            "rule": decision.rule,
            "reason": decision.reason,
            "next_allowed_at": None if then is None else then.isoformat(),
        }
        await self._call_log.write(CallEventKind.CONTACT_REFUSED, data)
        return "failed" if (decision.rule or "").startswith(OF_THE_GATE) else "refused"

    async def _send_code(self, errand: SendCode) -> Finished:
        if self._codes_sent == MOST_CODES_SENT:
            return await self._trouble(errand, f"{MOST_CODES_SENT} codes were sent in this call already")
        self._codes_sent += 1
        desk = self._desk
        new_id = desk.ids.new()
        if await self._refused(errand.to, Purpose.SERVICE, new_id) is not None:
            return Finished(errand.work_id, "failed")
        code = desk.codes.new(errand.digits)
        self._code_message = new_id
        self._code = SentCode(code, desk.codes.salt(), desk.clock.monotonic() + CODE_SECONDS)
        finished = await self._keep(errand, errand.to, code, new_id)
        if desk.codes_in_log:
            log.info(f"code for {parse_number(errand.to, desk.region).masked}: {code}", call=self._call_id)
        return finished

    async def _finish_writing(self, write: Coroutine[None, None, None]) -> None:
        """Wait for a write that goes on when this wait is given up."""
        task = asyncio.get_running_loop().create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._written)
        await asyncio.shield(task)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever waited; the call's log has it too

    async def _trouble(self, errand: Errand, detail: str) -> Finished:
        data = {"what": name_of(errand), "detail": detail}
        await self._call_log.write(CallEventKind.TROUBLE, data)
        return self._given_up(errand, detail)

    def _given_up(self, errand: Errand, why: str) -> Finished:
        log.warning("an errand failed", call=self._call_id, errand=name_of(errand), why=why)
        return Finished(errand.work_id, OUTCOMES_OF_TROUBLE.get(type(errand), "failed"))


def name_of(errand: Errand) -> str:
    """In words, such as "send message"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(errand).__name__).lower()
