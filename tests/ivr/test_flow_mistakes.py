"""One mistake, one message: ten kinds of mistakes planted together, and each alone in several places."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.reading.loader import FlowRejected, Known, load_flow

KNOWN = Known(
    hours=frozenset({"office"}),
    queues=frozenset({"orders"}),
    services=frozenset({"orders"}),
    campaigns=frozenset({"callbacks"}),
)

SOUND = """\
flow: wholesaler
languages: [pl, en]
use: {hours: [office], queues: [orders], services: [orders], campaigns: [callbacks]}
always: {agent: agents, trouble: agents, gone: left}
start: language
steps:
  language:
    menu:
      prompt: {pl: "Po polsku: jeden.", en: "For English, press 2."}
      choices:
        1: {hear: {pl: [polski]}, set: {language: pl}, next: opening}
        2: {hear: {en: [english]}, set: {language: en}, next: opening}
      attempts: 2
    otherwise: opening
  opening: {hours: office, open: main, closed: message, holiday: message}
  main:
    menu:
      prompt: {pl: "Zamówienia: jeden.", en: "Orders: one."}
      silent: {pl: "Nie słyszę.", en: "I can't hear you."}
      wait: 5s
      choices:
        1: {hear: {pl: [zamówienie, paczka], en: [order, parcel]}, next: number}
        2: {hear: {pl: [godziny], en: [hours]}, next: address}
        0: {hear: {pl: [konsultant], en: [agent]}, next: agents}
    otherwise: agents
  number:
    ask: {into: order, digits: 6, prompt: {pl: "Numer?", en: "The number?"}}
    next: lookup
    otherwise: agents
  lookup:
    webhook: {service: orders, get: "/orders/{order}", into: reply, timeout: 3s}
    next: status
    failed: agents
  status:
    say: {pl: "Zamówienie {order|digits}: {reply.status}.", en: "Order {order|digits}: {reply.status}."}
    next: late
  late:
    branch:
      - {when: 'reply.status == "late"', next: sorry}
    otherwise: bye
  sorry: {say: {pl: "Przepraszamy.", en: "We are sorry."}, next: bye}
  address: {say: {pl: "Adres jest na fakturze.", en: "The address is on the invoice."}, next: bye}
  agents:
    transfer: {to: "200", ring: 20s, prompt: {pl: "Łączę.", en: "One moment."}}
    next: bye
    busy: call_back
    no_answer: call_back
    refused: call_back
    failed: message
  call_back: {callback: {campaign: callbacks, within: 4h}, next: bye, unreachable: message, declined: message}
  message:
    voicemail: {box: orders, prompt: {pl: "Wiadomość?", en: "A message?"}, longest: 2m}
    next: bye
    empty: bye
  left: {set: {gone: "yes"}, next: bye}
  bye: {hangup: normal}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(FlowRejected) as rejected:
        load_flow(text, "f", known=KNOWN)
    return [str(problem) for problem in rejected.value.problems]


