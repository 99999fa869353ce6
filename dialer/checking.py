"""A campaign's mistakes, all at once, each with its remedy. A campaign with any does not start."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as member
from difflib import get_close_matches

from compliance.facts import Mode, Purpose
from compliance.pack import CampaignLimits, Pack
from compliance.zones import zone_named
from dialer.caller_ids import wrong_caller_ids
from dialer.campaign import Campaign, CampaignKind
from dialer.contradictions import contradictions, cut_short_by_rules
from dialer.machine import Detect, DetectionCounts, OnMachine, detection_error, detection_refused
from dialer.mistakes import Mistake, MistakeCode
from dialer.preview import PreviewPolicy

LONGEST_RING_SECONDS = 60
SHORTEST_RING_SECONDS = 10
MOST_LINES, MOST_CALLS_PER_SECOND, MOST_SHARE, MOST_PRIORITY = 5_000, 200.0, 1_000, 100
PREVIEW_SECONDS = range(5, 3_601)
SKIP_SECONDS = range(60, 30 * 86_400 + 1)
MOST_SKIP_REASONS = 12
LONGEST_SKIP_REASON = 60
KEYS = "0123456789*#"
# Where detection goes on for so long that an agent cannot come in the lawful time.
_AGENT_CONNECTS_SECONDS = 0.2
_AUTOMATIC = frozenset({Mode.PROGRESSIVE, Mode.PREDICTIVE})
_M = MistakeCode
_MESSAGE_LACKS = {
    ("name",): _M.MESSAGE_NAME,
    ("number",): _M.MESSAGE_NUMBER,
    ("name", "number"): _M.MESSAGE_NAME_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Known:
    """Names that the installation has. `languages` are those of the campaign's flow, empty: not known.

    `spoken`: languages that the hotline speaks. `disposition_labels`: name -> language -> words.

    `opt_out_flows`: those in which a person can end all calls; `flow_queues`: to which queues each flow gives
    people; None: not known. `company` and `caller_id`: who calls, and our number where a campaign names none;
    "": there is none.
    """

    queues: Collection[str] = ()
    flows: Collection[str] = ()
    hours: Collection[str] = ()
    packs: Collection[str] = ()
    dispositions: Collection[str] = ()
    scripts: Collection[str] = ()
    topics: Collection[str] = ()
    languages: Collection[str] = ()
    spoken: Collection[str] = ()
    disposition_labels: Mapping[str, Mapping[str, str]] = member(default_factory=dict)
    lines: int | None = None
    opt_out_flows: Collection[str] | None = None
    flow_queues: Mapping[str, Collection[str]] | None = None
    company: str = ""
    caller_id: str = ""


def check(
    campaign: Campaign,
    limits: CampaignLimits,
    known: Known,
    counts: DetectionCounts | None = None,
    packs: Sequence[Pack] = (),
) -> tuple[Mistake, ...]:
    """All mistakes and notes. `limits`: of all `packs` that apply; `counts`: its detection's so far."""
    return (
        *_names(campaign, known),
        *_who_and_how(campaign, limits, known),
        *_numbers(campaign, known, limits),
        *_machines(campaign, limits, known, counts or DetectionCounts()),
        *_message(campaign, limits, known),
        *contradictions(campaign, limits, known.dispositions),
        *cut_short_by_rules(campaign, packs),
    )


def _names(campaign: Campaign, known: Known) -> Iterator[Mistake]:
    if not campaign.name.strip():
        yield Mistake("name", _M.NO_NAME)
    wanted = (
        ("queue", campaign.queue, known.queues, "queue"),
        ("flow", campaign.flow, known.flows, "flow"),
        ("question_flow", campaign.question_flow, known.flows, "flow"),
        ("hours", campaign.hours, known.hours, "hours"),
        ("script", campaign.script, known.scripts, "script"),
        *(("packs", pack, known.packs, "pack") for pack in campaign.packs),
        *(("dispositions", name, known.dispositions, "disposition") for name in campaign.dispositions),
        *(("topics", name, known.topics, "topic") for name in campaign.topics if known.topics),
    )
    for field, name, names, noun in wanted:
        yield from unknown(field, name, names, noun)
    if campaign.language is not None and known.languages and campaign.language not in known.languages:
        data = {"spoken": tuple(sorted(known.languages)), "language": campaign.language}
        yield Mistake("language", _M.LANGUAGE, data)


# Those of a campaign's names without which its calls come to nothing.
_NEEDED = frozenset({"queue", "flow", "question_flow", "hours", "machine.flow", "abandon.flow"})


