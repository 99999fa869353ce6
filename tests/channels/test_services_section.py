"""Services as they are written in the configuration: what is understood, refused, kept secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from channels.services import ServiceAddress
from infolinia.assembly.preflight import StartFailed, usable_services
from infolinia.configuration import Configuration, ConfigurationRejected, as_table, load_configuration


def read(folder: Path, services: str) -> Configuration:
    file = folder / "infolinia.yaml"
    file.write_text(f"services:\n{services}", encoding="utf-8")
    return load_configuration(file)


def test_a_service_is_read_with_the_secrets_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = read(
        tmp_path,
        """
  orders:
    url: https://orders.example.com:8443/api
    headers: {Authorization: "Bearer ${ORDERS_TOKEN}", X-Plain: "$5 {a}"}
    timeout: 1500ms
  old_stock: {url: "http://127.0.0.1:9000", verify_tls: false}
""",
    )
    monkeypatch.setenv("ORDERS_TOKEN", "s3cret ${ORDERS_TOKEN}")
    assert usable_services(configuration) == {
        "orders": ServiceAddress(
            "https://orders.example.com:8443/api",
            {"Authorization": "Bearer s3cret ${ORDERS_TOKEN}", "X-Plain": "$5 {a}"},
            1.5,
        ),
        "old_stock": ServiceAddress("http://127.0.0.1:9000", {}, 10.0, False),
    }
    shown = json.dumps(as_table(configuration))
    assert "orders.example.com" in shown
    assert "Bearer" not in shown
    assert "Bearer" not in repr(configuration)


@pytest.mark.parametrize(("value", "why"), [(None, "is not set"), ("", "is not set"), ("a\nb", "one line")])
def test_a_variable_that_cannot_be_used_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, why: str
) -> None:
    configuration = read(tmp_path, '  orders: {url: "https://a.example.com", headers: {X-Key: "${THE_KEY}"}}')
    monkeypatch.delenv("THE_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("THE_KEY", value)
    with pytest.raises(StartFailed, match=why) as failed:
        usable_services(configuration)
    assert "services.orders.headers.X-Key" in str(failed.value)
    assert "THE_KEY" in str(failed.value)


@pytest.mark.parametrize(
    ("services", "remedy"),
    [
        ("  orders: {url: orders.example.com}", "such as https://"),
        ('  orders: {url: "ftp://a.example.com"}', "such as https://"),
        ('  orders: {url: "https://"}', "such as https://"),
        ('  orders: {url: "https://a.example.com:99999"}', "such as https://"),
        ('  orders: {url: "https://a.example.com/a b"}', "such as https://"),
        ('  orders: {url: "https://żółw.example.com"}', "such as https://"),
        ('  orders: {url: "https://user:secret@a.example.com"}', "write them as a header"),
        ('  orders: {url: "https://a.example.com/?key=1"}', "the flow writes the query"),
        ('  orders: {url: "https://a.example.com", timeout: 5}', "with its unit"),
        ('  orders: {url: "https://a.example.com", timeout: 2m}', "60"),
        ('  orders: {url: "https://a.example.com", headers: {"X Y": a}}', "such as Authorization"),
        ('  orders: {url: "https://a.example.com", headers: {X: "a\\nb"}}', "one line"),
        ('  orders: {url: "https://a.example.com", headers: {X: "${NO GOOD}"}}', "as ${NAME}"),
        ('  orders: {url: "https://a.example.com", header: {}}', "did you mean 'headers'"),
        ('  Orders: {url: "https://a.example.com"}', "small letters"),
        ("  orders: {}", "'url' is missing"),
    ],
)
def test_a_wrong_service_is_told_with_its_line_and_the_remedy(
    tmp_path: Path, services: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationRejected) as rejected:
        read(tmp_path, services)
    (line,) = str(rejected.value).splitlines()
    assert "infolinia.yaml:2:" in line
    assert remedy in line
    assert "secret" not in line
