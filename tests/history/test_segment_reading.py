"""Queries of segments: what is wrong is told with its place and the remedy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.segment_reading import DEEPEST, QUESTIONS_MOST, Mistake, WrongQuery, query_of
from history.segments import All, ConsentOf, Field, Interactions, Not, Operator, Question


def test_a_query_is_read() -> None:
    written = {
        "all": [
            {"field": "country", "is": "pl"},
            {"not": {"consent": {"channel": "sms", "purpose": "marketing"}, "is": True}},
            {"interactions": {"channel": "call", "within_days": 30}, "at_least": 3},
        ]
    }
    assert query_of(written) == All(
        (
            Question(Field("country"), Operator.IS, "PL"),
            Not(Question(ConsentOf("sms", "marketing"), Operator.IS, True)),
            Question(Interactions("call", None, None, 30), Operator.AT_LEAST, 3),
        )
    )


@pytest.mark.parametrize(
    ("written", "place", "says"),
    [
        ([], "", "Write an object"),
        ({}, "", "Write one of: all, any, not, field"),
        ({"all": []}, "all", "Write a list of 1 to"),
        ({"all": [{"any": {}}]}, "all[0].any", "Write a list of 1 to"),
        ({"not": {"field": "x", "is": 1}}, "not.field", "Write one of: name, language"),
        ({"all": [], "any": []}, "", "Beside all nothing else"),
        ({"field": "country", "before": "PL"}, "before", "compared by one of: is, in, exists"),
        ({"field": "country"}, "", "by exactly one of: is, in, exists"),
        ({"field": "country", "is": "PL", "in": ["PL"]}, "", "by exactly one of"),
        ({"field": "country", "is": "Poland"}, "is", "by its two letters, as PL"),
        ({"field": "country", "in": "PL"}, "in", "Write a list"),
        ({"field": "country", "in": ["PL", 1]}, "in[1]", "Write a text"),
        ({"field": "created_at", "after": "yesterday"}, "after", "Write a date as 2026-11-21, or a time"),
        ({"field": "created_at", "after": "2026-11-21T16:05:00"}, "after", "a time as 2026-11-21T16:05:00Z"),
        ({"field": "lifetime_value", "at_least": 1.5}, "at_least", "whole number"),
        ({"field": "lifetime_value", "at_least": 10**400}, "at_least", "whole number"),
        ({"field": "lifetime_value", "is": True}, "is", "whole number"),
        ({"field": "do_not_contact", "is": "yes"}, "is", "Write true or false"),
        ({"field": "attribute.1st", "is": 1}, "field", "begins with a letter"),
        ({"field": "attribute.plan", "at_least": "x"}, "at_least", "Write a number"),
        ({"field": "attribute.plan", "is": [1]}, "is", "Write a text, true, false or a number"),
        ({"field": "attribute.plan", "is": float("nan")}, "is", "Write a text, true, false or a number"),
        ({"field": "tag", "is": "a\0b"}, "is", "Write a text"),
        ({"interactions": {"kind": "call"}, "is": 1}, "interactions.kind", "Only these can stand here"),
        ({"interactions": {"channel": "fax"}, "is": 1}, "interactions.channel", "Write one of: call"),
        ({"interactions": {"within_days": 0}, "is": 1}, "interactions.within_days", "1 to"),
        ({"consent": {"channel": "sms"}, "is": True}, "consent.purpose", "Write a text"),
        ({"consent": 1, "is": True}, "consent", "Write an object"),
    ],
)
def test_a_mistake_is_told_with_its_place(written: object, place: str, says: str) -> None:
    with pytest.raises(WrongQuery) as wrong:
        query_of(written)
    (mistake,) = wrong.value.mistakes
    assert mistake.place == place
    assert says in mistake.says


def test_all_mistakes_of_a_list_are_told() -> None:
    with pytest.raises(WrongQuery) as wrong:
        query_of({"any": [{"field": "tag", "is": ""}, {"field": "tag", "is": "x"}, {"field": "x"}]})
    assert [mistake.place for mistake in wrong.value.mistakes] == ["any[0].is", "any[2].field"]


def test_queries_have_limits() -> None:
    question: dict[str, object] = {"field": "tag", "is": "vip"}
    deep = question
    for _ in range(DEEPEST - 1):
        deep = {"not": deep}
    query_of(deep)
    with pytest.raises(WrongQuery, match="at most 8 deep"):
        query_of({"not": deep})
    many = {"all": [question] * QUESTIONS_MOST}
    query_of(many)
    with pytest.raises(WrongQuery, match="at most 100 questions"):
        query_of({"any": [many, question]})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "is", "in", "consent", "interactions", "x"]), inner
        )
    ),
    max_leaves=10,
)


@given(_JSON)
def test_any_json_is_read_or_refused(written: object) -> None:
    mistakes: tuple[Mistake, ...] = ()
    try:
        query_of(written)
    except WrongQuery as wrong:
        mistakes = wrong.mistakes
    else:
        return
    assert mistakes
    assert all(mistake.says for mistake in mistakes)
