"""A call on one clock: how loud each side was, when the line spoke, what was not recorded, who said what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from calls.call import Call
from calls.events import CallEvent, CallEventKind
from console.call_moments import begun, second_of
from console.display import duration
from console.event_details import NOBODY, event_detail, number_of
from console.words import Words
from engine.registers.recordings import Recording, RecordingState, Spoken, TranscriptState

Kind = CallEventKind
# The picture's own measure; the page stretches it.
WIDTH = 1000.0
LANE_HALF = 26.0
_BAR_STEP = 3.0
UNSURE_BELOW = 0.6
_RULER_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_MOST_TICKS = 9
# What a listener wants to go to.
_MARKS = frozenset(
    {
        Kind.UNDERSTOOD,
        Kind.QUEUED,
        Kind.AGENT_OFFERED,
        Kind.AGENT_CONNECTED,
        Kind.AGENT_LOST,
        Kind.TALK_HELD,
        Kind.TALK_RESUMED,
        Kind.CONSULT_STARTED,
        Kind.CONSULT_ENDED,
        Kind.TRANSFERRED,
        Kind.CONFERENCE_STARTED,
        Kind.RECORDING_PAUSED,
        Kind.RECORDING_RESUMED,
        Kind.PROMISE_MADE,
        Kind.MESSAGE_QUEUED,
        Kind.SUPERVISED,
        Kind.TALK_ENDED,
    }
)


@dataclass(frozen=True, slots=True)
class Part:
    """One recording that can be played: where, and from when to when of the call, in seconds."""

    src: str
    start: float
    seconds: float
    agent: str
    codec: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`kind`: queue, hold, consult, paused or silent (not recorded). `at` in seconds of the call."""

    kind: str
    at: float
    x: float
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    at: float
    x: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class SaidWord:
    text: str
    at: float
    unsure: bool


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """`second` of the call. `side`: agent, caller, consulted, or note: what nobody said, as `text`."""

    second: float
    clock: str
    side: str
    words: tuple[SaidWord, ...] = ()
    language: str | None = None
    text: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Player:
    """`caller` and `agent` are paths of an SVG that is WIDTH wide; `notes` say what is missing, and why.

    `line` and `heard`: when the hotline spoke and when the caller did, as the log has it; not how loud.
    `parts` is empty when nothing can be heard: the clock runs all the same.
    """

    parts: tuple[Part, ...]
    seconds: float
    length: str
    caller: str
    agent: str
    line: str
    heard: str
    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    lines: tuple[SpokenLine, ...]
    notes: tuple[str, ...]


def player(
    call: Call,
    events: Sequence[CallEvent],
    recordings: Sequence[Recording],
    words: Words,
    names: Mapping[str, str] = NOBODY,
) -> Player | None:
    """None while the call goes on and nothing of it was recorded. `names`: of agents, as they are shown."""
    if not recordings and call.ended_at is None:
        return None
    kept = [one for one in recordings if one.path is not None and one.seconds]
    ends = [second_of(call, one.started_at) + (one.seconds or 0.0) for one in kept]
    last = call.ended_at or (events[-1].at if events else call.started_at)
    total = max([*ends, second_of(call, last), 1.0])
    scale = WIDTH / total
    stretches = tuple(_stretches(call, events, kept, total, words))
    return Player(
        parts=tuple(
            Part(
                f"/recordings/{one.id}/audio",
                second_of(call, one.started_at),
                one.seconds or 0.0,
                one.agent,
                one.codec or "",
            )
            for one in kept
        ),
        seconds=total,
        length=duration(total),
        agent=_lane(call, kept, 0, scale),
        caller=_lane(call, kept, 1, scale),
        line=_spoken(call, events, Kind.SAID, (), scale),
        heard=_spoken(call, events, Kind.HEARD, kept, scale),
        stretches=stretches,
        marks=tuple(_marks(call, events, scale, words, names)),
        ticks=tuple(_ticks(total, scale)),
        lines=tuple(_lines(call, kept, stretches, tuple(_consults(call, events, total)))),
        notes=tuple(_notes(recordings, words)),
    )


def _lane(call: Call, recordings: Sequence[Recording], side: int, scale: float) -> str:
    """Bars at fixed steps, so that a long call is no denser than a short one."""
    bars: dict[int, int] = {}
    for one in recordings:
        peaks = one.peaks[side] if one.peaks else ()
        seconds, start = one.seconds or 0.0, second_of(call, one.started_at)
        for number, loud in enumerate(peaks):
            begin = (start + number * seconds / len(peaks)) * scale
            end = (start + (number + 1) * seconds / len(peaks)) * scale
            for step in range(int(begin / _BAR_STEP), max(int(begin / _BAR_STEP) + 1, int(end / _BAR_STEP))):
                bars[step] = max(bars.get(step, 0), loud)
    found = []
    for step, loud in sorted(bars.items()):
        half = loud / 100 * LANE_HALF
        if half >= 1.0:
            found.append(f"M{step * _BAR_STEP + 1:g} {LANE_HALF - half:.1f}v{2 * half:.1f}")
    return "".join(found)


