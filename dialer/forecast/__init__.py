"""What a campaign would come to: a simulated world, dialled by the pacer that would dial the real one."""

from dialer.forecast.durations import Duration, LogNormal, Mixture, Observed
from dialer.forecast.shifts import Shift, all_day, away, by_period, with_pauses
from dialer.forecast.simulator import Counted, Simulation, simulate
from dialer.forecast.tally import Period, Run
from dialer.forecast.world import AnswerRate, CallList, World

__all__ = [
    "AnswerRate",
    "CallList",
    "Counted",
    "Duration",
    "LogNormal",
    "Mixture",
    "Observed",
    "Period",
    "Run",
    "Shift",
    "Simulation",
    "World",
    "all_day",
    "away",
    "by_period",
    "simulate",
    "with_pauses",
]
