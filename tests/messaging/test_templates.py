"""Templates: read with every mistake and its line, checked against what is known, written for one person."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.facts import Channel, Purpose
from messaging.template_reading import load_template
from messaging.templates import (
    MessageTemplate,
    Unwritten,
    Written,
    chosen_language,
    misspelt_names,
    unknown_names,
    written,
)
from wording.yaml_source import SourceRejected

ORDER = """\
template: order_sent
purpose: service
languages: [pl, en]
takes: [order, parcels]
defaults: {first_name: {pl: "Kliencie", en: "customer"}}
link: "https://shop.example/orders/{order}"
text:
  pl: "{first_name}, zamówienie {order} jest w drodze: {link}"
  en:
    - "{first_name}, order {order} is on its way: {link}"
    - {when: parcels > 1, text: "It comes in {parcels} parcels."}
subject: {pl: "Zamówienie {order}", en: "Order {order}"}
html:
  pl: '<p>{first_name}: <a href="{link}">{order}</a></p>'
  en: |
    <p>{first_name}:
    <a href="{link}">{order}</a></p>
"""
SCOPE = {"order": "A/12", "parcels": 2, "first_name": "Anna", "link": "https://go.example/l/x"}


def template(text: str = ORDER) -> MessageTemplate:
    return load_template(dedent(text), "messages/order_sent.yaml")


def small(body: str, head: str = "languages: [en]") -> MessageTemplate:
    return load_template(f"template: small\npurpose: service\n{head}\n{body}\n", "small.yaml")


def problems(text: str, named: str | None = None) -> list[str]:
    with pytest.raises(SourceRejected) as refused:
        load_template(dedent(text), "messages/order_sent.yaml", named=named)
    return str(refused.value).splitlines()


# --- written ----------------------------------------------------------------------------------------------


def test_a_message_in_its_language() -> None:
    found = written(template(), "pl", SCOPE)
    assert found == Written(
        "pl",
        "Anna, zamówienie A/12 jest w drodze: https://go.example/l/x",
        "Zamówienie A/12",
        '<p>Anna: <a href="https://go.example/l/x">A/12</a></p>',
        "https://shop.example/orders/A%2F12",
    )


def test_a_piece_is_there_when_its_condition_holds() -> None:
    both = written(template(), "en", SCOPE)
    one = written(template(), "en", {**SCOPE, "parcels": 1})
    assert isinstance(both, Written)
    assert isinstance(one, Written)
    assert both.text.endswith("https://go.example/l/x It comes in 2 parcels.")
    assert one.text.endswith("https://go.example/l/x")


@pytest.mark.parametrize("missing", [{}, {"first_name": None}, {"first_name": " "}])
def test_a_default_stands_in(missing: dict[str, object]) -> None:
    scope = {name: value for name, value in SCOPE.items() if name != "first_name"} | missing
    found = written(template(), "en", scope)
    assert isinstance(found, Written)
    assert found.text.startswith("customer, order")


@pytest.mark.parametrize("value", [None, "", "  ", ["a"], {"a": 1}])
def test_a_value_that_is_missing_refuses_the_message(value: object) -> None:
    assert written(template(), "en", {**SCOPE, "order": value}) == Unwritten(
        "{order} is not known of this person, and template order_sent (en) has no default for it", "order"
    )


def test_what_a_template_takes_has_to_be_given_even_where_only_a_condition_reads_it() -> None:
    scope = {name: value for name, value in SCOPE.items() if name != "parcels"}
    told = "template order_sent takes parcels: give it in values"
    assert written(template(), "en", scope) == Unwritten(told, "parcels")
    # An event that gives it blank, such as a callback without a time, leaves the piece out.
    assert isinstance(written(template(), "en", {**scope, "parcels": ""}), Written)
    with_default = template(ORDER.replace("defaults: {", 'defaults: {parcels: "1", '))
    assert isinstance(written(with_default, "en", scope), Written)


def test_nothing_left_is_no_message() -> None:
    found = written(small('text: [{when: a == 1, text: "Hello."}]'), "en", {})
    assert found == Unwritten("nothing is left of template small (en): no condition in it holds")


def test_the_condition_of_the_whole() -> None:
    debt = small('when: amount > 0\ntext: "You owe {amount}."')
    assert isinstance(written(debt, "en", {"amount": 5}), Written)
    assert written(debt, "en", {"amount": 0}) == Unwritten(
        "the condition of template small does not hold: amount > 0"
    )


def test_filters_are_those_of_flows() -> None:
    found = written(
        small('text: "Code {code|first(2)}, {n} {n|plural(day, days)}."'), "en", {"code": "1234", "n": 2}
    )
    assert isinstance(found, Written)
    assert found.text == "Code 12, 2 days."


@given(st.text(max_size=40))
def test_a_value_breaks_out_of_nothing(name: str) -> None:
    found = written(template(), "en", {**SCOPE, "first_name": name, "order": "1\r\nBcc: x@example.com"})
    assert isinstance(found, Written)
    assert "\n" not in found.subject
    assert "\r" not in found.subject
    assert found.subject == "Order 1 Bcc: x@example.com"
    assert found.target == "https://shop.example/orders/1%20Bcc%3A%20x%40example.com"
    assert found.html.count("<") == 4


def test_markup_in_a_value_is_text() -> None:
    found = written(template(), "pl", {**SCOPE, "first_name": '<img src="x">'})
    assert isinstance(found, Written)
    assert found.html.startswith("<p>&lt;img src=&quot;x&quot;&gt;:")
    assert found.text.startswith('<img src="x">,')


# --- which language ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "campaign", "chosen"),
    [("en", "pl", "en"), ("en-GB", None, "en"), ("EN_us", "pl", "en"), ("ru", "en", "en"), ("ru", "de", "pl"),
     (None, None, "pl"), ("", "en", "en")],
)  # fmt: skip
def test_the_language_is_the_persons_then_the_campaigns_then_the_first(
    person: str | None, campaign: str | None, chosen: str
) -> None:
    assert chosen_language(template(), person, campaign) == chosen


# --- checked before a send --------------------------------------------------------------------------------


def test_an_unknown_name_is_told_with_its_line() -> None:
    wrong = template(ORDER.replace("zamówienie {order}", "zamówienie {ordr}"))
    assert [str(mistake) for mistake in unknown_names(wrong, {"first_name"})] == [
        "template order_sent, pl, line 8: {ordr} is not known; did you mean {order}?"
    ]
    assert unknown_names(template(), ()) == ()


def test_a_name_all_but_spelt_as_a_value_that_is_taken_is_wrong_whatever_people_have() -> None:
    wrong = template(ORDER.replace("zamówienie {order}", "zamówienie {ordr}"))
    assert [one.name for one in misspelt_names(wrong, ())] == ["ordr"]
    other = template(ORDER.replace("zamówienie {order}", "zamówienie {order_no} {last_name}"))
    assert [one.name for one in unknown_names(other, ())] == ["order_no", "last_name"]
    assert misspelt_names(other, ()) == ()


def test_lines_within_longer_texts() -> None:
    found = small(
        dedent("""\
        text: |
          Hello.

          {one} and {{two}} and {three|upper}
          {four}"""),
    )
    mistakes = unknown_names(found, ["first_name"])
    assert [(mistake.line, mistake.message[:7]) for mistake in mistakes] == [
        (7, "{one} i"), (7, "{three}"), (8, "{four} "),
    ]  # fmt: skip
    assert "there are code, first_name, language, link, unsubscribe" in mistakes[0].message
    folded = small("text: >\n  Hello\n  {one}\n  {two}")
    assert [mistake.line for mistake in unknown_names(folded, ())] == [6, 7]
    quoted = small('text: "Hello\n  {one}\n  {two}"')
    assert [mistake.line for mistake in unknown_names(quoted, ())] == [5, 6]


def test_conditions_and_links_are_checked_too() -> None:
    found = small('when: ammount > 1\nlink: "https://shop.example/{ordr}"\ntext: "{link}"')
    assert [str(mistake) for mistake in unknown_names(found, {"amount", "order"})] == [
        "template small, line 4: {ammount} is not known; did you mean {amount}?",
        "template small, line 5: {ordr} is not known; did you mean {order}?",
    ]


def test_what_a_channel_needs() -> None:
    assert template().lacks_for(Channel.EMAIL) is None
    plain = small('text: "Hello."')
    assert plain.lacks_for(Channel.SMS) is None
    assert plain.lacks_for(Channel.EMAIL) == "template small has no subject in en: an e-mail needs one"
    assert plain.lacks_for(Channel.CALL) is not None


def test_what_shows_that_it_arrived() -> None:
    assert template().checked_by == {"link"}
    assert small('text: "Your code is {code}."').checked_by == {"code"}
    assert small('text: "Hello."').checked_by == frozenset()


# --- read -------------------------------------------------------------------------------------------------


def test_a_template_of_one_language_writes_its_text_alone() -> None:
    found = small('text: ["Hello.", "Bye."]')
    assert found.purpose is Purpose.SERVICE
    assert written(found, "en", {}) == Written("en", "Hello. Bye.")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("purpose: service", "purpose: servic", "2:10: purpose is one of marketing, collections, service, "),
        ("purpose: service\n", "", "1:1: purpose is one of"),
        ("takes:", "take:", "4:1: 'take' is not known here (did you mean 'takes'?)"),
        ("takes: [order, parcels]", "takes: [Order]", "4:9: takes: 'Order' is no name"),
        ("takes: [order, parcels]", "takes: [link]", "4:9: takes: 'link' is given with every message"),
        ("[pl, en]", "[pl, en, Russian]", "3:21: 'Russian' is no language"),
        ("[pl, en]", "[pl, en, ru]", "8:3: text lacks ru: add it"),
        ("[pl, en]", "[pl]", "9:3: en is not among this template's languages (pl)"),
        ("template: order_sent", "template: Order sent", "1:11: template: a name of small letters"),
        ("drodze: {link}", "drodze: {link", "8:1: a { without its }"),
        ("parcels > 1", "parcels >", "11:14: when: the expression ends too early"),
        ("{when: parcels > 1, text:", "{text:", "11:7: a text, or {when: a condition"),
        ('pl: "Kliencie"', 'pl: " "', "5:12: the default of first_name is empty"),
        ('pl: "Kliencie", ', "", "5:24: the default lacks pl: add it"),
        ("https://shop.example/orders/", "shop.example/", "6:7: link: begin with https://, the host,"),
        ("https://shop.example/orders/", "javascript:", "6:7: link: begin with https://"),
        ("https://shop.example/orders/", "https://shop.example", "6:7: link: begin with https://, the host,"),
        ("jest w drodze: {link}", "jest w drodze", "6:1: the text (pl) does not say {link}: add it"),
        ('link: "https://shop.example/orders/{order}"\n', "", "7:3: the text (pl) says {link}: add link:"),
        ('href="{link}">{order}</a></p>\'', 'href="{order}">x</a></p>\'', "14:1: an address cannot begin"),
        ("{order} is on", "{order|shout} is on", "10:1: no filter is named 'shout'"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_line_and_remedy(old: str, new: str, told: str) -> None:
    assert old in ORDER
    lines = problems(ORDER.replace(old, new, 1))
    assert any(line.startswith(f"messages/order_sent.yaml:{told}") for line in lines), lines


def test_all_mistakes_at_once_in_order() -> None:
    lines = problems("purpose: x\nlanguages: [en]\ntext: ''\nhtlm: a\n")
    assert [line.split(":", 3)[1] for line in lines] == ["1", "1", "3", "4"]


def test_the_name_is_the_files() -> None:
    assert problems(ORDER, named="order") == [
        "messages/order_sent.yaml:1:11: the template is named 'order_sent' but its file 'order': "
        "give both one name"
    ]


def test_a_language_that_nothing_speaks_has_no_spoken_filters() -> None:
    load_template("template: a\npurpose: service\nlanguages: [de]\ntext: '{name|upper} {name}'", "a.yaml")
    with pytest.raises(SourceRejected, match="4:1: digits knows pl, en, ru, not de: leave it out"):
        load_template("template: a\npurpose: service\nlanguages: [de]\ntext: '{name|digits}'", "a.yaml")


@pytest.mark.parametrize(
    "text", ["", "[]", "a", "text: {en: [[a]]}", "languages: {a: b}\ntext: [a]", "\ud800", b"\xff"]
)
def test_what_is_no_template_is_refused_in_sentences(text: str | bytes) -> None:
    with pytest.raises(SourceRejected):
        load_template(text, "a.yaml")


@given(st.text(alphabet="template:purpose languages[]{}|'\"\n en,a-1>", max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    for whole in (text, f"template: a\npurpose: service\nlanguages: [en]\ntext: {text}"):
        try:
            load_template(whole, "a.yaml")
        except SourceRejected as refused:
            assert refused.problems  # noqa: PT017
