"""What can be wrong with a campaign, and the English sentence of each; its gaps are the mistake's data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class MistakeCode(StrEnum):
    # Names.
    NO_NAME = "no_name"
    UNKNOWN = "unknown"
    UNKNOWN_NEAR = "unknown_near"
    LANGUAGE = "language"
    # Who calls, and how.
    MODE_MANUAL = "mode_manual"
    MODE_BANNED = "mode_banned"
    NO_FLOW = "no_flow"
    NO_QUEUE = "no_queue"
    FLOW_PASSES_QUEUE = "flow_passes_queue"
    PURPOSE_COLLECTIONS = "purpose_collections"
    PURPOSE_MARKETING = "purpose_marketing"
    KIND_COLLECTIONS = "kind_collections"
    NO_TOPICS = "no_topics"
    TOPICS_LEFT_OVER = "topics_left_over"
    # Numbers, days, limits.
    RING = "ring"
    RING_BY_RULES = "ring_by_rules"
    LINES = "lines"
    CALLS_PER_SECOND = "calls_per_second"
    SHARE = "share"
    PRIORITY = "priority"
    PREVIEW_SECONDS = "preview_seconds"
    SKIP_SECONDS = "skip_seconds"
    SKIP_REASONS = "skip_reasons"
    TIME_ZONE = "time_zone"
    LAST_DAY = "last_day"
    GOAL_COUNT = "goal_count"
    GOAL_DISPOSITION = "goal_disposition"
    STOP_ATTEMPTS = "stop_attempts"
    STOP_REFUSED = "stop_refused"
    CALLER_ID_ALWAYS = "caller_id_always"
    CALLER_ID_BEGIN = "caller_id_begin"
    CALLER_ID_NUMBER = "caller_id_number"
    # Machines.
    MACHINE_FLOW = "machine_flow"
    MACHINE_UNDETECTED = "machine_undetected"
    DETECTION_IN_PREVIEW = "detection_in_preview"
    DETECTION_SECONDS = "detection_seconds"
    DETECTION_SECONDS_BY_RULES = "detection_seconds_by_rules"
    DETECTION_ASSUMED = "detection_assumed"
    DETECTION_MEASURED = "detection_measured"
    AUDIT_SHARE = "audit_share"
    # The message for whom no agent is free.
    OPT_OUT_KEY = "opt_out_key"
    MESSAGE_NAME = "message_name"
    MESSAGE_NUMBER = "message_number"
    MESSAGE_NAME_NUMBER = "message_name_number"
    MESSAGE_OPT_OUT = "message_opt_out"
    # Caps and recycling.
    CAP = "cap"
    GAP = "gap"
    NUMBER_ABOVE_LEAD = "number_above_lead"
    DAY_ABOVE_LEAD = "day_above_lead"
    DAY_AND_GAP = "day_and_gap"
    NOT_RECYCLED = "not_recycled"
    RECYCLING_MOST = "recycling_most"
    RECYCLING_WAIT = "recycling_wait"
    AGAIN_ABOVE_LEAD = "again_above_lead"
    AGAIN_ABOVE_NUMBER = "again_above_number"
    ONE_NUMBER = "one_number"
    AGAIN_IN_GAP = "again_in_gap"
    AGAIN_NEXT_DAY = "again_next_day"
    REDIAL_LOCK = "redial_lock"
    ONE_PART = "one_part"
    PART_BEYOND_DAY = "part_beyond_day"
    PARTS_OVERLAP = "parts_overlap"
    RULE_CALLS = "rule_calls"
    RULE_NEXT_DAY = "rule_next_day"


_M = MistakeCode
SENTENCES: Mapping[MistakeCode, str] = {
    _M.NO_NAME: "The campaign has no name: give it one.",
    _M.UNKNOWN: "There is no {noun} {name!r}; known are: {known}.",
    _M.UNKNOWN_NEAR: "There is no {noun} {name!r}; did you mean {near!r}?",
    _M.LANGUAGE: "The flow speaks {spoken}, not {language}: choose one of these.",
    _M.MODE_MANUAL: "Manual calls are placed by agents from the desk: choose preview instead.",
    _M.MODE_BANNED: "The campaign's rules ban {mode} dialling; what they allow is {allowed}.",
    _M.NO_FLOW: "A campaign without agents needs a flow that speaks: name one.",
    _M.NO_QUEUE: "A {mode} campaign needs agents: name the queue whose members they are.",
    _M.FLOW_PASSES_QUEUE: "Flow {flow!r} goes before the agents, but gives nobody to queue {queue!r}: add a "
    "step to it that does, or take the flow out.",
    _M.PURPOSE_COLLECTIONS: "A collections campaign has the purpose collections: set it.",
    _M.PURPOSE_MARKETING: "Selling is marketing in the eyes of the rules: set the purpose marketing.",
    _M.KIND_COLLECTIONS: "The purpose collections is for campaigns of that kind: change one of them.",
    _M.NO_TOPICS: "A callback campaign needs the topics whose callbacks it keeps: name one.",
    _M.TOPICS_LEFT_OVER: "Topics are for callback campaigns: take them out, or change the kind.",
    _M.RING: "It rings for {seconds} s; set {least} to {most}.",
    _M.RING_BY_RULES: "It rings for {seconds} s; set {least} by the campaign's rules to {most}.",
    _M.LINES: "It has {lines} lines; set 1 to {most}.",
    _M.CALLS_PER_SECOND: "Set calls a second above 0, up to {most:g}.",
    _M.SHARE: "Its share is {share}; set 1 to {most}.",
    _M.PRIORITY: "Its priority is {priority}; set -{most} to {most}.",
    _M.PREVIEW_SECONDS: "Set {least} s to an hour for looking at a lead.",
    _M.SKIP_SECONDS: "Let a skipped lead wait for 1 minute to 30 days.",
    _M.SKIP_REASONS: "Name at most {most} reasons to skip, of {letters} characters at most.",
    _M.TIME_ZONE: "{zone!r} is no time zone: write one such as Europe/Warsaw.",
    _M.LAST_DAY: "The last day {last} is before the first one {first}: change one of them.",
    _M.GOAL_COUNT: "A goal is 1 or more: set it, or take the goal out.",
    _M.GOAL_DISPOSITION: "The goal counts {name!r}, which agents of the campaign cannot choose: add it to "
    "them.",
    _M.STOP_ATTEMPTS: "Stop after 1 call or more, or take the rule out.",
    _M.STOP_REFUSED: "Pause after 1 refused lead or more, or take the rule out.",
    _M.CALLER_ID_ALWAYS: 'The rules want our number shown always: give one for "", all others.',
    _M.CALLER_ID_BEGIN: '"{begin}" is no begin of a number: write it with +, such as +48, or "" for all '
    "others.",
    _M.CALLER_ID_NUMBER: '"{number}" is no number that can be shown: write it in full, such as +48220000010.',
    _M.MACHINE_FLOW: "Name the flow that machines are told, or have them hung up on.",
    _M.MACHINE_UNDETECTED: "A message for machines needs detection: choose amd or speech.",
    _M.DETECTION_IN_PREVIEW: "In preview the agent hears for themselves: set detection to off.",
    _M.DETECTION_SECONDS: "Detection lasts {seconds:g} s; set 0.2 to {most:g} s.",
    _M.DETECTION_SECONDS_BY_RULES: "Detection lasts {seconds:g} s; set 0.2 to {most:g} s by the campaign's "
    "rules, which count from the start of the greeting.",
    _M.DETECTION_ASSUMED: "Detection is assumed, until 100 verdicts are listened to, to take {error:.1%} of "
    "people for machines, which count as abandoned; with a cap of {cap:.1%} less than {half:.2%} is allowed: "
    "set detection to off.",
    _M.DETECTION_MEASURED: "Detection takes {error:.1%} of people for machines, which count as abandoned; "
    "with a cap of {cap:.1%} less than {half:.2%} is allowed: set detection to off.",
    _M.AUDIT_SHARE: "Listen to a share of 0 to 1 of the machines.",
    _M.OPT_OUT_KEY: "{key!r} is no key: set one of {keys}.",
    _M.MESSAGE_NAME: "The rules want a message when no agent is free that tells who calls: set "
    "`outbound.company`, or name a flow of your own.",
    _M.MESSAGE_NUMBER: "The rules want a message when no agent is free that tells our number: set "
    "`outbound.caller_id`, or name a flow of your own.",
    _M.MESSAGE_NAME_NUMBER: "The rules want a message when no agent is free that tells who calls and our "
    "number: set `outbound.company` and `outbound.caller_id`, or name a flow of your own.",
    _M.MESSAGE_OPT_OUT: "The rules want a way to opt out of further calls, and flow {flow!r} has no step "
    "`stop_contact`: add one, or take the flow out for the built-in message.",
    _M.CAP: "It is {calls}; set 1 to {most} calls.",
    _M.GAP: "Keep calls to one person 0 s to 7 days apart.",
    _M.NUMBER_ABOVE_LEAD: "{calls} calls to one number can never come about with {most} to a lead: set "
    "{most} at most.",
    _M.DAY_ABOVE_LEAD: "{calls} calls a day can never come about with {most} to a lead: set {most} at most.",
    _M.DAY_AND_GAP: "{calls} calls a day can never come about {gap} apart: set {most} at most, or a shorter "
    "gap.",
    _M.NOT_RECYCLED: "What follows {result} is not a campaign's to decide; what is: {recycled}.",
    _M.RECYCLING_MOST: "It is {calls}; set 0 to {most} times.",
    _M.RECYCLING_WAIT: "Wait 0 s to 60 days.",
    _M.AGAIN_ABOVE_LEAD: "After {result} {again} more would be {calls} calls, and a lead gets {allows}: set "
    "{most} at most, or allow more calls to a lead.",
    _M.AGAIN_ABOVE_NUMBER: "After {result} the same number is called {again} more, and a number gets "
    "{allows} calls: set {most} at most, or have the next number called.",
    _M.ONE_NUMBER: "A lead with one number gets {allows} of the {calls} calls that {result} allows.",
    _M.AGAIN_IN_GAP: "{wait} after {result} is within the gap of {gap} between calls to one person: set it "
    "to the gap at least.",
    _M.AGAIN_NEXT_DAY: "Calls after {result} come {wait} apart, but only {calls} in a day: the others wait "
    "for the next day.",
    _M.REDIAL_LOCK: "{wait} after an abandoned call is too early: the rules lock the number for {hours} "
    "hours; set that at least.",
    _M.ONE_PART: "One part of the day leaves nothing to choose: name two, or none.",
    _M.PART_BEYOND_DAY: "A part of the day lies within one day: end it at 24:00 at most.",
    _M.PARTS_OVERLAP: "Two parts of the day overlap: write them one after another.",
    _M.RULE_CALLS: "Rule {rule} allows {calls} calls in {days} days: {most} take longer.",
    _M.RULE_NEXT_DAY: "Rule {rule} puts a try after a machine off to the next day.",
}
