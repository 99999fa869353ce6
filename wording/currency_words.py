"""The words of money: how each currency is said with a count, and the other words callers use for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coin:
    """A currency's unit or its hundredth. `also`: forms that are understood but not said."""

    gender: str
    one: str
    few: str
    many: str
    also: frozenset[str] = frozenset()

    @property
    def forms(self) -> tuple[str, str, str]:
        return self.one, self.few, self.many

    @property
    def understood(self) -> frozenset[str]:
        return self.also | {form.replace("ё", "е") for form in self.forms}


@dataclass(frozen=True, slots=True)
class Currency:
    unit: Coin
    hundredth: Coin
    signs: frozenset[str]
    """What is written before or after figures."""


def _coin(forms: str, also: str = "") -> Coin:
    """`forms` are the gender, then the forms of 1, 2 and 5, or one form for all of them."""
    gender, *counted = forms.split()
    one, few, many = counted if len(counted) == 3 else counted * 3 if len(counted) == 1 else _english(counted)
    return Coin(gender, one, few, many, frozenset(also.split()))


def _english(forms: list[str]) -> tuple[str, str, str]:
    one, many = forms
    return one, many, many


_CENT = {
    "pl": _coin("m cent centy centów", "centa centem centach eurocent eurocenty eurocentów"),
    "en": _coin("m cent cents"),
    "ru": _coin("m цент цента центов", "центы центам евроцент евроцента евроцентов"),
}
_KOPECK = {
    "pl": _coin("f kopiejka kopiejki kopiejek", "kopiejkę kopiejek"),
    "en": _coin("m kopeck kopecks", "kopek kopeks kopecs"),
    "ru": _coin("f копейка копейки копеек", "копейку копейкой копейкам копеечек коп"),
}

CURRENCIES: dict[str, dict[str, Currency]] = {
    "PLN": {
        "pl": Currency(
            _coin(
                "m złoty złote złotych",
                "złotego złotym złotymi złotemu złotówka złotówkę złotówki złotówek złocisz złociszy",
            ),
            _coin("m grosz grosze groszy", "grosza groszem groszami groszach gr"),
            frozenset(["pln", "zł"]),
        ),
        "en": Currency(_coin("m zloty zlotys", "zlote zlotych"), _coin("m grosz groszy"), frozenset(["pln"])),
        "ru": Currency(
            _coin("m злотый злотых злотых", "злотого злотому злотым злотые"),
            _coin("m грош гроша грошей", "гроши грошам"),
            frozenset(["pln"]),
        ),
    },
    "EUR": {
        "pl": Currency(_coin("n euro", "ojro"), _CENT["pl"], frozenset(["eur", "€"])),
        "en": Currency(_coin("m euro euros"), _CENT["en"], frozenset(["eur", "€"])),
        "ru": Currency(_coin("m евро"), _CENT["ru"], frozenset(["eur", "€"])),
    },
    "USD": {
        "pl": Currency(
            _coin("m dolar dolary dolarów", "dolara dolarem dolarami dolarach"),
            _CENT["pl"],
            frozenset(["usd", "$"]),
        ),
        "en": Currency(_coin("m dollar dollars", "buck bucks"), _CENT["en"], frozenset(["usd", "$"])),
        "ru": Currency(
            _coin("m доллар доллара долларов", "доллары долларам долларах бакс бакса баксов"),
            _CENT["ru"],
            frozenset(["usd", "$"]),
        ),
    },
    "GBP": {
        "pl": Currency(
            _coin("m funt funty funtów", "funta funtem funtami funtach szterling szterlingów"),
            _coin("m pens pensy pensów", "pensa"),
            frozenset(["gbp", "£"]),
        ),
        "en": Currency(
            _coin("m pound pounds", "quid"), _coin("m penny pence", "pennies p"), frozenset(["gbp", "£"])
        ),
        "ru": Currency(
            _coin("m фунт фунта фунтов", "фунты фунтам фунтах"),
            _coin("m пенс пенса пенсов", "пенсы пенни"),
            frozenset(["gbp", "£"]),
        ),
    },
    "RUB": {
        "pl": Currency(
            _coin("m rubel ruble rubli", "rubla rublem rublami rublach"),
            _KOPECK["pl"],
            frozenset(["rub", "₽"]),
        ),
        "en": Currency(_coin("m ruble rubles", "rouble roubles"), _KOPECK["en"], frozenset(["rub", "₽"])),
        "ru": Currency(
            _coin("m рубль рубля рублей", "рубли рублю рублем рублям рублями рублях р руб"),
            _KOPECK["ru"],
            frozenset(["rub", "₽"]),
        ),
    },
    "UAH": {
        "pl": Currency(
            _coin("f hrywna hrywny hrywien", "hrywnę hrywnach hrywien"),
            _KOPECK["pl"],
            frozenset(["uah", "₴"]),
        ),
        "en": Currency(
            _coin("m hryvnia hryvnias", "hryvnya hryvnyas"), _KOPECK["en"], frozenset(["uah", "₴"])
        ),
        "ru": Currency(
            _coin("f гривна гривны гривен", "гривну гривнам гривнах гривня гривни гривень"),
            _KOPECK["ru"],
            frozenset(["uah", "₴"]),
        ),
    },
}

# Words about an amount that change nothing.
EXACTLY = {
    "pl": frozenset(["równo", "dokładnie", "tylko"]),
    "en": frozenset(["exactly", "even", "only", "just"]),
    "ru": frozenset(["ровно", "только", "всего"]),
}
