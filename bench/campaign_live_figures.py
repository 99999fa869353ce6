"""What a run of bench.campaign_live came to, by the engine's database, the public's log, the agents' ears."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.campaign_live_world import AGENTS, QUEUE
from bench.report import percentile

_LIVE = frozenset({"answered", "abandoned"})
# Between the clocks of two processes' records of one moment.
_SLACK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Rung:
    """A call as the public's Asterisk had it. Wall clock; `agent_at`: an agent's key was heard."""

    number: str
    at: float
    person: bool
    talk_seconds: float | None
    answered_at: float | None
    agent_at: float | None
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class Played:
    """A run that is over. Wall clock; `onsets` by agent: when they began to hear somebody.

    `open_lines` and `campaigning`: cores that each part kept busy, before the first call and from then on.
    """

    database: Path
    began: float
    seconds: float
    onsets: Mapping[str, Sequence[float]]
    rung: tuple[Rung, ...]
    open_lines: Mapping[str, float]
    campaigning: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call as the engine's database has it, wall clock. Without detection the answer is the verdict."""

    id: str
    number: str
    result: str
    agent: str | None
    verdict_at: float | None
    talk_at: float | None
    talk_ended_at: float | None
    wrapped_up_at: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Shares are 0..1, times in seconds. `people` answered and are known to have got an agent, or not; who is
    taken for one is one.

    `dropped`: those who got none and had not hung up before. `heard`: from the verdict to the first sample of
    the person in the agent's ear, where that agent had been idle; `unheard` were connected and not heard.
    `silence`: from the answer to that sample. `lost` and `unknown`: calls of one log that the other has not.
    """

    utilisation: float
    people: int
    dropped: int
    connected: int
    results: Mapping[str, int]
    heard: tuple[float, ...]
    unheard: int
    silence: tuple[float, ...]
    judged: tuple[float, ...]  # from the answer to the verdict, of people
    talks: tuple[float, float]  # mean seconds: drawn by the public, and had according to the engine
    rung: int
    attempts: int
    twice: int
    lost: int
    unknown: int
    not_in_history: int
    open_lines: Mapping[str, float]
    campaigning: Mapping[str, float]

    @property
    def abandoned(self) -> float:
        return self.dropped / self.people if self.people else 0.0

    @property
    def heard_p95_ms(self) -> float:
        return 1000 * percentile(self.heard, 0.95)

    @property
    def agrees(self) -> bool:
        """Nobody was called twice, and both logs and the history hold the same calls."""
        return not (self.twice or self.lost or self.unknown or self.not_in_history)


def measured(run: Played) -> Measured:
    with closing(sqlite3.connect(f"file:{run.database}?mode=ro", uri=True)) as database:
        attempts = _attempts(database)
        (in_history,) = database.execute(
            "SELECT count(DISTINCT a.id) FROM attempts a JOIN interactions i ON i.subject_id = a.id "
            "WHERE a.campaign = ? AND i.channel = 'call'",
            (QUEUE,),
        ).fetchone()
    end = run.began + run.seconds
    talks = sorted((one for one in attempts if one.talk_at is not None), key=lambda one: one.talk_at or 0.0)
    heard, unheard, silence = _heard(talks, run)
    people, dropped = _people(run, attempts, end)
    rung = Counter(call.number for call in run.rung)
    dialled = Counter(one.number for one in attempts)
    judged = {one.number: one.verdict_at for one in attempts if one.verdict_at is not None}
    return Measured(
        utilisation=sum(_worked(one, run.began, end) for one in talks) / (AGENTS * run.seconds),
        people=people,
        dropped=dropped,
        connected=sum(one.talk_at is not None and one.talk_at < end for one in talks),
        results=dict(Counter(one.result for one in attempts)),
        heard=heard,
        unheard=unheard,
        silence=silence,
        judged=tuple(
            judged[call.number] - call.answered_at
            for call in run.rung
            if call.person and call.answered_at is not None and call.number in judged
        ),
        talks=_talks((one for one in talks if (one.talk_ended_at or end) < end), run.rung),
        rung=len(run.rung),
        attempts=len(attempts),
        twice=sum(count - 1 for count in rung.values()) + sum(count - 1 for count in dialled.values()),
        lost=len(dialled.keys() - rung.keys()),
        unknown=len(rung.keys() - dialled.keys()),
        not_in_history=len(attempts) - in_history,
        open_lines=run.open_lines,
        campaigning=run.campaigning,
    )


def _attempts(database: sqlite3.Connection) -> list[Attempt]:
    moments: dict[str, dict[str, float]] = {}
    for call_id, kind, at in database.execute(
        "SELECT e.call_id, e.kind, e.at FROM call_events e JOIN attempts a ON a.id = e.call_id WHERE "
        "a.campaign = ? AND e.kind IN ('agent_connected', 'talk_ended', 'wrapped_up') ORDER BY e.seq",
        (QUEUE,),
    ):
        moments.setdefault(call_id, {})[kind] = _wall(at)
    found = []
    for call_id, number, result, agent, verdict_at in database.execute(
        "SELECT id, number, result, agent, coalesce(verdict_at, answered_at) FROM attempts "
        "WHERE campaign = ?",
        (QUEUE,),
    ):
        at = moments.get(call_id, {})
        found.append(
            Attempt(
                call_id,
                number,
                result or "unfinished",
                agent,
                None if verdict_at is None else _wall(verdict_at),
                at.get("agent_connected"),
                at.get("talk_ended"),
                at.get("wrapped_up"),
            )
        )
    return found


def _wall(text: str) -> float:
    """Of a moment as SQLite holds it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _worked(one: Attempt, began: float, end: float) -> float:
    """Seconds of talk and wrap-up within the run."""
    until = one.wrapped_up_at or one.talk_ended_at or end
    return max(0.0, min(until, end) - max(one.talk_at or end, began))


