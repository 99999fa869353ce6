"""Flows with every kind of turn, for callers who do anything."""

from __future__ import annotations

from flows import HEAD

from ivr.reading.loader import load_flow

# Everything that a caller can be asked, one after another, and round again.
_EVERY_TURN = """
  first: {webhook: {service: slots, get: /slots, into: reply}, next: slot, failed: many}
  slot:
    menu: {each: reply.slots, offer: "{it|upper}", into: slot, most: 3, attempts: 2}
    next: many
    empty: many
    otherwise: many
  many: {ask: {into: many, number: {least: 2, most: 20}, prompt: How many?}, next: day, otherwise: day}
  day:
    ask: {into: day, date: {least: today, most: 60d}, prompt: When?, confirm: true}
    next: hour
    otherwise: hour
  hour:
    ask: {into: hour, time: {least: "8:00", most: "20:00"}, prompt: What time?}
    next: sum
    otherwise: sum
  sum:
    ask: {into: sum, amount: {currency: EUR, least: 5, most: 500}, prompt: Sum?}
    next: phone
    otherwise: phone
  phone: {ask: {into: phone, phone: true, prompt: Number?, secret: true}, next: colour, otherwise: colour}
  colour:
    ask:
      into: colour
      choice: {red: {hear: {en: [red, crimson]}, key: 1}, blue: {hear: {en: blue}, key: 12}, grey: {key: 3}}
      prompt: Colour?
      confirm: true
    next: sure
    otherwise: sure
  sure: {ask: {into: sure, yes_no: true, prompt: Sure?, confirm: false}, next: why, otherwise: why}
  why: {ask: {into: why, speech: {longest: 5s}, prompt: Why?, interrupt: false}, next: told, otherwise: taped}
  told: {say: "You said {why}.", next: taped}
  taped: {consent: {to: recording, refuse: 9, prompt: Taped?}, next: news, refused: news}
  news: {consent: {to: news, accept: 1, refuse: 0, prompt: News?}, next: again, refused: again}
  again: {say: "Recording {consent_recording}, news {consent_news}.", next: grade}
  grade: {rate: {into: grade, from: 0, to: 10, prompt: Grade?}, next: graded, declined: bye}
  graded: {say: "You gave {grade}.", next: many}
"""
EVERY_TURN = load_flow(
    HEAD.replace("start:", "use: {services: [slots]}\nstart:")
    + _EVERY_TURN.strip("\n")
    + """
  person: {transfer: "200", next: bye, busy: bye, no_answer: bye, refused: bye, failed: bye}
  sorry: {say: "Something went wrong.", next: bye}
  bye: {hangup: normal}
""",
    "small.yaml",
)

# No language is ever chosen: all are spoken, and each is understood by its own words.
_THREE_LANGUAGES = """
flow: small
languages: [pl, en, ru]
always: {agent: person, trouble: bye}
start: day
steps:
  day: {ask: {into: day, date: true, prompt: {pl: Kiedy?, en: When?, ru: Когда?}}, next: sum, otherwise: sum}
  sum:
    ask: {into: sum, amount: true, confirm: true, prompt: {pl: Ile?, en: Sum?, ru: Сколько?}}
    next: each
    otherwise: each
  each:
    menu: {each: caller, offer: {pl: "{it}", en: "{it}", ru: "{it}"}, into: one}
    next: grade
    empty: grade
    otherwise: grade
  grade: {rate: {into: grade, prompt: {pl: Ocena?, en: Grade?, ru: Оценка?}}, next: said, declined: bye}
  said: {say: {pl: "{grade}", en: "{grade}", ru: "{grade}"}, next: day}
  person: {transfer: "200", next: bye}
  bye: {hangup: normal}
"""
THREE_LANGUAGES = load_flow(_THREE_LANGUAGES, "small.yaml")