def gone(campaign: Campaign, known: Known) -> tuple[Mistake, ...]:
    """What a campaign that has started cannot go on without, since a name is not there any more."""
    found = (
        *_names(campaign, known),
        *unknown("machine.flow", campaign.machine.flow, known.flows, "flow"),
        *unknown("abandon.flow", campaign.abandon.flow, known.flows, "flow"),
    )
    return tuple(one for one in found if one.field in _NEEDED)


def unknown(field: str, name: str | None, names: Collection[str], noun: str) -> Iterator[Mistake]:
    """A name that the installation does not have, with the nearest that it has. `noun`: what it names."""
    if name is None or name in names:
        return
    data: dict[str, object] = {"noun": noun, "name": name}
    if near := get_close_matches(name, names, 1):
        yield Mistake(field, _M.UNKNOWN_NEAR, {**data, "near": near[0]})
    else:
        yield Mistake(field, _M.UNKNOWN, {**data, "known": tuple(sorted(names)[:10])})


def _who_and_how(campaign: Campaign, limits: CampaignLimits, known: Known) -> Iterator[Mistake]:
    mode, kind = campaign.mode, campaign.kind
    if mode is Mode.MANUAL:
        yield Mistake("mode", _M.MODE_MANUAL)
    elif mode not in limits.modes:
        allowed = tuple(one for one in limits.modes if one is not Mode.MANUAL)
        yield Mistake("mode", _M.MODE_BANNED, {"mode": mode, "allowed": allowed})
    if mode is Mode.AGENTLESS:
        if campaign.flow is None:
            yield Mistake("flow", _M.NO_FLOW)
    elif campaign.queue is None:
        yield Mistake("queue", _M.NO_QUEUE, {"mode": mode})
    elif mode in _AUTOMATIC and campaign.queue not in (known.flow_queues or {}).get(
        campaign.flow or "", (campaign.queue,)
    ):
        data = {"flow": campaign.flow, "queue": campaign.queue}
        yield Mistake("flow", _M.FLOW_PASSES_QUEUE, data, blocks=False)
    if kind is CampaignKind.COLLECTIONS and campaign.purpose is not Purpose.COLLECTIONS:
        yield Mistake("purpose", _M.PURPOSE_COLLECTIONS)
    if kind is CampaignKind.SALES and campaign.purpose is not Purpose.MARKETING:
        yield Mistake("purpose", _M.PURPOSE_MARKETING)
    if kind is not CampaignKind.COLLECTIONS and campaign.purpose is Purpose.COLLECTIONS:
        yield Mistake("purpose", _M.KIND_COLLECTIONS)
    if kind is CampaignKind.CALLBACK and not campaign.topics:
        yield Mistake("topics", _M.NO_TOPICS)
    if campaign.topics and kind is not CampaignKind.CALLBACK:
        yield Mistake("topics", _M.TOPICS_LEFT_OVER)
    if limits.caller_id_always and "" not in campaign.caller_ids:
        yield Mistake("caller_ids", _M.CALLER_ID_ALWAYS)


def _numbers(campaign: Campaign, known: Known, limits: CampaignLimits) -> Iterator[Mistake]:
    ring_least = max(limits.ring_seconds or 0, SHORTEST_RING_SECONDS)
    if not ring_least <= campaign.ring_seconds <= LONGEST_RING_SECONDS:
        code = _M.RING_BY_RULES if ring_least > SHORTEST_RING_SECONDS else _M.RING
        ring = {"seconds": campaign.ring_seconds, "least": ring_least, "most": LONGEST_RING_SECONDS}
        yield Mistake("ring_seconds", code, ring)
    most_lines = MOST_LINES if known.lines is None else known.lines
    if not 1 <= campaign.lines <= most_lines:
        yield Mistake("lines", _M.LINES, {"lines": campaign.lines, "most": most_lines})
    if not 0 < campaign.calls_per_second <= MOST_CALLS_PER_SECOND:
        yield Mistake("calls_per_second", _M.CALLS_PER_SECOND, {"most": MOST_CALLS_PER_SECOND})
    if not 1 <= campaign.share <= MOST_SHARE:
        yield Mistake("share", _M.SHARE, {"share": campaign.share, "most": MOST_SHARE})
    if not -MOST_PRIORITY <= campaign.priority <= MOST_PRIORITY:
        yield Mistake("priority", _M.PRIORITY, {"priority": campaign.priority, "most": MOST_PRIORITY})
    if campaign.preview_seconds not in PREVIEW_SECONDS:
        yield Mistake("preview_seconds", _M.PREVIEW_SECONDS, {"least": PREVIEW_SECONDS.start})
    yield from _preview(campaign.preview)
    if zone_named(campaign.time_zone) is None:
        yield Mistake("time_zone", _M.TIME_ZONE, {"zone": campaign.time_zone})
    first, last = campaign.first_day, campaign.last_day
    if first is not None and last is not None and last < first:
        yield Mistake("last_day", _M.LAST_DAY, {"last": last, "first": first})
    if campaign.goal is not None and campaign.goal.count < 1:
        yield Mistake("goal.count", _M.GOAL_COUNT)
    if campaign.stop.attempts is not None and campaign.stop.attempts < 1:
        yield Mistake("stop.attempts", _M.STOP_ATTEMPTS)
    if campaign.stop.refused_in_row is not None and campaign.stop.refused_in_row < 1:
        yield Mistake("stop.refused_in_row", _M.STOP_REFUSED)
    yield from wrong_caller_ids(campaign.caller_ids)