def planted(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the flow"
    return text.replace(old, new)


def place_of(text: str, mark: str) -> str:
    """line:column of the character after the mark."""
    before = text[: text.index(mark) + len(mark)]
    return f"f:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_the_flow_without_mistakes_loads() -> None:
    assert load_flow(SOUND, "f", known=KNOWN).name == "wholesaler"


# kind: (text, its replacement, what stands before the place that is told, words of the message)
ALONE: dict[str, list[tuple[str, str, str, str]]] = {
    "dangling next": [
        (
            "next: lookup",
            "next: lokup",
            "    next: ",
            "'lokup', which is not a step (did you mean 'lookup'?)",
        ),
        ("next: status", "next: statsu", "timeout: 3s}\n    next: ", "did you mean 'status'"),
        ("next: sorry}", "next: sory}", '"late"\', next: ', "did you mean 'sorry'"),
        (
            "en: [order, parcel]}, next: number",
            "en: [order, parcel]}, next: nubmer",
            "parcel]}, next: ",
            "did you",
        ),
        ("start: language", "start: langauge", "start: ", "start leads to 'langauge'"),
        ("trouble: agents", "trouble: agnets", "trouble: ", "always: 'trouble' leads to 'agnets'"),
        ("gone: left", "gone: lef", "gone: ", "always: 'gone' leads to 'lef'"),
        ("    next: lookup", "    next: nowhere", "    next: ", "'nowhere', which is not a step"),
        ("start: language", "start: begin", "start: ", "start leads to 'begin'"),
        ("gone: left", "gone: away", "gone: ", "always: 'gone' leads to 'away'"),
    ],
    "missing required outcome": [
        ("    next: status\n", "", "", "'next' is missing"),
        ("    failed: agents\n", "", "", "'failed' is missing"),
        ("sorry}\n    otherwise: bye", "sorry}", "", "'otherwise' is missing"),
        ("open: main, ", "", "", "'open' is missing"),
        ("otherwise: opening\n", "\n", "", "'otherwise' is missing"),
    ],
    "misspelt outcome": [
        ("    next: status", "    nxet: status", "", "no outcome 'nxet' (did you mean 'next'?)"),
        ("closed: message, h", "colsed: message, h", "", "did you mean 'closed'"),
        ("    otherwise: agents\n  number", "    othrwise: agents\n  number", "", "did you mean 'otherwise'"),
        ("    failed: message", "    faild: message", "", "did you mean 'failed'"),
        ("    next: lookup", "    then: lookup", "", "ask has no outcome 'then'"),
    ],
    "unreachable step": [
        ("  left: {set", "  lonely: {set: {a: b}, next: bye}\n  left: {set", "", "'lonely' is never reached"),
        ("  main:\n", "  lonely: {say: {pl: A, en: A}, next: main}\n  main:\n", "", "'lonely' is never"),
        ("  bye: {", "  lonely: {hangup: busy}\n  bye: {", "", "'lonely' is never reached"),
    ],
    "loop without the caller's turn": [
        ('We are sorry."}, next: bye', 'We are sorry."}, next: late', "", "goes round without the caller"),
        ('invoice."}, next: bye', 'invoice."}, next: address', "", "'address' -> 'address' goes round"),
        (
            'left: {set: {gone: "yes"}, next: bye',
            'left: {set: {gone: "yes"}, next: left',
            "",
            "'left' -> 'left'",
        ),
        ("holiday: message}", "holiday: opening}", "", "'opening' -> 'opening' goes round"),
    ],
    "missing language": [
        (', en: "I can\'t hear you."', "", "", "the text lacks en"),
        ('pl: "Numer?", ', "", "", "the text lacks pl"),
        (', en: "The address is on the invoice."', "", "", "the text lacks en"),
        ('{pl: "Łączę.", en: "One moment."}', '"One moment."', "", "a text in each language is wanted"),
    ],
    "strange language": [
        ("languages: [pl, en]", "languages: [pl, xx]", "[pl, ", "language 'xx' is not known"),
        ("languages: [pl, en]", "languages: [pl, en, de]", "[pl, en, ", "language 'de' is not known"),
        ("languages: [pl, en]", "languages: [pl, en, pl]", "[pl, en, ", "language 'pl' is named twice"),
        ("languages: [pl, en]\n", "", "", "'languages' is missing"),
        ("languages: [pl, en]", "langauges: [pl, en]", "", "did you mean 'languages'"),
        ("en: [hours]", "de: [hours]", "", "de is not among this flow's languages"),
    ],
    "unknown variable": [
        (
            '{order|digits}: {reply.status}.", en',
            '{oredr|digits}: {reply.status}.", en',
            "",
            "'oredr', which",
        ),
        ("'reply.status == ", "'rpely.status == ", "", "uses 'rpely', which nothing sets"),
        ('get: "/orders/{order}"', 'get: "/orders/{ordre}"', "", "uses 'ordre', which nothing sets"),
        ("into: order,", "into: oder,", "", "uses 'order', which nothing sets (did you mean 'oder'?)"),
        ("into: reply,", "into: rpely,", "", "uses 'reply', which nothing sets"),
    ],
    "not set on every way": [
        ("holiday: message", "holiday: status", "", "says 'order' and 'reply', which are not set when it"),
        ('address: {say: {pl: "Adres', 'address: {say: {pl: "{order} Adres', "", "by choice 2"),
    ],
    "a value of Python": [
        ('{reply.status}.", en', '{reply.__class__}.", en', "", "a name begins with a letter"),
        ("'reply.status ==", "'_scope ==", "", "a name begins with a letter"),
    ],
    "misspelt name of a step": [
        (
            "  bye: {hangup",
            "  byee: {hangup",
            "",
            "'bye', which is not a step (did you mean 'byee'?) (also in",
        ),
        ("  lookup:\n", "  lokup:\n", "", "did you mean 'lokup'"),
    ],
    "unknown names of the configuration": [
        ("hours: [office]", "hours: [offcie]", "hours: [", "'offcie' is not among `hours`"),
        (
            "hours: office,",
            "hours: ofice,",
            "opening: {hours: ",
            "hours 'ofice' does not stand in `use` (did you",
        ),
        ("service: orders", "service: odrers", "service: ", "webhook 'odrers' does not stand in `use`"),
        ("queues: [orders]", "queues: [oders]", "queues: [", "'oders' is not among `queues`"),
        ("campaign: callbacks", "campaign: callback", "campaign: ", "callback 'callback' does not stand"),
        ("campaigns: [callbacks]", "campaigns: [callback]", "", "'callback' is not among `campaigns`"),
        ("services: [orders], ", "", "", "write use: {services: [orders]}"),
    ],
    "duplicate key": [
        ("    next: lookup\n", "    next: lookup\n    next: agents\n", "", "'next' was already written"),
        ("wait: 5s\n", "wait: 5s\n      wait: 6s\n", "", "'wait' was already written"),
        ("        0: {hear", "        1: {next: agents}\n        0: {hear", "", "'1' was already written"),
        ("  left: {", "  main: {hangup: busy}\n  left: {", "", "'main' was already written"),
        ("start: language\n", "start: language\nstart: main\n", "", "'start' was already written"),
    ],
    "one phrase in two choices": [
        ("en: [hours]", "en: [Parcel]", "", "'Parcel' (en): choice 1 and choice 2 both hear it"),
        ("pl: [konsultant]", "pl: [paczka]", "", "choice 1 and choice 0 both hear it"),
        ("[order, parcel]", "[order, order]", "", "choice 1 hears it twice"),
    ],
    "unknown verb": [
        ("webhook: {s", "webhok: {s", "", "'webhok' is not a verb (did you mean 'webhook'?)"),
        ("    branch:", "    brnch:", "", "did you mean 'branch'"),
        ("    transfer: {", "    connect: {", "", "'connect' is not a verb"),
        ("  address: {say:", "  address: {sya:", "", "did you mean 'say'"),
        ("    ask: {into", "    aks: {into", "", "did you mean 'ask'"),
        ("  main:\n    menu:", "  main:\n    meun:", "", "did you mean 'menu'"),
    ],
    "bad duration": [
        ("wait: 5s", "wait: 5", "wait: ", "a duration with its unit is wanted"),
        ("ring: 20s", "ring: soon", "ring: ", "a duration with its unit is wanted"),
        ("longest: 2m", "longest: 2 minutes", "longest: ", "a duration with its unit is wanted"),
        ("within: 4h", "within: 4 h.", "within: ", "a duration with its unit is wanted"),
    ],
    "misspelt field": [
        ("      silent: {", "      slient: {", "", "'slient' is not known here (did you mean 'silent'?)"),
        ("box: orders", "bxo: orders", "", "(did you mean 'box'?)"),
        ("ask: {into: order", "ask: {intoo: order", "", "(did you mean 'into'?)"),
        ("parcel]}, next: number", "parcel]}, nxt: number", "", "(did you mean 'next'?)"),
        ('prompt: {pl: "Zam', 'promt: {pl: "Zam', "", "(did you mean 'prompt'?)"),
    ],
    "misspelt head": [
        ("start: language", "strat: language", "", "(did you mean 'start'?)"),
        ("always: {", "alwyas: {", "", "(did you mean 'always'?)"),
        ("always: {agent:", "always: {agnet:", "", "(did you mean 'agent'?)"),
        ("steps:\n", "stpes:\n", "", "(did you mean 'steps'?)"),
        ("use: {hours", "use: {huors", "", "(did you mean 'hours'?)"),
        ("flow: wholesaler", "folw: wholesaler", "", "(did you mean 'flow'?)"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "number"), [(kind, number) for kind, cases in ALONE.items() for number in range(len(cases))]
)
def test_one_mistake_is_one_message(kind: str, number: int) -> None:
    old, new, mark, words = ALONE[kind][number]
    text = planted(SOUND, old, new)
    told = problems(text)
    assert len(told) == 1, "\n".join(told)
    assert words in told[0]
    if mark:
        assert told[0].startswith(place_of(text, mark) + ": ")


TEN = [
    ("start: language", "start: language\nstart: main"),  # a key twice
    ("hours: [office], queues: [orders]", "hours: [office], queues: [oders]"),
    ("next: lookup", "next: lokup"),
    ("    failed: agents\n", ""),
    ("  left: {set", "  lonely: {hangup: busy}\n  left: {set"),
    ('invoice."}, next: bye', 'invoice."}, next: address'),
    ('pl: "Numer?", ', ""),
    ("'reply.status == ", "'rpely.status == "),
    ("pl: [konsultant]", "pl: [paczka]"),
    ("voicemail: {box", "voicemial: {box"),
    ("ring: 20s", "ring: 20"),
    ("    busy: call_back", "    bsy: call_back"),
]


def test_every_planted_mistake_is_told_at_its_line_and_column_and_nothing_else() -> None:
    text = SOUND
    for old, new in TEN:
        text = planted(text, old, new)
    expected = [
        place_of(text, "queues: ["),
        place_of(text, "start: language\n"),
        place_of(text, "        0: {hear: {pl: ["),
        place_of(text, "ask: {into: order, digits: 6, prompt: "[:-8]),
        place_of(text, 'The number?"}}\n    next: '),
        place_of(text, "next: lokup\n    otherwise: agents\n  "),
        place_of(text, "      - {when: "),
        place_of(text, 'invoice."}, next: '),
        place_of(text, "ring: "),
        place_of(text, "next: bye\n    bsy: call_back"[:14]),
        place_of(text, "  message:\n    "),
        place_of(text, "longest: 2m}\n    next: bye\n    empty: bye\n  "),
    ]
    assert [problem.split(": ")[0] for problem in problems(text)] == expected


OTHER_WORDS = {"subflow", "return", "with", "'", "{caller.__class__}"}
WORDS = sorted({*re.findall(r"[a-z_]+|[{}\[\]:,]", SOUND), *OTHER_WORDS})


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["drop", "double", "replace"]), st.sampled_from(WORDS)),
        min_size=1,
        max_size=4,
    )
)
def test_however_a_flow_is_spoilt_it_is_loaded_or_refused_with_places(
    changes: list[tuple[float, str, str]],
) -> None:
    pieces = re.findall(r"\w+|\s+|[^\w\s]", SOUND)
    for where, what, word in changes:
        at = min(int(where * len(pieces)), len(pieces) - 1)
        pieces[at : at + 1] = {"drop": [], "double": [pieces[at]] * 2, "replace": [word]}[what] or [""]
    text = "".join(pieces)
    try:
        flow = load_flow(text, "f", known=KNOWN)
    except FlowRejected as rejected:
        lines = text.count("\n") + 2
        assert rejected.problems  # noqa: PT017
        assert all(1 <= p.line <= lines and p.column >= 1 and p.message for p in rejected.problems)  # noqa: PT017
    else:
        assert flow.start in flow.steps
        for step in flow.steps.values():
            assert set(step.outcomes.values()) <= set(flow.steps)
