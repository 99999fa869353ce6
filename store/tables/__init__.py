"""The tables, as SQLAlchemy Core. A change here needs a migration in store/migrations/versions.

Rules that hold for every table: ids are text made by the engine; times are UTC; JSON columns hold what no
query filters by; a row that belongs to history is never rewritten, only erased. On SQLite, tables with few
other indexes live in their primary key (no rowid).
"""

from store.tables.accounts import (
    audit_log,
    idempotency_keys,
    people,
    sessions,
    sign_in_failures,
    tokens,
)
from store.tables.agents import agent_events, agents
from store.tables.attempts import attempts
from store.tables.callbacks import callback_asks, callback_requests
from store.tables.calls import call_events, calls
from store.tables.campaigns import campaign_forecasts, campaign_minutes, campaign_runs, campaigns
from store.tables.chats import chat_lines, chats
from store.tables.columns import Json, RowNumber, UtcDateTime, metadata
from store.tables.contacts import (
    contact_attributes,
    contact_group_members,
    contact_groups,
    contact_merges,
    contact_points,
    contact_tags,
    contacts,
    segments,
)
from store.tables.debts import (
    debt_balances,
    debt_conflicts,
    debts,
    payments,
    promises,
    reconciliations,
)
from store.tables.desk import call_parts
from store.tables.dialogues import dialogue_answers, dialogue_messages, dialogues
from store.tables.followups import followups, one_time_codes, rating_requests, readers, short_links
from store.tables.imports import contact_external_ids, import_matches, import_refusals, imports
from store.tables.interactions import interactions
from store.tables.leads import lead_numbers, lead_progress, leads
from store.tables.mailings import (
    cascade_news,
    cascade_runs,
    mailing_batches,
    mailing_recipients,
    mailings,
)
from store.tables.messages import early_receipts, message_events, message_parts, messages
from store.tables.outbox import outbox
from store.tables.permissions import (
    consents,
    decision_chains,
    decisions,
    do_not_contact,
    do_not_contact_lists,
    pseudonym_keys,
)
from store.tables.privacy import erased_contacts, erasures, legal_holds
from store.tables.publishing import publications, subjects, webhooks
from store.tables.recordings import recordings

__all__ = [
    "Json",
    "RowNumber",
    "UtcDateTime",
    "agent_events",
    "agents",
    "attempts",
    "audit_log",
    "call_events",
    "call_parts",
    "callback_asks",
    "callback_requests",
    "calls",
    "campaign_forecasts",
    "campaign_minutes",
    "campaign_runs",
    "campaigns",
    "cascade_news",
    "cascade_runs",
    "chat_lines",
    "chats",
    "consents",
    "contact_attributes",
    "contact_external_ids",
    "contact_group_members",
    "contact_groups",
    "contact_merges",
    "contact_points",
    "contact_tags",
    "contacts",
    "debt_balances",
    "debt_conflicts",
    "debts",
    "decision_chains",
    "decisions",
    "dialogue_answers",
    "dialogue_messages",
    "dialogues",
    "do_not_contact",
    "do_not_contact_lists",
    "early_receipts",
    "erased_contacts",
    "erasures",
    "followups",
    "idempotency_keys",
    "import_matches",
    "import_refusals",
    "imports",
    "interactions",
    "lead_numbers",
    "lead_progress",
    "leads",
    "legal_holds",
    "mailing_batches",
    "mailing_recipients",
    "mailings",
    "message_events",
    "message_parts",
    "messages",
    "metadata",
    "one_time_codes",
    "outbox",
    "payments",
    "people",
    "promises",
    "pseudonym_keys",
    "publications",
    "rating_requests",
    "readers",
    "reconciliations",
    "recordings",
    "segments",
    "sessions",
    "short_links",
    "sign_in_failures",
    "subjects",
    "tokens",
    "webhooks",
]
