"""A whole inbound call: prompts, keys, speech, and what is written of it."""

from __future__ import annotations

from pathlib import Path

from calls.control import KeyPressed, RequestRefused
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.ports import VoiceFailed
from tests.engine.stage import CALLER, Stage, load_shelf


async def test_a_conversation_from_arrival_to_its_row_in_the_history(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.press("1")
    await stage.until(lambda: stage.control.words()[-1] == "Which number?")
    stage.press("42")
    row = await stage.over(call_id)
    said = [words for how, words in stage.control.said if how == "asterisk"]
    assert said == ["Welcome.", "Order four two is here.", "Goodbye."]
    assert (row.outcome, row.data["ended_by"], row.data["cause"]) == (Outcome.COMPLETED, "flow", 16)
    assert (row.to, row.heard, row.flow) == ("100", ("1", "4", "2"), "front")
    assert row.path == ("hello", "what", "number", "order", "goodbye", "bye")
    assert row.point is not None
    assert row.point.value == CALLER
    kinds = stage.ledger.kinds(call_id)
    assert kinds[:3] == [Kind.RECEIVED, Kind.ANSWERED, Kind.FLOW_STARTED]
    assert kinds[-1] is Kind.ENDED
    assert stage.control.names()[:2] == ["answer", "play"]


async def test_asterisk_plays_where_nobody_listens_and_the_socket_where_speech_may_interrupt(
    stage: Stage,
) -> None:
    await stage.in_menu()
    assert stage.control.said == [("asterisk", "Welcome."), ("socket", "Order, message or agent?")]
    assert stage.control.asked("open_voice") == [("caller",)]


async def test_speech_stops_the_prompt_at_once_and_is_understood(stage: Stage) -> None:
    call_id = await stage.in_menu()
    ear = stage.recognizer.ear
    assert ear.phrases["en"][:1] == ("order",)
    began = stage.clock.monotonic()
    ear.begins()
    await stage.until(lambda: "flush" in stage.control.names())
    assert stage.clock.monotonic() - began < 0.02
    ear.ends("order")
    await stage.until(lambda: stage.control.words()[-1] == "Which number?")
    assert stage.ledger.of_kind(call_id, Kind.HEARD)[0]["text"] == "order"
    assert stage.ledger.of_kind(call_id, Kind.SAID)[-1]["interrupted"] is True
    stage.hang_up()
    row = await stage.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.COMPLETED, "caller")


async def test_dictated_digits_are_listened_to_as_a_sequence(stage: Stage) -> None:
    await stage.in_menu()
    assert stage.recognizer.ear.sequence is False
    stage.press("1")
    await stage.until(lambda: stage.control.words()[-1] == "Which number?")
    assert stage.recognizer.ear.sequence is True


async def test_a_caller_who_says_nothing_is_asked_again_and_then_led_on(stage: Stage) -> None:
    call_id = await stage.in_menu()
    row = await stage.over(call_id, 120)
    assert stage.control.words().count("I can't hear you. Order, message or agent?") == 1
    assert row.path[-2:] == ("goodbye", "bye")


async def test_keys_serve_where_no_language_can_be_recognised(stage: Stage) -> None:
    stage.recognizer._languages = frozenset()
    call_id = await stage.in_menu()
    assert stage.control.said[-1][0] == "asterisk"
    stage.press("1")
    await stage.until(lambda: stage.control.words()[-1] == "Which number?")
    stage.hang_up()
    await stage.over(call_id)
    assert "open_voice" not in stage.control.names()


async def test_keys_serve_when_the_media_socket_cannot_be_opened(stage: Stage) -> None:
    stage.control.faults["open_voice"] = RequestRefused("no websocket module")
    call_id = await stage.in_menu()
    stage.press("1")
    await stage.until(lambda: stage.control.words()[-1] == "Which number?")
    assert stage.ledger.of_kind(call_id, Kind.TROUBLE)[0]["detail"] == "no websocket module"


async def test_a_prompt_that_is_never_reported_as_played_does_not_hold_the_call(stage: Stage) -> None:
    stage.control.silent = True
    call_id = await stage.in_menu()
    assert 5 < stage.clock.monotonic() < 7
    (trouble,) = stage.ledger.of_kind(call_id, Kind.TROUBLE)
    assert trouble["what"] == "playback"
    await stage.until(lambda: "I can't hear you. Order, message or agent?" in stage.control.words())


async def test_a_prompt_that_asterisk_refuses_or_no_voice_speaks_is_passed_over(stage: Stage) -> None:
    stage.control.faults["play"] = RequestRefused("no such file")
    call_id = await stage.arrive()
    await stage.until(lambda: bool(stage.control.asked("open_voice")))
    assert stage.ledger.of_kind(call_id, Kind.TROUBLE)[0]["detail"] == "no such file"
    stage.synthesizer.fault = VoiceFailed("espeak-ng is gone")
    stage.press("1")
    await stage.until(lambda: len(stage.ledger.of_kind(call_id, Kind.TROUBLE)) == 2)
    stage.press("42")
    row = await stage.over(call_id)
    assert row.outcome == Outcome.COMPLETED


