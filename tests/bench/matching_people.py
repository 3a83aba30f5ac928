"""Leads of five locales with truth, from a seed: who is entered twice, in which script, with which mistakes.

The shares are those that studies of CRM data and of name lists give: each stands beside what it makes.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from random import Random
from typing import NamedTuple

from leadsync.testing.people_names import NICKNAMES, latin, names
from leadsync.testing.people_work import CITIES, COUNTRIES, ENDINGS, STEMS, TRADES
from tests.bench.matching_names import Name, Names

LOCALES = {"en_US": 0.40, "ru_RU": 0.18, "fa_IR": 0.16, "pl_PL": 0.13, "vi_VN": 0.13}
_RECORDS = (1,) * 76 + (2,) * 17 + (3,) * 5 + (4, 5)
_CODE = {"en_US": "1", "ru_RU": "7", "fa_IR": "98", "pl_PL": "48", "vi_VN": "84"}
_TOP = {"en_US": "com", "ru_RU": "ru", "fa_IR": "ir", "pl_PL": "pl", "vi_VN": "vn"}
_TRUNK = {"en_US": "", "ru_RU": "8", "fa_IR": "0", "pl_PL": "", "vi_VN": "0"}
_FREE = {
    "en_US": ("gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "aol.com"),
    "ru_RU": ("mail.ru", "yandex.ru", "gmail.com", "rambler.ru", "bk.ru"),
    "fa_IR": ("gmail.com", "yahoo.com", "chmail.ir", "outlook.com"),
    "pl_PL": ("wp.pl", "gmail.com", "onet.pl", "o2.pl", "interia.pl"),
    "vi_VN": ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com"),
}
_FORMS = {
    "en_US": ("Inc", "LLC", "Ltd", "Corp."), "ru_RU": ("ООО", "АО", "ЗАО"), "fa_IR": ("شرکت", "مؤسسه"),
    "pl_PL": ("Sp. z o.o.", "S.A.", "sp.j."), "vi_VN": ("Công ty TNHH", "Công ty Cổ phần", "CTY TNHH"),
}  # fmt: skip
_BEFORE = ("ru_RU", "fa_IR", "vi_VN")
_HONORIFICS = {
    "en_US": ("Mr.", "Ms.", "Dr."), "ru_RU": ("г-н", "Доктор"), "fa_IR": ("آقای", "خانم", "دکتر", "مهندس"),
    "pl_PL": ("Pan", "Pani", "dr"), "vi_VN": ("Ông", "Bà", "Anh"),
}  # fmt: skip
_NICK = {
    "en_US": NICKNAMES,
    "ru_RU": dict(
        names(
            "Александр=Саша Александра=Саша Алексей=Лёша Анастасия=Настя Анна=Аня Дмитрий=Дима Евгений=Женя "
            "Екатерина=Катя Елена=Лена Елизавета=Лиза Ирина=Ира Мария=Маша Михаил=Миша Наталья=Наташа Николай=Коля "
            "Ольга=Оля Павел=Паша Пётр=Петя Сергей=Серёжа Светлана=Света Татьяна=Таня Владимир=Вова Юлия=Юля Юрий=Юра"
        )
    ),
    "pl_PL": dict(
        names(
            "Agnieszka=Aga Aleksandra=Ola Anna=Ania Barbara=Basia Grzegorz=Grzesiek Jakub=Kuba Jan=Janek Joanna=Asia "
            "Katarzyna=Kasia Krzysztof=Krzysiek Magdalena=Magda Małgorzata=Gosia Maria=Marysia Piotr=Piotrek "
            "Stanisław=Staszek Tomasz=Tomek Wojciech=Wojtek Zbigniew=Zbyszek Zofia=Zosia Paweł=Pawełek"
        )
    ),
}
_PERSIAN_DIGITS, _ARABIC_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"), str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_ARABIC = str.maketrans("یک", "يك")
_SCHEMES = (  # Russian in Latin letters: passports, the web, older customs
    {}, {"х": "h", "й": "i", "ю": "iu", "я": "ia"}, {"ю": "ju", "я": "ja", "й": "j", "щ": "sch", "х": "h"},
    {"ё": "yo", "щ": "sch", "ц": "c"}, {"ий": "y", "е": "e", "кс": "x"},
)  # fmt: skip
_PERSIAN_SPELT = (
    (), (("ou", "u"), ("gh", "q"), ("ee", "i")), (("ou", "oo"), ("ei", "ey"), ("zadeh", "zade")),
    (("v", "w"), ("eh ", "e "), ("i ", "ee ")), (("ss", "s"), ("mm", "m"), ("aa", "a"), ("ey", "ei")),
)  # fmt: skip


class Firm(NamedTuple):
    """Where people work."""

    native: str
    roman: str
    domain: str
    switchboard: str
    city: Name
    form: str


class Person(NamedTuple):
    """Who is entered, once or several times."""

    number: int
    locale: str
    first: Name
    last: Name
    firm: Firm | None
    work: str
    personal: str
    phone: str
    second: str
    city: Name


class World:
    """The names, companies and people of a seed, made as they are asked for."""

    def __init__(self, seed: int, people: int) -> None:
        self._rng = Random(f"{seed} people")
        self._names = {locale: Names(locale) for locale in LOCALES}
        self._firms = {
            locale: [_firm(self._rng, self._names[locale], n) for n in range(max(20, int(people * share / 9)))]
            for locale, share in LOCALES.items()
        }
        self._weights = {locale: list(accumulate(1 / (n + 8) ** 0.9 for n in range(len(firms))))
                         for locale, firms in self._firms.items()}  # fmt: skip
        self._taken: set[str] = set()
        self._before: Person | None = None
        self._count = 0

    def people(self) -> Iterator[Person]:
        """Without end; 2 of 100 are relatives of the one before them."""
        while True:
            self._before = self._person(self._before if self._rng.random() < 0.02 else None, None)
            yield self._before

    def namesake(self, of: Person) -> Person:
        """Another person with the same name."""
        return self._person(None, of)

    def _person(self, kin: Person | None, namesake: Person | None) -> Person:
        rng = self._rng
        self._count += 1
        like = kin or namesake
        locale = like.locale if like else rng.choices(list(LOCALES), list(LOCALES.values()))[0]
        first, last = self._names[locale].draw(rng)
        first, last = namesake.first if namesake else first, like.last if like else last
        firms = self._firms[locale]
        firm = rng.choices(firms, cum_weights=self._weights[locale])[0] if rng.random() < 0.85 else None
        a, b = (_letters(part[1]) for part in (first, last))
        work = self._mailbox(rng.choice((f"{a}.{b}", f"{a[:1]}{b}", f"{a}", f"{a}_{b}", f"{b}.{a[:1]}")), firm.domain) \
            if firm else ""  # fmt: skip
        spelt = rng.choice((f"{a}{b}", f"{a}.{b}", f"{b}{a[:1]}", f"{a}_{b}", f"{a[:1]}{b}", f"{b}.{a}", f"{a}"))
        tail = str(rng.randrange(1950, 2006)) if rng.random() < 0.4 else str(rng.randrange(1, 9999))
        own = spelt + (tail if rng.random() < 0.75 else "")
        if rng.random() < 0.12:
            own = rng.choice(
                ("sky", "wolf", "star", "blue", "moon", "cat", "rock", "sun", "tiger", "lucky", "river")
            ) + str(rng.randrange(9999))
        return Person(
            self._count, locale, first, last, firm, work, self._mailbox(own, rng.choice(_FREE[locale])),
            kin.phone if kin else _number(rng, locale), _number(rng, locale),
            firm.city if firm and rng.random() < 0.8 else rng.choice(CITIES[locale]),
        )  # fmt: skip

    def _mailbox(self, user: str, domain: str) -> str:
        user = user.strip("._") or "me"
        while f"{user}@{domain}" in self._taken:
            user += str(self._rng.randrange(10, 100))
        self._taken.add(f"{user}@{domain}")
        return f"{user}@{domain}"


def _letters(text: str) -> str:
    return "".join(sign for sign in latin(text).lower() if sign.isascii() and sign.isalpha())


def _firm(rng: Random, names: Names, number: int) -> Firm:
    locale = names.locale
    stem, ending, trade = (rng.choice(of[locale]) for of in (STEMS, ENDINGS, TRADES))
    if rng.random() < 0.4:
        stem, ending = names.draw(rng)[1], ("", "")
    gap = " " if locale in ("fa_IR", "vi_VN") else ""
    native, roman = (f"{stem[i]}{gap if ending[i] else ''}{ending[i]} {trade[i]}" for i in (0, 1))
    letters = _letters(f"{stem[1]}{ending[1]}" if rng.random() < 0.6 else roman)
    return Firm(
        native, roman, f"{letters}{number}.{_TOP[locale]}" if number > 40 else f"{letters}-{number}.{_TOP[locale]}",
        _number(rng, locale), rng.choice(CITIES[locale]), rng.choice(_FORMS[locale]),
    )  # fmt: skip


def _number(rng: Random, locale: str) -> str:
    """A national number as it is dialled from abroad."""
    digits = "".join(rng.choices("0123456789", k=8))
    return rng.choice("23456789") + (rng.choice("0123456789") if locale in ("en_US", "ru_RU", "fa_IR") else "") + digits


# ---- entering: what a form makes of a person


class Desk:
    """Enters people, each time with the mistakes of that day."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(f"{seed} desk")
        self._count = 0

    def enter(self, who: Person) -> dict[str, str]:
        """A row with `id`, the truth in `person`, and what a CRM has."""
        rng, locale = self._rng, who.locale
        self._count += 1
        roman = locale in ("ru_RU", "fa_IR") and rng.random() < 0.25
        first, last = self._name(who, roman)
        work = who.firm if rng.random() < 0.8 else None
        return {
            "id": str(self._count), "person": str(who.number), "locale": locale, "first_name": first,
            "last_name": last, "email": self._mail(who) if rng.random() < 0.85 else "",
            "phone": self._phone(who) if rng.random() < 0.72 else "",
            "company": self._company(work, locale, roman) if work else "",
            "city": who.city[roman] if rng.random() < 0.6 else "",
            "country": COUNTRIES[locale] if rng.random() < 0.75 else "",
            "domain": f"https://www.{who.firm.domain}/" if who.firm and rng.random() < 0.25 else "",
        }  # fmt: skip

    def _name(self, who: Person, roman: bool) -> tuple[str, str]:
        rng, locale = self._rng, who.locale
        first, last = who.first[0], who.last[0]
        if rng.random() < 0.08:
            first = _NICK.get(locale, {}).get(first, first)
        if locale == "vi_VN" and rng.random() < 0.30:
            first = first.split()[-1]
        if roman:
            how = rng.choice(_SCHEMES if locale == "ru_RU" else _PERSIAN_SPELT)
            if locale == "ru_RU":
                first, last = _in_latin(first, how), _in_latin(last, how)
            else:
                first, last = (_respelt(text, how) for text in (who.first[1], who.last[1]))
        elif locale == "fa_IR":
            first = _compound(rng, first)
            first, last = (part.translate(_ARABIC) if rng.random() < 0.30 else part for part in (first, last))
        elif locale in ("pl_PL", "vi_VN") and rng.random() < 0.35:
            first, last = latin(first), latin(last)
        first, last = (_mistyped(rng, part) if rng.random() < 0.06 else part for part in (first, last))
        if (chance := rng.random()) < 0.03:
            first = f"{first[0]}."
        elif chance < 0.05:
            first = ""
        elif chance < 0.07:
            first = f"{rng.choice(_HONORIFICS[locale])} {first}"
        if rng.random() < (0.15 if locale == "vi_VN" else 0.03):
            first, last = last, first
        case = rng.random()
        return (
            (first.lower(), last.lower())
            if case < 0.08
            else (first.upper(), last.upper())
            if case < 0.12
            else (first, last)
        )

    def _mail(self, who: Person) -> str:
        rng = self._rng
        if (chance := rng.random()) < 0.015 and who.firm:
            return f"info@{who.firm.domain}"
        if chance > 0.997:
            return rng.choice(("none@none.com", "test@test.com", "noemail@example.com", "a@a.com"))
        user, _, domain = (who.work if who.work and rng.random() < 0.65 else who.personal).partition("@")
        if rng.random() < 0.03:
            user = _mistyped(rng, user)
        if domain == "gmail.com" and rng.random() < 0.03:
            user, domain = (user.replace(".", ""), domain) if "." in user else (user, "googlemail.com")
        if rng.random() < 0.03:
            user += rng.choice(("+news", "+crm", "+1"))
        if rng.random() < 0.02:
            domain = _mistyped(rng, domain.partition(".")[0]) + "." + domain.partition(".")[2]
        told = f"{user}@{domain}"
        return told.upper() if rng.random() < 0.05 else told

    def _phone(self, who: Person) -> str:
        rng, locale = self._rng, who.locale
        which = rng.random()
        number = who.phone if which < 0.8 else who.second if which < 0.88 or not who.firm else who.firm.switchboard
        if (chance := rng.random()) < 0.006:
            return rng.choice(("0000000000", "1111111111", "123456789"))
        if chance < 0.026:
            at = rng.randrange(len(number))
            number = number[:at] + rng.choice("0123456789") + number[at + 1 :]
        code, trunk = _CODE[locale], _TRUNK[locale]
        groups = f"{number[:3]} {number[3:6]} {number[6:]}"
        told = rng.choice(
            (f"+{code}{number}", f"+{code} {groups}", f"00{code}{number}", f"{trunk}{number}", f"{trunk}{groups}",
             f"({trunk}{number[:3]}) {number[3:6]}-{number[6:]}")
        )  # fmt: skip
        if rng.random() < 0.03:
            told += rng.choice((" ext. 12", " x204", " доб. 31", " ext 7"))
        if locale == "fa_IR" and rng.random() < 0.35:
            told = told.translate(rng.choice((_PERSIAN_DIGITS, _ARABIC_DIGITS)))
        return told

    def _company(self, firm: Firm, locale: str, roman: bool) -> str:
        rng = self._rng
        told = firm.roman if roman and rng.random() < 0.7 else firm.native
        if rng.random() < 0.04:
            told = _mistyped(rng, told)
        if (chance := rng.random()) < 0.70:
            form = firm.form if chance < 0.55 else rng.choice(_FORMS[locale])
            told = f"{form} {told}" if locale in _BEFORE else f"{told} {form}"
        case = rng.random()
        return told.lower() if case < 0.04 else told.upper() if case < 0.08 else told


