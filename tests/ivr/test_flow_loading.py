"""Every way in which a flow can be wrong, told with its exact place and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from flows import HEAD, load, small

from ivr.reading.loader import MOST_STEPS, FlowRejected, FlowText, load_flow
from ivr.steps.verbs import VERBS

HOTLINE = Path(__file__).parents[2] / "callflows" / "hotline.yaml"


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(FlowRejected) as rejected:
        load_flow(text, "f")
    return [str(problem) for problem in rejected.value.problems]


def of_steps(steps: str, head: str = HEAD) -> list[str]:
    """The problems of small(steps); the first step is written in line 6."""
    return problems(small(steps, head))


STEP_PROBLEMS = {
    "dangling outcome": (
        "  first: {say: Hi, next: perso}",
        "f:6:26: step 'first' leads to 'perso', which is not a step (did you mean 'person'?)",
    ),
    "dangling choice": (
        "  first: {menu: {prompt: Hi, choices: {1: {next: nowhere}}}, otherwise: bye}",
        "f:6:50: step 'first' leads to 'nowhere', which is not a step",
    ),
    "dangling case": (
        "  first:\n    branch:\n      - {when: caller, next: byee}\n    otherwise: bye",
        "f:8:30: step 'first' leads to 'byee', which is not a step (did you mean 'bye'?)",
    ),
    "missing required outcome": (
        "  first: {say: Hi}",
        "f:6:3: step 'first': 'next' is missing: the step that say leads to",
    ),
    "menu without otherwise": (
        "  first: {menu: {prompt: Hi, choices: {1: {next: bye}}}}",
        "f:6:3: step 'first': 'otherwise' is missing: the step that menu leads to",
    ),
    "outcome of another verb": (
        "  first: {say: Hi, next: bye, busy: bye}",
        "f:6:31: step 'first': say has no outcome 'busy'; it has next",
    ),
    "misspelt outcome": (
        "  first: {say: Hi, nex: bye}",
        "f:6:20: step 'first': say has no outcome 'nex' (did you mean 'next'?)",
    ),
    "outcome without a step": (
        "  first: {say: Hi, next: }",
        "f:6:26: step 'first': 'next' names the next step",
    ),
    "unreachable": (
        "  first: {say: Hi, next: bye}\n  lonely: {say: Hm, next: bye}",
        "f:7:3: step 'lonely' is never reached: lead to it or delete it",
    ),
    "round of one": (
        "  first: {say: Hi, next: first}",
        "f:6:26: 'first' -> 'first' goes round without the caller doing anything: lead out of it",
    ),
    "round of a silent caller": (
        "  first: {menu: {prompt: Hi, choices: {1: {next: bye}}}, otherwise: again}\n"
        "  again: {say: Hm, next: first}",
        "f:6:69: 'first' -> 'again' -> 'first' goes round without the caller doing anything: lead out of it",
    ),
    "unknown verb": (
        "  first: {sya: Hi, next: bye}",
        "f:6:11: step 'first': 'sya' is not a verb (did you mean 'say'?)",
    ),
    "no verb": ("  first: {next: bye}", f"f:6:3: step 'first': has no verb; there are {', '.join(VERBS)}"),
    "two verbs": (
        "  first: {say: Hi, hangup: normal, next: bye}",
        "f:6:20: step 'first': two verbs, say and hangup: make it two steps",
    ),
    "not a step": ("  first: Hello", "f:6:10: step 'first': a step is one verb and where its outcomes lead"),
    "duplicate key": (
        "  first: {say: Hi, next: bye, next: person}",
        "f:6:31: 'next' was already written in line 6",
    ),
    "unknown field": (
        "  first: {menu: {promt: Hi, prompt: Hi, choices: {1: {next: bye}}}, otherwise: bye}",
        "f:6:18: step 'first': 'promt' is not known here (did you mean 'prompt'?)",
    ),
    "missing field": (
        "  first: {menu: {choices: {1: {next: bye}}}, otherwise: bye}",
        "f:6:17: step 'first': 'prompt' is missing",
    ),
    "unknown variable": (
        '  first: {say: "No. {ordr}", next: second}\n  second: {set: {order: "1"}, next: bye}',
        "f:6:16: step 'first' uses 'ordr', which nothing sets (did you mean 'order'?)",
    ),
    "unknown variable in a condition": (
        "  first: {branch: [{when: urgent, next: bye}], otherwise: bye}",
        "f:6:27: step 'first' uses 'urgent', which nothing sets",
    ),
    "variable not set on every way": (
        "  first:\n    ask: {prompt: Hi, into: order, digits: 6}\n    next: told\n    otherwise: told\n"
        '  told: {say: "No. {order}", next: bye}',
        "f:10:15: step 'told' says 'order', which is not set when it is reached from 'first' by otherwise",
    ),
    "same phrase twice": (
        "  first:\n    menu:\n      prompt: Hi\n      choices:\n"
        "        1: {hear: {en: [order]}, next: bye}\n        2: {hear: {en: [parcel, Order!]}, next: bye}\n"
        "    otherwise: bye",
        "f:11:33: step 'first': 'Order!' (en): choice 1 and choice 2 both hear it: keep one",
    ),
    "a phrase twice in a choice": (
        "  first: {menu: {prompt: Hi, choices: {1: {hear: {en: [a, a]}, next: bye}}}, otherwise: bye}",
        "f:6:59: step 'first': 'a' (en): choice 1 hears it twice: keep one",
    ),
    "phrase without words": (
        "  first: {menu: {prompt: Hi, choices: {1: {hear: {en: ['?']}, next: bye}}}, otherwise: bye}",
        "f:6:44: step 'first': 'hear': '?' has no word in it",
    ),
    "phrases in a strange language": (
        "  first: {menu: {prompt: Hi, choices: {1: {hear: {de: [ja]}, next: bye}}}, otherwise: bye}",
        "f:6:44: step 'first': 'hear': de is not among this flow's languages (en)",
    ),
    "choice that is no key": (
        "  first: {menu: {prompt: Hi, choices: {x: {next: bye}}}, otherwise: bye}",
        "f:6:40: step 'first': 'x': 'x' is not written as it must be: one to eight digits, \"*\" or \"#\"",
    ),
    "bad expression": (
        "  first: {branch: [{when: caller = 1, next: bye}], otherwise: bye}",
        "f:6:27: step 'first': 'when': '=' has no meaning here; compare with == (at character 8)",
    ),
    "bad text": (
        '  first: {say: "No. {caller", next: bye}',
        "f:6:16: step 'first': 'en': a { without its }; write {{ for the sign itself (at character 5)",
    ),
    "empty text": ("  first: {say: '', next: bye}", "f:6:16: step 'first': 'en': this text is empty"),
    "bad duration": (
        "  first: {menu: {prompt: Hi, wait: 5, choices: {1: {next: bye}}}, otherwise: bye}",
        "f:6:36: step 'first': 'wait': a duration with its unit is wanted here, such as 5s, 2m or 4h",
    ),
    "attempts out of range": (
        "  first: {menu: {prompt: Hi, attempts: 0, choices: {1: {next: bye}}}, otherwise: bye}",
        "f:6:40: step 'first': 'attempts': at least 1 is wanted here",
    ),
    "digits the wrong way round": (
        "  first: {ask: {prompt: Hi, into: x, digits: {least: 5, most: 3}}, next: bye}",
        "f:6:38: step 'first': 'digits': least 5 is more than most 3",
    ),
    "variable name": (
        "  first: {ask: {prompt: Hi, into: Order No, digits: 3}, next: bye}",
        "f:6:35: step 'first': 'into': 'Order No' is not written as it must be: "
        "up to 40 small letters, digits and _, a letter first",
    ),
    "a fact is not set": (
        "  first: {set: {caller: '1'}, next: bye}",
        "f:6:17: step 'first': 'caller': this is a fact of the call and cannot be changed",
    ),
    "unknown language set": (
        "  first: {set: {language: de}, next: bye}",
        "f:6:16: step 'first': 'values': language 'de' is not among en",
    ),
    "bad number": (
        "  first: {transfer: bob, next: bye, busy: bye, no_answer: bye, refused: bye, failed: bye}",
        "f:6:21: step 'first': 'to': 'bob' is not a number: digits, with + before a country code",
    ),
    "bad box": (
        "  first: {voicemail: {box: ../etc}, next: bye}",
        "f:6:28: step 'first': 'box': '../etc' is not written as it must be: "
        "up to 40 small letters, digits, - and _",
    ),
    "bad sound": (
        "  first: {play: ../secret, next: bye}",
        "f:6:17: step 'first': 'file': '../secret' is not written as it must be: "
        "letters, digits, - and _, in three folders at most",
    ),
    "bad hangup": (
        "  first: {hangup: rudely}",
        "f:6:19: step 'first': 'reason': input should be 'normal', 'busy' or 'congestion'",
    ),
    "hangup leads nowhere": (
        "  first: {hangup: normal, next: bye}",
        "f:6:27: step 'first': hangup has no outcome 'next'; it has none",
    ),
}


@pytest.mark.parametrize("name", STEP_PROBLEMS)
def test_one_problem_is_told_once_with_its_place(name: str) -> None:
    steps, expected = STEP_PROBLEMS[name]
    assert of_steps(steps) == [expected]


def test_a_text_must_have_every_language() -> None:
    head = HEAD.replace("[en]", "[en, pl]")
    assert of_steps("  first: {say: {en: Hi}, next: bye}", head) == [
        "f:6:16: step 'first': 'text': the text lacks pl: add it",
        "f:8:16: step 'sorry': 'text': a text in each language is wanted here: {en: …, pl: …}",
    ]
    assert (
        "de is not among this flow's languages (en, pl)"
        in of_steps("  first: {say: {en: Hi, pl: Cześć, de: Hallo}, next: bye}", head)[0]
    )


START = "start: first"
HEAD_PROBLEMS = [
    ("flow: small\n", "", "f:1:1: 'flow' is missing: a name is wanted"),
    ("languages: [en]\n", "", "f:1:1: 'languages' is missing: for example languages: [pl, en]"),
    ("[en]", "en", "f:2:12: 'languages' is a list such as [pl, en]"),
    ("[en]", "[en, de]", "f:2:17: language 'de' is not known here; there are en, pl, ru"),
    ("[en]", "[en, en]", "f:2:17: language 'en' is named twice"),
    (START + "\n", "", "f:1:1: 'start' is missing: the name of the first step"),
    (START, "start: frist", "f:4:8: start leads to 'frist', which is not a step (did you mean 'first'?)"),
    (
        "always: {agent: person, trouble: sorry}\n",
        "",
        "f:1:1: 'always' is missing: {agent: STEP, trouble: STEP}, where a person takes over",
    ),
    ("agent: person, ", "", "f:3:9: always: 'agent' is missing: the step it leads to"),
    (
        "agent: person",
        "agent: persona",
        "f:3:17: always: 'agent' leads to 'persona', which is not a step (did you mean 'person'?)",
    ),
    ("{agent", "{agnet: x, agent", "f:3:10: 'agnet' is not a key of always (did you mean 'agent'?)"),
    (START, "strat: x\n" + START, "f:4:1: 'strat' is not a key of a flow (did you mean 'start'?)"),
    (START, "use: {queue: [a]}\n" + START, "f:4:7: 'queue' is not a key of use (did you mean 'queues'?)"),
    (
        START,
        "tests: [{test: a, caller: [{dails: 1}]}]\n" + START,
        "f:4:29: 'dails' is not a caller's act (did you mean 'dials'?)",
    ),
    (
        START,
        "tests: [{caller: [{dials: 1}]}]\n" + START,
        "f:4:9: 'test' is missing: say in a few words what is tested",
    ),
    (
        START,
        "tests: [{test: a}]\n" + START,
        "f:4:9: a test's 'caller' is a list of acts, such as [{dials: 1}, {ends: hangup}]",
    ),
    (START, "tests: all\n" + START, "f:4:8: 'tests' is a list of tests"),
]


@pytest.mark.parametrize(("old", "new", "expected"), HEAD_PROBLEMS)
def test_problems_of_the_head(old: str, new: str, expected: str) -> None:
    assert old in HEAD
    found = of_steps("  first: {say: Hi, next: person}", HEAD.replace(old, new))
    assert expected in found
    # What hangs on a missing piece of the head may follow; nothing else does.
    assert all("person" in p or "sorry" in p or "first" in p for p in found if p != expected)


def test_steps_are_a_table() -> None:
    wanted = "'steps' is missing: a table of each step's name and what it does"
    assert problems(HEAD.removesuffix("steps:\n")) == [f"f:1:1: {wanted}"]
    assert problems(HEAD + "  - a\n") == [f"f:6:3: {wanted}"]
    assert problems("- a") == ["f:1:1: a flow is a table of keys: flow, languages, always, start, steps"]
    assert "the file is empty" in problems(b"")[0]


def test_a_caller_who_has_hung_up_is_asked_nothing() -> None:
    head = HEAD.replace("sorry}", "sorry, gone: left}")
    steps = "  first: {say: Hi, next: bye}\n  left: {set: {x: '1'}, next: %s}"
    assert load(steps % "bye", head).always.gone == "left"
    assert of_steps(steps % "sorry", head) == [
        "f:9:3: step 'sorry' needs a caller, but always.gone ('left') leads to it when the caller has "
        "hung up: lead elsewhere"
    ]


def test_trouble_that_leads_to_itself_is_warned_of() -> None:
    head = HEAD.replace("trouble: sorry", "trouble: first")
    steps = '  first: {transfer: "201", next: sorry, no_answer: bye, refused: bye, failed: bye}'
    (warning,) = load(steps, head).warnings
    assert str(warning) == (
        "small.yaml:6:3: 'first' -> 'first' goes round without the caller doing anything, because 'busy' of "
        "'first' is not written and leads to always.trouble; the call is given up after two rounds: "
        "lead out of it"
    )


def test_an_unlisted_outcome_leads_to_trouble() -> None:
    flow = load("  first: {voicemail: {box: a}, next: person}")
    assert flow.steps["first"].outcomes == {"next": "person", "empty": "sorry"}


MISTAKES = """
  first:
    menu:
      prompt: "Press 1 for {nobody}."
      promt: Hi
      choices:
        1: {hear: {en: [order]}, next: lokup}
        2: {hear: {en: [order]}, next: second}
    otherwise: bye
  second: {say: "Hello {caller", next: lookup}
  lookup: {sai: Hi, next: third}
  third: {say: "Hi {ordr}", next: forth}
  fourth: {ask: {prompt: Which?, into: order, digits: x}, next: fifth}
  fifth: {menu: {prompt: A, choices: {1: {hear: {en: a}, next: third}, 2: {hear: {en: a}, next: sixth}}}}
  sixth: {branch: [{when: order ==, next: bye}], otherwise: seventh}
  seventh: {voicemail: {box: Box}, nxt: bye, next: bye}
  eighth: {hangup: normal}
