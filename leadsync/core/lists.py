"""Leads from a list that somebody bought or brought along: whether they may go on to sales, and why not."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import new
from typing import Any, NamedTuple

from leadsync.catalog import LANGUAGES
from leadsync.core.classes import BUYER
from leadsync.core.convert.consent import DENIED, GRANTED
from leadsync.core.facts.fact import Facts, value_of
from leadsync.core.facts.mail import MailWords

CUSTOMER = "customer"
OK, HOLD, REFUSE = "ok", "hold", "refuse"
"""What becomes of a lead of a list: it goes on, a person decides, or it never goes on as it is."""
ALGORITHMS: Mapping[int, str] = {32: "md5", 40: "sha1", 64: "sha256"}
"""How a mailbox may be hashed in a file, by the number of signs of it."""
_REASONS: Mapping[str, tuple[str, str, str, str, str]] = {  # in the order of LANGUAGES
    "erased": (
        "was erased for good", "برای همیشه پاک شده است", "удалён навсегда", "usunięto na stałe", "đã bị xóa vĩnh viễn",
    ),
    "invalid_email": (
        "the e-mail address is none", "نشانی ایمیل معتبر نیست", "адрес e-mail не является адресом",
        "adres e-mail nie jest adresem", "địa chỉ email không hợp lệ",
    ),
    "no_contact": (
        "there is no e-mail and no phone number", "نه ایمیل هست و نه شماره تلفن", "нет ни e-mail, ни телефона",
        "nie ma ani e-maila, ani telefonu", "không có email lẫn số điện thoại",
    ),
    "suppressed_domain": (
        "nobody at {} may be contacted", "با هیچ‌کس در دامنهٔ {} نباید تماس گرفت", "с {} связываться нельзя",
        "z nikim z {} nie wolno się kontaktować", "không được liên hệ với ai ở {}",
    ),
    "suppressed_mailbox": (
        "this mailbox may not be contacted", "با این ایمیل نباید تماس گرفت", "на этот адрес писать нельзя",
        "z tą skrzynką nie wolno się kontaktować", "không được liên hệ với email này",
    ),
    "suppressed_country": (
        "nobody in {} may be contacted", "با هیچ‌کس در کشور {} نباید تماس گرفت", "в страну {} обращаться нельзя",
        "z nikim w kraju {} nie wolno się kontaktować", "không được liên hệ với ai ở quốc gia {}",
    ),
    "opted_out": (
        "wants no contact", "تماس نمی‌خواهد", "отказ от контакта", "nie chce kontaktu", "không muốn được liên hệ",
    ),
    "customer": (
        "is a customer already", "هم‌اکنون مشتری است", "уже клиент", "jest już klientem", "đã là khách hàng",
    ),
    "class": (
        "is no buyer: {}", "خریدار نیست: {}", "не покупатель: {}", "nie jest kupującym: {}",
        "không phải người mua: {}",
    ),
    "dead_mailbox": (
        "mail to this address does not arrive", "ایمیل به این نشانی نمی‌رسد", "письма на этот адрес не доходят",
        "poczta na ten adres nie dochodzi", "thư gửi đến địa chỉ này không tới nơi",
    ),
    "disposable": (
        "the mailbox is one to be thrown away", "ایمیل یک‌بارمصرف است", "одноразовый почтовый ящик",
        "skrzynka jest jednorazowa", "hộp thư dùng một lần",
    ),
    "duplicate": (
        "is there already: {}", "از پیش وجود دارد: {}", "уже есть: {}", "już istnieje: {}", "đã có sẵn: {}",
    ),
    "no_consent": (
        "no consent is known", "رضایتی ثبت نشده است", "согласие неизвестно", "nie ma znanej zgody",
        "chưa có sự đồng ý",
    ),
    "old": (
        "the data are of {}", "داده‌ها مربوط به {} است", "данные от {}", "dane pochodzą z {}", "dữ liệu từ ngày {}",
    ),
    "misspelt": (
        "the address is misspelt; meant is {}", "نشانی غلط املایی دارد؛ منظور {} است", "опечатка в адресе; верно {}",
        "literówka w adresie; chodzi o {}", "địa chỉ sai chính tả; đúng là {}",
    ),
    "unverified": (
        "nobody has checked that mail arrives", "رسیدن ایمیل بررسی نشده است", "доставка писем не проверена",
        "nie sprawdzono, czy poczta dochodzi", "chưa kiểm tra thư có tới nơi",
    ),
    "rejected": (
        "a person has rejected it", "یک نفر آن را رد کرده است", "отклонено человеком", "odrzucone przez człowieka",
        "đã bị một người từ chối",
    ),
}  # fmt: skip
REASONS = tuple(_REASONS)
"""Why a lead of a list does not go on."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Whom nobody may contact: domains with all below them, mailboxes by their keys, countries, hashes of mailboxes."""

    domains: Set[str] = frozenset()
    mailboxes: Set[str] = frozenset()
    countries: Set[str] = frozenset()
    hashes: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lists:
    """Which records are of a list: by their `channel`, or by their connection; and what its leads must be.

    `max_age` is in days. `consent`: it must be known to be granted. `verified`: mail must be known to arrive.
    `probation`: until they do something themselves, leads stay at the first stage and are given to nobody.
    """

    channels: Set[str] = frozenset()
    connections: Set[str] = frozenset()
    max_age: int | None = None
    consent: bool = False
    verified: bool = False
    probation: bool = True
    suppressed: Suppressed = Suppressed()
    version: str = ""

    def has(self, connection: str, facts: Facts) -> bool:
        """Whether a record is of a list."""
        return connection in self.connections or value_of(facts.get("channel", "")) in self.channels


