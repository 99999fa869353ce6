"""A simulated caller takes turns with a hotline whose speech is scripted in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from calls.control import ChannelEnded, ChannelGone, ControlDropped, LegAnswered, LegRinging, RequestRefused
from engine.caller_script import parse_script
from engine.simulated_caller import (
    LINGER_SECONDS,
    PATIENCE_SECONDS,
    TURN_SILENCE_SECONDS,
    Conversation,
    Line,
    SimulatedCaller,
    who_said,
)
from tests.engine.fake_desk import CountedIds
from tests.engine.fake_network import FakeControl
from tests.engine.fake_speech import FakeRecognizer, FakeSynthesizer
from tests.virtual_time import VirtualClock


class Line8kHz:
    """A caller, the line, and a hotline that says what the test lets it say."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self.control = FakeControl()
        self.recognizer = FakeRecognizer("en")
        self.reported: list[Line] = []
        self.caller = SimulatedCaller(
            control=self.control,
            recognizer=self.recognizer,
            synthesizer=FakeSynthesizer(folder),
            read_audio=lambda file, rate: bytes(2 * rate),
            clock=self.clock,
            ids=CountedIds(),
            report=self.reported.append,
        )
        self.control.listener = self.caller.on_network_event
        self.calling: asyncio.Task[Conversation] | None = None

    async def call(self, script: str, *, longest_seconds: float = 120) -> None:
        """Place the call; returns when the hotline has answered."""
        self.calling = asyncio.create_task(
            self.caller.call(
                "100",
                parse_script(script),
                language="en",
                caller_id="+48220000011",
                wideband=False,
                longest_seconds=longest_seconds,
            )
        )
        await asyncio.sleep(0.1)
        self.control.tell(LegRinging(self.caller.channel_id), LegAnswered(self.caller.channel_id))
        await asyncio.sleep(0.1)

    async def says(self, text: str, seconds: float) -> None:
        """The hotline speaks; returns when the caller's recogniser has noticed the end of it."""
        self.recognizer.ear.begins()
        await asyncio.sleep(seconds + TURN_SILENCE_SECONDS)
        self.recognizer.ear.ends(text, seconds=seconds)

    def hangs_up(self) -> None:
        self.control.tell(ChannelEnded(self.caller.channel_id, 16))

    async def ended(self) -> Conversation:
        assert self.calling is not None
        return await self.calling

    def at(self, text: str) -> float:
        (line,) = [line for line in self.reported if line.text == text]
        return line.at_seconds


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line8kHz]:
    line = Line8kHz(tmp_path)
    yield line
    assert line.calling is None or line.calling.done()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"still running after the call: {left}"


async def test_the_caller_hears_the_hotline_out_before_each_action(line: Line8kHz) -> None:
    await line.call("press 2; say 'order'; press 12")
    await line.says("For English press 2", 3.0)
    await asyncio.sleep(1)
    await line.says("How can I help", 2.0)
    await asyncio.sleep(2)
    await line.says("Which number", 1.0)
    await asyncio.sleep(1)
    line.hangs_up()
    conversation = await line.ended()
    assert [(spoken.who, spoken.text) for spoken in conversation.lines] == [
        ("hotline", "For English press 2"),
        ("caller", "presses 2"),
        ("hotline", "How can I help"),
        ("caller", "order"),
        ("hotline", "Which number"),
        ("caller", "presses 1 2"),
        ("line", "the hotline hangs up"),
    ]
    assert line.at("presses 2") == pytest.approx(0.1 + 3.0 + TURN_SILENCE_SECONDS, abs=0.11)
    assert line.control.asked("send_keys") == [(line.caller.channel_id, "2"), (line.caller.channel_id, "12")]
    assert line.control.said == [("socket", "order")]
    assert (conversation.ended_by, conversation.cause) == ("hotline", 16)
    assert all(spoken.automatic == (spoken.who == "hotline") for spoken in conversation.lines)
    assert line.control.paths[0].closed
    assert line.recognizer.ear.closed
    assert list(conversation.lines) == line.reported


async def test_the_caller_hangs_up_when_the_hotline_has_nothing_more_to_say(line: Line8kHz) -> None:
    await line.call("press 2")
    await line.says("For English press 2", 2.0)
    await asyncio.sleep(1)
    await line.says("Thank you", 1.0)
    conversation = await line.ended()
    assert conversation.ended_by == "caller"
    assert conversation.seconds == pytest.approx(line.at("Thank you") + 1.9 + LINGER_SECONDS, abs=0.2)
    assert line.control.asked("hang_up") == [(line.caller.channel_id, 16)]


async def test_a_silent_hotline_costs_patience_and_no_more(line: Line8kHz) -> None:
    await line.call("press 2")
    conversation = await line.ended()
    assert line.at("presses 2") == pytest.approx(PATIENCE_SECONDS, abs=0.3)
    assert conversation.seconds == pytest.approx(PATIENCE_SECONDS + LINGER_SECONDS, abs=0.5)
    assert conversation.ended_by == "caller"


async def test_a_hotline_that_never_stops_is_acted_on_and_then_left_at_the_limit(line: Line8kHz) -> None:
    await line.call("press 2", longest_seconds=90)
    line.recognizer.ear.begins()
    conversation = await line.ended()
    assert line.at("presses 2") == pytest.approx(PATIENCE_SECONDS, abs=0.3)
    assert conversation.ended_by == "limit"
    assert conversation.seconds == pytest.approx(90, abs=0.2)
    assert conversation.lines[-1].text == "the limit of 90 s is reached: hung up"
    assert line.control.asked("hang_up") == [(line.caller.channel_id, 16)]