def _mistyped(rng: Random, word: str) -> str:
    """One slip: a letter left out, doubled, changed for another of the word, or two that changed places."""
    if len(word) < 3:
        return word
    at, how = rng.randrange(1, len(word)), rng.randrange(4)
    if how == 0:
        return word[:at] + word[at + 1 :]
    if how == 1:
        return word[:at] + word[at - 1] + word[at:]
    if how == 2:
        return word[:at] + rng.choice(word) + word[at + 1 :]
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def _in_latin(text: str, how: Mapping[str, str]) -> str:
    for letters, spelt in how.items():
        text = text.replace(letters, spelt).replace(letters.capitalize(), spelt.capitalize())
    return latin(text)


def _respelt(text: str, how: tuple[tuple[str, str], ...]) -> str:
    told = f"{text} "
    for letters, spelt in how:
        told = told.replace(letters, spelt).replace(letters.capitalize(), spelt.capitalize())
    return told.strip()


def _compound(rng: Random, first: str) -> str:
    return first.replace(" ", rng.choice(("", "\u200c"))) if " " in first and rng.random() < 0.5 else first


# ---- lists of leads


def leads(seed: int, records: int) -> list[dict[str, str]]:
    """So many rows in the order in which they were entered."""
    return list(entered(seed, records))


