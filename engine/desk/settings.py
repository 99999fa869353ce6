"""DeskSettings: what the configuration says of desks. Replaced as a whole when it is reloaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo

from calls.dialling import DialRule
from engine.desk.view import BreakChoice, ScriptStep, SmsTemplate
from engine.placing.own_calls import OwnCallRules
from history.dispositions import TRADE, Disposition


@dataclass(frozen=True, slots=True)
class QueueDesk:
    """What a queue gives its agents. `dispositions` and `templates` empty: all. `script`: its name."""

    dispositions: tuple[str, ...] = ()
    disposition_required: bool = False
    script: str | None = None
    templates: tuple[str, ...] = ()
    ring_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """`zone`: in which an agent's day begins. `region`: whose national numbers are understood, as "PL".

    `message_hold`: so long an agent may have a message open and do nothing about it.
    `transfer_numbers`: words -> number. `dial`: how the numbers begin that agents may dial; empty: those of
    `region`. `callback_within`: how long a callback without an end may take.
    """

    region: str
    zone: tzinfo = UTC
    breaks: tuple[BreakChoice, ...] = ()
    dispositions: Mapping[str, Disposition] = field(default_factory=lambda: TRADE)
    scripts: Mapping[str, tuple[ScriptStep, ...]] = field(default_factory=dict)
    templates: Mapping[str, SmsTemplate] = field(default_factory=dict)
    transfer_numbers: Mapping[str, str] = field(default_factory=dict)
    dial: tuple[str, ...] = ()
    queues: Mapping[str, QueueDesk] = field(default_factory=dict)
    callback_within: timedelta = timedelta(hours=4)
    own_calls: OwnCallRules = field(default_factory=OwnCallRules)
    message_hold: timedelta = timedelta(minutes=15)

    @property
    def dial_rule(self) -> DialRule:
        return DialRule(self.region, self.dial, frozenset(self.transfer_numbers.values()))

    def of_queue(self, queue: str) -> QueueDesk:
        """Of our own calls, which come from no queue, too."""
        return self.queues.get(queue) or QueueDesk()

    def written_dispositions_of(self, queue: str) -> tuple[Disposition, ...]:
        """Of a chat or a dialogue: without those of calls alone, unless the queue has no others."""
        every = self.dispositions_of(queue)
        return tuple(one for one in every if not one.of_calls) or every

    def dispositions_of(self, queue: str, campaign: Sequence[str] = ()) -> tuple[Disposition, ...]:
        """In the order in which they are offered: those of the call's campaign, else the queue's."""
        own = [name for name in campaign if name in self.dispositions]
        names = own or self.of_queue(queue).dispositions or tuple(self.dispositions)
        return tuple(self.dispositions[name] for name in names if name in self.dispositions)

    def templates_of(self, queue: str) -> tuple[SmsTemplate, ...]:
        names = self.of_queue(queue).templates or tuple(self.templates)
        return tuple(self.templates[name] for name in names if name in self.templates)

    def script_of(self, queue: str) -> tuple[ScriptStep, ...]:
        return self.script(self.of_queue(queue).script)

    def script(self, name: str | None) -> tuple[ScriptStep, ...]:
        """Nothing of one that there is not."""
        return () if name is None else self.scripts.get(name, ())
