"""A campaign's mistakes, all at once, each with its remedy. A campaign with any does not start."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from compliance.facts import Mode, Purpose
from compliance.pack import CampaignLimits, Pack
from compliance.zones import zone_named
from dialer.caller_ids import wrong_caller_ids
from dialer.campaign import Campaign, CampaignKind
from dialer.contradictions import contradictions, cut_short_by_rules
from dialer.machine import Detect, DetectionCounts, OnMachine, detection_error, detection_refused
from dialer.mistakes import Mistake
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


@dataclass(frozen=True, slots=True)
class Known:
    """Names that the installation has. `languages` are those of the campaign's flow, empty: not known.

    `opt_out_flows`: those in which a person can end all calls, None: not known. `company` and `caller_id`:
    who calls, and our number where a campaign names none; "": there is none.
    """

    queues: Collection[str] = ()
    flows: Collection[str] = ()
    hours: Collection[str] = ()
    packs: Collection[str] = ()
    dispositions: Collection[str] = ()
    scripts: Collection[str] = ()
    topics: Collection[str] = ()
    languages: Collection[str] = ()
    lines: int | None = None
    opt_out_flows: Collection[str] | None = None
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
        *_who_and_how(campaign, limits),
        *_numbers(campaign, known, limits),
        *_machines(campaign, limits, known, counts or DetectionCounts()),
        *_message(campaign, limits, known),
        *contradictions(campaign, limits, known.dispositions),
        *cut_short_by_rules(campaign, packs),
    )


def _names(campaign: Campaign, known: Known) -> Iterator[Mistake]:
    if not campaign.name.strip():
        yield Mistake("name", "The campaign has no name: give it one.")
    wanted = (
        ("queue", campaign.queue, known.queues, "queue"),
        ("flow", campaign.flow, known.flows, "flow"),
        ("question_flow", campaign.question_flow, known.flows, "flow"),
        ("hours", campaign.hours, known.hours, "set of hours"),
        ("script", campaign.script, known.scripts, "script"),
        *(("packs", pack, known.packs, "pack") for pack in campaign.packs),
        *(("dispositions", name, known.dispositions, "disposition") for name in campaign.dispositions),
        *(("topics", name, known.topics, "topic") for name in campaign.topics if known.topics),
    )
    for field, name, names, noun in wanted:
        yield from unknown(field, name, names, noun)
    if campaign.language is not None and known.languages and campaign.language not in known.languages:
        spoken = ", ".join(sorted(known.languages))
        yield Mistake("language", f"The flow speaks {spoken}, not {campaign.language}: choose one of these.")


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
    """A name that the installation does not have, with the nearest that it has."""
    if name is None or name in names:
        return
    near = get_close_matches(name, names, 1)
    there = ", ".join(sorted(names)[:10]) or "none"
    hint = f"did you mean {near[0]!r}?" if near else f"known are: {there}."
    yield Mistake(field, f"There is no {noun} {name!r}; {hint}")


def _who_and_how(campaign: Campaign, limits: CampaignLimits) -> Iterator[Mistake]:
    mode, kind = campaign.mode, campaign.kind
    if mode is Mode.MANUAL:
        yield Mistake("mode", "Manual calls are placed by agents from the desk: choose preview instead.")
    elif mode not in limits.modes:
        allowed = ", ".join(one for one in limits.modes if one is not Mode.MANUAL) or "none"
        yield Mistake("mode", f"The campaign's rules ban {mode} dialling; what they allow is {allowed}.")
    if mode is Mode.AGENTLESS:
        if campaign.flow is None:
            yield Mistake("flow", "A campaign without agents needs a flow that speaks: name one.")
    elif campaign.queue is None:
        yield Mistake("queue", f"A {mode} campaign needs agents: name the queue whose members they are.")
    if kind is CampaignKind.COLLECTIONS and campaign.purpose is not Purpose.COLLECTIONS:
        yield Mistake("purpose", "A collections campaign has the purpose collections: set it.")
    if kind is CampaignKind.SALES and campaign.purpose is not Purpose.MARKETING:
        yield Mistake("purpose", "Selling is marketing in the eyes of the rules: set the purpose marketing.")
    if kind is not CampaignKind.COLLECTIONS and campaign.purpose is Purpose.COLLECTIONS:
        yield Mistake("purpose", "The purpose collections is for campaigns of that kind: change one of them.")
    if kind is CampaignKind.CALLBACK and not campaign.topics:
        yield Mistake("topics", "A callback campaign needs the topics whose callbacks it keeps: name one.")
    if campaign.topics and kind is not CampaignKind.CALLBACK:
        yield Mistake("topics", "Topics are for callback campaigns: take them out, or change the kind.")
    if limits.caller_id_always and "" not in campaign.caller_ids:
        yield Mistake("caller_ids", 'The rules want our number shown always: give one for "", all others.')


def _numbers(campaign: Campaign, known: Known, limits: CampaignLimits) -> Iterator[Mistake]:
    ring_least = max(limits.ring_seconds or 0, SHORTEST_RING_SECONDS)
    if not ring_least <= campaign.ring_seconds <= LONGEST_RING_SECONDS:
        why = " by the campaign's rules" if ring_least > SHORTEST_RING_SECONDS else ""
        yield Mistake(
            "ring_seconds",
            f"It rings for {campaign.ring_seconds} s; set {ring_least}{why} to {LONGEST_RING_SECONDS}.",
        )
    most_lines = MOST_LINES if known.lines is None else known.lines
    if not 1 <= campaign.lines <= most_lines:
        yield Mistake("lines", f"It has {campaign.lines} lines; set 1 to {most_lines}.")
    if not 0 < campaign.calls_per_second <= MOST_CALLS_PER_SECOND:
        yield Mistake("calls_per_second", f"Set calls a second above 0, up to {MOST_CALLS_PER_SECOND:g}.")
    if not 1 <= campaign.share <= MOST_SHARE:
        yield Mistake("share", f"Its share is {campaign.share}; set 1 to {MOST_SHARE}.")
    if not -MOST_PRIORITY <= campaign.priority <= MOST_PRIORITY:
        yield Mistake(
            "priority", f"Its priority is {campaign.priority}; set -{MOST_PRIORITY} to {MOST_PRIORITY}."
        )
    if campaign.preview_seconds not in PREVIEW_SECONDS:
        yield Mistake("preview_seconds", f"Set {PREVIEW_SECONDS.start} s to an hour for looking at a lead.")
    yield from _preview(campaign.preview)
    if zone_named(campaign.time_zone) is None:
        yield Mistake(
            "time_zone", f"{campaign.time_zone!r} is no time zone: write one such as Europe/Warsaw."
        )
    first, last = campaign.first_day, campaign.last_day
    if first is not None and last is not None and last < first:
        yield Mistake("last_day", f"The last day {last} is before the first one {first}: change one of them.")
    if campaign.goal is not None and campaign.goal.count < 1:
        yield Mistake("goal.count", "A goal is 1 or more: set it, or take the goal out.")
    if campaign.stop.attempts is not None and campaign.stop.attempts < 1:
        yield Mistake("stop.attempts", "Stop after 1 call or more, or take the rule out.")
    if campaign.stop.refused_in_row is not None and campaign.stop.refused_in_row < 1:
        yield Mistake("stop.refused_in_row", "Pause after 1 refused lead or more, or take the rule out.")
    for place, sentence in wrong_caller_ids(campaign.caller_ids):
        yield Mistake(place, sentence)


def _preview(policy: PreviewPolicy) -> Iterator[Mistake]:
    if policy.skip_seconds not in SKIP_SECONDS:
        yield Mistake("preview.skip_seconds", "Let a skipped lead wait for 1 minute to 30 days.")
    if len(policy.skip_reasons) > MOST_SKIP_REASONS or any(
        not 0 < len(reason) <= LONGEST_SKIP_REASON for reason in policy.skip_reasons
    ):
        yield Mistake(
            "preview.skip_reasons",
            f"Name at most {MOST_SKIP_REASONS} reasons to skip, of {LONGEST_SKIP_REASON} characters at most.",
        )


def _machines(
    campaign: Campaign, limits: CampaignLimits, known: Known, counts: DetectionCounts
) -> Iterator[Mistake]:
    policy = campaign.machine
    if policy.on_machine is OnMachine.MESSAGE and policy.detect is not Detect.OFF:
        if policy.flow is None:
            yield Mistake("machine.flow", "Name the flow that machines are told, or have them hung up on.")
        yield from unknown("machine.flow", policy.flow, known.flows, "flow")
    if policy.detect is Detect.OFF:
        if policy.on_machine is OnMachine.MESSAGE:
            yield Mistake(
                "machine.on_machine", "A message for machines needs detection: choose amd or speech."
            )
        return
    if campaign.mode is Mode.PREVIEW:
        yield Mistake("machine.detect", "In preview the agent hears for themselves: set detection to off.")
    if not 0 <= policy.audit_share <= 1:
        yield Mistake("machine.audit_share", "Listen to a share of 0 to 1 of the machines.")
    within = limits.agent_within_seconds
    longest = 10.0
    if within is not None and limits.agent_from_speech_start:
        longest = within - _AGENT_CONNECTS_SECONDS
    if not 0.2 <= policy.seconds <= longest:
        why = " by the campaign's rules, which count from the start of the greeting" if longest < 10 else ""
        yield Mistake(
            "machine.seconds", f"Detection lasts {policy.seconds:g} s; set 0.2 to {longest:g} s{why}."
        )
    cap = limits.abandon_cap
    error = detection_error(counts)
    if cap is not None and detection_refused(campaign.mode, policy, cap, error):
        how = "takes" if error.measured else "is assumed, until 100 verdicts are listened to, to take"
        yield Mistake(
            "machine.detect",
            f"Detection {how} {error.counted:.1%} of people for machines, which count as abandoned; with a "
            f"cap of {cap:.1%} less than {cap / 2:.2%} is allowed: set detection to off.",
        )


def _message(campaign: Campaign, limits: CampaignLimits, known: Known) -> Iterator[Mistake]:
    """Of calls without agents their own flow is the message."""
    if campaign.mode not in _AUTOMATIC:
        return
    policy = campaign.abandon
    yield from unknown("abandon.flow", policy.flow, known.flows, "flow")
    if len(policy.opt_out_key) != 1 or policy.opt_out_key not in KEYS:
        yield Mistake("abandon.opt_out_key", f"{policy.opt_out_key!r} is no key: set one of {KEYS}.")
    if policy.flow is None:
        there = (
            ("name", "who calls", "outbound.company", bool(known.company)),
            ("number", "our number", "outbound.caller_id", bool(known.caller_id or campaign.caller_ids)),
        )
        lacks = [
            (said, setting) for part, said, setting, is_set in there if part in limits.message and not is_set
        ]
        if lacks:
            yield Mistake(
                "abandon.flow",
                "The rules want a message when no agent is free that tells "
                f"{' and '.join(said for said, _ in lacks)}: set "
                f"{' and '.join(f'`{name}`' for _, name in lacks)}, or name a flow of your own.",
            )
    elif (
        "opt_out" in limits.message
        and known.opt_out_flows is not None
        and policy.flow in known.flows
        and policy.flow not in known.opt_out_flows
    ):
        yield Mistake(
            "abandon.flow",
            f"The rules want a way to opt out of further calls, and flow {policy.flow!r} has no step "
            "`stop_contact`: add one, or take the flow out for the built-in message.",
        )
