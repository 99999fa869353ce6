"""A lead that the agent looks at before they call: who, which numbers, why now, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console import display
from console.words import Words
from dialer.lead import Lead
from dialer.numbers import usable
from engine.desk.previews import Preview
from engine.desk.view import DeskView

MOST_FIELDS = 20
LONGEST_VALUE = 120


@dataclass(frozen=True, slots=True)
class LeadCard:
    """`numbers`: E.164, as shown, kind and tries, and whether it is due. `then`: what ends the look."""

    id: str
    name: str
    campaign: str
    numbers: tuple[tuple[str, str, str, bool], ...]
    number: str
    fields: tuple[tuple[str, str], ...]
    why: str
    tries: str
    until: datetime
    then: str
    reasons: tuple[str, ...]


def lead_of(view: DeskView, words: Words) -> LeadCard | None:
    preview = view.preview
    if preview is None:
        return None
    lead, campaign = preview.lead, preview.campaign
    contact = None if view.popup is None else view.popup.contact
    name = lead.name or (display.contact_name(contact, words) if contact is not None else "")
    return LeadCard(
        lead.id,
        name or display.phone(preview.number),
        campaign.name,
        tuple(
            (
                one.e164,
                display.phone(one.e164),
                _about(one.kind, one.attempts, words),
                one.e164 == preview.number,
            )
            for one in usable(lead, campaign.retry.caps)
        ),
        display.phone(preview.number),
        tuple((title, _short(value)) for title, value in lead.fields.items() if value)[:MOST_FIELDS],
        why_now(preview, words),
        words("desk_lead_tries", count=lead.attempts) if lead.attempts else words("desk_lead_new"),
        preview.until,
        words(f"desk_lead_then_{campaign.preview.end.value}"),
        campaign.preview.skip_reasons,
    )


def why_now(preview: Preview, words: Words) -> str:
    """Why it is this lead's turn, of all."""
    lead = preview.lead
    callback = lead.callback
    if callback is not None:
        begins = callback.window_from or callback.requested_at
        mine = callback.agent is not None and callback.agent == preview.agent
        return words(f"desk_lead_why_{'my_' if mine else ''}callback", at=display.short_date_time(begins))
    if lead.skips and lead.last_outcome is None:
        return words("desk_lead_why_skipped", count=lead.skips)
    if lead.last_outcome is not None:
        return words("desk_lead_why_again", result=_outcome(lead, words))
    if lead.priority > 0:
        return words("desk_lead_why_priority")
    return words("desk_lead_why_turn")


def _outcome(lead: Lead, words: Words) -> str:
    return words.get(f"attempt_result_{lead.last_outcome}", str(lead.last_outcome))


def _about(kind: str, attempts: int, words: Words) -> str:
    told = [words.get(f"number_kind_{kind}", kind)] if kind else []
    if attempts:
        told.append(words("desk_lead_tries", count=attempts))
    return ", ".join(told)


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
