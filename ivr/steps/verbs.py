"""The table of verbs. A new verb is a file beside this one and a line here."""

from __future__ import annotations

from ivr.steps.ask import Ask
from ivr.steps.body import StepBody
from ivr.steps.branch import Branch
from ivr.steps.callback import Callback
from ivr.steps.consent import Consent
from ivr.steps.contact import Contact
from ivr.steps.debt import Debt
from ivr.steps.dispute import Dispute
from ivr.steps.hangup import Hangup
from ivr.steps.hours import Hours
from ivr.steps.menu import Menu
from ivr.steps.play import Play
from ivr.steps.promise import Promise
from ivr.steps.queue import Queue
from ivr.steps.rate import Rate
from ivr.steps.record import RecordStep
from ivr.steps.return_ import Return
from ivr.steps.say import Say
from ivr.steps.set import Set
from ivr.steps.sms import Sms
from ivr.steps.stop_contact import StopContactStep
from ivr.steps.subflow import Subflow
from ivr.steps.transfer import Transfer
from ivr.steps.verify import Verify
from ivr.steps.voicemail import Voicemail
from ivr.steps.webhook import Webhook

_BODIES: tuple[type[StepBody], ...] = (
    Say,
    Play,
    Menu,
    Ask,
    Set,
    Branch,
    Hours,
    Webhook,
    Contact,
    Queue,
    Transfer,
    Voicemail,
    Callback,
    Sms,
    Consent,
    Verify,
    Promise,
    Debt,
    Dispute,
    StopContactStep,
    RecordStep,
    Rate,
    Subflow,
    Return,
    Hangup,
)

VERBS: dict[str, type[StepBody]] = {body.verb: body for body in _BODIES}
