"""The certificate that pages are served with: the operator's, or one that the hotline makes itself."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 825
"""Browsers take none that is longer."""
RENEWED_DAYS = 30
"""Before its end."""
_CLOCK_SKEW = timedelta(hours=1)
_ALWAYS = ("localhost", "127.0.0.1", "::1")


class CertificateRefused(Exception):
    """It cannot be used; the text is one sentence with the remedy."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer. Raises CertificateRefused."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_into(context, certificate, key)
    return context


def load_into(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """For connections from now on. Raises CertificateRefused."""
    for name, path in (("certificate", certificate), ("key", key)):
        if not os.access(path, os.R_OK):
            raise CertificateRefused(
                f"`web.tls.{name}` {path} cannot be read: name a PEM file that this user may read."
            )
    try:
        # A key with a password would be asked for at the terminal.
        context.load_cert_chain(certificate, key, password=b"")
    except (ssl.SSLError, ValueError, OSError) as error:
        raise CertificateRefused(
            f"`web.tls`: {certificate} and {key} are no certificate in PEM and its key without a password "
            f"({error}): name those."
        ) from error


class SelfMade:
    """A certificate of our own in `folder`, for this user only. `names` are those it is asked by."""

    def __init__(self, folder: Path, names: Collection[str]) -> None:
        self._folder = folder
        self._names = tuple(dict.fromkeys((*names, socket.gethostname().lower(), *_ALWAYS)))
        self.certificate = folder / "certificate.pem"
        self.key = folder / "key.pem"

    def renew(self, now: datetime) -> bool:
        """Make one where there is none for these names, or it ends soon; returns whether it did.

        Raises CertificateRefused when the folder cannot be written.
        """
        if self._is_good(now):
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(key, now)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(
                self.key,
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ),
            )
            _write(self.certificate, certificate.public_bytes(serialization.Encoding.PEM))
        except OSError as error:
            raise CertificateRefused(
                f"The certificate in {self._folder} cannot be written ({error.strerror}): make that possible "
                "for this user, or name your own in `web.tls`."
            ) from error
        return True

    def _is_good(self, now: datetime) -> bool:
        try:
            found = x509.load_pem_x509_certificate(self.certificate.read_bytes())
            key = serialization.load_pem_private_key(self.key.read_bytes(), None)
        except (OSError, ValueError, TypeError):
            return False
        if found.public_key() != key.public_key():  # a crash came between the two files
            return False
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (
            set(named) == set(self._alternatives())
            and found.not_valid_before_utc <= now
            and now < found.not_valid_after_utc - timedelta(days=RENEWED_DAYS)
        )

    def _alternatives(self) -> list[x509.GeneralName]:
        return [_general(name) for name in self._names]

    def _signed(self, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._names[0][:64])])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,  # so that it can be trusted as an authority of its own
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before((now - _CLOCK_SKEW).astimezone(UTC))
            .not_valid_after((now + timedelta(days=VALID_DAYS) - _CLOCK_SKEW).astimezone(UTC))
            .add_extension(x509.SubjectAlternativeName(self._alternatives()), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(key, hashes.SHA256())
        )


def _general(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ip_address(name))
    return x509.DNSName(name)


def _write(path: Path, data: bytes) -> None:
    """In one step, mode 0600."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
