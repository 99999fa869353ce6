"""Ready settings for SMSAPI (smsapi.pl, smsapi.com): sms.do with an OAuth token, its callbacks, its codes."""

from __future__ import annotations

from decimal import Decimal

from channels.http_sms.fields import Place
from channels.http_sms.settings import Answered, Asked, HttpSmsSettings, IncomingFields, ReceiptFields
from messaging.provider import Taken
from messaging.states import MessageState

SMSAPI_PL = "https://api.smsapi.pl/sms.do"
# It takes an idx once only, and tells it back in each receipt; so our id is the reference.
_ALREADY = frozenset({"53"})
# A bad login, an empty account, an address that may not send, rights that are missing.
_ACCOUNT = frozenset({"101", "102", "103", "105", "110", "1000", "1001"})
_ERRORS = {
    "52": Taken.BUSY,  # too many messages to one number
    "200": Taken.BUSY,  # it was not sent: try again
    "202": Taken.BUSY,  # too many requests at once
    "203": Taken.BUSY,  # too many tries of the same one
    "8": Taken.UNKNOWN,
    "201": Taken.UNKNOWN,  # its own fault
    "999": Taken.UNKNOWN,
}
_STATES = {
    "402": MessageState.EXPIRED,
    "403": MessageState.ACCEPTED,  # sent to the network
    "409": MessageState.ACCEPTED,
    "410": MessageState.ACCEPTED,
    "404": MessageState.DELIVERED,
    "405": MessageState.FAILED,
    "406": MessageState.FAILED,
    "407": MessageState.FAILED,
    "412": MessageState.FAILED,  # stopped in its panel
}


def smsapi_settings(
    token: str,
    *,
    sender: str | None = None,
    callback_url: str | None = None,
    url: str = SMSAPI_PL,
    point_minor: Decimal = Decimal(100),
    currency: str | None = None,
    private_networks: bool = False,
) -> HttpSmsSettings:
    """`callback_url`: ours with its token, to which receipts are sent; None: that of its panel.

    A point costs `point_minor` minor units of `currency`; without a currency no cost is told.
    """
    return HttpSmsSettings(
        request=Asked(
            url=url,
            headers={"Authorization": f"Bearer {token}"},
            form={
                "to": "{to}",
                "message": "{text}",
                "from": "{sender}",
                "idx": "{id}",
                "check_idx": "1",
                "encoding": "utf-8",
                "format": "json",
                "details": "1",
                "expiration_date": "{expires}",
                "notify_url": "{callback}",
            },
            plus=False,
            # Of what its versions allow, what all of them do.
            expires_least_seconds=3660.0,
            expires_most_seconds=12 * 3600.0 - 60.0,
        ),
        answer=Answered(
            error=Place("/error"),
            why=Place("/message"),
            errors=_ERRORS,
            account=_ACCOUNT,
            already=_ALREADY,
            cost=Place("/list/0/points") if currency else Place(),
            unit_minor=point_minor,
            currency=currency,
        ),
        receipts=ReceiptFields(
            reference=Place("/idx"),
            status=Place("/status"),
            states=_STATES,
            at=Place("/donedate"),
            why=Place("/status_name"),
            separator=",",
        ),
        incoming=IncomingFields(
            from_=Place("/sms_from"),
            to=Place("/sms_to"),
            text=Place("/sms_text"),
            at=Place("/sms_date"),
        ),
        sender=sender,
        callback_url=callback_url,
        private_networks=private_networks,
    )
