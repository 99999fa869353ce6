"""A menu: keys, speech, silence, unclear answers, and the words that work everywhere."""

from __future__ import annotations

from flows import HEAD, load
from stage import Stage, kinds

from ivr.commands import Listen, Say, StopListening, StopSaying, Transfer
from ivr.events import Heard, KeyPressed, SpeechBegan, Spoken, TimePassed

MENU = """
  first:
    menu:
      prompt: Choose.
      silent: Hello?
      unclear: [Sorry?, "Press 1 or 2."]
      choices:
        1: {hear: {en: [order, my order]}, set: {what: "order"}, next: one}
        2: {hear: {en: [parcel]}, next: two}
    otherwise: lost
  one: {say: One., next: second}
  two: {say: Two., next: bye}
  second: {menu: {prompt: More?, choices: {1: {next: bye}, "#": {next: two}}}, otherwise: bye}
  lost: {say: Lost., next: bye}
"""


def test_it_listens_before_it_speaks() -> None:
    stage = Stage(load(MENU))
    listen, say = [c for c in stage.commands if isinstance(c, Listen | Say)]
    assert isinstance(listen, Listen)
    assert isinstance(say, Say)
    assert say.interrupt
    assert listen.phrases["en"][:3] == ("order", "my order", "parcel")
    assert {"repeat", "back", "agent"} <= set(listen.phrases["en"])
    assert not listen.sequence


def test_a_key_interrupts_and_chooses_at_once() -> None:
    stage = Stage(load(MENU))
    commands = stage.keys("1")
    assert kinds(commands) == [StopSaying, StopListening, Say]
    assert stage.said == "One."
    assert stage.notes("said")[0] == {
        "text": "Choose.",
        "language": "en",
        "interrupted": True,
        "seconds": 0.1,
    }
    assert stage.notes("key_pressed") == [{"key": "1"}]
    assert stage.notes("understood") == [{"step": "first", "choice": "1", "by": "key", "confidence": 1.0}]
    assert stage.notes("value_set") == [{"name": "what", "value": "order"}]


def test_speech_interrupts_as_it_begins() -> None:
    stage = Stage(load(MENU))
    assert kinds(stage.tell(SpeechBegan())) == [StopSaying]
    assert kinds(stage.tell(Heard("My Order.", "en", 0.9, 0.5, 1.2))) == [StopListening, Say]
    assert stage.notes("heard") == [
        {"text": "My Order.", "confidence": 0.9, "seconds": 1.2, "language": "en"}
    ]
    assert stage.notes("understood")[0]["by"] == "speech"


def test_silence_is_counted_from_the_end_of_the_prompt() -> None:
    stage = Stage(load(MENU))
    assert stage.due() == 300.0
    stage.spoken(after=8)
    assert stage.due() == 5.0
    assert stage.tell(TimePassed(), 4.9) == ()
    assert kinds(stage.tell(TimePassed(), 0.1)) == [Say]
    assert stage.said == "Hello? Choose."
    assert stage.notes("not_understood") == [{"step": "first", "why": "silent", "attempt": 1}]


def test_unclear_answers_get_the_next_words_each_time() -> None:
    stage = Stage(load(MENU))
    stage.hear("")
    assert stage.said == "Sorry?"
    stage.spoken()
    stage.keys("7")
    assert stage.said == "Press 1 or 2."
    stage.hear("nonsense")
    assert stage.said == "Lost."
    assert [n["attempt"] for n in stage.notes("not_understood")] == [1, 2, 3]


def test_silence_and_unclear_answers_are_counted_together() -> None:
    stage = Stage(load(MENU))
    stage.hear("")
    for expected in ("Hello? Choose.", "Lost."):
        stage.spoken()
        stage.time_out()
        assert stage.said == expected


def test_without_words_of_its_own_the_built_in_ones_are_said() -> None:
    stage = Stage(load("  first: {menu: {prompt: Choose., choices: {1: {next: bye}}}, otherwise: person}"))
    stage.spoken()
    stage.time_out()
    assert stage.said == "I can't hear you. Choose."
    stage.hear("")
    assert stage.said == "Sorry, I didn't get that. Choose."