def _heard(talks: Iterable[Attempt], run: Played) -> tuple[tuple[float, ...], int, tuple[float, ...]]:
    """`talks` in their order: the agent was idle at the verdict if their last wrap-up was over by then."""
    answered = {call.number: call.answered_at for call in run.rung if call.person}
    busy_until: dict[str, float] = {}
    heard, silence, unheard = [], [], 0
    for one in talks:
        agent, verdict_at = one.agent or "", one.verdict_at or 0.0
        idle = busy_until.get(agent, 0.0) <= verdict_at
        busy_until[agent] = one.wrapped_up_at or one.talk_ended_at or float("inf")
        if one.number not in answered:
            continue  # a machine that was taken for a person may pause just now
        onset = _onset(run.onsets.get(agent, ()), one)
        if onset is None:
            unheard += 1
            continue
        if idle:
            heard.append(onset - verdict_at)
        if (at := answered.get(one.number)) is not None:
            silence.append(onset - at)
    return tuple(heard), unheard, tuple(silence)


def _onset(onsets: Sequence[float], one: Attempt) -> float | None:
    """When the agent began to hear this person."""
    assert one.talk_at is not None
    place = bisect_left(onsets, (one.verdict_at or one.talk_at) - _SLACK_SECONDS)
    until = one.talk_ended_at or float("inf")
    return onsets[place] if place < len(onsets) and onsets[place] < until else None


def _people(run: Played, attempts: Iterable[Attempt], end: float) -> tuple[int, int]:
    """Who answered and whose fate is known at the end, machines taken for people among them; and who of them
    got no agent.
    """
    machines = {call.number for call in run.rung if not call.person}
    missed = [one for one in attempts if one.number in machines and one.result in _LIVE and one.verdict_at]
    known = sum((one.verdict_at or end) < end for one in missed)
    dropped = sum((one.verdict_at or end) < end and one.talk_at is None for one in missed)
    for call in run.rung:
        if not call.person or call.answered_at is None:
            continue
        if call.agent_at is not None and call.agent_at < end:
            known += 1
        elif call.agent_at is None and call.ended_at is not None and call.ended_at < end:
            known += 1
            dropped += 1
    return known, dropped


def _talks(talks: Iterable[Attempt], rung: Iterable[Rung]) -> tuple[float, float]:
    drawn = {call.number: call.talk_seconds for call in rung if call.talk_seconds is not None}
    pairs = [
        (drawn[one.number], one.talk_ended_at - one.talk_at)
        for one in talks
        if one.number in drawn and one.talk_at is not None and one.talk_ended_at is not None
    ]
    count = max(1, len(pairs))
    return sum(pair[0] for pair in pairs) / count, sum(pair[1] for pair in pairs) / count


def as_json(one: Measured) -> dict[str, Any]:
    return {
        "utilisation": one.utilisation,
        "people": one.people,
        "dropped": one.dropped,
        "connected": one.connected,
        "results": dict(one.results),
        "heard_ms": [round(1000 * value, 1) for value in one.heard],
        "unheard": one.unheard,
        "silence_ms": [round(1000 * value) for value in one.silence],
        "judged_ms": [round(1000 * value) for value in one.judged],
        "talk_seconds": [round(value, 2) for value in one.talks],
        "rung": one.rung,
        "attempts": one.attempts,
        "twice": one.twice,
        "lost": one.lost,
        "unknown": one.unknown,
        "not_in_history": one.not_in_history,
        "cores": {
            "open lines": {part: round(cores, 4) for part, cores in one.open_lines.items()},
            "campaign": {part: round(cores, 4) for part, cores in one.campaigning.items()},
        },
    }
