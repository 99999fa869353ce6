"""The words of the clock in each language: parts of the day, quarters and halves, and how they are put."""

from __future__ import annotations

# What a part of the day makes of an hour that is said with it. An hour that it lacks is not understood.
MORNING = {hour: hour for hour in range(1, 12)}
DAYTIME = {11: 11, 12: 12, **{hour: hour + 12 for hour in range(1, 7)}}
AFTERNOON = {12: 12, **{hour: hour + 12 for hour in range(1, 9)}}
EVENING = {12: 0, **{hour: hour + 12 for hour in range(3, 12)}}
NIGHT = {12: 0, **{hour: hour for hour in range(1, 6)}, **{hour: hour + 12 for hour in range(6, 12)}}
BEFORE_NOON = {12: 0, **MORNING}
AFTER_NOON = {12: 12, **{hour: hour + 12 for hour in range(1, 12)}}
AT_NOON, AT_MIDNIGHT = {12: 12}, {12: 0}

PARTS: dict[str, dict[str, dict[int, int]]] = {
    "pl": {
        "rano": MORNING,
        "z rana": MORNING,
        "nad ranem": MORNING,
        "przed południem": MORNING,
        "po południu": AFTERNOON,
        "popołudniu": AFTERNOON,
        "wieczorem": EVENING,
        "wieczór": EVENING,
        "nocy": NIGHT,
        "południe": AT_NOON,
    },
    "en": {
        "morning": MORNING,
        "afternoon": AFTERNOON,
        "evening": EVENING,
        "tonight": EVENING,
        "night": NIGHT,
        "a m": BEFORE_NOON,
        "am": BEFORE_NOON,
        "p m": AFTER_NOON,
        "pm": AFTER_NOON,
        "p": AFTER_NOON,  # the m is often lost on the line
        "noon": AT_NOON,
        "midnight": AT_MIDNIGHT,
    },
    "ru": {
        "утра": MORNING,
        "утром": MORNING,
        "дня": DAYTIME,
        "днём": DAYTIME,
        "после обеда": AFTERNOON,
        "пополудни": AFTERNOON,
        "вечера": EVENING,
        "вечером": EVENING,
        "ночи": NIGHT,
        "ночью": NIGHT,
    },
}

# Whole times with names of their own, as hours.
NAMED_HOURS = {
    "pl": {"południe": 12, "południa": 12, "południem": 12, "północ": 0, "północy": 0, "północą": 0},
    "en": {"noon": 12, "midday": 12, "midnight": 0},
    "ru": {"полдень": 12, "полудня": 12, "полночь": 0, "полуночи": 0},
}

# Minutes that have a name.
NAMED_MINUTES = {
    "pl": {"kwadrans": 15},
    "en": {"a quarter": 15, "quarter": 15, "half": 30},
    "ru": {"четверть": 15, "четверти": 15, "половина": 30, "половине": 30, "половину": 30, "пол": 30},
}
MINUTE_WORDS = {
    "pl": ("minut", "minuty", "minutę", "minuta"),
    "en": ("minutes", "minute"),
    "ru": ("минут", "минуты", "минуту", "минута"),
}
HOUR_WORDS = {
    "pl": (),
    "en": ("o'clock", "o clock", "oclock", "hundred hours", "hundred", "hours"),
    "ru": ("часов", "часа", "час"),
}

# How minutes and hours are put together; the minutes are added or taken away. Letters stand for what is read:
# M minutes, N minutes that follow their hour, H an hour, B an hour or half of one begun ("wpół do trzeciej"),
# G the hour that has begun ("третьего").
TAKEN, ADDED = -1, 1
PATTERNS: dict[str, tuple[tuple[str, int], ...]] = {
    "pl": (("za M B", TAKEN), ("M przed B", TAKEN), ("M po B", ADDED), ("B", ADDED), ("H N", ADDED)),
    "en": (
        ("M to H", TAKEN),
        ("M till H", TAKEN),
        ("M before H", TAKEN),
        ("M of H", TAKEN),
        ("M past H", ADDED),
        ("M after H", ADDED),
        ("half H", ADDED),
        ("H", ADDED),
        ("H N", ADDED),
        ("H N hours", ADDED),
    ),
    "ru": (("без M H", TAKEN), ("M G", ADDED), ("H", ADDED), ("H с половиной", ADDED), ("H N", ADDED)),
}
# Words of a pattern that are minutes themselves.
HALVES = ("half", "половиной")
HALF_TO = {"pl": ("wpół do", "pół do"), "en": (), "ru": ()}

_FILLERS = {
    "pl": "o w we na godzina godzinie godzinę godziny godz i równo punkt około koło samo to jest"
    " będzie może być proszę poproszę eee yyy no",
    "en": "at in the this is it's about around and please um uh maybe exactly sharp for",
    "ru": "в во на и ровно около примерно это будет давайте пожалуйста ну э эээ",
}
FILLERS = {language: frozenset(words.split()) for language, words in _FILLERS.items()}
