"""How the line with the reasons is put in each language: words, plurals, dates, digits and direction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from leadsync.catalog import LANGUAGES, NOT_ENOUGH, VALUE_LABELS
from leadsync.core.convert.dates import solar
from leadsync.core.score import UNSURE


@dataclass(frozen=True, slots=True)
class Wording:
    """One language, `code` as in `catalog.LANGUAGES`.

    `temperatures`: its words for hot, warm, cold and `UNSURE`. `more`: "and {} more" by plural form, `other` for those
    not named. `date` tells a day, with its year where asked for. `digits` are 0 to 9. `rtl`: read from right to left.
    """

    code: str
    temperatures: Mapping[str, str]
    more: Mapping[str, str]
    limits: str
    rounding: str
    next: str
    date: Callable[[date, bool], str]
    digits: str = "0123456789"
    rtl: bool = False

    def number(self, whole: int) -> str:
        """A number that is not negative."""
        return str(whole).translate({ord("0") + i: digit for i, digit in enumerate(self.digits)})

    def and_more(self, count: int) -> str:
        """ "and N more"."""
        from babel import Locale

        form = str(Locale(self.code).plural_form(count))
        return self.more.get(form, self.more["other"]).format(self.number(count))


def _named(months: str, with_year: str) -> Callable[[date, bool], str]:
    names = months.split()
    return lambda day, year: (with_year if year else "{0.day} {1}").format(day, names[day.month - 1])


def _slashed(day: date, year: bool) -> str:
    return f"{day.day}/{day.month}" + (f"/{day.year}" if year else "")


def _solar(day: date, year: bool) -> str:
    in_year, month, of_month = solar(day)
    told = f"{of_month} {month}" + (f" {in_year}" if year else "")
    return told.translate(str.maketrans("0123456789", _PERSIAN))


_TEMPERATURES = {
    language: {**VALUE_LABELS["temperature"][language], UNSURE: VALUE_LABELS["data"][language][NOT_ENOUGH]}
    for language in LANGUAGES
}
_PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
_DOTTED = "{0.day:02}.{0.month:02}.{0.year}"
_ALL = (
    Wording(
        "en", _TEMPERATURES["en"],
        {"other": "and {} more"}, "score limits", "rounding", "Next",
        _named("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "{0.day} {1} {0.year}"),
    ),
    Wording(
        "fa", _TEMPERATURES["fa"],
        {"other": "و {} مورد دیگر"}, "سقف و کف امتیاز", "گرد کردن", "گام بعدی", _solar, _PERSIAN, rtl=True,
    ),
    Wording(
        "ru", _TEMPERATURES["ru"],
        {"one": "и ещё {} причина", "few": "и ещё {} причины", "other": "и ещё {} причин"},
        "лимиты баллов", "округление", "Дальше",
        _named("янв фев мар апр мая июн июл авг сен окт ноя дек", _DOTTED),
    ),
    Wording(
        "pl", _TEMPERATURES["pl"],
        {"one": "i jeszcze {} powód", "few": "i jeszcze {} powody", "other": "i jeszcze {} powodów"},
        "limity punktów", "zaokrąglenie", "Dalej",
        _named("sty lut mar kwi maja cze lip sie wrz paź lis gru", _DOTTED),
    ),
    Wording(
        "vi", _TEMPERATURES["vi"],
        {"other": "và {} mục khác"}, "giới hạn điểm", "làm tròn", "Tiếp theo", _slashed,
    ),
)  # fmt: skip
WORDINGS: Mapping[str, Wording] = {wording.code: wording for wording in _ALL}
"""By language."""
