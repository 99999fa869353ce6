"""Where a person stands: for each table the rows that are theirs, and what becomes of them when erased.

Every table is either here or in NOTHING_OF_A_PERSON; a test sees to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import ColumnElement, Select, Table, Text, cast, literal, or_, select

from store import tables
from store.privacy.chats import chat_ids, chats_of
from store.privacy.person import Person
from store.registers.pseudonyms import person_pseudonym
from store.tables import (
    audit_log,
    call_events,
    callback_asks,
    callback_requests,
    calls,
    consents,
    contact_groups,
    do_not_contact,
    imports,
    interactions,
    outbox,
    publications,
    subjects,
)


class Fate(Enum):
    DELETED = "deleted"
    EMPTIED = "emptied"  # the row stays for statistics, without what tells of the person
    KEPT = "kept"  # as it is: it cannot be told any more whose it is


@dataclass(frozen=True, slots=True)
class Holding:
    """`rows`: which are the person's, once their contacts are known, and their keys of the decision log."""

    table: Table
    fate: Fate
    rows: Callable[[Person, Mapping[str, str]], ColumnElement[bool]]


def _of_contact(table: Table, fate: Fate = Fate.DELETED, column: str = "contact_id") -> Holding:
    return Holding(table, fate, lambda person, _: table.c[column].in_(person.ids))


def told_subjects(person: Person) -> tuple[ColumnElement[bool], ...]:
    """Of publications, outbox jobs and the audit log: contact:ID, call:ID, callback:ID and the like."""
    callbacks = _callback_ids(person)
    listed, owed = select(tables.leads.c.id).where(_leads(person)), _debt_ids(person)
    promised = select(tables.promises.c.id).where(tables.promises.c.debt.in_(owed))
    return tuple(
        column.in_([f"contact:{one}" for one in person.ids])
        | column.in_(_prefixed("call:", person.call_ids()))
        | column.in_(_prefixed("callback:", callbacks))
        | column.in_(_prefixed("recording:", _recording_ids(person)))
        | column.in_(_prefixed("lead:", listed))
        | column.in_(_prefixed("debt:", owed))
        | column.in_(_prefixed("promise:", promised))
        | column.in_(_prefixed("chat:", chat_ids(person)))
        | column.in_(_prefixed("message:", _message_ids(person)))
        | column.in_(_prefixed("consent:", select(consents.c.id).where(_consents(person))))
        | column.in_(_prefixed("interaction:", select(interactions.c.id).where(person.interactions())))
        | column.in_(_prefixed("do_not_contact:", select(do_not_contact.c.id).where(_objections(person))))
        for column in (publications.c.subject, outbox.c.subject, audit_log.c.subject, subjects.c.subject)
    )


def _leads(person: Person) -> ColumnElement[bool]:
    columns = tables.leads.c
    return or_(columns.person.in_(person.ids), columns.contact_id.in_(person.ids))


def _of_lead(table: Table, person: Person) -> ColumnElement[bool]:
    return table.c.lead.in_(select(tables.leads.c.id).where(_leads(person)))


def _attempts(person: Person) -> ColumnElement[bool]:
    columns = tables.attempts.c
    theirs = select(tables.leads.c.id).where(_leads(person))
    return or_(
        columns.contact_id.in_(person.ids), columns.lead.in_(theirs), columns.number.in_(person.phones)
    )


def _debt_ids(person: Person) -> Select[tuple[str]]:
    columns = tables.debts.c
    return select(columns.id).where(or_(columns.person.in_(person.ids), columns.contact_id.in_(person.ids)))


def _of_debt(table: Table, column: str = "debt") -> Holding:
    return Holding(table, Fate.DELETED, lambda p, _: table.c[column].in_(_debt_ids(p)))


def _prefixed(prefix: str, ids: Select[tuple[str]]) -> Select[tuple[str]]:
    inner = ids.subquery()
    return select(literal(prefix, Text) + inner.c[0])


def _recording_ids(person: Person) -> Select[tuple[str]]:
    return select(tables.recordings.c.id).where(tables.recordings.c.call_id.in_(person.call_ids()))


def _callback_ids(person: Person) -> Select[tuple[str]]:
    return select(callback_requests.c.id).where(_callbacks(person))


def _messages(person: Person) -> ColumnElement[bool]:
    columns = tables.messages.c
    return or_(columns.contact_id.in_(person.ids), columns.point_value.in_(person.values))


def _message_ids(person: Person) -> Select[tuple[str]]:
    return select(tables.messages.c.id).where(_messages(person))


def _dialogues(person: Person) -> ColumnElement[bool]:
    columns = tables.dialogues.c
    return or_(columns.contact_id.in_(person.ids), columns.point_value.in_(person.values))


