"""Rounds in a graph of steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

Graph = Mapping[str, Sequence[str]]


def rounds(graph: Graph) -> Iterator[list[str]]:
    """One shortest round of each knot of steps that lead to one another, such as ["a", "b", "a"].

    It begins with the first step of the knot in the order of the graph. Every target must be in the graph.
    """
    knots = _knots(graph)
    told: set[int] = set()
    for name in graph:
        knot = knots[name]
        if knot not in told and (way := _way_back(graph, name, knots)) is not None:
            told.add(knot)
            yield way


def _way_back(graph: Graph, start: str, knots: Mapping[str, int]) -> list[str] | None:
    """The shortest way from `start` to itself."""
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        for target in graph[name]:
            if target == start:
                way = [start, name]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if knots[target] == knots[start] and target not in came_from:
                came_from[target] = name
                waiting.append(target)
    return None


def _knots(graph: Graph) -> dict[str, int]:
    """Step -> number of its strongly connected component (Tarjan), without recursion: flows may be long."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    knots: dict[str, int] = {}
    stack: list[str] = []
    for root in graph:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        work = [(root, iter(graph[root]))]
        while work:
            name, targets = work[-1]
            target = next(targets, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    while True:
                        member = stack.pop()
                        knots[member] = index[name]
                        if member == name:
                            break
            elif target not in index:
                index[target] = low[target] = len(index)
                stack.append(target)
                work.append((target, iter(graph[target])))
            elif target not in knots:
                low[name] = min(low[name], index[target])
    return knots