class Finding(NamedTuple):
    """What keeps a lead back. `value` is what was found; `other` the record that it was found in, if another's."""

    result: str
    reason: str
    value: str = ""
    other: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What a person has accepted who accepts this one: of another kind or value it is another one."""
        return self.reason, self.value if self.other is None else str(self.other)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a lead of a list besides its own records.

    `twin` is a record with the same mailbox or number, and `shown` how it is called. `customer`: the lead or its twin
    has bought. `accepted` are the keys of findings that a person did not mind, `rejected` tells of one who did.
    """

    twin: int | None = None
    shown: str = ""
    customer: bool = False
    accepted: Set[tuple[str, str]] = frozenset()
    rejected: bool = False


def findings(
    lists: Lists, mail: MailWords, lead: Mapping[str, Any], beside: Beside, *, active: bool = False
) -> Iterator[Finding]:
    """All that keeps a lead back, the gravest first.

    `lead` is a row as in `truth`, with its class; `active`: it has done something itself, so that it is not old.
    """
    email, kind, mail_state = lead["email"] or "", lead["mailbox"], lead.get("mail_state")
    box = mail.read(email)
    if not email and not lead["phone"]:
        yield Finding(REFUSE, "no_contact")
    yield from _suppressed(lists.suppressed, lead, box.key if box else "", box.domain if box else "")
    if lead["consent"] == DENIED:
        yield Finding(REFUSE, "opted_out")
    if beside.customer or lead["class"] == CUSTOMER:
        yield Finding(REFUSE, "customer", beside.shown, beside.twin)
    elif lead["class"] != BUYER:
        yield Finding(REFUSE, "class", lead["class"])
    if mail_state == "invalid" or kind == "unknown":
        yield Finding(REFUSE, "dead_mailbox", box.domain if box else "")
    if kind == "disposable":
        yield Finding(REFUSE, "disposable", box.domain if box else "")
    if beside.twin is not None or beside.shown:
        yield Finding(HOLD, "duplicate", beside.shown, beside.twin)
    if lists.consent and lead["consent"] != GRANTED:
        yield Finding(HOLD, "no_consent")
    if (end := _old_on(lists, lead)) and not active and lead["day"] >= end:
        yield Finding(HOLD, "old", f"{_checked_on(lead)}")
    if box and box.suggestion:
        yield Finding(HOLD, "misspelt", box.suggestion.rpartition("@")[2])
    if lists.verified and email and mail_state not in ("valid", "invalid"):
        yield Finding(HOLD, "unverified", mail_state or "")


def judge(found: Sequence[Finding], beside: Beside) -> Finding:
    """What becomes of the lead, with the gravest of what was found that nobody has accepted."""
    if beside.rejected:
        return Finding(REFUSE, "rejected")
    left = (each for each in found if each.result == REFUSE or each.key not in beside.accepted)
    return next(left, Finding(OK, ""))


def old_on(lists: Lists, lead: Mapping[str, Any]) -> date | None:
    """The day on which a lead that is not old will be."""
    end = _old_on(lists, lead)
    return end if end and lead["day"] < end else None


def told(reason: str, value: str, labels: Mapping[str, Mapping[str, str]], language: str = "en") -> str:
    """A reason as a sentence, in one of `LANGUAGES`. `labels`: class → language → what people read for it."""
    if reason not in _REASONS:
        return ""
    if reason == "class":
        own = labels.get(value, {})
        value = own.get(language) or own.get("en") or value
    said = _REASONS[reason][LANGUAGES.index(language)]
    return said.format(value) if value else said.replace(": {}", "").format("—")


def _checked_on(lead: Mapping[str, Any]) -> date | None:
    return max(filter(None, (lead["verified_at"], lead["consent_at"])), default=None)


def _old_on(lists: Lists, lead: Mapping[str, Any]) -> date | None:
    day = _checked_on(lead)
    if day is None or lists.max_age is None or day.toordinal() + lists.max_age >= date.max.toordinal():
        return None
    return day + timedelta(days=lists.max_age + 1)


def _suppressed(rules: Suppressed, lead: Mapping[str, Any], key: str, host: str) -> Iterator[Finding]:
    for name in filter(None, (host, lead["domain"])):
        labels = name.split(".")
        if hit := next((d for i in range(len(labels)) if (d := ".".join(labels[i:])) in rules.domains), None):
            yield Finding(REFUSE, "suppressed_domain", hit)
            break
    email = lead["email"] or ""
    if email and (key in rules.mailboxes or not rules.hashes.isdisjoint(_hashes(email, key, rules.hashes))):
        yield Finding(REFUSE, "suppressed_mailbox")
    if lead["country"] in rules.countries:
        yield Finding(REFUSE, "suppressed_country", lead["country"])


def _hashes(email: str, key: str, rules: Set[str]) -> Iterator[str]:
    if rules:
        for name in ALGORITHMS.values():
            yield from (
                new(name, text.encode(errors="replace"), usedforsecurity=False).hexdigest() for text in (email, key)
            )
