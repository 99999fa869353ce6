"""Dial as long as one more call is worth its risk; give up ringing calls that no longer are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

import numpy as np

from dialer.pace.answering import AGE_SECONDS, DETECTION_SECONDS, DETECTIONS, AnswerCurves
from dialer.pace.budget import Budget
from dialer.pace.explaining import Reasons, explained
from dialer.pace.lookahead import AHEAD_SECONDS, Floats
from dialer.pace.news import Learner
from dialer.pace.progressive import room
from dialer.pace.residuals import NONE, Releases
from dialer.pace.risk import EXACT_TALKING, EXACT_UP_TO, Balance, Exact, Moments
from dialer.pace.view import CallView, PacingDecision, PacingSettings, PacingView

VERSION: Final = 1  # of the knowledge
REBUILD_SECONDS: Final = (1.0, 20.0)  # of the tables: often at first, seldom later
CANCEL_FACTOR: Final = 4.0  # a call that rings will be answered sooner than a new one: it may risk more
LONGEST_SETUP_SECONDS: Final = 20.0  # from dialling to ringing, that are told apart
EXPECTED_BUSY: Final = 0.85  # the share of their time that agents are taken to talk and write up
YIELD_SECONDS: Final = 6.5  # ahead, in which calls compete for the last line
LAST_CALLS: Final = 6.0  # abandoned calls still to be earned by a list, from which its end is near
EAGERNESS: Final = 0.3  # of the risk's logarithm, when as many agents are idle as usual
MOST_IDLE: Final = 2.7  # times as many as usual, beyond which nothing more is risked for it
USUAL_DECISIONS: Final = 300.0  # in which it is learned what is usual
RECALLED: Final = 0.5  # of its weight, what was known before a restart


class Predictive:
    def __init__(self, settings: PacingSettings) -> None:
        self._settings = settings
        self.curves = AnswerCurves(settings.ring_timeout + LONGEST_SETUP_SECONDS)
        self.releases = Releases(settings.connect_window)
        self.budget = Budget(settings)
        self._learner = Learner(self.curves, self.releases)
        self._rebuilt_at: float | None = None
        self._began_at: float | None = None
        self._run_before = (0.0, 0)  # seconds and people of the run before a restart
        self._now = 0.0
        self._live = 0
        self._usual: tuple[float, float] | None = None  # idle agents, and what they make of the risk
        self._reasons = Reasons()
        self.unread: str | None = None  # why what was known before was left aside

    def decide(self, view: PacingView) -> PacingDecision:
        self._learner.learn(view.events)
        self._rebuild(view)
        coming, per_second = self._coming(view)
        risk = self.budget.look(view.live, view.abandoned, coming, 60 * per_second, len(view.agents))
        firm, loose = self._calls(view)
        if not view.agents:
            self._reasons = Reasons(why="no_agents", in_flight=len(view.calls))
            return PacingDecision(0, tuple(call_id for _, call_id, _ in loose))
        idle = sum(agent.state == "idle" for agent in view.agents)
        risk *= self._eagerness(idle)
        waiting = sum(call.stage == "waiting" for call in view.calls)
        most = room(view)
        balance = self._balance(view, idle, waiting, firm, most + len(loose))
        given_up, kept = self._review(balance, loose, risk * CANCEL_FACTOR)
        dial, cost, more = self._fill(balance, risk, most)
        if more and view.free_lines <= dial:
            given_up += self._outlived(kept)
        self._reasons = Reasons(
            why=_why(view, dial, more),
            idle=idle,
            in_flight=len(view.calls),
            waiting=waiting,
            risk=risk,
            cost=cost,
            dial=dial,
            given_up=len(given_up),
            room=most,
            expected_answers=float(sum(row[-1] for row in firm)),
        )
        return PacingDecision(dial, tuple(given_up))

    def _eagerness(self, idle: int) -> float:
        """More is risked while more agents are idle, less while fewer are: so an abandoned call buys more."""
        if self._usual is None:
            self._usual = (max(float(idle), 1.0), math.exp(EAGERNESS))
        count, eagerness = self._usual
        eager = math.exp(EAGERNESS * min(idle / count, MOST_IDLE))
        count += (idle - count) / USUAL_DECISIONS
        self._usual = (max(count, 0.5), eagerness + (eager - eagerness) / USUAL_DECISIONS)
        return eager / eagerness

    def _review(
        self, balance: Balance, loose: list[tuple[float, str, int]], risk: float
    ) -> tuple[list[str], list[tuple[str, int]]]:
        """Which ringing calls are no longer worth their risk, and which are, with their ages."""
        given_up, kept = [], []
        for age, alike in groupby(loose, key=lambda call: call[2]):
            ids = [call_id for _, call_id, _ in alike]
            most = len(ids) if balance.cost(self.curves.when[age]) <= risk else 0
            if most > 1:
                most = balance.fill(self.curves.ringing[age], self.curves.when[age], risk, most)
            elif most:
                balance.add(self.curves.ringing[age])
            kept += [(call_id, age) for call_id in ids[:most]]
            given_up += ids[most:]
        return given_up, kept

    def _fill(self, balance: Balance, risk: float, most: int) -> tuple[int, float, bool]:
        """How many calls are worth it, what the last one considered costs, and whether more would be."""
        when = self.curves.when[0]
        dial = balance.fill(self.curves.ringing[0], when, risk, most)
        cost = balance.cost(when)
        return dial, cost, cost <= risk

    def _outlived(self, kept: list[tuple[str, int]]) -> list[str]:
        """The oldest ringing call, if the line yields more with a new one."""
        if not kept:
            return []
        call_id, age = kept[-1]
        place = int(np.searchsorted(AHEAD_SECONDS, YIELD_SECONDS))
        fresh = self.curves.share * YIELD_SECONDS / self._settings.ring_timeout
        return [call_id] if self.curves.ringing[age, place] < fresh else []

    def _balance(self, view: PacingView, idle: int, waiting: int, firm: Floats, more: int) -> Balance:
        stays = self._learner.stays
        talks = stays * self.releases.talking(_lasting(view, "talking"))
        wraps = stays * self.releases.wrapping(_lasting(view, "wrapping"))
        if len(firm) + len(wraps) <= EXACT_UP_TO and len(talks) <= EXACT_TALKING:
            return Balance(Exact(idle, waiting, firm, talks, wraps, more))
        return Balance(Moments(idle, waiting, firm, np.concatenate((talks, wraps))))

    def _calls(self, view: PacingView) -> tuple[Floats, list[tuple[float, str, int]]]:
        """Chances of those in flight; apart, youngest first, those that may be given up, with their ages."""
        now, last = view.now, self.curves.ages - 1
        ringing: list[int] = []
        detecting: list[tuple[int, int]] = []
        loose = []
        for call in view.calls:
            if call.stage == "waiting":
                continue
            if call.stage == "detecting":
                answered = min(last, max(0, int((call.since - call.dialled_at) / AGE_SECONDS)))
                lasted = min(DETECTIONS - 1, max(0, int((now - call.since) / DETECTION_SECONDS)))
                detecting.append((answered, lasted))
                continue
            age = min(last, max(0, int((now - call.dialled_at) / AGE_SECONDS)))
            if self._may_give_up(call, now):
                loose.append((-call.dialled_at, call.id, age))
            else:
                ringing.append(age)
        loose.sort()
        firm = self.curves.ringing[np.array(ringing, dtype=np.intp)]
        if detecting:
            places = np.array(detecting, dtype=np.intp)
            firm = np.concatenate((firm, self.curves.detecting[places[:, 0], places[:, 1]]))
        return firm, loose

    def _may_give_up(self, call: CallView, now: float) -> bool:
        return call.stage == "ringing" and now - call.since >= self._settings.min_ring

    def _coming(self, view: PacingView) -> tuple[float | None, float]:
        """People who will answer until the end, if it is known, and a second."""
        if self._began_at is None:
            seconds, people = self._run_before
            if view.live < people or seconds >= (self._settings.horizon or 0.0):
                seconds = 0.0  # another run, or another legal window
            self._began_at = view.now - seconds
        self._now, self._live = view.now, view.live
        cycle = self.releases.talk.mean + self.releases.wrap.mean
        per_second = len(view.agents) * EXPECTED_BUSY / max(cycle, 1.0)
        coming = None
        if self._settings.horizon is not None:
            coming = max(0.0, self._settings.horizon - (view.now - self._began_at)) * per_second
        if view.leads_left is not None:
            by_list = (view.leads_left + len(view.calls)) * self.curves.share
            if coming is not None or by_list * self._settings.abandon_cap < LAST_CALLS:
                coming = min(coming if coming is not None else by_list, by_list)
        return coming, per_second

    def _rebuild(self, view: PacingView) -> None:
        began, rebuilt = self._began_at, self._rebuilt_at
        if began is not None and rebuilt is not None:
            due = min(max((rebuilt - began) / 10, REBUILD_SECONDS[0]), REBUILD_SECONDS[1])
            if 0 <= view.now - rebuilt < due:
                return
        self._rebuilt_at = view.now
        ringing = [
            max(0.0, view.now - c.dialled_at) for c in view.calls if c.stage in ("dialling", "ringing")
        ]
        self.curves.rebuild(np.array(ringing))
        self.releases.rebuild(_lasting(view, "talking"), _lasting(view, "wrapping"))

    def knowledge(self) -> dict[str, Any]:
        ran = 0.0 if self._began_at is None else max(0.0, self._now - self._began_at)
        return {
            "version": VERSION,
            "ring_timeout": self._settings.ring_timeout,
            "answers": self.curves.knowledge(),
            "talk": self.releases.talk.knowledge(),
            "wrap": self.releases.wrap.knowledge(),
            "stays": round(self._learner.stays, 4),
            "budget": self.budget.knowledge(),
            "run": {"seconds": round(ran, 1), "live": self._live},
        }

    def recall(self, known: Mapping[str, Any]) -> None:
        """Go on with what `knowledge` told. KeyError, TypeError or ValueError if it does not fit."""
        if known["version"] != VERSION:
            raise ValueError(f"its version is {known['version']!r}, not {VERSION}")
        if known["ring_timeout"] != self._settings.ring_timeout:
            raise ValueError(f"calls rang for {known['ring_timeout']!r} s then")
        self.curves.recall(known["answers"], RECALLED)
        self.releases.talk.recall(known["talk"], RECALLED)
        self.releases.wrap.recall(known["wrap"], RECALLED)
        self.budget.recall(known["budget"])
        stays, seconds = float(known["stays"]), float(known["run"]["seconds"])
        if not 0 <= stays <= 1 or not math.isfinite(seconds) or seconds < 0:
            raise ValueError("its shares and seconds are out of their range")
        self._learner.stays = stays
        self._run_before = (seconds, int(known["run"]["live"]))
        self.releases.rebuild(NONE, NONE)

    def explain(self) -> dict[str, Any]:
        return explained(
            self._reasons, self.curves, self.releases, self.budget, self._learner.stays, self.unread
        )


def with_knowledge(settings: PacingSettings, known: Mapping[str, Any] | None) -> Predictive:
    """A pacer that goes on where another stopped, or begins anew and says why."""
    pacer = Predictive(settings)
    if not known:
        return pacer
    try:
        pacer.recall(known)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        pacer = Predictive(settings)  # nothing half recalled stays
        pacer.unread = f"What the pacer knew before cannot be read ({error}); it begins anew."
    return pacer


def _lasting(view: PacingView, state: str) -> Floats:
    return np.array([max(0.0, view.now - agent.since) for agent in view.agents if agent.state == state])


def _why(view: PacingView, dial: int, more: bool) -> str:
    if not more:
        return "worth_it" if dial else "risk"
    limits = {"lines": view.free_lines, "leads": view.leads_left, "calls_per_second": view.dial_limit}
    return min((value, name) for name, value in limits.items() if value is not None)[1]
