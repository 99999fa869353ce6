"""The hotline's Asterisk calls a second one that plays the public, over real SIP and RTP."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from calls.control import ChannelGone
from calls.detection import Sounds
from calls.outcome import Outcome, outcome_of_unanswered
from dialer.attempt import Verdict
from dialer.machine import Detect, MachinePolicy
from engine.clock import SystemClock
from engine.dialling.detecting import MachineDetection
from speech.vosk_recognizer import VoskRecognizer
from tests.asterisk.network import Recorder, until
from tests.patience import patient
from tests.phone import SipPhone
from tests.public.agents import AgentEar
from tests.public.conftest import OURS, Caller
from tests.public.fates import Fate
from tests.public.people import Public

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("public"),
]
_legs = itertools.count(1)


def number_of(fate: int) -> str:
    return f"+482200000{fate:02d}"


@pytest.mark.parametrize(
    ("digits", "outcome"),
    [
        (50, Outcome.BUSY),
        (51, Outcome.NO_ANSWER),
        (52, Outcome.UNALLOCATED),
        (53, Outcome.CHANGED),
        (54, Outcome.CONGESTION),
        (55, Outcome.REFUSED),
    ],
)
async def test_each_refusal_is_seen_as_its_outcome(
    public: Public, caller: Caller, digits: int, outcome: Outcome
) -> None:
    leg = f"leg-{next(_legs)}"
    await caller.call(leg, number_of(digits))
    assert outcome_of_unanswered(await caller.until_ended(leg)) is outcome
    assert leg not in caller.answered
    assert public.called(number_of(digits))[-1].caller == OURS


async def test_who_does_not_answer_is_given_up(public: Public, caller: Caller) -> None:
    leg = f"leg-{next(_legs)}"
    await caller.call(leg, number_of(60), ring_seconds=2)
    assert outcome_of_unanswered(await caller.until_ended(leg)) is Outcome.NO_ANSWER
    assert leg in caller.rang
    await asyncio.wait_for(public.calls[-1].ended.wait(), patient(5))
    assert public.calls[-1].answered_at is None


async def test_a_person_answers_hears_keys_and_hangs_up(public: Public, caller: Caller) -> None:
    staying, leaving = f"leg-{next(_legs)}", f"leg-{next(_legs)}"
    await asyncio.gather(caller.call(staying, number_of(2)), caller.call(leaving, number_of(11)))
    await caller.until_answered(leaving)
    assert await caller.until_ended(leaving) == 16
    await caller.until_answered(staying)
    (person,) = public.called(number_of(2))
    assert person.answered_at is not None
    assert person.answered_at - person.arrived_at > 0.9
    heard = Recorder()
    voice = await caller.control.open_voice(staying, wideband=False)
    voice.attach(heard)
    await until(lambda: len(heard.loud()) > 10)
    await voice.close()
    await caller.control.send_keys(staying, "1#")
    await until(lambda: person.keys == "1#")
    await caller.control.hang_up(staying)
    await asyncio.wait_for(person.ended.wait(), patient(5))


async def test_twenty_agents_talk_with_twenty_people(
    public: Public, caller: Caller, agents: list[SipPhone]
) -> None:
    async def talk(number: int) -> str:
        leg, agent_leg = f"leg-{next(_legs)}", f"agent-{next(_legs)}"
        agent = agents[number]
        await asyncio.gather(
            caller.call(leg, number_of(70)),
            caller.control.ring(agent_leg, agent.name, caller_id=OURS, ring_seconds=20, call_id=leg),
        )
        await caller.until_answered(leg)
        await caller.until_answered(agent_leg)
        await caller.control.bridge(f"talk-{number}", (leg, agent_leg))
        ear = agent.party
        assert isinstance(ear, AgentEar)
        await until(lambda: bool(ear.onsets))
        await caller.control.hang_up(leg)
        await caller.control.hang_up(agent_leg)
        await caller.control.destroy_bridge(f"talk-{number}")
        await agent.until(lambda: not agent.talking)
        return leg

    legs = await asyncio.gather(*(talk(number) for number in range(len(agents))))
    assert len(set(legs)) == len(agents) == 20
    await public.until(lambda: public.going_on == 0)


async def test_a_table_decides_before_the_digits(public: Public, caller: Caller) -> None:
    before, leg = public.fate_of, f"leg-{next(_legs)}"
    public.fate_of = lambda number: Fate(refusal=17) if number == number_of(1) else before(number)
    await caller.call(leg, number_of(1))
    assert await caller.until_ended(leg) == 17
    public.fate_of = before


@pytest.mark.parametrize(
    ("digits", "sounds", "why"),
    [
        (0, Sounds.HUMAN, "HUMAN-"),
        (30, Sounds.MACHINE, "LONGGREETING-"),
        (20, Sounds.NOTHING, "INITIALSILENCE-"),
    ],
)
async def test_asterisk_tells_what_answered_and_the_leg_comes_back(
    public: Public, caller: Caller, digits: int, sounds: Sounds, why: str
) -> None:
    leg = f"leg-{next(_legs)}"
    await caller.call(leg, number_of(digits))
    await caller.until_answered(leg)
    found = await caller.control.detect(leg, seconds=4.0)
    assert (found.sounds, found.why.startswith(why)) == (sounds, True), found
    person = public.calls[-1]
    await caller.control.send_keys(leg, "5")  # it is ours again
    await until(lambda: person.keys == "5")
    await caller.control.hang_up(leg)
    assert await caller.until_ended(leg) == 16


async def test_who_is_listened_to_keeps_their_call_when_dead_men_are_renewed(
    public: Public, caller: Caller
) -> None:
    leg = f"leg-{next(_legs)}"
    await caller.call(leg, number_of(30))
    await caller.until_answered(leg)
    await caller.control.guard(leg, 2)  # it would strike while they are listened to
    detecting = asyncio.create_task(caller.control.detect(leg, seconds=4.0))
    renewed = 0
    while not detecting.done():
        await caller.control.guard(leg, 2)
        renewed += 1
        await asyncio.wait([detecting], timeout=0.5)
    assert renewed > 2, "also in the midst of it"
    assert (await detecting).sounds is Sounds.MACHINE
    await caller.control.guard(leg, 15)
    await caller.control.hang_up(leg)
    assert await caller.until_ended(leg) == 16


async def test_who_hangs_up_while_they_are_listened_to_is_gone(caller: Caller) -> None:
    leg = f"leg-{next(_legs)}"
    await caller.call(leg, number_of(21))
    await caller.until_answered(leg)
    detecting = asyncio.create_task(caller.control.detect(leg, seconds=3.0))
    await asyncio.sleep(0.2)  # they hang up while AMD listens
    await caller.control.hang_up(leg)
    with pytest.raises(ChannelGone):
        await detecting
    assert await caller.until_ended(leg) == 16


@pytest.mark.parametrize(
    ("digits", "verdict", "why"),
    [(1, Verdict.HUMAN, "sounds human"), (30, Verdict.MACHINE, 'said "nobody is available"')],
)
async def test_words_and_sound_together_tell_what_answered(
    public: Public, caller: Caller, recognizer: VoskRecognizer, digits: int, verdict: Verdict, why: str
) -> None:
    leg = f"leg-{next(_legs)}"
    detection = MachineDetection(caller.control, recognizer, SystemClock())
    await caller.call(leg, number_of(digits))
    await caller.until_answered(leg)
    found = await detection.of(leg, MachinePolicy(detect=Detect.SPEECH, seconds=5.0), "en")
    assert (found.verdict, found.why.startswith(why)) == (verdict, True), found
    assert 0.5 < found.seconds < patient(5.5)
    await detection.close()
    person = public.calls[-1]
    await caller.control.send_keys(leg, "5")  # it is ours again
    await until(lambda: person.keys == "5")
    await caller.control.hang_up(leg)
    await caller.until_ended(leg)
    await caller.until_ended(f"{leg}.words")


async def test_a_message_is_for_when_the_greeting_is_over(
    public: Public, caller: Caller, recognizer: VoskRecognizer
) -> None:
    before, leg, loop = public.fate_of, f"leg-{next(_legs)}", asyncio.get_running_loop()
    public.sounds.keep("short-greeting", (0.3, "en/vm-isunavail", 0.7, "beep"))  # 2.5 s with its pause
    public.fate_of = lambda number: Fate(says="short-greeting")
    await caller.call(leg, number_of(0))
    await caller.until_answered(leg)
    public.fate_of, began = before, loop.time()
    detection = MachineDetection(caller.control, recognizer, SystemClock())
    await detection.greeting_over(leg, seconds=15)
    assert 3.5 < loop.time() - began < patient(6)
    await caller.control.play(leg, "message", ["beep"])
    await caller.control.hang_up(leg)
    await caller.until_ended(leg)
