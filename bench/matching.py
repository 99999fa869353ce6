"""How long one round of matching takes: many callers and many agents at one moment.

    python -m bench.matching [--agents 5000] [--callers 1000] [--rounds 15]

All callers wait for a skill that nobody has, and want it no more at the same moment: then all of them are
matched, or none, since those who could serve them are on a break. Each agent has worked within the last hour,
so that all differ in what the strategies ask. A round is what the engine is answered when
it says that time has passed: less is wanted, agents are found, offers and deadlines are made. All
times are of CPU.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from acd.agents import Agent, AgentStatus
from acd.distribution import Distribution
from acd.events import AgentTaken, CallerJoined, OfferCall, StatusChanged, TalkEnded, TimePassed
from acd.queues import Queue, RelaxStep, Strategy
from acd.work import Waiting
from bench import report

AIM_MS = 10.0
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RELAX_SECONDS = 30.0
SKILLS = tuple(f"skill-{number}" for number in range(20))
QUEUES = 10
QUEUES_EACH = 3
SKILLS_EACH = 6
DEPARTMENTS = ("free", "on-break")
# Each agent has had up to so many pieces of work within the last hour.
MOST_WORK = 3
LONGEST_WORK_SECONDS = 480
PREFERRED = "preferred agent"
CASES = (
    *(("all can be served", "free", strategy.value) for strategy in Strategy),
    ("all can be served", "free", PREFERRED),
    ("none can be", "on-break", Strategy.LONGEST_IDLE.value),
)


@dataclass(frozen=True)
class Crowd:
    """The same agents and callers for what is measured and for the floor."""

    agents: tuple[Agent, ...]
    queues: tuple[Queue, ...]
    callers: tuple[Waiting, ...]


def crowd(agents: int, callers: int, department: str, by: str) -> Crowd:
    """`by`: a strategy, or PREFERRED."""
    strategy = Strategy.LONGEST_IDLE if by == PREFERRED else Strategy(by)
    chance = random.Random(5)
    people: list[Agent] = []
    members: list[set[str]] = [set() for _ in range(QUEUES)]
    for number in range(agents):
        name = f"agent-{number}"
        levels = {skill: chance.randint(1, 5) for skill in chance.sample(SKILLS, SKILLS_EACH)}
        # Of ten agents one is on a break: these alone could serve the callers whom nobody can serve now.
        levels[DEPARTMENTS[number % 10 == 0]] = 3
        people.append(Agent(name, levels))
        for index in chance.sample(range(QUEUES), QUEUES_EACH):
            members[index].add(name)
    relax = (RelaxStep(RELAX_SECONDS, drop="nobody"),)
    queues = tuple(
        Queue(
            f"queue-{number}",
            frozenset(names),
            capacity=callers,
            strategy=strategy,
            skills={"nobody": 1, department: 2, SKILLS[number]: 2},
            relax=relax,
        )
        for number, names in enumerate(members)
    )
    waiting = []
    for number in range(callers):
        skills = tuple(chance.sample(SKILLS, chance.randint(0, 1)))
        queue = queues[chance.randrange(QUEUES)].name
        since = START + timedelta(milliseconds=number)
        waiting.append(Waiting(f"call-{number}", queue, since, skills, chance.randint(0, 2)))
    found = Crowd(tuple(people), queues, tuple(waiting))
    return replace(found, callers=_with_preferred(found)) if by == PREFERRED else found


def _with_preferred(people: Crowd) -> tuple[Waiting, ...]:
    """Each caller wants an agent of their own, who is free and can serve them."""
    chance = random.Random(6)
    agents = list(people.agents)
    chance.shuffle(agents)
    queues = {queue.name: queue for queue in people.queues}
    found = []
    for caller in people.callers:
        queue = queues[caller.queue]
        wanted = wanted_of(caller, queue)
        at = next(
            at
            for at, agent in enumerate(agents)
            if agent.name in queue.agents
            and DEPARTMENTS[0] in agent.skills
            and all(agent.skills.get(skill, 0) >= level for skill, level in wanted.items())
        )
        found.append(replace(caller, preferred=agents.pop(at).name, preferred_seconds=2 * RELAX_SECONDS))
    return tuple(found)


def wanted_of(caller: Waiting, queue: Queue) -> dict[str, int]:
    """Once nobody is wanted no more."""
    return dict.fromkeys(caller.skills, 1) | {s: level for s, level in queue.skills.items() if s != "nobody"}


def waiting_crowd(people: Crowd) -> Distribution:
    """All are there, and nobody is served yet."""
    core = Distribution(people.queues, people.agents)
    for agent in people.agents:
        core.handle(StatusChanged(agent.name, AgentStatus.AVAILABLE), START - timedelta(hours=1))
    for at, event in worked(people):
        core.handle(event, at)
    for agent in people.agents:
        if DEPARTMENTS[1] in agent.skills:
            core.handle(StatusChanged(agent.name, AgentStatus.BREAK), START)
    for caller in people.callers:
        core.handle(CallerJoined(caller), START)
    return core


def worked(people: Crowd) -> list[tuple[datetime, AgentTaken | TalkEnded]]:
    """What the agents did in the last hour, in its order."""
    chance = random.Random(7)
    done: list[tuple[datetime, AgentTaken | TalkEnded]] = []
    for agent in people.agents:
        at = START - timedelta(hours=1)
        for number in range(chance.randint(0, MOST_WORK)):
            work_id = f"{agent.name}-{number}"
            at += timedelta(seconds=chance.uniform(1, 3600 / MOST_WORK - LONGEST_WORK_SECONDS))
            done.append((at, AgentTaken(work_id, agent.name)))
            at += timedelta(seconds=chance.uniform(10, LONGEST_WORK_SECONDS))
            done.append((at, TalkEnded(work_id, agent.name)))
    return sorted(done, key=lambda one: one[0])


def one_round(people: Crowd) -> tuple[float, int]:
    """Milliseconds, and how many were matched."""
    core = waiting_crowd(people)
    gc.collect()
    now = START + timedelta(seconds=RELAX_SECONDS)
    began = time.thread_time()
    commands = core.handle(TimePassed(), now)
    took_ms = (time.thread_time() - began) * 1000
    return took_ms, sum(isinstance(command, OfferCall) for command in commands)


def naive_round(people: Crowd) -> tuple[float, int]:
    """The floor: for each caller in turn look at every agent, and take the first who can; nothing else."""
    queues = {queue.name: queue for queue in people.queues}
    agents = [(agent, number % 10 != 0) for number, agent in enumerate(people.agents)]
    taken: set[str] = set()
    began = time.thread_time()
    for caller in sorted(people.callers, key=lambda c: (-c.priority, c.since)):
        queue = queues[caller.queue]
        wanted = wanted_of(caller, queue)
        for agent, free in agents:
            if free and agent.name not in taken and agent.name in queue.agents:
                skills = agent.skills
                if all(skills.get(skill, 0) >= level for skill, level in wanted.items()):
                    taken.add(agent.name)
                    break
    return (time.thread_time() - began) * 1000, len(taken)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=5000)
    parser.add_argument("--callers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)

    lines: list[tuple[str, ...]] = []
    figures: dict[str, dict[str, Any]] = {}
    for callers, department, by in CASES:
        people = crowd(options.agents, options.callers, department, by)
        rounds = [one_round(people) for _ in range(options.rounds)]
        times_ms = [took_ms for took_ms, _ in rounds]
        naive_ms, naive_matched = naive_round(people)
        figures[f"{callers}, {by}"] = {"ms": times_ms, "naive_ms": naive_ms}
        matched = f"{rounds[0][1]}", f"{naive_matched}"
        median, slowest = f"{statistics.median(times_ms):.1f}", f"{max(times_ms):.1f}"
        lines.append(
            (callers, by.replace("_", " "), matched[0], median, slowest, f"{naive_ms:.0f}", matched[1])
        )
    head = ("callers", "strategy", "matched", "CPU ms p50", "slowest", "naive CPU ms", "naive matched")
    worst = max(statistics.median(f["ms"]) for f in figures.values())
    verdict = "reached" if worst <= AIM_MS else "**not reached**"
    facts = report.machine()
    text = (
        f"{facts['date']}, one core of {facts['cores']} ({facts['processor']}), Python {facts['python']}. "
        f"{options.agents:,} agents, {options.callers:,} callers, {QUEUES} queues, {len(SKILLS)} skills; "
        f"{options.rounds} rounds.\n\n{report.table(head, lines)}\n\n"
        f"- Milliseconds of a round, whatever the strategy: {worst:.1f} (aim ≤ {AIM_MS:g}): {verdict}."
    )
    report.write("matching", {"machine": facts, "rounds": figures}, text)
    print(text)


if __name__ == "__main__":
    main()
