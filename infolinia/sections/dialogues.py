"""`messaging.dialogues:` of the configuration: in whose queue a message that a person wrote waits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from infolinia.sections.queues import QueueName, Skill
from messaging.dialogue import DialogueRules


def two_letters(value: str) -> str:
    if not (len(value) == 2 and value.isascii() and value.islower()):
        raise ValueError('write the language with two small letters, such as "pl"')
    return value


class DialoguesSection(BaseModel):
    """`queue`: the usual one; without it only the inbox shows what comes. `skills`: language -> skill."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue: QueueName | None = None
    numbers: Mapping[str, QueueName] = {}
    mailings: Mapping[str, QueueName] = {}
    skills: Mapping[Annotated[str, AfterValidator(two_letters)], Skill] = {}

    def rules(self) -> DialogueRules:
        return DialogueRules(self.queue or "", dict(self.numbers), dict(self.mailings), dict(self.skills))


def dialogue_problems(section: DialoguesSection, queues: Collection[str]) -> Iterator[str]:
    named = {"queue": section.queue} if section.queue else {}
    named |= {f"numbers.{number}": queue for number, queue in section.numbers.items()}
    named |= {f"mailings.{mailing}": queue for mailing, queue in section.mailings.items()}
    for place, queue in named.items():
        if queue not in queues:
            yield f'messaging.dialogues.{place}: there is no queue "{queue}"; add it under `queues`.'
