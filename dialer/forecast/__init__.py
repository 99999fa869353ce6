"""What a campaign would come to: a simulated world, dialled by the pacer that would dial the real one."""

from dialer.forecast.durations import Duration, LogNormal, Mixture, Observed
from dialer.forecast.estimates import Estimate
from dialer.forecast.learned import answer_by_hour, answer_spread, learned_duration
from dialer.forecast.outlook import (
    CurvePoint,
    Finish,
    Forecast,
    HourOutlook,
    Moment,
    Variant,
    agents_needed,
    forecast,
    summarise,
    what_if,
)
from dialer.forecast.plan import Day, Plan, simulate_day
from dialer.forecast.shifts import Shift, all_day, away, by_period, with_pauses
from dialer.forecast.simulator import Counted, Simulation, simulate
from dialer.forecast.tally import Period, Run
from dialer.forecast.world import AnswerRate, CallList, World

__all__ = [
    "AnswerRate",
    "CallList",
    "Counted",
    "CurvePoint",
    "Day",
    "Duration",
    "Estimate",
    "Finish",
    "Forecast",
    "HourOutlook",
    "LogNormal",
    "Mixture",
    "Moment",
    "Observed",
    "Period",
    "Plan",
    "Run",
    "Shift",
    "Simulation",
    "Variant",
    "World",
    "agents_needed",
    "all_day",
    "answer_by_hour",
    "answer_spread",
    "away",
    "by_period",
    "forecast",
    "learned_duration",
    "simulate",
    "simulate_day",
    "summarise",
    "what_if",
    "with_pauses",
]
