"""Messages, dialogues and chats that are older than they may be kept.

A message's words go before its row. The row says what became of it, which no row of the history is changed
for: it goes when those do.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from messaging.chat import ChatPhase
from messaging.dialogue import DialogueState
from messaging.states import MessageState
from store.registers.legal_holds import held_calls
from store.registers.overdue_rows import OverdueRows, dropping, of_ids, of_nobody_held
from store.tables import (
    call_events,
    chat_lines,
    chats,
    dialogue_answers,
    dialogue_messages,
    dialogues,
    followups,
    message_events,
    message_parts,
    messages,
    one_time_codes,
    rating_requests,
    short_links,
)

_m = messages.c
# What may still go out, by itself or by order.
_UNSENT = [state.value for state in (MessageState.QUEUED, MessageState.SENDING, MessageState.IN_DOUBT)]
_HAS_WORDS = or_(_m.text != "", _m.subject != "", _m.html != "", _m.unsubscribe_url != "")
_OF_MESSAGE = (
    message_parts,
    message_events,
    short_links,
    one_time_codes,
    rating_requests,
    followups,
    dialogue_messages,
    dialogue_answers,
)


def _message_free() -> ColumnElement[bool]:
    of_no_held_call = or_(_m.call_id.is_(None), _m.call_id.not_in(held_calls()))
    return _m.state.not_in(_UNSENT) & of_nobody_held(_m.contact_id) & of_no_held_call


def _of_free_message(message_id: ColumnElement[str]) -> ColumnElement[bool]:
    # Looked up one by one: a list of all that are free would be all messages.
    return select(_m.id).where(_m.id == message_id, _message_free()).exists()


def _drop_words(connection: Connection, ids: list[str]) -> None:
    words = {"text": "", "subject": "", "html": "", "unsubscribe_url": "", "data": {}}
    connection.execute(update(messages).where(_m.id.in_(ids)).values(words))


def _drop_messages(connection: Connection, ids: list[str]) -> None:
    for table in _OF_MESSAGE:
        connection.execute(delete(table).where(table.c.message_id.in_(ids)))
    connection.execute(delete(messages).where(_m.id.in_(ids)))


def _dialogue_over(before: datetime) -> ColumnElement[bool]:
    """With no message left: its messages go by their own age."""
    left = [select(table.c.dialogue_id) for table in (dialogue_messages, dialogue_answers)]
    return (
        (dialogues.c.closed_at < before)
        & (dialogues.c.state == DialogueState.CLOSED.value)
        & of_nobody_held(dialogues.c.contact_id)
        & ~or_(*(of.where(of.selected_columns[0] == dialogues.c.id).exists() for of in left))
    )


def _drop_chats(connection: Connection, ids: list[str]) -> None:
    connection.execute(delete(call_events).where(call_events.c.call_id.in_(ids)))
    connection.execute(delete(chat_lines).where(chat_lines.c.chat_id.in_(ids)))
    connection.execute(delete(chats).where(chats.c.id.in_(ids)))


WORDS_OF_MESSAGES = (
    OverdueRows(
        messages,
        _m.at,
        lambda before: (_m.at < before) & _HAS_WORDS & _message_free(),
        of_ids(_drop_words),
        newest_first=True,
    ),
    OverdueRows(
        short_links,
        short_links.c.made_at,
        lambda before: (short_links.c.expires_at < before) & _of_free_message(short_links.c.message_id),
        dropping(short_links),
    ),
    OverdueRows(
        one_time_codes,
        one_time_codes.c.sent_at,
        lambda before: (one_time_codes.c.expires_at < before) & _of_free_message(one_time_codes.c.message_id),
        dropping(one_time_codes),
    ),
)
ROWS_OF_MESSAGES = (
    OverdueRows(messages, _m.at, lambda before: (_m.at < before) & _message_free(), of_ids(_drop_messages)),
    OverdueRows(dialogues, dialogues.c.opened_at, _dialogue_over, dropping(dialogues)),
)
CHATS = (
    OverdueRows(
        chats,
        chats.c.opened_at,
        lambda before: (
            (chats.c.closed_at < before)
            & (chats.c.phase == ChatPhase.CLOSED.value)
            & of_nobody_held(chats.c.contact_id)
        ),
        of_ids(_drop_chats),
    ),
)
