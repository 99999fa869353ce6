"""/desk on a staged facade: who may see it, and what it shows."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from acd.agents import AgentStatus
from acd.talks.talk import (
    TalkPhase,
)
from console.desk.band import PHASES, STATES, STATUSES, STOP_ICONS, TONE_ICONS, band_of, path_of
from console.desk.customer import KINDS
from console.desk.messages import length_of
from console.desk.stream import OLD
from console.words import load_words
from engine.desk.refusals import DeskRefused
from engine.desk.settings import DeskSettings
from engine.desk.view import DeskPart, Stop, StopKind
from history.dispositions import TRADE
from history.interaction import Channel, Interaction
from tests.console.desk_stage import PHONE, StagedDesks, idle, popup, ringing, talking, wrapping_up
from tests.console.offices import Office, alerts
from tests.console.stage import ICONS, START, Stage

NOW = START + timedelta(minutes=5)
JSON = {"Accept": "application/json"}


async def page(office: Office, path: str = "/desk", language: str = "en") -> str:
    answer = await office.page(path, **{"Accept-Language": language})
    assert answer.status == 200, await answer.text()
    return unescape(await answer.text())


# --- what is shown ----------------------------------------------------------------------------------------


async def test_a_quiet_desk(at_desk: Office) -> None:
    shown = await page(at_desk)
    assert "Ready for the next call" in shown
    assert "Waiting <strong>3</strong>" in shown
    assert "Today <strong>25</strong> calls" in shown
    assert 'data-status="break" data-reason="lunch"' in shown
    assert "30 min" in shown
    assert "data-note" not in shown


async def test_the_day_counts_chats_beside_calls(at_desk: Office, desks: StagedDesks) -> None:
    assert "chat</span>" not in await page(at_desk, "/desk/parts/strip")
    desks.shown = replace(desks.shown, day=replace(desks.shown.day, chats=2))
    assert "<strong>25</strong> calls, <strong>2</strong> chats" in await page(at_desk, "/desk/parts/strip")


async def test_who_has_chats_is_promised_no_call(at_desk: Office, desks: StagedDesks) -> None:
    desks.shown = replace(idle(NOW), chats=1, room_for_call=False)
    shown = await page(at_desk)
    assert "You are at work in writing" in shown
    assert "No calls come until your chats and messages are done." in shown
    assert "next call" not in shown
    desks.shown = replace(desks.shown, room_for_call=True)
    assert "The next caller rings here by themselves." in await page(at_desk)


async def test_a_call_that_rings_tells_who_and_why(at_desk: Office, desks: StagedDesks) -> None:
    desks.shown = ringing(NOW)
    shown = await page(at_desk)
    for told in (
        "Sklep Anny is ringing.",
        "waited 0:48",
        "Pressed 2",
        '<strong class="" lang="pl">“Gdzie jest moja dostawa?”</strong>',
        "delivery, 94%",
        "84,200.00",
        "+48 22 000 00 42",
        "Korekta do faktury FV/2381",
        "Tomorrow",
        "Anna i Jan",
    ):
        assert told in shown, told
    assert 'data-act="answer"' in shown
    assert 'data-act="hold"' not in shown
    assert "/calls/c2" not in shown  # an agent may not open other calls
    assert "contact.seen" in await at_desk.told("contact:k1")


CONTROLS: list[tuple[TalkPhase, set[str], set[str]]] = [
    (TalkPhase.DIALLING, {"hang_up"}, {"hold", "resume", "keypad", "complete"}),
    (TalkPhase.TALKING, {"mute", "hold", "keypad", "targets", "pause_recording", "hang_up"}, {"resume"}),
    (TalkPhase.HELD, {"mute", "resume", "targets", "hang_up"}, {"hold", "complete"}),
    (TalkPhase.CONSULTING, {"complete", "conference", "cancel", "hang_up"}, {"hold", "targets"}),
    (TalkPhase.CONFERENCE, {"mute", "keypad", "drop", "hang_up"}, {"hold", "targets", "complete"}),
]


async def test_each_phase_has_its_controls(at_desk: Office, desks: StagedDesks) -> None:
    for phase, may, may_not in CONTROLS:
        desks.shown = talking(NOW, phase)
        shown = await page(at_desk, "/desk/parts/band")
        assert {act for act in may | may_not if f'data-act="{act}"' in shown} == may, phase


async def test_who_is_asked_for_advice_may_only_leave(at_desk: Office, desks: StagedDesks) -> None:
    view = talking(NOW, TalkPhase.CONSULTING)
    desks.shown = replace(view, agent="jan")
    shown = await page(at_desk, "/desk/parts/band")
    assert "Anna asks you" in shown
    assert re.findall('data-act="([a-z_]+)"', shown) == ["hang_up"]


async def test_colleagues_are_told_by_their_names(at_desk: Office, desks: StagedDesks) -> None:
    view = talking(NOW, TalkPhase.CONSULTING)
    given = (Stop(NOW, StopKind.AGENT, "jan"), Stop(NOW, StopKind.AGENT, "desk-phone"))
    desks.shown = replace(view, popup=replace(popup(NOW), stops=given))
    shown = await page(at_desk)
    for told in ('<strong class="">Jan</strong>', "desk-phone", "<strong>Jan</strong>", "· Jan ·"):
        assert told in shown, told
    assert not re.search(r"\bjan\b", shown)


async def test_beside_a_call_are_script_note_outcomes_and_texts(at_desk: Office, desks: StagedDesks) -> None:
    desks.shown = talking(NOW)
    shown = await page(at_desk, "/desk/parts/side")
    assert "Odbiór: zaplecze" in shown
    assert 'data-seq="3"' in shown
    assert 'data-outcome="informed" data-digit="1" data-next="none" aria-pressed="true"' in shown
    assert '<p class="step-text" lang="pl">Przepraszam' in shown  # the customer's language
    assert "1 message, 24 of 160" not in shown  # their language is Polish
    assert "Dziękujemy za rozmowę." in shown
    assert "Tomorrow 09:00" in shown


async def test_wrap_up_says_what_is_missing(at_desk: Office, desks: StagedDesks) -> None:
    desks.shown = wrapping_up(NOW)
    shown = await page(at_desk)
    assert "outcome missing" in shown
    assert "This queue wants an outcome before the next call." in shown
    assert f'data-until="{int((NOW + timedelta(seconds=38)).timestamp() * 1000)}"' in shown
    assert 'data-send="/desk/finish"' in shown


async def test_a_missed_offer_and_a_history_that_is_away_are_told(
    at_desk: Office, desks: StagedDesks
) -> None:
    desks.shown = replace(idle(NOW), status=AgentStatus.MISSED)
    missed = await page(at_desk)
    assert "You missed an offer. Ready again?" in missed
    assert "The caller kept their place. No calls come here" in missed
    empty = replace(popup(NOW), contact=None, timeline=(), missing="The database does not answer.")
    desks.shown = replace(ringing(NOW), popup=empty)
    shown = await page(at_desk)
    assert "The history does not answer." in shown
    assert "new to us" not in shown, "nobody knows that"


async def test_only_who_first_calls_now_is_new(at_desk: Office, desks: StagedDesks) -> None:
    rung, anna = popup(NOW), popup(NOW).contact
    assert anna is not None
    nameless = replace(anna, name=None)
    first = replace(nameless, created_at=rung.arrived_at)
    for contact, said in ((nameless, "known by number"), (first, "new to us"), (None, "new to us")):
        desks.shown = replace(ringing(NOW), popup=replace(rung, contact=contact))
        shown = await page(at_desk)
        assert said in shown
        assert ("new to us" in shown) == (said == "new to us")


async def test_the_timeline_is_filtered_and_searched(at_desk: Office, desks: StagedDesks) -> None:
    desks.shown = talking(NOW)
    desks.shown = replace(desks.shown, popup=replace(popup(NOW), contact=None))  # no register is asked
    messages = await page(at_desk, "/desk/parts/timeline?kind=messages")
    assert "Korekta" in messages
    assert "Invoice" not in messages
    assert 'Calls <span class="count">2</span>' in messages
    found = await page(at_desk, "/desk/parts/timeline?q=SKRZYNEK")
    assert "Korekta" in found
    assert "Invoice" not in found
    assert "Nothing of the kind" in await page(at_desk, "/desk/parts/timeline?q=zzz")
    assert (await at_desk.page("/desk/parts/timeline?kind=dreams")).status == 400
    assert (await at_desk.page(f"/desk/parts/timeline?q={'z' * 81}")).status == 400


async def test_a_call_and_its_talk_are_one_call_and_the_talk_tells_its_outcome(
    at_desk: Office, desks: StagedDesks
) -> None:
    call = Interaction(
        "i7", NOW, Channel.CALL, "inbound", "c9", PHONE, "k1", outcome="completed", agent="jan"
    )
    talk = replace(call, id="i8", channel=Channel.TALK, disposition="not_interested", note="Later.")
    failed = replace(talk, id="i9", outcome="no_answer", disposition=None)
    rung = replace(popup(NOW), contact=None, timeline=(talk, failed, call))
    desks.shown = replace(talking(NOW), popup=rung)
    desks.settings = DeskSettings("PL", dispositions=TRADE)
    shown = await page(at_desk, "/desk/parts/timeline")
    assert 'All <span class="count">1</span>' in shown
    assert 'Calls <span class="count">1</span>' in shown
    summaries = re.findall(r"<summary.*?</summary>", shown, re.DOTALL)
    assert [("Not interested" in one, "Completed" in one) for one in summaries] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert "not_interested" not in shown
    found = await page(at_desk, "/desk/parts/timeline?q=not interested")
    assert found.count("<summary") == 1


async def test_something_happens_to_who_calls_for_the_first_time(at_desk: Office, desks: StagedDesks) -> None:
    first = replace(popup(NOW), timeline=(), promises=(), callbacks=())
    desks.shown = replace(talking(NOW), popup=first)
    shown = await page(at_desk, "/desk/parts/timeline")
    assert "This call" in shown
    assert "Nothing has happened yet" not in shown
    assert "Nothing of the kind" in await page(at_desk, "/desk/parts/timeline?q=zzz")
    desks.shown = replace(desks.shown, talk=None)
    assert "Nothing has happened yet" in await page(at_desk, "/desk/parts/timeline")


async def test_whom_a_call_can_be_given_to(at_desk: Office, desks: StagedDesks) -> None:
    shown = await page(at_desk, "/desk/parts/targets")
    assert 'data-target="consult" data-kind="agent" data-name="jan"' in shown
    assert 'data-target="consult" data-kind="queue"' not in shown
    assert 'data-target="transfer" data-kind="flow" data-name="wholesaler"' in shown
    assert "2 waiting" in shown


async def test_every_language_shows_every_state(at_desk: Office, desks: StagedDesks) -> None:
    for language in ("pl", "ru"):
        for view in (idle, ringing, talking, wrapping_up):
            desks.shown = view(NOW)
            shown = await page(at_desk, language=language)
            assert f'<html lang="{language}"' in shown
            assert "Ready" not in shown.split("<dialog")[0]


def test_nothing_is_without_its_word_shape_and_place() -> None:
    words = load_words()["en"]
    for tone, word in (*STATES.values(), *STATUSES.values()):
        assert words(word)
        assert TONE_ICONS[tone] == "" or any(f'id="{TONE_ICONS[tone]}"' in line for line in ICONS)
    assert set(PHASES) == {one.value for one in TalkPhase}
    assert set(STATUSES) == {one.value for one in AgentStatus}
    assert set(STOP_ICONS) == set(StopKind)
    assert all(any(f'id="{icon}"' in line for line in ICONS) for icon in STOP_ICONS.values())
    assert set(OLD) == set(DeskPart)
    assert set().union(*KINDS.values()) == set(Channel)


def test_a_long_way_shows_where_it_began_and_its_end() -> None:
    words, one = load_words()["en"], popup(NOW)
    long = replace(one, stops=(one.stops[0], *one.stops[1:2] * 10, *one.stops[2:]))
    path = path_of(long, talking(NOW), words)
    assert len(path) == 7
    assert path[0].title == "Hotline"
    assert path[-1].title == "You"
    assert band_of(talking(NOW), words).stops[2].language == "pl"


@pytest.mark.parametrize(
    ("text", "used", "most", "parts"),
    [
        ("", 0, 160, 1),
        ("a" * 160, 160, 160, 1),
        ("a" * 161, 161, 306, 2),
        ("€" * 80, 160, 160, 1),
        ("ż" * 70, 70, 70, 1),
        ("ż" * 71, 71, 134, 2),
        ("😀" * 35, 70, 70, 1),
    ],
)
def test_a_message_is_counted_as_it_is_paid_for(text: str, used: int, most: int, parts: int) -> None:
    length = length_of(text)
    assert (length.used, length.most, length.parts) == (used, most, parts)


# --- who may ----------------------------------------------------------------------------------------------


async def test_only_people_who_signed_in_have_a_desk(
    stage: Stage, desks: StagedDesks, at_desk: Office
) -> None:
    at_desk.client.session.cookie_jar.clear()
    assert (await at_desk.page("/desk")).status == 303
    assert (await at_desk.post("/desk/talk", {"action": "hold"}, JSON)).status == 401
    assert (await at_desk.page("/desk/events?page=x", Accept="text/event-stream")).status == 401
    await at_desk.sign_in("Jan")
    answer = await at_desk.page("/desk")  # staged: a person without a desk
    assert answer.status == 403
    assert "You have no desk" in unescape(await answer.text())


async def test_nothing_changes_without_the_sessions_token(at_desk: Office, desks: StagedDesks) -> None:
    answer = await at_desk.post("/desk/talk", {"action": "hold"}, JSON)
    assert answer.status == 403
    answer = await at_desk.client.post("/desk/phone", json={"page": "p"}, headers=JSON)
    assert answer.status == 403
    assert desks.asked == []


async def test_while_nobody_was_added_there_is_no_desk(
    stage: Stage, desks: StagedDesks, office: Office
) -> None:
    answer = await office.page("/desk")
    assert answer.status == 403
    told = unescape(await answer.text())
    assert "infolinia people add NAME --role admin" in told


async def test_the_telephones_credentials(at_desk: Office, desks: StagedDesks) -> None:
    headers = {**JSON, "X-CSRF-Token": await at_desk.csrf()}
    answer = await at_desk.client.post("/desk/phone", json={"page": "p1"}, headers=headers)
    assert await answer.json() == {"user": "anna", "password": "secret"}
    assert answer.headers["Cache-Control"] == "no-store"
    for body in ({}, {"page": 7}, {"page": "ż"}):
        assert (await at_desk.client.post("/desk/phone", json=body, headers=headers)).status == 400
    desks.refuse["sign_in"] = DeskRefused("asterisk", "Asterisk does not answer.")
    answer = await at_desk.client.post("/desk/phone", json={"page": "p1"}, headers=headers)
    assert (answer.status, (await answer.json())["error"]) == (
        409,
        "Asterisk does not answer: try again in a moment.",
    )


async def test_the_stream_names_what_is_old_and_ends_elsewhere(at_desk: Office, desks: StagedDesks) -> None:
    answer = await at_desk.client.get("/desk/events?page=p1")
    assert answer.status == 200

    async def heard(name: str) -> list[str]:
        names: list[str] = []
        async with asyncio.timeout(5):
            while name not in names:
                line = (await answer.content.readline()).decode()
                assert line, names
                if line.startswith("event: "):
                    names.append(line[7:].strip())
        return names

    assert "desk-band" in await heard("desk-timeline")
    desks.show(ringing(NOW), DeskPart.OFFER)
    assert "desk-side" not in await heard("desk-status")
    desks.show(ringing(NOW), DeskPart.ELSEWHERE)
    await heard("desk-elsewhere")
    async with asyncio.timeout(5):
        await answer.content.read()  # it has ended
    assert desks.pages == {}


async def test_a_part_that_is_not_there(at_desk: Office) -> None:
    assert (await at_desk.page("/desk/parts/cellar")).status == 404


async def test_the_desk_is_in_the_rail(at_desk: Office) -> None:
    assert 'href="/desk"' in await page(at_desk, "/")
    assert alerts(await page(at_desk)) == []


async def test_agents_hear_their_own_earlier_calls(at_desk: Office, desks: StagedDesks) -> None:
    rung = popup(NOW)
    talk = Interaction(
        "i9", NOW, Channel.TALK, "inbound", "c9", PHONE, "k1", agent="anna", recording="c9.rec.1"
    )
    others = replace(talk, id="i8", subject_id="c8", agent="jan", recording="c8.rec.1")
    desks.shown = replace(talking(NOW), popup=replace(rung, timeline=(talk, others)))
    shown = await page(at_desk)
    assert 'src="/recordings/c9.rec.1/audio"' in shown
    assert "c8.rec.1" not in shown


async def test_a_queue_has_one_spelling(at_desk: Office, desks: StagedDesks) -> None:
    stop = Stop(NOW, StopKind.QUEUE, "night_orders")
    view = ringing(NOW)
    assert view.offer is not None
    desks.shown = replace(
        view, offer=replace(view.offer, queue="night_orders"), popup=replace(popup(NOW), stops=(stop,))
    )
    shown = await page(at_desk)
    assert shown.count("Night orders") == 2
    assert "night_orders" not in shown.lower().replace("night orders", "")


async def test_who_was_wrapped_up_last_stays_until_the_next_call(at_desk: Office, desks: StagedDesks) -> None:
    desks.shown = replace(idle(NOW), popup=popup(NOW))
    assert "Korekta" in await page(at_desk, "/desk/parts/timeline")
    assert "Sklep Anny" in await page(at_desk, "/desk/parts/customer")
    assert "Sklep Anny" not in await page(at_desk, "/desk/parts/band")