async def test_a_prompt_whose_file_is_gone_is_passed_over(stage: Stage) -> None:
    call_id = await stage.in_menu()
    for file in stage.folder.iterdir():
        file.unlink()
    speak = stage.synthesizer.speak

    async def speak_and_lose(text: str, language: str, *, passing: bool) -> object:
        prompt = await speak(text, language, passing=passing)
        for file in stage.folder.iterdir():
            file.unlink()
        return prompt

    stage.synthesizer.speak = speak_and_lose  # type: ignore[method-assign, assignment]
    stage.press("1")
    await stage.until(lambda: bool(stage.ledger.of_kind(call_id, Kind.TROUBLE)))
    assert stage.ledger.of_kind(call_id, Kind.TROUBLE)[0]["what"] == "voice"
    assert stage.serves(call_id)


async def test_an_unknown_number_is_told_so_and_logged(stage: Stage) -> None:
    call_id = await stage.arrive(dialled="999")
    row = await stage.over(call_id)
    assert stage.control.words() == ["No such number."]
    assert (row.outcome, row.to) == (Outcome.UNKNOWN_NUMBER, "999")
    assert "'999'" in str(stage.one(call_id, Kind.TROUBLE).data["detail"])


async def test_a_caller_who_hangs_up_before_doing_anything_gave_up(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.hang_up(cause=16)
    row = await stage.over(call_id)
    assert (row.outcome, row.data["ended_by"], row.data["cause"]) == (Outcome.ABANDONED, "caller", 16)
    assert stage.control.paths[0].closed
    assert stage.recognizer.ear.closed


async def test_a_caller_gone_before_the_answer_is_ended_when_asterisk_says_so_or_never_does(
    stage: Stage,
) -> None:
    stage.control.gone.add("told")
    told = await stage.arrive("told")
    stage.hang_up("told", cause=127)
    assert (await stage.over(told)).data["cause"] == 127
    stage.control.gone.add("untold")
    untold = await stage.arrive("untold")
    row = await stage.over(untold)
    assert (row.outcome, row.data["cause"]) == (Outcome.ABANDONED, 0)


async def test_a_caller_who_hangs_up_before_the_flow_does_is_not_said_to_be_hung_up(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.press("1")
    await stage.until(lambda: stage.control.words()[-1] == "Which number?")
    stage.press("42")
    await stage.until(lambda: stage.control.words()[-1] == "Goodbye.")
    stage.control.gone.add("caller")  # the report of it is still under way
    await stage.until(lambda: bool(stage.control.asked("hang_up")))
    stage.hang_up()
    assert (await stage.over(call_id)).data["ended_by"] == "caller"


async def test_keys_of_another_channel_are_not_the_callers(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.control.tell(KeyPressed(f"{call_id}.leg.9", "1"))
    stage.press("9")
    await stage.until(lambda: Kind.KEY_PRESSED in stage.ledger.kinds(call_id))
    assert [e["key"] for e in stage.ledger.of_kind(call_id, Kind.KEY_PRESSED)] == ["9"]


async def test_nothing_of_a_call_is_kept_when_it_is_over(stage: Stage) -> None:
    for number in range(5):
        call_id = await stage.in_menu(f"caller{number}")
        stage.hang_up(f"caller{number}")
        await stage.over(call_id)
    board = stage.switchboard
    assert not board._calls
    assert not board._by_channel
    assert not board._tasks
    assert len(board._background) == 1  # the dead-men's renewal
    assert len(stage.live) == 0


SECRET_FLOW = """
flow: front
languages: [en]
always: {agent: bye, trouble: bye}
start: pin
steps:
  pin:
    ask: {into: pin, prompt: "Your code, please.", digits: 4, secret: true, confirm: true}
    next: thanks
    otherwise: bye
  thanks: {say: {text: "Thank you.", interrupt: false}, next: bye}
  bye: {hangup: normal}
"""


async def test_the_sound_of_a_secret_that_is_read_back_is_not_kept(tmp_path: Path) -> None:
    stage = Stage(tmp_path, shelf=load_shelf(SECRET_FLOW))
    call_id = await stage.arrive()
    stage.press("4711")
    await stage.until(lambda: any("four seven one one" in words for words in stage.control.words()))
    stage.press("1")
    assert (await stage.over(call_id)).outcome == Outcome.COMPLETED
    assert stage.synthesizer.passing == {"I have four seven one one."}
    assert {"Your code, please.", "Thank you."} < stage.synthesizer.kept
    await stage.switchboard.close()