def entered(seed: int, records: int) -> Iterator[dict[str, str]]:
    """The same, one by one."""
    world, desk, rng = World(seed, int(records / 1.36)), Desk(seed), Random(f"{seed} order")
    due: list[tuple[float, Person]] = []
    for who in world.people():
        due += [(rng.random(), who) for _ in range(rng.choice(_RECORDS))]
        if len(due) >= records:
            break
    del world
    due.sort(key=lambda pair: pair[0])
    yield from (desk.enter(who) for _, who in due[:records])


def cycle(seed: int, store: int, new: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """A store, and what a cycle brings: 55 of 100 are of people in it, a tenth of the others of namesakes."""
    world, desk, rng = World(seed, int(store / 1.36)), Desk(seed), Random(f"{seed} cycle")
    people, rows = [], []
    for who in world.people():
        people.append(who)
        rows += [desk.enter(who) for _ in range(rng.choice(_RECORDS))]
        if len(rows) >= store:
            break
    brought, strangers = [], world.people()
    for _ in range(new):
        who = rng.choice(people)
        if rng.random() >= 0.55:
            who = world.namesake(who) if rng.random() < 0.1 else next(strangers)
        brought.append(desk.enter(who))
    return rows[:store], brought


def pairs(rows: list[dict[str, str]]) -> dict[tuple[int, int], str]:
    """The true pairs, by the places of the rows, with their locale."""
    of: dict[str, list[int]] = {}
    for nth, row in enumerate(rows):
        of.setdefault(row["person"], []).append(nth)
    return {(a, b): rows[a]["locale"] for group in of.values() for i, a in enumerate(group) for b in group[i + 1 :]}