def test_attempts_and_wait_are_settable() -> None:
    steps = (
        "  first: {menu: {prompt: C, wait: 8s, attempts: 1, choices: {1: {next: bye}}}, otherwise: person}"
    )
    stage = Stage(load(steps))
    stage.spoken()
    assert stage.due() == 8.0
    stage.time_out()
    assert stage.path == ["first", "person"]


def test_speech_that_never_ends_is_unclear() -> None:
    stage = Stage(load(MENU))
    stage.tell(SpeechBegan())
    stage.time_out()
    assert stage.said == "Sorry?"


def test_zero_and_words_lead_to_a_person() -> None:
    for act in ("0", "agent"):
        stage = Stage(load(MENU))
        commands = stage.keys(act) if act == "0" else stage.hear(act)
        assert stage.path == ["first", "person"]
        assert kinds(commands)[-1] is Transfer
        assert stage.notes("understood")[0]["choice"] == "agent"


def test_a_choice_goes_before_the_words_that_work_everywhere() -> None:
    steps = (
        "  first: {menu: {prompt: C, choices: {0: {hear: {en: agent}, next: mine}}}, otherwise: bye}\n"
        "  mine: {say: Mine., next: person}"
    )
    for act in ("0", "agent"):
        stage = Stage(load(steps))
        _ = stage.keys(act) if act == "0" else stage.hear(act)
        assert stage.said == "Mine."


def test_repeat_says_it_again_and_costs_nothing() -> None:
    stage = Stage(load(MENU))
    stage.hear("repeat")
    assert stage.said == "Choose."
    stage.keys("*")
    assert stage.said == "Choose."
    assert stage.path == ["first"]
    assert stage.notes("not_understood") == []


def test_back_leads_to_the_turn_before() -> None:
    stage = Stage(load(MENU))
    stage.keys("1")
    stage.spoken()
    assert stage.said == "More?"
    stage.hear("go back")
    assert stage.said == "Choose."
    stage.hear("back")
    assert stage.path == ["first", "one", "second", "first", "first"]


LONG = """
  first:
    menu:
      prompt: Extension?
      choices: {1: {next: one}, 12: {next: twelve}, 2: {next: bye}, 345: {next: bye}}
    otherwise: bye
  one: {say: One., next: bye}
  twelve: {say: Twelve., next: bye}
"""


def test_a_key_that_may_be_the_beginning_of_more_waits() -> None:
    stage = Stage(load(LONG))
    stage.keys("1")
    assert stage.due() == 2.0
    stage.time_out()
    assert stage.said == "One."


def test_hash_ends_the_waiting() -> None:
    stage = Stage(load(LONG))
    stage.keys("1#")
    assert stage.said == "One."


def test_the_longest_choice_acts_at_once() -> None:
    stage = Stage(load(LONG))
    stage.keys("12")
    assert stage.said == "Twelve."


def test_half_a_choice_is_unclear() -> None:
    stage = Stage(load(LONG))
    stage.keys("34")
    assert stage.due() == 2.0
    stage.time_out()
    assert stage.said == "Sorry, I didn't get that. Extension?"
    stage.keys("39")
    assert [n["why"] for n in stage.notes("not_understood")] == ["unclear", "unclear"]


def test_a_hash_after_a_choice_belongs_to_it() -> None:
    stage = Stage(load(MENU))
    stage.keys("1#")
    assert stage.said == "One."  # and the hash has not cut it short
    stage.spoken()
    stage.tell(KeyPressed("#"), 5.0)
    assert stage.path[-1] == "two"  # later it is a choice of its own


def test_keys_pressed_ahead_are_kept_for_the_next_steps() -> None:
    stage = Stage(load(MENU))
    stage.keys("11")
    assert stage.path == ["first", "one", "second", "bye"]
    assert stage.dialogue.ended


def test_keys_ahead_are_forgotten_after_a_mistake() -> None:
    stage = Stage(load(MENU.replace("say: One.", "say: {text: One., interrupt: false}")))
    stage.keys("1")
    stage.keys("91")
    stage.spoken()
    assert stage.said == "Sorry, I didn't get that. More?"
    stage.spoken()
    assert stage.path[-1] == "second"
    assert [n["key"] for n in stage.notes("key_pressed")] == ["1", "9"]