def _preview(policy: PreviewPolicy) -> Iterator[Mistake]:
    if policy.skip_seconds not in SKIP_SECONDS:
        yield Mistake("preview.skip_seconds", _M.SKIP_SECONDS)
    if len(policy.skip_reasons) > MOST_SKIP_REASONS or any(
        not 0 < len(reason) <= LONGEST_SKIP_REASON for reason in policy.skip_reasons
    ):
        most = {"most": MOST_SKIP_REASONS, "letters": LONGEST_SKIP_REASON}
        yield Mistake("preview.skip_reasons", _M.SKIP_REASONS, most)


def _machines(
    campaign: Campaign, limits: CampaignLimits, known: Known, counts: DetectionCounts
) -> Iterator[Mistake]:
    policy = campaign.machine
    if policy.on_machine is OnMachine.MESSAGE and policy.detect is not Detect.OFF:
        if policy.flow is None:
            yield Mistake("machine.flow", _M.MACHINE_FLOW)
        yield from unknown("machine.flow", policy.flow, known.flows, "flow")
    if policy.detect is Detect.OFF:
        if policy.on_machine is OnMachine.MESSAGE:
            yield Mistake("machine.on_machine", _M.MACHINE_UNDETECTED)
        return
    if campaign.mode is Mode.PREVIEW:
        yield Mistake("machine.detect", _M.DETECTION_IN_PREVIEW)
    if not 0 <= policy.audit_share <= 1:
        yield Mistake("machine.audit_share", _M.AUDIT_SHARE)
    within = limits.agent_within_seconds
    longest = 10.0
    if within is not None and limits.agent_from_speech_start:
        longest = within - _AGENT_CONNECTS_SECONDS
    if not 0.2 <= policy.seconds <= longest:
        code = _M.DETECTION_SECONDS_BY_RULES if longest < 10 else _M.DETECTION_SECONDS
        yield Mistake("machine.seconds", code, {"seconds": policy.seconds, "most": longest})
    cap = limits.abandon_cap
    error = detection_error(counts)
    if cap is not None and detection_refused(campaign.mode, policy, cap, error):
        code = _M.DETECTION_MEASURED if error.measured else _M.DETECTION_ASSUMED
        yield Mistake("machine.detect", code, {"error": error.counted, "cap": cap, "half": cap / 2})


def _message(campaign: Campaign, limits: CampaignLimits, known: Known) -> Iterator[Mistake]:
    """Of calls without agents their own flow is the message."""
    if campaign.mode not in _AUTOMATIC:
        return
    policy = campaign.abandon
    yield from unknown("abandon.flow", policy.flow, known.flows, "flow")
    if len(policy.opt_out_key) != 1 or policy.opt_out_key not in KEYS:
        yield Mistake("abandon.opt_out_key", _M.OPT_OUT_KEY, {"key": policy.opt_out_key, "keys": KEYS})
    if policy.flow is None:
        there = {"name": bool(known.company), "number": bool(known.caller_id or campaign.caller_ids)}
        lacks = tuple(part for part, is_set in there.items() if part in limits.message and not is_set)
        if lacks:
            yield Mistake("abandon.flow", _MESSAGE_LACKS[lacks])
    elif (
        "opt_out" in limits.message
        and known.opt_out_flows is not None
        and policy.flow in known.flows
        and policy.flow not in known.opt_out_flows
    ):
        yield Mistake("abandon.flow", _M.MESSAGE_OPT_OUT, {"flow": policy.flow})
