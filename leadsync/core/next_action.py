"""What a sales rep does next with a lead, by its place on the funnel and its temperature."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal

from leadsync.catalog import LANGUAGES

_ACTIONS: Mapping[tuple[str, str], tuple[str, str, str, str, str]] = {  # in the order of LANGUAGES
    ("bottom", "hot"): (
        "call today", "امروز تماس بگیرید", "позвонить сегодня", "zadzwoń dziś", "gọi hôm nay",
    ),
    ("bottom", "warm"): (
        "offer a meeting", "پیشنهاد جلسه بدهید", "предложить встречу", "zaproponuj spotkanie", "đề nghị một cuộc hẹn",
    ),
    ("bottom", "cold"): (
        "ask whether there is still interest", "بپرسید آیا هنوز علاقه‌مند است", "узнать, есть ли ещё интерес",
        "zapytaj, czy temat jest nadal aktualny", "hỏi xem khách còn quan tâm không",
    ),
    ("middle", "hot"): (
        "call today", "امروز تماس بگیرید", "позвонить сегодня", "zadzwoń dziś", "gọi hôm nay",
    ),
    ("middle", "warm"): (
        "write", "پیام بدهید", "написать", "napisz", "nhắn tin",
    ),
    ("middle", "cold"): (
        "keep in touch, no call yet", "در ارتباط بمانید، فعلاً تماس تلفنی نگیرید",
        "поддерживать контакт, пока не звонить", "utrzymuj kontakt, na razie nie dzwoń", "giữ liên lạc, chưa cần gọi",
    ),
    ("top", "hot"): (
        "check the contact details, then call", "اطلاعات تماس را بررسی کنید و تماس بگیرید",
        "проверить контакты и позвонить", "sprawdź dane kontaktowe i zadzwoń", "kiểm tra thông tin liên hệ rồi gọi",
    ),
    ("top", "warm"): (
        "invite to a demo or webinar", "به دمو یا وبینار دعوت کنید", "пригласить на демонстрацию или вебинар",
        "zaproś na demo lub webinarium", "mời xem demo hoặc dự hội thảo online",
    ),
    ("top", "cold"): (
        "leave to marketing, no call yet", "به بازاریابی بسپارید، فعلاً تماس نگیرید",
        "оставить маркетингу, пока не звонить", "zostaw marketingowi, na razie nie dzwoń",
        "để marketing nuôi dưỡng, chưa cần gọi",
    ),
    ("", "no calls"): (
        "write, do not call", "پیام بدهید، تماس تلفنی نگیرید", "написать, не звонить", "napisz, nie dzwoń",
        "nhắn tin, không gọi điện",
    ),
    ("", "no phone"): (
        "write today, ask for the phone number", "امروز پیام بدهید و شماره تلفن را بپرسید",
        "написать сегодня, спросить номер телефона", "napisz dziś, poproś o numer telefonu",
        "nhắn tin hôm nay, xin số điện thoại",
    ),
    ("", "no e-mails"): (
        "call, send no e-mails", "تماس بگیرید، ایمیل نفرستید", "позвонить, не писать на почту",
        "zadzwoń, nie wysyłaj maili", "gọi điện, không gửi email",
    ),
    ("", "no e-mails yet"): (
        "send no e-mails, no call yet", "ایمیل نفرستید، فعلاً تماس هم نگیرید", "не писать на почту, пока не звонить",
        "nie wysyłaj maili, na razie nie dzwoń", "không gửi email, chưa cần gọi",
    ),
    ("", "out of reach"): (
        "find out how to reach them", "راه تماس را پیدا کنید", "найти контакты для связи", "znajdź dane kontaktowe",
        "tìm cách liên hệ",
    ),
    ("middle", "no mailbox"): ("call", "تماس بگیرید", "позвонить", "zadzwoń", "gọi điện"),
    ("", "lost"): (
        "nothing, it is marked as lost", "کاری لازم نیست، از دست رفته ثبت شده است",
        "ничего не делать, отмечен как потерянный",
        "nic, oznaczono jako stracony", "không cần làm gì, đã ghi nhận là mất",
    ),
    ("", "customer"): (
        "ask whether all is well and what else is needed", "بپرسید آیا همه‌چیز خوب است و چه نیاز دیگری هست",
        "узнать, всё ли устраивает и что ещё нужно", "zapytaj, czy wszystko w porządku i czego jeszcze potrzeba",
        "hỏi khách có hài lòng không và cần gì thêm",
    ),
    ("", "opted out"): (
        "do not contact, opted out", "نه تماس بگیرید نه پیام بدهید، لغو اشتراک کرده است",
        "не связываться, есть отписка", "nie kontaktuj się: rezygnacja z wiadomości",
        "không liên hệ, khách đã từ chối nhận tin",
    ),
}  # fmt: skip
_ASKING: Mapping[str, tuple[str, str, str, str, str]] = {
    "": ("", "", "", "", ""),
    "need": (
        ", ask about need", " و نیاز را بپرسید", ", уточнить потребность", ", zapytaj o potrzeby", ", hỏi nhu cầu",
    ),
    "budget": (
        ", ask about budget", " و بودجه را بپرسید", ", уточнить бюджет", ", zapytaj o budżet", ", hỏi ngân sách",
    ),
    "need budget": (
        ", ask about need and budget", " و نیاز و بودجه را بپرسید", ", уточнить потребность и бюджет",
        ", zapytaj o potrzeby i budżet", ", hỏi nhu cầu và ngân sách",
    ),
}  # fmt: skip
ASKED = ("need", "budget")
"""What the middle of the funnel asks about, unless it is answered."""
Step = tuple[str, str, str]
Way = Literal["open", "refused", "none"]
OPEN: Way = "open"
REFUSED: Way = "refused"
NONE: Way = "none"


def next_step(
    stage: int | None, stages: int, temperature: str, beside: str = "", *, call: Way = OPEN, write: Way = OPEN,
    ask: Sequence[str] = ASKED,
) -> Step:  # fmt: skip
    """What to do next: for `told`.

    `stage` is the lead's place among so many stages, 0 the lowest and the last one that which sales works on; `None`
    is below all. The last is the bottom of the funnel, the one before it the middle, all others are the top.

    `beside` is what counts whatever the temperature: "opted out" (not to be contacted), "customer", "lost" or
    "recycled". Nobody is told to call or write where that way is refused, or where there is no number or mailbox.
    `ask`: those of `ASKED` that are open.
    """
    if beside == "recycled":
        return "top", "cold", ""
    if beside or (special := _by_the_way(temperature, call, write)):
        return "", beside or special, ""
    above = 2 if stage is None else stages - 1 - stage
    place = ("bottom", "middle", "top")[min(max(above, 0), 2)]
    asks = " ".join(ask) if place == "middle" and temperature != "cold" else ""
    return place, "no mailbox" if (place, temperature, write) == ("middle", "warm", NONE) else temperature, asks


def _by_the_way(temperature: str, call: Way, write: Way) -> str:
    """What is done in place of calling or writing."""
    cold = temperature == "cold"
    if write == REFUSED:
        return "opted out" if call != OPEN else "no e-mails yet" if cold else "no e-mails"
    if call != OPEN and write != OPEN:
        return "" if cold else "out of reach"
    return "" if call == OPEN or temperature != "hot" else "no calls" if call == REFUSED else "no phone"


@cache
def told(step: Step, language: str = "en") -> str:
    """A step in one of `LANGUAGES`, without a full stop."""
    *what, ask = step
    nth = LANGUAGES.index(language)
    return _ACTIONS[what[0], what[1]][nth] + _ASKING[ask][nth]