def _of_message(table: Table) -> Holding:
    return Holding(table, Fate.DELETED, lambda p, _: table.c.message_id.in_(_message_ids(p)))


def _callbacks(person: Person) -> ColumnElement[bool]:
    asked = callback_requests.c
    return or_(
        asked.person.in_(person.ids), asked.contact_id.in_(person.ids), asked.point_value.in_(person.values)
    )


def _consents(person: Person) -> ColumnElement[bool]:
    return or_(consents.c.contact_id.in_(person.ids), consents.c.point_value.in_(person.values))


def _objections(person: Person) -> ColumnElement[bool]:
    """Also those of a household in which nobody else is."""
    columns = do_not_contact.c
    members = tables.contact_group_members.c
    theirs = select(members.group_id).where(members.contact_id.in_(person.ids))
    others = select(members.group_id).where(members.contact_id.not_in(person.ids))
    return or_(
        (columns.scope == "number") & columns.value.in_(person.values),
        (columns.scope == "person") & columns.value.in_(person.ids),
        (columns.scope == "household") & columns.value.in_(theirs) & columns.value.not_in(others),
    )


def _jobs(person: Person) -> ColumnElement[bool]:
    told = select(publications.c.id).where(told_subjects(person)[0]).subquery()
    publication = outbox.c.payload["publication_id"].as_string()
    return or_(
        told_subjects(person)[1], outbox.c.subject.in_(person.values), publication.in_(select(told.c.id))
    )


def _groups(person: Person) -> ColumnElement[bool]:
    members = tables.contact_group_members
    theirs = select(members.c.group_id).where(members.c.contact_id.in_(person.ids))
    return contact_groups.c.id.in_(theirs)


def _events(person: Person) -> ColumnElement[bool]:
    return call_events.c.call_id.in_(person.call_ids())


def _answers(person: Person) -> ColumnElement[bool]:
    path = tables.idempotency_keys.c.path
    return or_(*(path.contains(one, autoescape=True) for one in person.ids))


def _decided(person: Person, keys: Mapping[str, str]) -> ColumnElement[bool]:
    return tables.decisions.c.person.in_([person_pseudonym(key, one) for one, key in keys.items()])


def _imported(person: Person) -> ColumnElement[bool]:
    """Lists that the person's external ids or values came from."""
    values = tables.contact_attributes.c
    sources = select(values.source).where(values.contact_id.in_(person.ids))
    return (literal("import:", Text) + imports.c.id).in_(sources)


def _refusals(person: Person) -> ColumnElement[bool]:
    value = cast(tables.import_refusals.c.value, Text)
    words = (*person.values, *person.names)
    return or_(*(value.contains(one, autoescape=True) for one in words)) if words else literal(False)


