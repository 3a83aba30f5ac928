"""Every field, activity and result that leadsync knows by name: the one vocabulary of all files, pages and reports.

A part that is not built yet registers none of its words here; they stand in `DESIGNED`, so that a file which uses one
is told "not available yet" and not "unknown". Labels name things by nouns, since a lead's gender is not known.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

LANGUAGES = ("en", "fa", "ru", "pl", "vi")


@dataclass(frozen=True, slots=True)
class Word:
    """A name that files use. `type` is text, number, bool or date; an activity's number is how often it happened.

    `labels` has a label per language of `LANGUAGES`. `unit` is the word that may follow a number in a condition.
    """

    name: str
    type: str
    labels: Mapping[str, str]
    unit: str = ""


def _words(*words: Word) -> Mapping[str, Word]:
    return MappingProxyType({word.name: word for word in words})


def _word(name: str, type_: str, *labels: str, unit: str = "") -> Word:
    return Word(name, type_, MappingProxyType(dict(zip(LANGUAGES, labels, strict=True))), unit)


def _did(name: str, *labels: str) -> Word:
    return _word(name, "number", *labels)


FIELDS = _words(
    _word("email", "text", "e-mail", "ایمیل", "e-mail", "e-mail", "email"),
    _word("phone", "text", "phone", "تلفن", "телефон", "telefon", "điện thoại"),
    _word("handle", "text", "messenger", "پیام‌رسان", "мессенджер", "komunikator", "tài khoản nhắn tin"),
    _word("name", "text", "name", "نام کامل", "имя и фамилия", "imię i nazwisko", "họ tên"),
    _word("first_name", "text", "first name", "نام", "имя", "imię", "tên"),
    _word("last_name", "text", "last name", "نام خانوادگی", "фамилия", "nazwisko", "họ"),
    _word("company", "text", "company", "شرکت", "компания", "firma", "công ty"),
    _word("domain", "text", "web domain", "دامنه", "домен", "domena", "tên miền"),
    _word("job_title", "text", "job title", "سمت", "должность", "stanowisko", "chức danh"),
    _word("seniority", "text", "seniority", "ردهٔ شغلی", "уровень должности", "szczebel stanowiska", "cấp bậc"),
    _word("department", "text", "department", "واحد سازمانی", "отдел", "dział", "phòng ban"),
    _word("country", "text", "country", "کشور", "страна", "kraj", "quốc gia"),
    _word("city", "text", "city", "شهر", "город", "miasto", "thành phố"),
    _word("language", "text", "language", "زبان", "язык", "język", "ngôn ngữ"),
    _word("time_zone", "text", "time zone", "منطقهٔ زمانی", "часовой пояс", "strefa czasowa", "múi giờ"),
    _word("industry", "text", "industry", "صنعت", "отрасль", "branża", "ngành"),
    _word("employees", "number", "employees", "تعداد کارکنان", "сотрудники", "liczba pracowników", "số nhân viên"),
    _word("revenue", "number", "yearly revenue", "درآمد سالانه", "годовая выручка", "przychód roczny", "doanh thu năm"),
    _word(
        "employees_band", "text", "company size", "اندازهٔ شرکت", "размер компании", "wielkość firmy", "quy mô công ty"
    ),
    _word(
        "revenue_band",
        "text",
        "revenue band",
        "بازهٔ درآمد",
        "диапазон выручки",
        "przedział przychodu",
        "khoảng doanh thu",
    ),
    _word(
        "mailbox",
        "text",
        "kind of mailbox",
        "نوع صندوق ایمیل",
        "вид почтового ящика",
        "rodzaj skrzynki",
        "loại hộp thư",
    ),
    _word(
        "phone_line",
        "text",
        "kind of phone line",
        "نوع خط تلفن",
        "вид телефонной линии",
        "rodzaj linii",
        "loại thuê bao",
    ),
    _word("mail_state", "text", "mailbox state", "وضعیت ایمیل", "состояние ящика", "stan skrzynki", "tình trạng email"),
    _word(
        "mail_since",
        "date",
        "mailbox state since",
        "وضعیت ایمیل از",
        "состояние ящика с",
        "stan skrzynki od",
        "tình trạng email từ",
    ),
    _word("source", "text", "source", "منبع", "источник", "źródło", "nguồn"),
    _word("channel", "text", "channel", "کانال", "канал", "kanał", "kênh"),
    _word("initiative", "text", "who started", "آغازگر تماس", "инициатор", "inicjator", "bên chủ động"),
    _word("referrer", "text", "referred by", "معرف", "кто рекомендовал", "kto polecił", "người giới thiệu"),
    _word("campaign", "text", "campaign", "کمپین", "кампания", "kampania", "chiến dịch"),
    _word("consent", "text", "consent", "رضایت", "согласие", "zgoda", "đồng ý nhận tin"),
    _word(
        "consent_email",
        "text",
        "consent to e-mail",
        "رضایت به ایمیل",
        "согласие на e-mail",
        "zgoda na e-mail",
        "đồng ý nhận email",
    ),
    _word(
        "consent_phone",
        "text",
        "consent to calls",
        "رضایت به تماس تلفنی",
        "согласие на звонки",
        "zgoda na telefon",
        "đồng ý nhận cuộc gọi",
    ),
    _word("consent_at", "date", "consent of", "تاریخ رضایت", "дата согласия", "data zgody", "ngày đồng ý"),
    _word(
        "consent_proof",
        "text",
        "proof of consent",
        "مدرک رضایت",
        "подтверждение согласия",
        "dowód zgody",
        "bằng chứng đồng ý",
    ),
    _word("verified_at", "date", "last checked", "آخرین بررسی", "дата проверки", "data sprawdzenia", "ngày kiểm tra"),
    _word("budget", "number", "budget", "بودجه", "бюджет", "budżet", "ngân sách"),
    _word("authority", "text", "authority", "اختیار", "полномочия", "uprawnienia", "thẩm quyền"),
    _word("need", "text", "need", "نیاز", "потребность", "potrzeba", "nhu cầu"),
    _word("timeline", "number", "timeline", "چارچوب زمانی", "срок", "ramy czasowe", "thời gian", unit="months"),
    _word("intent", "text", "wish", "خواسته", "запрос", "o co prosi", "yêu cầu"),
    _word("class", "text", "class", "دسته", "категория", "kategoria", "phân loại"),
    _word("scored_as", "text", "scored as", "گروه امتیازدهی", "группа оценки", "grupa punktacji", "nhóm chấm điểm"),
    _word("magnet", "text", "lead magnet", "لید مگنت", "лид-магнит", "lead magnet", "quà thu hút khách"),
    _word(
        "answer_share",
        "number",
        "share of answers",
        "سهم پاسخ‌ها",
        "доля ответов",
        "odsetek odpowiedzi",
        "tỷ lệ phản hồi",
    ),
    _word(
        "answer_hours",
        "number",
        "hours to an answer",
        "ساعت تا پاسخ",
        "часы до ответа",
        "godziny do odpowiedzi",
        "số giờ đến khi phản hồi",
    ),
    _word("completeness", "number", "completeness", "کامل بودن", "полнота", "kompletność", "độ đầy đủ"),
)
"""What is known about a lead. `timeline` is in months, `revenue` and `budget` in the home currency,
`scored_as` is the segment by whose rules it is scored,
`magnet`, `answer_share` (in percent) and `answer_hours` are told by the lead's activity: see `core.talk`,
`completeness` counts the items that are known of those that the company wants to know."""

BANT = ("budget", "authority", "need", "timeline")
"""Fields that leads are asked for, and may answer with no."""
NO_TO = "no to"
"""Beside the fields of a lead: those of `BANT` that it has answered so, with blanks between."""

OF_LEADS = frozenset(("class", "scored_as", "completeness", "magnet", "answer_share", "answer_hours"))
"""Fields that are worked out for a lead as a whole: no record says them."""

ACTIVITIES = _words(
    _did("visit", "site visit", "بازدید از وب‌سایت", "посещение сайта", "wizyta na stronie", "truy cập website"),
    _did("page_view", "page view", "بازدید صفحه", "просмотр страницы", "wyświetlenie strony", "xem trang"),
    _did("email_sent", "e-mail sent", "ارسال ایمیل", "отправка письма", "wysłanie e-maila", "gửi email"),
    _did("email_open", "e-mail open", "باز کردن ایمیل", "открытие письма", "otwarcie e-maila", "mở email"),
    _did("email_click", "e-mail click", "کلیک در ایمیل", "переход из письма", "kliknięcie w e-mailu", "nhấp email"),
    _did("email_reply", "e-mail reply", "پاسخ ایمیل", "ответ на письмо", "odpowiedź na e-mail", "trả lời email"),
    _did("form_submit", "form", "پر کردن فرم", "заполнение формы", "wypełnienie formularza", "điền biểu mẫu"),
    _did("download", "download", "دانلود", "скачивание", "pobranie", "tải về"),
    _did(
        "newsletter", "newsletter sign-up", "عضویت در خبرنامه", "подписка на рассылку", "zapis na newsletter",
        "đăng ký bản tin",
    ),
    _did("survey", "survey answer", "پاسخ به نظرسنجی", "ответ на опрос", "odpowiedź na ankietę", "trả lời khảo sát"),
    _did("chat", "live chat", "گفتگوی آنلاین", "онлайн-чат", "czat na żywo", "trò chuyện trực tuyến"),
    _did("message", "message", "پیام", "сообщение", "wiadomość", "tin nhắn"),
    _did("call_in", "incoming call", "تماس ورودی", "входящий звонок", "rozmowa przychodząca", "cuộc gọi đến"),
    _did("call_out", "outgoing call", "تماس خروجی", "исходящий звонок", "rozmowa wychodząca", "cuộc gọi đi"),
    _did("meeting", "meeting", "جلسه", "встреча", "spotkanie", "cuộc hẹn"),
    _did("webinar", "webinar", "وبینار", "вебинар", "webinarium", "hội thảo online"),
    _did("event", "event", "رویداد", "мероприятие", "wydarzenie", "sự kiện"),
    _did("demo_request", "demo request", "درخواست دمو", "запрос демонстрации", "prośba o demo", "đặt lịch demo"),
    _did(
        "quote_request", "quote request", "درخواست پیش‌فاکتور", "запрос предложения", "zapytanie o ofertę",
        "yêu cầu báo giá",
    ),
    _did("inquiry", "inquiry", "درخواست اطلاعات", "заявка", "zapytanie", "yêu cầu thông tin"),
    _did("trial", "trial", "دورهٔ آزمایشی", "пробный период", "okres próbny", "dùng thử"),
    _did("sample", "sample", "نمونه", "образец", "próbka", "mẫu thử"),
    _did("coupon", "coupon", "کوپن", "купон", "kupon", "phiếu giảm giá"),
    _did(
        "cart_abandoned", "abandoned basket", "سبد خرید رهاشده", "брошенная корзина", "porzucony koszyk",
        "bỏ giỏ hàng",
    ),
    _did(
        "ticket", "support ticket", "درخواست پشتیبانی", "обращение в поддержку", "zgłoszenie do pomocy technicznej",
        "yêu cầu hỗ trợ",
    ),
    _did(
        "social", "social activity", "فعالیت در شبکه‌های اجتماعی", "активность в соцсетях",
        "aktywność w mediach społecznościowych", "tương tác mạng xã hội",
    ),
    _did("bounce", "e-mail bounce", "برگشت ایمیل", "недоставка письма", "odbicie e-maila", "email bị trả lại"),
    _did("complaint", "spam complaint", "گزارش هرزنامه", "жалоба на спам", "zgłoszenie spamu", "báo cáo thư rác"),
    _did("unsubscribe", "opt-out", "لغو اشتراک", "отписка", "rezygnacja z wiadomości", "từ chối nhận tin"),
    _did(
        "rep_activity", "rep activity", "فعالیت نماینده فروش", "действие менеджера", "działanie handlowca",
        "hoạt động của nhân viên bán hàng",
    ),
)  # fmt: skip
"""What can happen to a lead."""

NOT_INTEREST = frozenset({"email_sent", "call_out", "bounce", "complaint", "unsubscribe", "rep_activity"})
"""Activities that show no interest of the lead, being done by us or against us: the word `activity` leaves them out."""
TRACKED = frozenset({"visit", "page_view", "email_open", "email_click", "social"})
"""Activities that are seen on the site and in mails: they prove little alone, since machines do them too."""

ATTRIBUTES = _words(
    _word("topic", "text", "topic", "موضوع", "тема", "temat", "chủ đề"),
)
"""What is told of an activity besides its kind and its time."""

RESULTS = _words(
    _word("score", "number", "score", "امتیاز", "балл", "punktacja", "điểm"),
    _word("fit", "number", "fit", "تناسب", "соответствие", "dopasowanie", "mức phù hợp"),
    _word("engagement", "number", "engagement", "تعامل", "вовлечённость", "zaangażowanie", "mức tương tác"),
    _word("temperature", "text", "temperature", "درجه حرارت", "температура", "temperatura", "mức độ nóng"),
    _word("grade", "text", "grade", "درجه", "оценка", "ocena", "xếp hạng"),
    _word("quadrant", "text", "quadrant", "گروه", "квадрант", "ćwiartka", "nhóm"),
    _word("stage", "text", "stage", "مرحله", "стадия", "etap", "giai đoạn"),
    _word("step", "text", "step", "گام", "шаг", "krok", "bước"),
    _word("band", "text", "part of the funnel", "بخش قیف", "часть воронки", "część lejka", "phần của phễu"),
    _word("owner", "text", "owner", "مسئول", "ответственный", "opiekun", "người phụ trách"),
    _word("reasons", "text", "reasons", "دلایل", "причины", "uzasadnienie", "lý do"),
    _word("data", "text", "data", "داده‌ها", "данные", "dane", "dữ liệu"),
    _word("next_action", "text", "next step", "گام بعدی", "следующий шаг", "następny krok", "bước tiếp theo"),
    _word("ask_for", "text", "worth asking for", "آنچه باید پرسید", "что спросить", "o co zapytać", "nên hỏi thêm"),
    _word("duplicates", "text", "duplicates", "موارد تکراری", "дубликаты", "duplikaty", "bản ghi trùng lặp"),
    _word(
        "company_score", "number", "company score", "امتیاز شرکت", "балл компании", "punktacja firmy", "điểm công ty"
    ),
    _word(
        "company_engaged", "number", "engaged people", "افراد دارای تعامل", "вовлечённые сотрудники",
        "zaangażowane osoby", "số người quan tâm",
    ),
)  # fmt: skip
"""What leadsync works out."""

OF_COMPANIES = frozenset(("company_score", "company_engaged"))
"""Results that are about a company, and written to its records; all others are about leads."""

ENOUGH, NOT_ENOUGH = "enough", "not enough"
"""What the result `data` says: whether enough is known of a lead to judge it."""

VALUE_LABELS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "temperature": {
        "en": {"hot": "hot", "warm": "warm", "cold": "cold"},
        "fa": {"hot": "داغ", "warm": "گرم", "cold": "سرد"},
        "ru": {"hot": "горячий", "warm": "тёплый", "cold": "холодный"},
        "pl": {"hot": "gorący", "warm": "ciepły", "cold": "zimny"},
        "vi": {"hot": "nóng", "warm": "ấm", "cold": "lạnh"},
    },
    "quadrant": {
        "en": {
            "ready": "ready to be pitched",
            "prospect": "prospect",
            "interested": "interested",
            "neither": "neither",
        },
        "fa": {"ready": "آمادهٔ پیشنهاد", "prospect": "مشتری بالقوه", "interested": "علاقه‌مند", "neither": "هیچ‌کدام"},
        "ru": {
            "ready": "готов к предложению",
            "prospect": "потенциальный клиент",
            "interested": "есть интерес",
            "neither": "ни то ни другое",
        },
        "pl": {
            "ready": "gotowy na ofertę",
            "prospect": "prospekt",
            "interested": "zainteresowany",
            "neither": "ani jedno, ani drugie",
        },
        "vi": {
            "ready": "sẵn sàng chào hàng",
            "prospect": "khách phù hợp",
            "interested": "khách quan tâm",
            "neither": "chưa phù hợp",
        },
    },
    "data": {
        "en": {ENOUGH: "enough data", NOT_ENOUGH: "not enough data"},
        "fa": {ENOUGH: "دادهٔ کافی", NOT_ENOUGH: "دادهٔ کافی نیست"},
        "ru": {ENOUGH: "данных достаточно", NOT_ENOUGH: "недостаточно данных"},
        "pl": {ENOUGH: "dość danych", NOT_ENOUGH: "za mało danych"},
        "vi": {ENOUGH: "đủ dữ liệu", NOT_ENOUGH: "chưa đủ dữ liệu"},
    },
}
"""The words of results, in each of `LANGUAGES`."""

DESIGNED = frozenset(
    (
        "probability", "value", "urgency",
    )
)  # fmt: skip
"""Words of the plan that nothing feeds or computes yet."""

_KINDS: Mapping[str, tuple[str, Mapping[str, Word]]] = {
    "field": ("a field", FIELDS),
    "activity": ("an activity", ACTIVITIES),
    "result": ("a result", RESULTS),
    "attribute": ("an attribute of activities", ATTRIBUTES),
}


def unknown_word(word: str, kind: str, also: Collection[str] = ()) -> str:
    """Why `word` cannot be used as `kind` ("field", "activity", "result", or "word" for any), as one sentence.

    `also` holds words that would be right besides those of the catalogue (declared fields, keywords); they only serve
    to guess what was meant.
    """
    if word in DESIGNED:
        return f"'{word}' is not available yet"
    if word in ATTRIBUTES and kind == "word":
        return f"'{word}' is about a single activity: only `when` of a scoring rule with `per` can test it"
    for other, (article, words) in _KINDS.items():
        if word in words and other != kind:
            return f"'{word}' is {article} and cannot be used here"
    known = {*also, *(_KINDS[kind][1] if kind in _KINDS else (*FIELDS, *ACTIVITIES))}
    close = get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6 if len(word) > 3 else 0.75)  # at: no chat
    return f"unknown {kind} '{word}'" + (f"; did you mean '{close[0]}'?" if close else "")
