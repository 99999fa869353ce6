"""The templates and cascades that there are, by name, and what all who write to people know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, tzinfo

from compliance.facts import Mode
from engine.followup.composing import PERSON_VALUES, LinkMaking
from messaging.cascade_plan import Cascade, mistakes
from messaging.prices import PriceTable
from messaging.templates import CODE, MessageTemplate, unknown_names

MODE = Mode.AGENTLESS


@dataclass(frozen=True, slots=True)
class MessageShelf:
    """`zone`: in which mailings keep their hours. `expires`: so long a message is worth sending."""

    templates: Mapping[str, MessageTemplate] = field(default_factory=dict)
    cascades: Mapping[str, Cascade] = field(default_factory=dict)
    links: LinkMaking | None = None
    prices: PriceTable | None = None
    zone: tzinfo = UTC
    expires: timedelta = timedelta(hours=72)

    def with_files(
        self, templates: Mapping[str, MessageTemplate], cascades: Mapping[str, Cascade]
    ) -> MessageShelf:
        return replace(self, templates=templates, cascades=cascades)

    @property
    def known_values(self) -> tuple[str, ...]:
        """What is known of every person, beside their attributes."""
        return PERSON_VALUES

    def template_mistakes(
        self, template: MessageTemplate, attributes: Iterable[str], given: Iterable[str]
    ) -> list[str]:
        """Each with its template, language and line; a template with any is sent to nobody."""
        known = {*attributes, *PERSON_VALUES, *given}
        found = [str(one) for one in unknown_names(template, known)]
        missing = [name for name in template.takes if name not in set(given)]
        found += [f"Template {template.name} takes {name}: give it in values." for name in missing]
        if template.link is not None and self.links is None:
            found.append(f"Template {template.name} has a link: set messaging.links_url.")
        return found

    def bulk_mistakes(
        self, template: MessageTemplate, attributes: Iterable[str], given: Iterable[str]
    ) -> list[str]:
        """Those, and what only a message to one person can have."""
        found = self.template_mistakes(template, attributes, given)
        if CODE in template.checked_by:
            found.append(f"Template {template.name} has {{{CODE}}}: a code is sent to one person who waits.")
        return found

    def cascade_mistakes(
        self, cascade: Cascade, attributes: Iterable[str], given: Iterable[str]
    ) -> list[str]:
        attributes = list(attributes)
        found = list(mistakes(cascade, self.templates))
        for name in dict.fromkeys(step.template for step in cascade.steps):
            if (template := self.templates.get(name)) is not None:
                # A value may be for one of the steps alone.
                found += self.bulk_mistakes(template, attributes, given)
        return found
