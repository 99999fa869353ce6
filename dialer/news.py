"""Campaigns, debts and promises as others are told of them, over webhooks and the event stream."""

from __future__ import annotations

from datetime import datetime

from dialer.campaign import Campaign
from dialer.debts.debt import Debt
from dialer.debts.promise import Promise
from history.forms import optional_time_form, time_form
from history.publication import Kind, Publication


def campaign_news(campaign: Campaign) -> dict[str, object]:
    """What it is and in which state; not how it is set up."""
    return {
        "id": campaign.id,
        "version": campaign.version,
        "name": campaign.name,
        "kind": campaign.kind.value,
        "mode": campaign.mode.value,
        "purpose": campaign.purpose.value,
        "state": campaign.state.value,
        "state_since": optional_time_form(campaign.state_since),
        "state_by": campaign.state_by,
        "state_cause": campaign.state_cause.value,
        "state_note": campaign.state_note,
        "created_at": time_form(campaign.created_at),
        "started_at": optional_time_form(campaign.started_at),
        "finished_at": optional_time_form(campaign.finished_at),
    }


def campaign_published(campaign: Campaign, at: datetime) -> Publication:
    """Of each version one."""
    told = f"{campaign.id}.{campaign.created_at:%Y%m%d%H%M%S%f}.{campaign.version}"
    return Publication(told, at, Kind.CAMPAIGN_CHANGED, f"campaign:{campaign.id}", campaign_news(campaign))


def debt_news(debt: Debt) -> dict[str, object]:
    return {
        "id": debt.id,
        "version": debt.version,
        "contact_id": debt.contact_id,
        "creditor": debt.creditor,
        "reference": debt.reference,
        "amount": debt.amount,
        "currency": debt.currency,
        "due": debt.due.isoformat(),
        "state": debt.state.value,
        "since": optional_time_form(debt.since),
        "by": debt.by,
        "note": debt.note,
    }


def debt_published(debt: Debt, at: datetime) -> Publication:
    """Of each version one. A debt's news and those of its promises keep their order."""
    return Publication(f"{debt.id}.{debt.version}", at, Kind.DEBT_CHANGED, f"debt:{debt.id}", debt_news(debt))


def promise_news(promise: Promise) -> dict[str, object]:
    return {
        "id": promise.id,
        "version": promise.version,
        "debt": promise.debt,
        "contact_id": promise.contact_id,
        "amount": promise.amount,
        "currency": promise.currency,
        "instalments": [{"amount": one.amount, "due": one.due.isoformat()} for one in promise.instalments],
        "made_at": time_form(promise.made_at),
        "call_id": promise.call_id,
        "agent": promise.agent,
        "campaign": promise.campaign,
        "state": promise.state.value,
        "ended_at": optional_time_form(promise.ended_at),
        "replaced_by": promise.replaced_by,
    }


def promise_published(promise: Promise, at: datetime) -> Publication:
    told = f"{promise.id}.{promise.version}"
    return Publication(told, at, Kind.PROMISE_CHANGED, f"debt:{promise.debt}", promise_news(promise))
