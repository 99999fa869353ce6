"""The table of verbs. A new verb is a file beside this one and a line here."""

from __future__ import annotations

from ivr.steps.ask import Ask
from ivr.steps.body import StepBody
from ivr.steps.branch import Branch
from ivr.steps.hangup import Hangup
from ivr.steps.menu import Menu
from ivr.steps.play import Play
from ivr.steps.say import Say
from ivr.steps.set import Set
from ivr.steps.transfer import Transfer
from ivr.steps.voicemail import Voicemail

_BODIES: tuple[type[StepBody], ...] = (Say, Play, Menu, Ask, Set, Branch, Transfer, Voicemail, Hangup)

VERBS: dict[str, type[StepBody]] = {body.verb: body for body in _BODIES}
