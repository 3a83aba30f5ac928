"""Evidence in words that people read who have never heard of bits: what was compared and how far it agrees, in the
five languages of the catalogue."""

from collections.abc import Mapping, Sequence

from leadsync.catalog import FIELDS, LANGUAGES

Words = Sequence[str]  # one for each of `LANGUAGES`, in their order
_DIFFERENT: Words = ("different", "متفاوت", "различается", "różne", "khác nhau")
_SAME: Words = ("the same", "یکسان", "совпадает", "takie same", "giống nhau")
_NEARLY: Words = ("nearly the same", "تقریباً یکسان", "почти совпадает", "prawie takie same", "gần giống nhau")
_AGREES: Mapping[str, Mapping[str, Words]] = {
    "name": {
        "neither": _DIFFERENT,
        "given": ("only the given name agrees", "فقط نام کوچک یکسان است", "совпадает только имя",
                  "zgadza się tylko imię", "chỉ trùng tên"),
        "relative": ("the same family name, another given name", "نام خانوادگی یکسان، نام کوچک متفاوت",
                     "фамилия совпадает, имя другое", "to samo nazwisko, inne imię", "trùng họ, khác tên"),
        "family": ("only the family name agrees", "فقط نام خانوادگی یکسان است", "совпадает только фамилия",
                   "zgadza się tylko nazwisko", "chỉ trùng họ"),
        "half": ("the same, as far as both tell it", "یکسان، تا جایی که هر دو گفته‌اند",
                 "совпадает в той части, которая указана в обеих записях",
                 "takie same w części podanej w obu rekordach", "giống nhau ở phần mà cả hai đều có"),
        "initial": ("the same family name and initial", "نام خانوادگی و حرف اول نام یکسان است",
                    "совпадают фамилия и инициал", "zgadza się nazwisko i inicjał", "trùng họ và chữ cái đầu của tên"),
        "close": _NEARLY,
        "same": ("the same, spelt otherwise", "یکسان، با املای دیگر", "совпадает, написано иначе",
                 "takie same, inna pisownia", "giống nhau, viết khác"),
        "across": ("the same in another script", "یکسان، با خط دیگر", "совпадает, записано другим письмом",
                   "takie same, zapisane innym alfabetem", "giống nhau, viết bằng hệ chữ khác"),
        "exact": _SAME,
        "whole": ("the same, middle name included", "یکسان، همراه با نام میانی", "совпадает вместе со вторым именем",
                  "takie same, łącznie z drugim imieniem", "giống nhau, kể cả tên đệm"),
        "unsure": ("names that do not agree keep the two from joining by themselves",
                   "چون نام‌ها یکسان نیستند، این دو خودبه‌خود یکی نمی‌شوند",
                   "имена не совпадают, поэтому автоматического объединения не будет",
                   "imiona i nazwiska nie zgadzają się, więc nie ma automatycznego połączenia",
                   "tên không khớp nên không tự động gộp"),
    },
    "email": {
        "differs": _DIFFERENT,
        "work and own": ("different, one at work and one of their own", "متفاوت، یکی کاری و یکی شخصی",
                         "различаются: рабочий и личный адрес", "różne: adres służbowy i prywatny",
                         "khác nhau: một của công ty, một cá nhân"),
        "colleague": ("different, at the same company", "متفاوت، در همان شرکت", "различаются, та же компания",
                      "różne, ta sama firma", "khác nhau, cùng công ty"),
        "user of the name": ("the same before the @, made of the name", "پیش از @ یکسان است و از نام ساخته شده",
                             "часть до @ совпадает и составлена из имени",
                             "część przed @ taka sama, utworzona z imienia i nazwiska",
                             "phần trước @ giống nhau, ghép từ họ tên"),
        "user": ("the same before the @", "پیش از @ یکسان است", "часть до @ совпадает", "część przed @ taka sama",
                 "phần trước @ giống nhau"),
        "close": ("the same but for a typing error", "یکسان، جز یک اشتباه تایپی", "совпадает, кроме опечатки",
                  "takie same, z wyjątkiem literówki", "giống nhau, trừ lỗi gõ"),
        "exact": ("the same mailbox", "همان صندوق پستی", "тот же почтовый ящик", "ta sama skrzynka", "cùng hộp thư"),
    },
    "phone": {
        "differs": _DIFFERENT,
        "close": ("one digit differs", "یک رقم تفاوت دارد", "отличается одна цифра", "różni się jedna cyfra",
                  "khác một chữ số"),
        "line": ("the same, though names differ", "یکسان، هرچند نام‌ها متفاوت‌اند", "совпадает, но имена разные",
                 "taki sam, choć imiona i nazwiska są różne", "giống nhau, dù tên khác"),
        "exact": ("the same number", "همان شماره", "тот же номер", "ten sam numer", "cùng số"),
    },
    "company": {
        "differs": _DIFFERENT, "close": _NEARLY, "name": _SAME,
        "domain": ("the same web site", "همان وب‌سایت", "тот же сайт", "ta sama strona WWW", "cùng trang web"),
    },
}  # fmt: skip
_OTHERWISE: Mapping[str, Words] = {
    "differs": _DIFFERENT, "close": _NEARLY, "exact": _SAME,
    "near": ("partly the same", "تا اندازه‌ای یکسان", "частично совпадает", "częściowo takie same",
             "giống nhau một phần"),
}  # fmt: skip
SAYS: Mapping[str, Words] = {
    "prior": ("any two records, before anything is compared", "هر دو رکورد، پیش از هر مقایسه",
              "любые две записи до сравнения", "dowolne dwa rekordy przed porównaniem",
              "hai bản ghi bất kỳ, trước khi so sánh"),
    "of company": ("(by its company)", "(بر پایهٔ شرکت آن)", "(по её компании)", "(według firmy)", "(theo công ty)"),
    "crm": ("its CRM holds the two to be one", "CRM این دو را یکی می‌داند", "CRM считает их одной записью",
            "CRM uznaje je za jeden rekord", "CRM coi hai bản ghi này là một"),
    "person": ("a person has decided so", "یک نفر چنین تصمیم گرفته است", "так решил пользователь",
               "tak zdecydował użytkownik", "do người dùng quyết định"),
    "others": ("likely enough, but other records of the two leads do not agree: it waits for you",
               "به‌اندازهٔ کافی محتمل است، ولی رکوردهای دیگرِ این دو سرنخ با هم نمی‌خوانند: منتظر تصمیم شماست",
               "достаточно вероятно, но другие записи этих двух лидов не согласуются: решение за вами",
               "wystarczająco prawdopodobne, ale inne rekordy obu leadów się nie zgadzają: decyzja należy do Ciebie",
               "đủ khả năng, nhưng các bản ghi khác của hai lead không khớp: chờ bạn quyết định"),
    "one": ("one person: {}", "یک نفر: {}", "один человек: {}", "ta sama osoba: {}", "cùng một người: {}"),
    "more": ("more than {}", "بیش از {}", "более {}", "ponad {}", "trên {}"),
    "records": ("{} records", "{} رکورد", "записей: {}", "liczba rekordów: {}", "{} bản ghi"),
}  # fmt: skip
"""What else is said of a pair, by what it is about."""


def said(what: str, language: str = "en", *values: object) -> str:
    """One of `SAYS` with its values, in a language of the catalogue."""
    return SAYS[what][LANGUAGES.index(language)].format(*values)


def agreement(field: str, level: str, language: str = "en") -> str:
    """How far two values agree, by field and level."""
    if field == "prior":
        return said("prior", language)
    words = _AGREES.get(field, _OTHERWISE).get(level)
    return words[LANGUAGES.index(language)] if words else level


def compared(field: str, language: str = "en") -> str:
    """What two records were compared by: the catalogue's label, where it has one."""
    if field == "prior":
        return ""
    return FIELDS[field].labels[language] if field in FIELDS else field.replace("_", " ")
