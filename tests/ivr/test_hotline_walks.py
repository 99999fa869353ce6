"""The shipped hotline, walked on all its ways, in three languages, by keys and by (injected) speech."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from ivr.reading.loader import load_flow
from ivr.rehearsal.rehearsal import Act, Dials, Ends, Gets, HangsUp, Hears, Rehearsal, Rehearsed, Says, Waits

HOTLINE = Path(__file__).parents[2] / "callflows" / "hotline.yaml"
FLOW = load_flow(HOTLINE.read_bytes(), "hotline.yaml")

Given = dict[str, str]
WALKS: dict[str, tuple[list[Act], Given]] = {
    "the demonstration call": (
        [Dials("2"), Says("order"), Waits(2), Dials("123456"), Hears("one two three, four five six")],
        {},
    ),
    "an order by voice in English": (
        [
            Says("english"),
            Says("order"),
            Says("one two three four double five"),
            Says("yes"),
            Hears("at our warehouse"),
            Says("no"),
            Hears("Goodbye."),
            Ends(),
        ],
        {},
    ),
    "an order by voice in Polish": (
        [
            Says("polski"),
            Says("paczkę"),
            Says("sto dwadzieścia trzy czterysta pięćdziesiąt sześć"),
            Says("tak"),
            Hears("jeden dwa trzy, cztery pięć sześć jest u nas"),
            Says("nie"),
            Ends(),
        ],
        {},
    ),
    "an order by voice in Russian": (
        [
            Says("русский"),
            Says("заказ"),
            Says("двадцать два тридцать три нуля"),
            Waits(1),
            Dials("*"),
            Says("один два три четыре пять шесть"),
            Says("да"),
            Hears("у нас на складе"),
            Says("нет"),
            Ends(),
        ],
        {},
    ),
    "made to measure": (
        [
            Dials("2"),
            Dials("1"),
            Dials("923456"),
            Dials("1"),
            Hears("made to measure"),
            Gets("transfer"),
            Ends(),
        ],
        {},
    ),
    "an old number, then the hours": (
        [
            Dials("21012345"),
            Dials("1"),
            Hears("old order number"),
            Waits(None),
            Dials("12"),
            Hears("eight to four"),
        ],
        {},
    ),
    "a wrong number corrected": (
        [
            Dials("21111111"),
            Says("no"),
            Hears("six digits"),
            Dials("222222"),
            Says("yes"),
            Hears("two two two"),
        ],
        {},
    ),
    "a message": ([Dials("29"), Gets("voicemail"), Hears("Thank you"), Ends()], {}),
    "an empty message": ([Dials("29"), Gets("voicemail"), Hears("Goodbye"), Ends()], {"message": "empty"}),
    "an agent": ([Dials("20"), Gets("transfer"), Ends()], {}),
    "an agent by word from anywhere": ([Dials("21"), Says("agent"), Gets("transfer"), Ends()], {}),
    "silent to the end": ([Hears("Dzień dobry"), Gets("transfer"), Ends()], {}),
    "a silent caller who gives no number": ([Dials("21"), Gets("transfer"), Ends()], {}),
    "silent at the end": ([Dials("22"), Hears("Anything else"), Hears("Goodbye"), Ends()], {}),
    "back from the number": ([Dials("21"), Says("back"), Hears("You can say order"), HangsUp()], {}),
    **{
        f"agent {outcome}": (
            [Dials("20"), Hears("Nobody can take"), Gets("voicemail"), Ends()],
            {"agent": outcome},
        )
        for outcome in ("busy", "no_answer", "refused", "failed")
    },
}


def walk(name: str) -> Rehearsed:
    acts, given = WALKS[name]
    return Rehearsal(FLOW, facts={"caller": "+48220000001", "dialled": "100"}, given=given).play(acts)


@pytest.mark.parametrize("name", WALKS)
def test_walk(name: str) -> None:
    walked = walk(name)
    assert walked.failures == [], walked.transcript
    assert [note for note in walked.notes if note.kind == "trouble"] == []


def test_the_walks_take_every_way_of_the_flow() -> None:
    taken = set()
    for name in WALKS:
        path = walk(name).path
        taken |= set(pairwise(path))
    ways = {
        (step.name, edge.target)
        for step in FLOW.steps.values()
        for edge in step.body.edges(step.outcomes, frozenset())
    }
    assert ways - taken == set()


def test_a_failed_expectation_says_what_happened_instead() -> None:
    rehearsal = Rehearsal(FLOW)
    result = rehearsal.play([Dials("2"), Hears("parking"), Dials("1")])
    assert result.failures == ["the caller should have heard 'parking', but the call ended (normal)"]
    result = Rehearsal(FLOW).play([Dials("29"), Gets("transfer")])
    assert "transfer should have begun, but the call ended" in result.failures[0]
    assert Rehearsal(FLOW).play([HangsUp(), Ends()]).failures == [
        "the call should have ended (normal), but the call ended (caller)"
    ]
    assert "nobody listened to 'order'" in Rehearsal(FLOW).play([Dials("20"), Says("order")]).failures[0]


def test_the_transcript_reads_like_a_call() -> None:
    lines = walk("an agent").transcript.splitlines()
    assert lines[0] == "    0.0  we      Dzień dobry, tu hurtownia. Po polsku: jeden."
    assert any(line.endswith("caller  [2]") for line in lines)
    assert lines[-2].endswith("call    (transfers to 200)")
    assert lines[-1].endswith("call    (ends: normal)")


def test_what_is_not_listened_for_is_not_understood() -> None:
    result = Rehearsal(FLOW).play([Dials("2"), Says("parking"), Hears("Sorry, what was that?")])
    assert result.failures == []