# In the order in which rows can be taken away: what others refer to comes last.
HOLDINGS: tuple[Holding, ...] = (
    Holding(outbox, Fate.DELETED, lambda p, _: _jobs(p)),
    Holding(publications, Fate.DELETED, lambda p, _: told_subjects(p)[0]),
    # The erasure itself is told under the contact's own subject, whose numbers go on.
    Holding(
        subjects,
        Fate.DELETED,
        lambda p, _: told_subjects(p)[3] & (subjects.c.subject != f"contact:{p.survivor}"),
    ),
    Holding(tables.idempotency_keys, Fate.DELETED, lambda p, _: _answers(p)),
    Holding(audit_log, Fate.EMPTIED, lambda p, _: told_subjects(p)[2]),
    Holding(tables.import_refusals, Fate.EMPTIED, lambda p, _: _refusals(p)),
    Holding(
        tables.legal_holds,
        Fate.DELETED,
        lambda p, _: (
            tables.legal_holds.c.subject.in_([f"contact:{one}" for one in p.ids])
            | tables.legal_holds.c.subject.in_(_prefixed("call:", p.call_ids()))
        ),
    ),
    Holding(imports, Fate.KEPT, lambda p, _: _imported(p)),
    Holding(
        tables.recordings,
        Fate.DELETED,
        lambda p, _: tables.recordings.c.call_id.in_(p.call_ids()),
    ),
    _of_message(tables.message_parts),
    _of_message(tables.message_events),
    _of_message(tables.short_links),
    _of_message(tables.one_time_codes),
    _of_message(tables.rating_requests),
    _of_message(tables.followups),
    _of_message(tables.dialogue_messages),
    Holding(
        tables.cascade_news,
        Fate.DELETED,
        lambda p, _: tables.cascade_news.c.run.in_(
            select(tables.cascade_runs.c.id).where(tables.cascade_runs.c.contact_id.in_(p.ids))
        ),
    ),
    _of_contact(tables.cascade_runs),
    _of_contact(tables.mailing_recipients),
    Holding(tables.chat_lines, Fate.EMPTIED, lambda p, _: tables.chat_lines.c.chat_id.in_(chat_ids(p))),
    Holding(tables.chats, Fate.EMPTIED, lambda p, _: chats_of(p)),
    # How long answers took, and in which queues, stays.
    Holding(tables.dialogues, Fate.EMPTIED, lambda p, _: _dialogues(p)),
    # What was sent by which provider and how much it cost stays, without whom to and what.
    Holding(tables.messages, Fate.EMPTIED, lambda p, _: _messages(p)),
    Holding(call_events, Fate.EMPTIED, lambda p, _: _events(p)),
    Holding(tables.call_parts, Fate.DELETED, lambda p, _: tables.call_parts.c.call_id.in_(p.call_ids())),
    Holding(calls, Fate.EMPTIED, lambda p, _: calls.c.id.in_(p.call_ids())),
    Holding(interactions, Fate.EMPTIED, lambda p, _: p.interactions()),
    # Without them the share of abandoned calls would change.
    Holding(tables.attempts, Fate.EMPTIED, lambda p, _: _attempts(p)),
    Holding(
        tables.lead_numbers,
        Fate.DELETED,
        lambda p, _: _of_lead(tables.lead_numbers, p) | tables.lead_numbers.c.value.in_(p.phones),
    ),
    Holding(tables.lead_progress, Fate.DELETED, lambda p, _: _of_lead(tables.lead_progress, p)),
    Holding(tables.leads, Fate.DELETED, lambda p, _: _leads(p)),
    _of_debt(tables.promises),
    _of_debt(tables.payments),
    _of_debt(tables.debt_balances),
    _of_debt(tables.debt_conflicts),
    _of_debt(tables.debts, "id"),
    Holding(callback_asks, Fate.DELETED, lambda p, _: callback_asks.c.callback_id.in_(_callback_ids(p))),
    Holding(callback_requests, Fate.DELETED, lambda p, _: _callbacks(p)),
    Holding(consents, Fate.EMPTIED, lambda p, _: _consents(p)),
    Holding(do_not_contact, Fate.EMPTIED, lambda p, _: _objections(p)),
    Holding(tables.decisions, Fate.KEPT, _decided),
    _of_contact(tables.pseudonym_keys),
    _of_contact(tables.import_matches),
    _of_contact(tables.contact_external_ids),
    _of_contact(tables.contact_attributes),
    _of_contact(tables.contact_tags),
    Holding(contact_groups, Fate.KEPT, lambda p, _: _groups(p)),
    _of_contact(tables.contact_group_members),
    _of_contact(tables.contact_points),
    Holding(
        tables.contact_merges,
        Fate.DELETED,
        lambda p, _: (
            tables.contact_merges.c.survivor_id.in_(p.ids) | tables.contact_merges.c.merged_id.in_(p.ids)
        ),
    ),
    _of_contact(tables.contacts, column="id"),
)

# Reviewed: why no row of these is a person's who is contacted.
NOTHING_OF_A_PERSON: Mapping[str, str] = {
    "agents": "those who work with the hotline",
    "agent_events": "those who work with the hotline; of a call only its id stands there",
    "people": "those who work with the hotline",
    "sessions": "those who work with the hotline",
    "sign_in_failures": "those who work with the hotline",
    "tokens": "other systems",
    "webhooks": "other systems",
    "segments": "questions that many people answer",
    "campaigns": "how a campaign is set up",
    "campaign_forecasts": "counts of a list; of examples only the leads' ids stand there",
    "campaign_minutes": "seconds of all agents of a campaign together",
    "campaign_runs": "what a pacer has learned of all calls",
    "mailing_batches": "whom a mailing that is being prepared goes to, by ids; whoever is erased is left out",
    "mailings": "whom a mailing goes to, by ids and segments, and which template",
    "readers": "up to which event what follows has been done",
    "reconciliations": "files of balances: their names and how many rows they had",
    "do_not_contact_lists": "names of lists",
    "decision_chains": "heads of the chains",
    "dialogue_answers": "how long people waited for answers, by agent and queue",
    "early_receipts": "a provider's ids of messages that are not known by them yet",
    "erasures": "says that somebody was erased, not who",
    "erased_contacts": "digests that only the installation's key tells",
}

# No scan goes through these: whose name stands there works here.
NOT_SCANNED = frozenset({"agents", "agent_events", "people", "sessions", "sign_in_failures", "tokens"})