def _spoken(
    call: Call,
    events: Sequence[CallEvent],
    kind: CallEventKind,
    recordings: Sequence[Recording],
    scale: float,
) -> str:
    """As long as it took, where no recording shows it better."""
    found = []
    for event in events:
        seconds = number_of(event.data.get("seconds"), 0.0)
        if event.kind is not kind or seconds <= 0:
            continue
        begin = begun(call, event)
        recorded = any(
            0 <= begin - second_of(call, one.started_at) <= (one.seconds or 0.0) for one in recordings
        )
        if not recorded:
            found.append(f"M{begin * scale:.1f} {LANE_HALF:g}h{max(1.0, seconds * scale):.1f}")
    return "".join(found)


def _stretches(
    call: Call, events: Sequence[CallEvent], recordings: Sequence[Recording], total: float, words: Words
) -> Iterator[Stretch]:
    scale = WIDTH / total

    def stretch(kind: str, begin: float, end: float) -> Stretch:
        label = f"{words(f'player_{kind}')} {duration(end - begin)}"
        return Stretch(kind, begin, round(begin * scale, 1), round((end - begin) * scale, 1), label)

    place = 0.0 if recordings else total  # without any sound there is nothing to be missed in it
    for one in sorted(recordings, key=lambda one: one.started_at):
        start = second_of(call, one.started_at)
        if start - place >= 1.0:
            yield stretch("silent", place, start)
        place = max(place, start + (one.seconds or 0.0))
        for begin, end in one.pauses:
            yield stretch("paused", start + begin, min(start + end, total))
    if total - place >= 1.0:
        yield stretch("silent", place, total)
    yield from (stretch("consult", begin, end) for _, begin, end in _consults(call, events, total))
    queued: float | None = None
    held: float | None = None
    for event in events:
        at = min(second_of(call, event.at), total)
        match event.kind:
            case Kind.QUEUED | Kind.AGENT_LOST if queued is None:
                queued = at
            case Kind.AGENT_CONNECTED | Kind.QUEUE_LEFT if queued is not None:
                yield stretch("queue", queued, at)
                queued = None
            case Kind.TALK_HELD:
                held = at
            case Kind.TALK_RESUMED | Kind.TALK_ENDED if held is not None:
                yield stretch("hold", held, at)
                held = None


def _consults(call: Call, events: Sequence[CallEvent], total: float) -> Iterator[tuple[str, float, float]]:
    """Who asked somebody while the caller was on hold, from when to when."""
    begun_at: float | None = None
    for event in events:
        at = min(second_of(call, event.at), total)
        match event.kind:
            case Kind.CONSULT_STARTED:
                begun_at = at
            case Kind.CONSULT_ENDED | Kind.CONFERENCE_STARTED if begun_at is not None:
                yield str(event.data.get("agent", "")), begun_at, at
                begun_at = None


def _marks(
    call: Call, events: Sequence[CallEvent], scale: float, words: Words, names: Mapping[str, str]
) -> Iterator[Mark]:
    for event in events:
        if event.kind in _MARKS:
            at = second_of(call, event.at)
            detail = event_detail(event, words, names)
            title = words(f"event_{event.kind.value}")
            yield Mark(
                at, round(at * scale, 1), event.kind.value, f"{duration(at)} {title}: {detail}".rstrip(": ")
            )


def _ticks(total: float, scale: float) -> Iterator[tuple[float, str]]:
    step = next((one for one in _RULER_STEPS if total / one <= _MOST_TICKS), _RULER_STEPS[-1])
    for number in range(int(total // step) + 1):
        if (at := number * step) * scale < WIDTH - 12:
            yield round(at * scale, 1), duration(at)


def _lines(
    call: Call,
    recordings: Sequence[Recording],
    stretches: Sequence[Stretch],
    consults: Sequence[tuple[str, float, float]],
) -> Sequence[SpokenLine]:
    """In the order of time; of talks that are written down also when they were held and not recorded."""
    found = [
        _line(spoken, second_of(call, one.started_at), one.language, one.agent, consults)
        for one in recordings
        for spoken in one.transcript
        if spoken.words
    ]
    if found:
        found += [
            SpokenLine(one.at, duration(one.at), "note", text=one.label, kind=one.kind)
            for one in stretches
            if one.kind in ("hold", "consult", "paused")
        ]
    return sorted(found, key=lambda line: line.second)


def _line(
    spoken: Spoken,
    start: float,
    language: str | None,
    agent: str,
    consults: Sequence[tuple[str, float, float]],
) -> SpokenLine:
    """What an agent hears while they ask somebody is that person's, not the caller's."""
    at, side = start + spoken.words[0].start, spoken.side
    if side == "caller" and any(by == agent and begin <= at < end for by, begin, end in consults):
        side = "consulted"
    words = tuple(
        SaidWord(word.text, round(start + word.start, 2), word.confidence < UNSURE_BELOW)
        for word in spoken.words
    )
    return SpokenLine(round(at, 2), duration(at), side, words, language)


def _notes(recordings: Sequence[Recording], words: Words) -> Iterator[str]:
    states = {one.state for one in recordings}
    yield from (
        words(f"player_{state.value}") for state in RecordingState if state in states - {RecordingState.KEPT}
    )
    if any(one.detail for one in recordings if one.state is RecordingState.KEPT):
        yield words("player_partial")
    kept = {one.transcript_state for one in recordings if one.state is RecordingState.KEPT}
    yield from (
        words(f"player_transcript_{state.value}")
        for state in (TranscriptState.WAITING, TranscriptState.NO_MODEL, TranscriptState.FAILED)
        if state in kept
    )
