"""All operations of the API, area by area."""

from __future__ import annotations

from typing import NoReturn, cast

from console.api.agents import AgentsApi
from console.api.audit import AuditApi
from console.api.callbacks import CallbacksApi
from console.api.calls import CallsApi
from console.api.campaigns import CampaignsApi
from console.api.chats import ChatsApi
from console.api.codes import CodesApi
from console.api.consents import ConsentsApi
from console.api.contacts import ContactsApi
from console.api.debts import DebtsApi
from console.api.decisions import DecisionsApi
from console.api.do_not_contact import DoNotContactApi
from console.api.events import EventsApi
from console.api.flows import FlowsApi
from console.api.forecasts import ForecastsApi
from console.api.groups import GroupsApi
from console.api.imports import ImportsApi
from console.api.interactions import InteractionsApi
from console.api.leads import LeadsApi
from console.api.mailings import MailingsApi
from console.api.messages import MessagesApi
from console.api.operation import Operation
from console.api.parts import ApiParts
from console.api.people import PeopleApi
from console.api.privacy import PrivacyApi
from console.api.queues import QueuesApi
from console.api.recordings import RecordingsApi
from console.api.segments import SegmentsApi
from console.api.templates import TemplatesApi
from console.api.tokens import TokensApi
from console.api.webhooks import WebhooksApi


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """In the order of the documentation."""
    areas: tuple[tuple[Operation, ...], ...] = (
        ContactsApi(parts).operations(),
        GroupsApi(parts).operations(),
        SegmentsApi(parts).operations(),
        InteractionsApi(parts).operations(),
        CallsApi(parts).operations(),
        ChatsApi(parts).operations(),
        RecordingsApi(parts).operations(),
        CallbacksApi(parts).operations(),
        CampaignsApi(parts).operations(),
        LeadsApi(parts).operations(),
        ForecastsApi(parts).operations(),
        DebtsApi(parts).operations(),
        CodesApi(parts).operations(),
        MessagesApi(parts).operations(),
        MailingsApi(parts).operations(),
        TemplatesApi(parts).operations(),
        AgentsApi(parts).operations(),
        QueuesApi(parts).operations(),
        FlowsApi(parts).operations(),
        ConsentsApi(parts.permissions, parts.clock, parts.ids, parts.region).operations(),
        DoNotContactApi(parts.permissions, parts.clock, parts.ids, parts.region).operations(),
        DecisionsApi(parts.decisions, parts.explainer, parts.clock).operations(),
        WebhooksApi(
            parts.webhooks,
            parts.deliveries,
            clock=parts.clock,
            ids=parts.ids,
            new_secret=parts.new_secret,
        ).operations(),
        EventsApi(parts.publications, parts.feed, parts.seen).operations(),
        ImportsApi(parts.imports, parts.intake, parts.region).operations(),
        PrivacyApi(parts.privacy, parts.recordings).operations(),
        PeopleApi(parts.accounts.people, parts.passwords, parts.clock, parts.ids).operations(),
        TokensApi(parts.accounts.tokens, parts.clock, parts.ids).operations(),
        AuditApi(parts.accounts.audit).operations(),
    )
    return tuple(operation for area in areas for operation in area)


class _NothingBehind:
    """Stands for every part where operations are told and never carried out."""

    def __getattr__(self, name: str) -> _NothingBehind:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: object, **named: object) -> NoReturn:
        raise RuntimeError("an area does something while its operations are declared")


def declared_operations() -> tuple[Operation, ...]:
    """The operations with nothing behind them, to be documented."""
    return operations(cast(ApiParts, _NothingBehind()))
