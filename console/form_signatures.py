"""Signatures of what the company's web server sends: X-Infolinia-Signature: t=UNIX,v1=HEX."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

HEADER = "X-Infolinia-Signature"
LASTS_SECONDS = 300
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_MOST_FIELDS = 5


class WrongSignature(Exception):
    """The message is one sentence with the remedy."""


def check_signature(secret: str, header: str, body: bytes, now: datetime) -> str:
    """The signature itself, once it is known to be good and fresh. Raises WrongSignature."""
    fields = [field.strip().partition("=") for field in header.split(",", _MOST_FIELDS)]
    sent = next((value for name, _, value in fields if name == "t"), "")
    if not _TIME.fullmatch(sent):
        raise WrongSignature(f"Sign the request: {HEADER}: t=UNIX,v1=HEX.")
    wanted = hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()
    given = [value.encode() for name, _, value in fields if name == "v1"]
    if not any(hmac.compare_digest(value, wanted.encode()) for value in given):
        raise WrongSignature("The signature is not that of this body by this form's secret.")
    if abs(now.timestamp() - int(sent)) > LASTS_SECONDS:
        raise WrongSignature(
            f"The signature's time is more than {LASTS_SECONDS // 60} minutes off: set the sender's clock."
        )
    return wanted