async def test_an_interrupting_caller_does_not_wait(line: Line8kHz) -> None:
    await line.call("interrupt; press 2; press 1")
    assert line.at("presses 2") < 0.5
    await line.says("Which number", 2.0)
    await asyncio.sleep(0.5)
    assert line.at("presses 1") == pytest.approx(0.1 + 2.0 + TURN_SILENCE_SECONDS, abs=0.2)
    line.hangs_up()
    await line.ended()


async def test_an_answer_that_follows_an_interrupted_prompt_without_a_pause_is_one(line: Line8kHz) -> None:
    await line.call("wait 1; interrupt; press 2; press 1")
    # The prompt is cut at 1 s and the answer begins at once: one utterance to whoever listens.
    await line.says("For English press 2 how can I help", 4.0)
    await asyncio.sleep(0.5)
    assert line.at("presses 2") == pytest.approx(1.0, abs=0.2)
    assert line.at("presses 1") == pytest.approx(0.1 + 4.0 + TURN_SILENCE_SECONDS, abs=0.2)
    line.hangs_up()
    await line.ended()
    said = [spoken.at_seconds for spoken in line.reported]
    assert said == sorted(said), "what is pressed during a sentence is told behind it"


async def test_the_rest_of_an_interrupted_prompt_is_no_answer(line: Line8kHz) -> None:
    await line.call("wait 1; interrupt; press 2; press 1")
    await line.says("For English", 1.2)
    await asyncio.sleep(2)
    assert "presses 1" not in [spoken.text for spoken in line.reported]
    await line.says("How can I help", 1.0)
    await asyncio.sleep(0.1)
    assert line.at("presses 1") > 4
    line.hangs_up()
    await line.ended()


async def test_a_file_is_played_and_a_wait_is_kept(line: Line8kHz) -> None:
    await line.call("interrupt; play voices/digits.wav; wait 2; hang up")
    conversation = await line.ended()
    assert [spoken.text for spoken in conversation.lines] == ["plays digits.wav", "the caller hangs up"]
    assert conversation.seconds == pytest.approx(1 + 2, abs=0.2)


async def test_what_is_not_understood_is_told_as_such(line: Line8kHz) -> None:
    await line.call("hang up")
    await line.ended()
    other = Line8kHz(Path())
    await other.call("press 1")
    await other.says("", 1.5)
    other.hangs_up()
    await other.ended()
    assert other.reported[0].text == "(speech, 1.5 s)"


async def test_a_hotline_that_hangs_up_ends_every_wait_at_once(line: Line8kHz) -> None:
    for script in ("press 2", "wait 60", "interrupt; say 'a rather long sentence to be cut'", "interrupt"):
        one = Line8kHz(Path(line.caller.channel_id))
        one.caller._synthesizer = line.caller._synthesizer
        await one.call(script)
        began = one.clock.monotonic()
        one.hangs_up()
        assert (await one.ended()).ended_by == "hotline"
        assert one.clock.monotonic() - began < 0.1


async def test_nobody_answers(line: Line8kHz) -> None:
    calling = asyncio.create_task(
        line.caller.call("9", (), language="en", caller_id="", wideband=False, longest_seconds=9)
    )
    await asyncio.sleep(5)
    line.control.tell(ChannelEnded(line.caller.channel_id, 1))
    assert await calling == Conversation((), 0.0, "unanswered", 1)
    assert line.control.paths == []


async def test_a_ringing_that_never_ends_is_hung_up(line: Line8kHz) -> None:
    calling = asyncio.create_task(
        line.caller.call("9", (), language="en", caller_id="", wideband=False, longest_seconds=9)
    )
    assert (await calling).ended_by == "unanswered"
    assert line.clock.monotonic() < 60
    assert line.control.asked("hang_up") == [(line.caller.channel_id, 16)]


async def test_a_call_that_cannot_be_placed_or_heard_is_an_error_and_leaves_nothing(line: Line8kHz) -> None:
    line.control.faults["open_voice"] = RequestRefused("no websocket module")
    await line.call("press 1")
    with pytest.raises(RequestRefused, match="websocket"):
        await line.ended()
    assert line.control.asked("hang_up") == [(line.caller.channel_id, 16)]
    line.control.faults["originate"] = RequestRefused("no such trunk")
    with pytest.raises(RequestRefused, match="trunk"):
        await line.caller.call("9", (), language="en", caller_id="", wideband=False, longest_seconds=9)


async def test_a_lost_connection_is_not_said_to_be_the_hotlines_hanging_up(line: Line8kHz) -> None:
    await line.call("press 1")
    line.control.tell(ControlDropped())
    conversation = await line.ended()
    assert conversation.ended_by == "line"
    assert conversation.lines[-1].text == "the connection to Asterisk was lost"


async def test_keys_for_a_channel_that_is_just_gone_end_the_call_quietly(line: Line8kHz) -> None:
    line.control.faults["send_keys"] = ChannelGone("gone")
    await line.call("interrupt; press 1")
    await asyncio.sleep(0.1)
    line.hangs_up()
    assert (await line.ended()).ended_by == "hotline"


def test_a_transcript_line_for_a_terminal() -> None:
    heard = Line(63.14, "hotline", "Hello.", automatic=True)
    assert who_said(heard, {}) == "1:03.1  hotline  Hello. [automatic]"
    assert who_said(Line(3.0, "caller", "presses 2"), {"caller": "Ann"}) == "0:03.0  Ann      presses 2"
