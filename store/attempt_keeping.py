"""Attempts begun: the row, and the lead that is dialled from then on, in the transaction of the call."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from dialer.lead import LeadState
from dialer.reasons import ReasonCode
from store.rows import Rows
from store.statements import Statements
from store.tables import attempts, lead_progress

_HOT = lead_progress.c
_KNOWN = select(attempts.c.id).where(attempts.c.id == bindparam("attempt"))
_DIAL = (
    update(lead_progress)
    .where(
        _HOT.lead == bindparam("lead_is"),
        _HOT.version == bindparam("version_is"),
        _HOT.state == LeadState.RESERVED.value,
    )
    .values(
        state=LeadState.DIALLING.value,
        reason=ReasonCode.ON_THE_LINE.value,
        reason_data={},
        turn=None,
        due_at=None,
        reserved_by=None,
        reserved_until=None,
        version=_HOT.version + 1,
    )
)


class LeadLost(Exception):
    """The lead is not reserved as it was: another engine may be dialling it. The message is one sentence."""


def begin_attempts(connection: Connection, statements: Statements, rows: Rows) -> None:
    """One that is there already is left as it is: a commit may be repeated. Raises LeadLost."""
    for row, begun in rows.attempts_begun:
        attempt = begun.attempt
        if connection.execute(_KNOWN, {"attempt": attempt.id}).first() is not None:
            continue
        mine = {"lead_is": attempt.lead, "version_is": begun.lead_version}
        if not connection.execute(_DIAL, mine).rowcount:
            raise LeadLost(f"Lead {attempt.lead} is not reserved at version {begun.lead_version} any more.")
        connection.exec_driver_sql(statements.add_attempts.each, row)
