"""The key by which push services know us (VAPID, RFC 8292): made once, kept where nobody else reads it."""

from __future__ import annotations

import base64
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02


class KeyRefused(Exception):
    """A sentence with the place and the remedy."""


@dataclass(frozen=True, slots=True)
class VapidKey:
    """`public`: what a browser wants as its applicationServerKey, base64url without "="."""

    public: str
    signer: Vapid02 = field(repr=False)

    def authorization(self, audience: str, contact: str, expires_unix: int) -> str:
        """The header's value for one push service; `contact`: "mailto:…" or "https://…"."""
        claims = {"aud": audience, "sub": contact, "exp": expires_unix}
        return str(self.signer.sign(claims)["Authorization"])


def kept_vapid_key(path: Path) -> VapidKey:
    """The key of the file; a new one, mode 0600, when there is none. A lost key ends all subscriptions.

    Raises KeyRefused.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        _make(path)
    try:
        return _read(path)
    except FileNotFoundError as error:
        raise KeyRefused(f"The push key {path} went away as it was made: look who removes it.") from error


def _read(path: Path) -> VapidKey:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyRefused(f"The push key {path} can be read by others: run `chmod 600 {path}`.")
        text = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyRefused(f"The push key {path} cannot be read ({error.strerror}).") from error
    try:
        private = serialization.load_pem_private_key(text, None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise KeyRefused(
            f"{path} is no push key, a P-256 key in PEM: put the right one there, or remove it for a new "
            "one, which ends all subscriptions."
        )
    point = private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return VapidKey(base64.urlsafe_b64encode(point).rstrip(b"=").decode(), Vapid02(private))


def _make(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, partial = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)  # never over one that another process has just made
        except FileExistsError:
            pass
        finally:
            os.unlink(partial)
    except OSError as error:
        raise KeyRefused(
            f"The push key cannot be written to {path} ({error.strerror}); "
            "give this user the right to write there."
        ) from error
