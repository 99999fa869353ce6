"""Where a path of a flow leads: under its service, and nowhere else."""

from __future__ import annotations

import pytest

from channels.services import ServiceAddress, joined
from engine.ports import ServiceFailed


@pytest.mark.parametrize(
    ("base", "path", "whole"),
    [
        ("https://a.example.com", "/x", "https://a.example.com/x"),
        ("https://a.example.com:8443/api/", "/x/y%2Fz?q=%26", "https://a.example.com:8443/api/x/y%2Fz?q=%26"),
        (
            "https://a.example.com/api",
            "//evil.example.com/x",
            "https://a.example.com/api//evil.example.com/x",
        ),
        ("https://a.example.com", "/@evil.example.com", "https://a.example.com/@evil.example.com"),
        ("https://A.Example.com/API", "/x", "https://A.Example.com/API/x"),
        ("http://a.example.com:80", "/x", "http://a.example.com/x"),
        ("http://[::1]:8080/", "/x", "http://[::1]:8080/x"),
        ("https://a.example.com", "/x...y/.hidden", "https://a.example.com/x...y/.hidden"),
    ],
)
def test_a_path_stays_under_its_service(base: str, path: str, whole: str) -> None:
    assert str(joined(base, path)) == whole


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "@evil.example.com/x",
        ":80@evil.example.com",
        "/..",
        "/../admin",
        "/a/../../admin",
        "/%2e%2e/admin",
        "/a/%2E./admin",
        "/..%2fadmin",
        "/..%5cadmin",
        "/a/..\\admin",
        "/a#b",
        "/a b",
        "/a\r\nHost: evil.example.com",
        "/a\tb",
        "/ł",
        "/{order}",
        "/a/.",
        "http://evil.example.com/",
    ],
)
def test_a_path_that_would_leave_its_service_is_refused(path: str) -> None:
    with pytest.raises(ServiceFailed):
        joined("https://a.example.com/api", path)


def test_headers_are_not_shown() -> None:
    assert "s3cret" not in repr(ServiceAddress("https://a.example.com", {"Authorization": "s3cret"}))
