"""Templates of requests and places in answers: nothing escapes its field, and mistakes are told."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from channels.http_sms.fields import Content, Place, SettingRefused, filled, filled_json
from channels.http_sms.settings import Asked

VALUES = {
    "to": "+48600000001",
    "text": 'Zażółć "&=\r\n{id}',
    "sender": None,
    "id": "m1",
    "expires": None,
    "callback": None,
}


def test_a_template_is_filled_once() -> None:
    assert filled("{to}: {text}", VALUES) == '+48600000001: Zażółć "&=\r\n{id}'
    assert filled("a{b}c {", {**VALUES, "b": "x"}) == "axc {"
    assert filled("from {sender}", VALUES) is None


def test_json_keeps_its_shape_and_leaves_out_what_is_not_there() -> None:
    template = {
        "to": ["{to}"],
        "from": "{sender}",
        "flash": False,
        "n": 7,
        "nothing": None,
        "inner": {"text": "{text}", "until": "{expires}"},
    }
    assert filled_json(template, VALUES) == {
        "to": ["+48600000001"],
        "flash": False,
        "n": 7,
        "nothing": None,
        "inner": {"text": VALUES["text"]},
    }


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=100))
def test_a_text_in_an_address_stays_one_field(text: str) -> None:
    url = filled("http://127.0.0.1/send?text={text}&key=k", {**VALUES, "text": text}, escaped=True)
    assert url is not None
    assert dict(URL(url, encoded=True).query) == {"text": text, "key": "k"}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("/list/0/id", "7"),
        ("/list/0/a~1b~0", "x"),
        ("/list/1/id", None),
        ("/list/id", None),
        ("/list/0", None),
        ("/list/-1/id", None),
        ("/ok", "true"),
        ("/none", None),
        ("/empty", None),
        ("/zero", "0"),
        ("/nul", "ab"),
        ("/", None),
        ("", None),
        ('regex:"id": ?(\\d+)', "7"),
        ("regex:(nothing)", None),
    ],
)
def test_where_something_stands(where: str, found: str | None) -> None:
    body = (
        b'{"list": [{"id": 7, "a/b~": "x"}], "ok": true, "none": null, "empty": "", "zero": 0, '
        b'"nul": "a\\u0000b"}'
    )
    assert Place(where).find(Content(body)) == found


def test_forms_have_places_too() -> None:
    form = Content(
        b"id=a%2Bb&text=Cze%C5%9B%C4%87&empty=", "application/x-www-form-urlencoded; charset=utf-8"
    )
    assert Place("/id").find(form) == "a+b"
    assert Place("/text").find(form) == "Cześć"
    assert Place("/empty").find(form) is None
    assert Place("/id").find(Content.of_query({"id": "q"})) == "q"
    assert Place("regex:^OK:(.+)$").find(Content(b"OK:12")) == "12"


@given(st.binary(max_size=200))
def test_no_answer_breaks_the_reader(body: bytes) -> None:
    Place("/a/0").find(Content(body))
    Place("/a").find(Content(body, "application/x-www-form-urlencoded"))
    Place("regex:(a+)").find(Content(body))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"url": "sms.example.com"}, "write the provider's address"),
        ({"url": "ftp://sms.example.com"}, "write the provider's address"),
        ({"url": "http://a/{txt}"}, r"url: \{txt\} is not known; there are \{to\}, \{text\}"),
        ({"url": "http://a", "form": {"m": "{message}"}}, r"form.m: \{message\} is not known"),
        ({"url": "http://a", "json": {"a": [{"b": "{x}"}]}}, r"json_body.a.b: \{x\} is not known"),
        ({"url": "http://a", "headers": {"X": "a\r\nb"}}, "a header is one line"),
        ({"url": "http://a", "form": {}, "json": {}}, "form or json_body, not both"),
        ({"url": "http://a", "method": "GET", "form": {}}, "a GET has no body"),
        ({"url": "http://a", "method": "DELETE"}, "is not GET, POST or PUT"),
        ({"url": "http://a", "expires": "days"}, "is not unix, iso or seconds"),
    ],
)
def test_a_request_that_cannot_be_is_told(settings: dict[str, object], why: str) -> None:
    with pytest.raises(SettingRefused) as refused:
        Asked(**settings)  # type: ignore[arg-type]
    assert re.search(why, f"{refused.value.field}: {refused.value}")


@pytest.mark.parametrize("where", ["id", "regex:(", "regex:id"])
def test_a_place_that_is_none_is_told(where: str) -> None:
    with pytest.raises(SettingRefused, match=r"no place|no regular expression|has no group"):
        Place(where)


def test_secrets_of_a_request_are_not_shown() -> None:
    asked = Asked("http://a/?key=s3cret", headers={"X": "s3cret"}, form={"password": "s3cret"})
    assert "s3cret" not in repr(asked)
