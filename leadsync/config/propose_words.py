"""What accounts call the fields that leadsync knows: by the words of the catalogue, and by other common names."""

from collections.abc import Mapping
from functools import cache

from leadsync.catalog import FIELDS, LANGUAGES, OF_LEADS, Word
from leadsync.core.convert.base import fold
from leadsync.core.facts import DERIVED_ONLY

_ALSO: Mapping[str, str] = {
    "email": "email|mail|email address|adres email|электронная почта|почта|پست الکترونیک|thư điện tử",
    "phone": "phone number|mobile|mobile phone|telephone|tel|numer telefonu|telefon komorkowy|номер телефона|мобильный"
    "|شماره تلفن|موبایل|số điện thoại|di động",
    "first_name": "given name|forename|نام کوچک",
    "last_name": "surname|family name",
    "company": "company name|organisation|organization|nazwa firmy|название компании|организация|نام شرکت|tên công ty",
    "domain": "domain|website|web site|company website|homepage|strona www|strona internetowa|сайт|сайт компании"
    "|وب سایت|trang web",
    "handle": "telegram|whatsapp|viber|zalo|skype|messenger id",
    "name": "full name|contact name|imię nazwisko|полное имя|фио|نام و نام خانوادگی|họ và tên",
    "referrer": "referred by|referrer|polecający|рекомендатель",
    "job_title": "position|job position|job role|stanowisko pracy|عنوان شغلی|chức vụ",
    "country": "country name|country region|państwo|страна клиента|nước",
    "city": "town|miejscowość|نام شهر",
    "language": "preferred language|language preference|spoken language|communication language|preferowany język"
    "|język komunikacji|język kontaktu|язык общения|предпочитаемый язык|زبان ترجیحی|زبان ارتباط|ngôn ngữ ưa thích",
    "industry": "sector|industry sector|business sector|sektor|сфера деятельности|индустрия|حوزه فعالیت|lĩnh vực"
    "|ngành nghề|ngành hàng",
    "employees": "number of employees|no of employees|employee count|headcount|staff count|company size"
    "|liczba zatrudnionych|wielkość firmy|ilość pracowników|количество сотрудников|число сотрудников|размер компании"
    "|تعداد پرسنل|تعداد کارمندان|اندازه شرکت|quy mô công ty|số lượng nhân viên",
    "revenue": "revenue|annual revenue|turnover|annual turnover|yearly turnover|obrót|obroty|roczny obrót|przychód"
    "|przychody|przychody roczne|выручка|оборот|годовой оборот|درآمد|گردش مالی|doanh thu|doanh thu hàng năm",
    "source": "lead source|source of lead|acquisition channel|acquisition source|how did you hear about us"
    "|źródło leada|źródło pozyskania|источник лида|منبع سرنخ|nguồn khách hàng",
    "campaign": "campaign name|utm campaign|nazwa kampanii|название кампании|نام کمپین|tên chiến dịch",
    "consent": "marketing consent|gdpr consent|newsletter consent|email consent|opt in|email opt in|marketing opt in"
    "|zgoda marketingowa|zgoda rodo|zgoda na newsletter|zgoda na marketing|согласие на рассылку|рассылка разрешена"
    "|согласие на обработку|رضایت بازاریابی|رضایت خبرنامه|đồng ý tiếp thị",
    "budget": "budget amount|annual budget|yearly budget|project budget|available budget|budget range|kwota budżetu"
    "|budżet projektu|budżet roczny|бюджет проекта|годовой бюджет|بودجه سالانه|بودجه پروژه|ngân sách dự kiến",
    "authority": "decision maker|is decision maker|decision role|buying role|decision power|osoba decyzyjna|decydent"
    "|rola decyzyjna|лпр|лицо принимающее решение|роль в решении|تصمیم گیرنده|نقش در تصمیم|người quyết định",
    "need": "needs|pain point|pain points|business need|requirement|requirements|potrzeby|потребности|нужды|نیازها"
    "|yêu cầu",
    "timeline": "timeframe|time frame|purchase horizon|purchase timeframe|purchase timeline|buying timeframe"
    "|buying timeline|buying horizon|decision timeframe|decision timeline|implementation timeline|termin zakupu"
    "|horyzont zakupu|срок покупки|срок внедрения|срок принятия решения|زمان خرید|زمان بندی خرید|thời gian mua"
    "|thời hạn mua",
}
_BESIDES = (
    "a an the of our your my is annual yearly approximate approx main primary current customer client lead contact"
    " account prospect eur usd gbp pln rub irr vnd chf roczny główny główna klienta контакта клиента основной основная"
    " مشتری اصلی chính"
)
_PERSONAL = (
    "mail email address adres adresse адрес آدرس địa phone mobile tel telephone telefon telefonu телефон"
    " تلفن موبایل điện whatsapp viber skype name nazwisko imię imie имя фамилия отчество نام surname person"
    " street ulica улица خیابان birth birthday birthdate born dob urodzenia рождения تولد sinh age passport paszport"
    " паспорт ssn pesel snils inn iban card id national pin password token secret salary gender sex religion"
    " health"
)


@cache
def _catalogue() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, word in FIELDS.items():
        if name not in OF_LEADS | DERIVED_ONLY:
            for phrase in (name, *word.labels.values(), *filter(None, _ALSO.get(name, "").split("|"))):
                found.setdefault(fold(phrase), name)
    return found


def phrases(words: Mapping[str, Word]) -> Mapping[str, str]:
    """Every name of these words, as `fold` spells it; a declared field is called by its name and label."""
    own = {fold(name): word.name for word in words.values() if word.name not in FIELDS for name in _names_of(word)}
    return {**_catalogue(), **own}


def _names_of(word: Word) -> tuple[str, ...]:
    return (word.name, *word.labels.values())


def meant(said: str, known: Mapping[str, str]) -> str | None:
    """The word that a name or label plainly is, in one of its parts (`Need / Potrzeba`)."""
    for part in said.replace("|", " / ").split(" / "):
        phrase = fold(part)
        short = " ".join(token for token in phrase.split() if token not in _folded(_BESIDES))
        if found := known.get(phrase) or known.get(short):
            return found
    return None


@cache
def _folded(words: str) -> frozenset[str]:
    return frozenset(map(fold, words.split()))


def personal(said: str) -> bool:
    """Whether a name or label speaks of what identifies or touches a person."""
    return not _folded(_PERSONAL).isdisjoint(fold(said).split())


@cache
def languages() -> Mapping[str, str]:
    """Code by name of language, as `fold` spells names: the names in five languages, and the codes themselves."""
    from babel import Locale

    spoken = [{code: str(name) for code, name in Locale(each).languages.items()} for each in reversed(LANGUAGES)]
    codes = [str(code) for code in spoken[-1] if len(str(code)) == 2]
    return {fold(names[code]): code for names in spoken for code in codes if code in names} | {c: c for c in codes}