def test_without_interruption_nobody_is_heard_until_the_end() -> None:
    stage = Stage(load(MENU.replace("prompt: Choose.", "prompt: Choose.\n      interrupt: false")))
    assert stage.ears is None
    assert stage.say is not None
    assert not stage.say.interrupt
    assert stage.tell(SpeechBegan()) == stage.tell(Heard("order", "en")) == stage.keys("1") == ()
    commands = stage.spoken()
    assert kinds(commands)[0] is Listen
    assert stage.path == ["first", "one"]  # the key was kept
    stage = Stage(load(MENU.replace("prompt: Choose.", "prompt: Choose.\n      interrupt: false")))
    stage.spoken()
    stage.time_out()
    assert stage.ears is None  # asked again, again without being heard


def test_unsure_is_asked_back() -> None:
    for confidence, margin in ((0.5, 1.0), (0.9, 0.01)):
        stage = Stage(load(MENU))
        stage.hear("order", confidence=confidence, margin=margin)
        assert (
            stage.said == "Did you say order? If that's right, say yes or press 1. If not, say no or press 2."
        )
        assert stage.ears is not None
        assert "yes" in stage.ears.phrases["en"]
        stage.hear("yes")
        assert stage.path == ["first", "one"]
        assert stage.notes("understood")[0]["confidence"] == confidence


def test_no_asks_the_question_again() -> None:
    stage = Stage(load(MENU))
    for _ in range(2):
        stage.hear("order", confidence=0.5)
        stage.keys("2")
        assert stage.said == "Choose."
        assert stage.ears is not None
        assert "order" in stage.ears.phrases["en"]
    stage.hear("order", confidence=0.5)
    stage.hear("no")
    assert stage.said == "Lost."


def test_asking_back_can_be_repeated_left_and_failed() -> None:
    stage = Stage(load(MENU))
    stage.hear("order", confidence=0.5)
    stage.hear("repeat")
    assert stage.said.startswith("Did you say order?")
    stage.spoken()
    stage.time_out()
    assert stage.said.startswith("Hello? Did you say order?")
    stage.keys("5")
    assert stage.said.startswith("Sorry, I didn't get that. Did you say order?")
    stage.keys("*")
    assert stage.said == "Choose."
    stage.hear("parcel", confidence=0.5)
    stage.keys("0")
    assert stage.path == ["first", "person"]


def test_hardly_anything_understood_is_unclear() -> None:
    stage = Stage(load(MENU))
    stage.hear("order", confidence=0.39)
    assert stage.said == "Sorry?"


LANGUAGES = """
flow: two
languages: [pl, en]
always: {agent: bye, trouble: bye}
start: first
steps:
  first:
    menu:
      prompt: {pl: Po polsku 1., en: English 2.}
      choices:
        1: {hear: {pl: polski}, set: {language: pl}, next: hello}
        2: {hear: {en: english}, set: {language: en}, next: hello}
    otherwise: hello
  hello: {say: {pl: "Dzień dobry, {caller}.", en: "Hello, {caller}, {language}."}, next: bye}
  bye: {hangup: normal}
"""


def test_before_a_language_is_chosen_all_are_spoken_and_heard() -> None:
    from ivr.reading.loader import load_flow

    stage = Stage(load_flow(LANGUAGES, "two.yaml"), {"caller": "+48220000001"})
    assert stage.said == "Po polsku 1. English 2."
    assert stage.ears is not None
    assert "polski" in stage.ears.phrases["pl"]
    assert "english" in stage.ears.phrases["en"]
    assert stage.notes("language_chosen") == []
    stage.hear("english", lang="en")
    assert stage.said == "Hello, +48220000001, en."
    assert [(n["text"], n["language"]) for n in stage.notes("said")] == [
        ("Po polsku 1.", "pl"),
        ("English 2.", "en"),
    ]
    assert stage.notes("language_chosen") == [{"language": "en"}]
    assert stage.dialogue.language == "en"


def test_the_only_language_is_chosen_from_the_start() -> None:
    stage = Stage(load(MENU, HEAD))
    assert stage.notes("language_chosen") == [{"language": "en"}]
    assert stage.notes("flow_started")[0]["flow"] == "small"


def test_stale_reports_mean_nothing() -> None:
    stage = Stage(load(MENU))
    stage.keys("1")
    assert stage.tell(Spoken(1)) == ()
    assert stage.tell(Heard("order", "en")) == ()
    assert stage.tell(SpeechBegan()) == ()
    assert stage.tell(KeyPressed("A")) == ()
    assert stage.tell(TimePassed()) == ()
