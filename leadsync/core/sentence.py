"""A condition as a plain sentence, in the languages that leadsync speaks.

Labels are never inflected, and mixtures of "and" and "or" keep their brackets: a sentence means what the condition
means.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from leadsync import catalog
from leadsync.catalog import LANGUAGES, Word
from leadsync.core.conditions import ActivityTest, Combined, Condition, FieldTest, Literal, Node
from leadsync.core.convert.dates import solar

_INTEREST = frozenset(catalog.ACTIVITIES) - catalog.NOT_INTEREST
_WORDS = {**catalog.FIELDS, **catalog.RESULTS, **catalog.ATTRIBUTES}
_SAID: Mapping[str, tuple[str, str, str, str, str]] = {  # in the order of LANGUAGES; {0} is the label, {1} {2} values
    "known": ("{0} is known", "{0} معلوم است", "известно: {0}", "wiadomo: {0}", "đã biết {0}"),
    "not known": ("{0} is not known", "{0} معلوم نیست", "неизвестно: {0}", "nie wiadomo: {0}", "chưa biết {0}"),
    "none": ("no {0}", "بدون {0}", "{0}: нет", "{0}: brak", "không có {0}"),
    "=": ("{0} is {1}", "{0}: {1}", "{0}: {1}", "{0}: {1}", "{0} là {1}"),
    "not =": ("{0} is not {1}", "{0}: نه {1}", "{0}: не {1}", "{0}: nie {1}", "{0} không phải {1}"),
    "contains": ("{0} contains {1}", "{0} شامل {1} است", "{0}: содержит {1}", "{0}: zawiera {1}", "{0} có chứa {1}"),
    "not contains": (
        "{0} does not contain {1}", "{0} شامل {1} نیست", "{0}: не содержит {1}", "{0}: nie zawiera {1}",
        "{0} không chứa {1}",
    ),
    "matches": (
        "{0} matches {1}", "{0} با الگوی {1} می‌خواند", "{0}: подходит под шаблон {1}", "{0}: pasuje do wzorca {1}",
        "{0} khớp mẫu {1}",
    ),
    "not matches": (
        "{0} does not match {1}", "{0} با الگوی {1} نمی‌خواند", "{0}: не подходит под шаблон {1}",
        "{0}: nie pasuje do wzorca {1}", "{0} không khớp mẫu {1}",
    ),
    ">=": ("{0} at least {1}", "{0}: دست‌کم {1}", "{0}: не меньше {1}", "{0}: co najmniej {1}", "{0} từ {1} trở lên"),
    ">": ("{0} more than {1}", "{0}: بیش از {1}", "{0}: больше {1}", "{0}: więcej niż {1}", "{0} trên {1}"),
    "<": ("{0} less than {1}", "{0}: کمتر از {1}", "{0}: меньше {1}", "{0}: mniej niż {1}", "{0} dưới {1}"),
    "<=": ("{0} at most {1}", "{0}: حداکثر {1}", "{0}: не больше {1}", "{0}: najwyżej {1}", "{0} tối đa {1}"),
    "between": (
        "{0} between {1} and {2}", "{0}: از {1} تا {2}", "{0}: от {1} до {2}", "{0}: od {1} do {2}",
        "{0} từ {1} đến {2}",
    ),
    "date =": ("{0} on {1}", "{0}: {1}", "{0}: {1}", "{0}: {1}", "{0} vào {1}"),
    "date >=": (
        "{0} on {1} or later", "{0}: {1} یا پس از آن", "{0}: не раньше {1}", "{0}: najwcześniej {1}",
        "{0} từ {1} trở đi",
    ),
    "date >": ("{0} after {1}", "{0}: پس از {1}", "{0}: позже {1}", "{0}: po {1}", "{0} sau {1}"),
    "date <": ("{0} before {1}", "{0}: پیش از {1}", "{0}: раньше {1}", "{0}: przed {1}", "{0} trước {1}"),
    "date <=": (
        "{0} on {1} or earlier", "{0}: {1} یا پیش از آن", "{0}: не позже {1}", "{0}: najpóźniej {1}",
        "{0} muộn nhất {1}",
    ),
    "yes": ("yes", "بله", "да", "tak", "có"),
    "no": ("no", "خیر", "нет", "nie", "không"),
    "true": ("{0}: yes", "{0}: بله", "{0}: да", "{0}: tak", "{0}: có"),
    "false": ("{0}: no", "{0}: خیر", "{0}: нет", "{0}: nie", "{0}: không"),
    "once": (
        "{0} at least once", "{0}: دست‌کم یک بار", "{0}: хотя бы раз", "{0}: co najmniej raz",
        "{0} ít nhất một lần",
    ),
    "never": ("no {0}", "بدون {0}", "{0}: ни разу", "{0}: ani razu", "không có {0}"),
    "times": (
        "{0} at least {1} times", "{0}: دست‌کم {1} بار", "{0}: не менее {1} раз", "{0}: co najmniej {1} razy",
        "{0} ít nhất {1} lần",
    ),
    "interest": ("sign of interest", "نشانهٔ علاقه", "признак интереса", "oznaka zainteresowania", "dấu hiệu quan tâm"),
    "days": ("in the last {0} days", "در {0} روز گذشته", "за {0} дней", "w ciągu {0} dni", "trong {0} ngày qua"),
    "today": ("today", "امروز", "сегодня", "dzisiaj", "hôm nay"),
    "captured": (
        "since the lead came in", "از زمان ثبت سرنخ", "с появления лида", "od pozyskania leada",
        "kể từ khi tiếp nhận lead",
    ),
    "soon": (
        "within {0} days of coming in", "در {0} روز نخست پس از ثبت سرنخ", "в течение {0} дней после появления лида",
        "w ciągu {0} dni od pozyskania leada", "trong {0} ngày đầu kể từ khi tiếp nhận lead",
    ),
    "months": ("{0} months", "{0} ماه", "{0} мес.", "{0} mies.", "{0} tháng"),
    "and": ("and", "و", "и", "i", "và"),
    "or": ("or", "یا", "или", "lub", "hoặc"),
    "not": ("not ({0})", "نه ({0})", "не ({0})", "nie ({0})", "không ({0})"),
    "quoted": ("“{0}”", "«{0}»", "«{0}»", "„{0}”", "“{0}”"),
    ",": (", ", "، ", ", ", ", ", ", "),
    "day": ("d MMM y", "", "dd.MM.y", "dd.MM.y", "dd/MM/y"),
}  # fmt: skip
_FORMS: Mapping[tuple[str, str, str], str] = {  # where a number asks for another form than most
    ("ru", "times", "one"): "{0}: не менее {1} раза",
    ("ru", "days", "one"): "за {0} день",
    ("ru", "days", "few"): "за {0} дня",
    ("en", "soon", "one"): "within {0} day of coming in",
    ("ru", "soon", "one"): "в течение {0} дня после появления лида",
    ("pl", "soon", "one"): "w ciągu {0} dnia od pozyskania leada",
    ("en", "months", "one"): "{0} month",
}
_NEGATED = ("known", "=", "in", "contains", "matches")
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def sentence(condition: Condition, language: str = "en", fields: Mapping[str, Word] = catalog.FIELDS) -> str:
    """The condition in one of `LANGUAGES`. `fields` are those that it may read, with their labels."""
    return _Speaker(condition.text, language, {**_WORDS, **fields}).told(condition.root)


class _Speaker:
    """Puts one condition into one language; `written` is the condition's text."""

    def __init__(self, written: str, language: str, words: Mapping[str, Word]) -> None:
        self._written, self._language, self._words = written, language, words

    def told(self, node: Node) -> str:
        if isinstance(node, FieldTest):
            return self._field(node, "")
        if isinstance(node, ActivityTest):
            return self._activity(node)
        if node.op == "not":
            return self._not(node.parts[0])
        mixed = (isinstance(part, Combined) and part.op != "not" for part in node.parts)
        parts = (f"({self.told(part)})" if m else self.told(part) for part, m in zip(node.parts, mixed, strict=True))
        return f" {self._say(node.op)} ".join(parts)

    def _not(self, node: Node) -> str:
        if isinstance(node, FieldTest) and node.op in _NEGATED and (node.type != "bool" or node.op == "known"):
            return self._field(node, "not ")
        if isinstance(node, ActivityTest) and node.least <= 1 and not node.since_capture:
            return self._activity(replace(node, least=1 - node.least))
        return self._say("not", self.told(node))

    def _field(self, test: FieldTest, not_: str) -> str:
        label = self._words[test.field].labels[self._language]
        values = [self._value(test, value) for value in test.values]
        match test.op:
            case "=" | "in" if test.type == "bool" and len(values) == 1:
                return self._say("true" if test.values[0] else "false", label)
            case "=" | "in":
                key = "date =" if test.type == "date" and not not_ else f"{not_}="
                return self._say(key, label, self._either(values))
            case "contains":
                return self._say(f"{not_}contains", label, self._either(values))
            case "known" | "matches":
                return self._say(not_ + test.op, label, *values)
        dated = "date " if test.type == "date" and test.op != "between" else ""
        return self._say(dated + test.op, label, *values)

    def _activity(self, test: ActivityTest) -> str:
        any_sign = set(test.kinds) == _INTEREST
        labels = [catalog.ACTIVITIES[kind].labels[self._language] for kind in test.kinds]
        what = self._say("interest") if any_sign else self._either(labels)
        if test.topics:
            about = self._either([self._value(FieldTest("topic", "text", "in"), topic) for topic in test.topics])
            what = f"{what} ({self._words['topic'].labels[self._language]}: {about})"
        how = "never" if not test.least else "once" if test.least == 1 else "times"
        told = self._say(how, what, self._number(test.least), number=test.least)
        if test.days is not None:
            when = self._say("days", self._number(test.days), number=test.days)
            return f"{told} {when if test.days > 1 else self._say('today')}"
        if test.within is not None:
            return f"{told} {self._say('soon', self._number(test.within), number=test.within)}"
        return f"{told} {self._say('captured')}" if test.since_capture else told

    def _either(self, parts: Sequence[str]) -> str:
        head = self._say(",").join(parts[:-1])
        return f"{head} {self._say('or')} {parts[-1]}" if head else parts[-1]

    def _value(self, test: FieldTest, value: Literal) -> str:
        if isinstance(value, bool):
            return self._say("yes" if value else "no")
        if isinstance(value, str):
            found = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", self._written, re.IGNORECASE)
            spelled = found[0] if found else value  # conditions hold text in small letters
            if self._language == "fa" and re.search("[A-Za-z]", spelled):
                spelled = f"\u2068{spelled}\u2069"  # keeps text of the other direction together
            return self._say("quoted", spelled) if test.op in ("contains", "matches") else spelled
        if isinstance(value, date):
            return self._date(value)
        unit = self._words[test.field].unit
        return self._say(unit, self._number(value), number=value) if unit else self._number(value)

    def _number(self, value: float) -> str:
        from babel.numbers import format_decimal

        if self._language == "fa":  # of which Babel knows the separators alone
            return format_decimal(value, locale="fa", numbering_system="arabext").translate(_PERSIAN)
        return format_decimal(value, locale=self._language)

    def _date(self, day: date) -> str:
        from babel.dates import format_date

        if self._language == "fa":
            year, month, of_month = solar(day)
            return f"{of_month} {month} {year}".translate(_PERSIAN)
        return format_date(day, _SAID["day"][LANGUAGES.index(self._language)], locale=self._language)

    def _say(self, key: str, *with_: str, number: float | None = None) -> str:
        said = _SAID[key][LANGUAGES.index(self._language)]
        if number is not None:
            said = _FORMS.get((self._language, key, _plural(self._language, number)), said)
        return said.format(*with_)


def _plural(language: str, number: float) -> str:
    """Which form of a word follows a number: one, few, many or other."""
    from babel import Locale

    return str(Locale(language).plural_form(number))
