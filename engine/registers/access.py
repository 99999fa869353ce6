"""Who may do what: roles of people, scopes of tokens."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Each includes those before it."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


class Scope(StrEnum):
    """What a token may do. Writing does not include reading."""

    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    INTERACTIONS_READ = "interactions:read"
    INTERACTIONS_WRITE = "interactions:write"
    PERMISSIONS_READ = "permissions:read"
    PERMISSIONS_WRITE = "permissions:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    CALLBACKS_READ = "callbacks:read"
    CALLBACKS_WRITE = "callbacks:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    DEBTS_READ = "debts:read"
    DEBTS_WRITE = "debts:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    MAILINGS_WRITE = "mailings:write"
    CODES_WRITE = "codes:write"
    CALLS_READ = "calls:read"
    CALLS_WRITE = "calls:write"
    RECORDINGS_READ = "recordings:read"
    RECORDINGS_WRITE = "recordings:write"
    AGENTS_READ = "agents:read"
    AGENTS_WRITE = "agents:write"
    QUEUES_READ = "queues:read"
    FLOWS_READ = "flows:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    EVENTS_READ = "events:read"
    PRIVACY_READ = "privacy:read"
    PRIVACY_WRITE = "privacy:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    AUDIT_READ = "audit:read"
