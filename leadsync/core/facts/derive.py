"""What a record's words say, and what follows from them: offline, and nothing here raises.

What the record says is kept as it says it, in normal form; a value that cannot be used is left out. What follows from
it fills only words that the record leaves open, with how sure it is and the word that it follows from.
"""

from collections.abc import Mapping, Sequence

from leadsync.catalog import BANT, FIELDS, OF_LEADS
from leadsync.core.convert import NOWHERE, Unreadable, yes_no
from leadsync.core.convert.base import fold
from leadsync.core.facts import bands, languages, names, phones
from leadsync.core.facts.domains import own_domain
from leadsync.core.facts.fact import DERIVED, GUESSED, NO, Fact, Facts, Kept, Value, confidence_of, kept, value_of
from leadsync.core.facts.tables import Tables
from leadsync.core.mapping import number

_ANSWERS = frozenset(("need", "authority"))
ASKED = frozenset(BANT) - _ANSWERS
"""Numbers that people may answer with no."""
LEAST = {"budget": 0.01, "timeline": 0}  # no money is no budget, and what lies behind is no plan
"""The least that counts as an answer."""
_NUMBERS = frozenset(name for name, word in FIELDS.items() if word.type == "number") - OF_LEADS
FOLLOWS: Mapping[str, Sequence[str]] = {
    "mailbox": ("email",), "domain": ("email",), "phone_line": ("phone",), "country": ("phone", "domain", "email"),
    "first_name": ("name", "last_name"), "last_name": ("name", "first_name"), "name": ("first_name", "last_name"),
    "seniority": ("job_title",), "department": ("job_title",), "employees_band": ("employees",),
    "revenue_band": ("revenue",), "channel": ("source", "campaign"), "initiative": ("channel",), "intent": ("need",),
    "language": ("need", "job_title", "company", "name", "first_name", "last_name", "country", "email", "domain"),
    "time_zone": ("phone", "country"), "mail_state": ("email",), "mail_since": ("email",),
}  # fmt: skip
"""The words that others follow from: any one of them is enough."""
DERIVED_ONLY = frozenset(("mailbox", "phone_line", "employees_band", "revenue_band", "channel", "initiative", "intent"))
"""Words of leadsync's own making, which no CRM has a field for by that name."""
_TEXTS: Sequence[str] = ("need", "job_title", "company")
_CALLED: Sequence[str] = ("first_name", "last_name", "name")
_PLACES: Sequence[str] = ("country", "email", "domain")
_DENIALS = """
    none|no need|not needed|none needed|no authority|nie ma potrzeby|kein|keine|keiner|
    no budget|no money|no date|no timeline|no deadline|no plan|no plans|brak budżetu|bez budżetu|nie ma budżetu|
    brak terminu|bez terminu|nie ma terminu|nie planujemy|нет бюджета|без бюджета|бюджета нет|нет денег|нет срока|
    без срока|нет сроков|не планируем|بدون بودجه|بودجه نداریم|بودجه ندارم|بودجه ندارد|بدون زمان|برنامه‌ای نداریم|
    không có ngân sách|chưa có ngân sách|không có thời hạn|không có kế hoạch|chưa có kế hoạch|
    no interest|not interested|nothing|nobody|not me|brak|brak potrzeby|brak potrzeb|
    bez potrzeby|nie potrzeba|nie ja|nic|не нужно|не нужен|не надо|нет потребности|ничего|не я|ندارد|نداریم|ندارم|
    نیازی نیست|نیاز ندارد|نیاز نداریم|هیچ|من نیستم|không có|không cần|không có nhu cầu|chưa có nhu cầu|chưa có|
    không phải tôi
    """
_UNSAID = """
    null|na|n/a|not available|not applicable|unknown|undefined|not provided|not sure|i do not know|don't know|tbd|tba|
    to be defined|to be determined|brak danych|nie podano|nie wiem|nieznane|do ustalenia|неизвестно|не указано|не знаю|
    неизвестна|неизвестен|уточняется|نامشخص|نمی‌دانم|نمیدانم|مشخص نیست|معلوم نیست|không rõ|không biết|chưa biết|chưa rõ
    """
_ANSWERED = {
    fold(words.strip()): answer for answer, told in ((NO, _DENIALS), (None, _UNSAID)) for words in told.split("|")
}
"""What people write who have no need, or no say; and who do not answer."""
_FAMILY_FIRST = ("VN", "CN", "HK", "HU", "JP", "KR", "TW")  # how a name is told there
_BANDS = (("employees", "employees_band", bands.size), ("revenue", "revenue_band", bands.revenue))


