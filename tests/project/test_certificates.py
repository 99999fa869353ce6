"""The certificate of the hotline's own making, and what is said of one that cannot be used."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509

from engine.clock import SystemClock
from infolinia.certificates import VALID_DAYS, CertificateRefused, SelfMade, load_into, server_context

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def names_of(made: SelfMade) -> set[str]:
    found = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(one.value) for one in alternatives}


def test_it_is_made_once_and_again_before_its_end_and_for_other_names(tmp_path: Path) -> None:
    made = SelfMade(tmp_path / "tls", ("calls.example.com", "192.0.2.7"))
    assert made.renew(NOW)
    first = made.certificate.read_bytes()
    assert {"calls.example.com", "192.0.2.7", "localhost", "127.0.0.1", "::1"} <= names_of(made)
    assert {made.key.stat().st_mode & 0o777, made.certificate.stat().st_mode & 0o777} == {0o600}
    assert not made.renew(NOW + timedelta(days=VALID_DAYS - 31))
    assert made.certificate.read_bytes() == first
    assert made.renew(NOW + timedelta(days=VALID_DAYS - 29))
    assert made.certificate.read_bytes() != first
    other = SelfMade(tmp_path / "tls", ("hotline.example.com",))
    assert other.renew(NOW + timedelta(days=VALID_DAYS))
    assert "calls.example.com" not in names_of(other)


@pytest.mark.parametrize("name", ["certificate.pem", "key.pem"])
def test_a_crash_between_its_two_files_is_mended(tmp_path: Path, name: str) -> None:
    made, another = SelfMade(tmp_path / "tls", ("a.test",)), SelfMade(tmp_path / "other", ("a.test",))
    made.renew(NOW)
    another.renew(NOW)
    (tmp_path / "tls" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    assert made.renew(NOW)
    server_context(made.certificate, made.key)
    (tmp_path / "tls" / name).write_bytes(b"half of")
    assert made.renew(NOW)
    server_context(made.certificate, made.key)


async def test_it_is_served_and_a_renewed_one_without_a_restart(tmp_path: Path) -> None:
    now = SystemClock().now()
    made = SelfMade(tmp_path / "tls", ("calls.example.com",))
    made.renew(now - timedelta(days=VALID_DAYS - 10))
    context = server_context(made.certificate, made.key)
    runner = web.AppRunner(web.Application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}/"

    async def served() -> int:
        trusting = ssl.create_default_context(cafile=str(made.certificate))
        async with aiohttp.ClientSession() as session, session.get(url, ssl=trusting) as answer:
            return answer.status

    try:
        assert await served() == 404
        assert made.renew(now)
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await served()
        load_into(context, made.certificate, made.key)
        assert await served() == 404
    finally:
        await runner.cleanup()


def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    made = SelfMade(tmp_path / "tls", ("a.test",))
    made.renew(NOW)
    with pytest.raises(CertificateRefused, match=r"web\.tls\.key.*cannot be read: name a PEM file"):
        server_context(made.certificate, tmp_path / "none.pem")
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(CertificateRefused, match="are no certificate in PEM and its key"):
        server_context(tmp_path / "no.pem", made.key)
    (tmp_path / "file").write_text("")
    with pytest.raises(CertificateRefused, match=r"make that possible .* or name your own in `web\.tls`"):
        SelfMade(tmp_path / "file" / "tls", ("a.test",)).renew(NOW)