"""


def test_all_planted_mistakes_are_told_at_once_and_nothing_else() -> None:
    assert [problem.split(": ")[0].removeprefix("f:") for problem in of_steps(MISTAKES)] == [
        "8:15",  # {nobody}
        "9:7",  # promt
        "11:40",  # lokup
        "12:25",  # order twice
        "14:17",  # {caller without }
        "15:12",  # sai
        "16:16",  # ordr
        "16:35",  # forth
        "17:55",  # digits: x
        "18:3",  # fifth has no otherwise
        "18:87",  # a twice
        "19:27",  # ==
        "20:30",  # Box
        "20:36",  # nxt
        "21:3",  # eighth is never reached
    ]


def test_the_version_is_the_content() -> None:
    text = small("  first: {say: Hi, next: person}")
    flow = load_flow(text, "a.yaml")
    assert len(flow.version) == 12
    assert int(flow.version, 16) >= 0
    assert load_flow(text.encode(), "b.yaml").version == flow.version
    assert load_flow(text + "# remark\n", "a.yaml").version != flow.version


def test_too_many_steps_are_refused() -> None:
    steps = "\n".join(f"  s{n}: {{set: {{x: '1'}}, next: s{n + 1}}}" for n in range(10_000))
    assert of_steps(steps) == [f"f:6:3: 10,003 steps: more than {MOST_STEPS:,}; split the flow"]


def test_a_long_flow_needs_no_deep_stack() -> None:
    steps = "  first: {set: {x: '1'}, next: s0}\n" + "\n".join(
        f"  s{n}: {{set: {{x: '1'}}, next: {f's{n + 1}' if n < 989 else 'person'}}}" for n in range(990)
    )
    assert len(load(steps).steps) == 994


def test_the_hotline_loads_and_tells_what_it_needs() -> None:
    flow = load_flow(HOTLINE.read_bytes(), "hotline.yaml")
    assert flow.languages == ("pl", "en", "ru")
    prompts = flow.prompts()
    assert len(set(prompts)) == len(prompts)
    assert ("For English, press 2.", "en") in prompts
    assert not [text for text, _ in prompts if "{" in text]
    phrases = dict(flow.phrases()["en"])
    line = HOTLINE.read_text().splitlines()[phrases["parcel"] - 1]
    assert "parcel" in line
    assert [number for number, _ in flow.numbers()] == ["200"]
    assert [box for box, _ in flow.mailboxes()] == ["hotline"]


def test_tests_and_uses_are_kept() -> None:
    head = HEAD.replace(
        "start:",
        "use: {hours: [office], queues: [orders]}\n"
        "tests:\n  - {test: one, given: {person: busy}, caller: [{dials: 1}, {ends: hangup}]}\nstart:",
    )
    flow = load("  first: {say: Hi, next: person}", head)
    assert flow.uses == {"hours": ("office",), "queues": ("orders",)}
    assert len(flow.tests) == 1


def beside(path: Path) -> dict[str, FlowText]:
    return {other.stem: FlowText(other.name, other.read_bytes()) for other in path.parent.glob("*.yaml")}


@pytest.mark.parametrize("path", sorted(HOTLINE.parent.glob("*.yaml")), ids=lambda path: path.name)
def test_every_flow_that_is_shipped_loads(path: Path) -> None:
    assert load_flow(path.read_bytes(), path.name, others=beside(path)).steps