def derive(said: Mapping[str, str], tables: Tables) -> Facts:
    """A record's facts from its mapped values, by word."""
    found: dict[str, Kept] = {name: value for name, value in said.items() if name not in _NUMBERS}
    denied = list[str]()
    for name in _NUMBERS & said.keys():
        if (parsed := number(said[name])) is not None:
            if parsed >= LEAST.get(name, parsed):
                found[name] = parsed
            else:
                denied.append(name)
        elif name in ASKED and denies(said[name]):
            denied.append(name)
    for name in _ANSWERS & said.keys():
        if (answer := _answer(said[name])) != said[name]:
            del found[name]
            denied += [name] if answer == NO else []
    if "domain" in found:
        _put(found, "domain", own_domain(said["domain"], tables.shared_hosts))
    if "email" in found:
        _mailbox(found, said["email"].lower(), tables)
    if "phone" in found:
        _phone(found, said["phone"])
    if "first_name" in found or "last_name" in found or "name" in found:
        _name(found)
    if "job_title" in found:
        post = tables.titles.post(said["job_title"])
        _add(found, "seniority", Fact(post.seniority, DERIVED, "job_title"))
        _add(found, "department", Fact(post.department, DERIVED, "job_title"))
    for numbers, band, read in _BANDS:
        if numbers in said and (span := bands.read(said[numbers])):
            _add(found, band, Fact(read(span), DERIVED, numbers))
            _add(found, numbers, Fact(span.middle or "", GUESSED, numbers))
    if "source" in found or "campaign" in found:
        channel = tables.sources.kind(said.get("source", ""), said.get("campaign", ""))
        _add(found, "channel", Fact(channel, DERIVED, "source" if "source" in said else "campaign"))
        _add(found, "initiative", Fact(tables.sources.initiative(channel), DERIVED, "channel"))
    if "need" in found:
        _add(found, "intent", Fact(", ".join(sorted(tables.intents.tags(said["need"]))), DERIVED, "need"))
    _place(found)
    return found | dict.fromkeys(denied, NO)


def denies(text: str) -> bool:
    """Whether somebody answers so who has none of what is asked for. A number never does."""
    return number(text) is None and _answer(text) == NO


def _answer(text: str) -> Value | None:
    """The answer, `NO` where it denies what it is asked for, None where it says nothing."""
    try:
        return NO if yes_no(text.strip(), NOWHERE, {}) == "no" else text
    except Unreadable:
        return _ANSWERED.get(fold(text), text) if any(map(str.isalnum, text)) else None


def _put(found: dict[str, Kept], name: str, value: Value) -> None:
    """What the record says, in normal form; nothing where that is empty."""
    if value == "":
        found.pop(name, None)
    else:
        found[name] = value


def _add(found: dict[str, Kept], name: str, fact: Fact) -> None:
    if name not in found and fact.value != "":
        found[name] = kept(fact)


def _text(found: Facts, name: str) -> str:
    """A word's value, whoever says it."""
    value = value_of(found.get(name, ""))
    return value if isinstance(value, str) else ""


def _mailbox(found: dict[str, Kept], address: str, tables: Tables) -> None:
    box = None if any(map(str.isspace, address)) else tables.mail.read(address)
    _put(found, "email", address if box else "")
    if box is not None:
        _add(found, "mailbox", Fact(box.kind, DERIVED, "email"))
        _add(found, "domain", Fact(box.company, DERIVED, "email"))


def _phone(found: dict[str, Kept], text: str) -> None:
    told = phones.phone(text)
    _add(found, "phone_line", Fact(told.kind, DERIVED, "phone"))
    _add(found, "country", Fact(told.country, DERIVED, "phone"))
    _add(found, "time_zone", Fact(told.time_zone, DERIVED, "phone"))


def _name(found: dict[str, Kept]) -> None:
    first, last, full = (_text(found, word) for word in ("first_name", "last_name", "name"))
    country, how = _text(found, "country"), "name" if full else "last_name" if last else "first_name"
    if not (first and last):
        told = names.person(first, last, full, country)
        if told is None:
            return
        _add(found, "first_name", Fact(told.given, told.confidence, how))
        _add(found, "last_name", Fact(told.family, told.confidence, how))
    parts = (last, first) if country in _FAMILY_FIRST else (first, last)
    said = " ".join(part for part in parts if any(map(str.isalpha, part)))  # some CRMs insist on a last name: `.`
    _add(found, "name", Fact(said, DERIVED, how))


def _place(found: dict[str, Kept]) -> None:
    """Country, language and time zone, each from what is surest."""
    if "country" not in found:
        for word in ("domain", "email"):
            if word in found and (country := languages.country(_text(found, word))):
                _add(found, "country", Fact(country, GUESSED, word))
    if "language" not in found:
        texts, called, places = (
            {word: _text(found, word) for word in words if word in found} for words in (_TEXTS, _CALLED, _PLACES)
        )
        if (fact := languages.language(texts, called, places)) is not None:
            _add(found, "language", fact)
    if "time_zone" not in found and "country" in found:
        zone = languages.time_zone(_text(found, "country"))
        _add(found, "time_zone", Fact(zone, min(DERIVED, confidence_of(found["country"])), "country"))
