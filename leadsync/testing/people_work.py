"""Companies, trades, places and job titles of five countries, for the leads of a sandbox. All of them are invented."""

from leadsync.testing.people_names import Name, names, words

COUNTRIES = {"en_US": "US", "fa_IR": "IR", "ru_RU": "RU", "pl_PL": "PL", "vi_VN": "VN"}
LOCALES = tuple(COUNTRIES)

INDUSTRIES = (
    "software", "manufacturing", "logistics", "retail", "construction", "finance",
    "healthcare", "education", "energy", "food", "telecom", "consulting",
)  # fmt: skip

TRADES = {  # one word for each industry
    "en_US": names(
        "Software Manufacturing Logistics Retail Construction Finance Health Learning Energy Foods Telecom Consulting"
    ),
    "fa_IR": names(
        "نرم‌افزار=Software صنایع=Industries ترابری=Transport فروشگاه=Retail عمران=Construction سرمایه=Finance "
        "سلامت=Health آموزش=Learning انرژی=Energy غذا=Foods مخابرات=Telecom مشاوره=Consulting"
    ),
    "ru_RU": names("Софт Завод Логистика Ритейл Строй Финанс Медицина Обучение Энерго Продукт Телеком Консалтинг"),
    "pl_PL": names(
        "Oprogramowanie Produkcja Logistyka Handel Budownictwo Finanse Zdrowie Edukacja Energia Żywność Łączność "
        "Doradztwo"
    ),
    "vi_VN": names(
        "Phần_mềm Sản_xuất Vận_tải Bán_lẻ Xây_dựng Tài_chính Y_tế Giáo_dục Năng_lượng Thực_phẩm Viễn_thông Tư_vấn"
    ),
}

STEMS = {
    "en_US": names(
        "Blue North Silver Green Bright Iron Clear Stone River Summit Cedar Harbor Maple Falcon Granite Prairie "
        "Copper Orchard Lantern Canyon Amber Pine Frost Meadow"
    ),
    "fa_IR": names(
        "نوین=Novin پارس=Pars آریا=Arya سپهر=Sepehr البرز=Alborz کاوش=Kavosh پیشرو=Pishro مهر=Mehr آسمان=Aseman "
        "زاگرس=Zagros دماوند=Damavand فردا=Farda آفتاب=Aftab پاسارگاد=Pasargad روشن=Roshan ایده=Ideh کارا=Kara "
        "توسعه=Tose همراه=Hamrah دریا=Darya سبلان=Sabalan یاقوت=Yaghout کیمیا=Kimia راهبرد=Rahbord"
    ),
    "ru_RU": names(
        "Север Вектор Альфа Волга Урал Нева Байкал Гранит Сфера Орион Прогресс Восток Кедр Маяк Импульс Заря Рубин "
        "Сапфир Меридиан Горизонт Форт Кристалл Сокол Луч"
    ),
    "pl_PL": names(
        "Bałtyk Tatry Wawel Odra Żubr Dąb Sokół Jantar Krokus Orzeł Świt Grom Wrzos Lipa Kłos Żuraw Modrzew "
        "Jaskółka Wierzba Granit Polana Źródło Brzoza Szafir"
    ),
    "vi_VN": names(
        "An Bình Đại Hưng Kim Long Minh Nam Phú Quang Tân Thành Thiên Việt Hải Hoàng Đông Tây Bắc Xuân Trường Vạn "
        "Ngọc Sao"
    ),
}

ENDINGS = {
    "en_US": names(
        "peak field bridge gate point ridge works line crest haven mark way brook side ford view wood stream port "
        "land vale shore path grove"
    ),
    "fa_IR": names(
        "گستر=Gostar پرداز=Pardaz صنعت=Sanat تجارت=Tejarat اندیش=Andish آوران=Avaran سازان=Sazan یاران=Yaran "
        "گام=Gam رایان=Rayan تدبیر=Tadbir نگار=Negar پویان=Pouyan افزار=Afzar کالا=Kala راه=Rah بنیان=Bonyan "
        "آفرین=Afarin نوآور=Noavar پایدار=Paydar دانش=Danesh کوش=Koush پناه=Panah رسان=Resan"
    ),
    "ru_RU": names(
        "тех строй групп сервис пром торг мет транс снаб дело мир линк проект маш центр инвест плюс софт ком мастер "
        "дом лайн ресурс знак"
    ),
    "pl_PL": names(
        "pol tech bud met net log serwis plast trans med agro elektro inwest projekt dom max gaz druk star styl mar "
        "eko rem tex"
    ),
    "vi_VN": names(
        "Phát Thịnh Lợi Sơn Khang Vinh Thắng Gia Phong Đạt Tiến Cường Phúc Tín Nghĩa Hà Lâm Giang Thủy Hòa Thuận "
        "Quý Lộc Tâm"
    ),
}

FIRM = {  # a company's name from {stem}, {ending} and {trade}
    "en_US": "{stem}{ending} {trade}, Inc.",
    "fa_IR": "شرکت {trade} {stem} {ending}",
    "ru_RU": "ООО «{stem}{ending} {trade}»",
    "pl_PL": "{stem}{ending} {trade} sp. z o.o.",
    "vi_VN": "Công ty TNHH {trade} {stem} {ending}",
}

CITIES = {
    "en_US": names("Chicago Boston Denver Austin Seattle Atlanta Portland Phoenix Columbus Charlotte"),
    "fa_IR": names(
        "تهران=Tehran مشهد=Mashhad اصفهان=Isfahan شیراز=Shiraz تبریز=Tabriz کرج=Karaj اهواز=Ahvaz رشت=Rasht"
    ),
    "ru_RU": names(
        "Москва=Moscow Санкт-Петербург=Saint_Petersburg Казань Новосибирск Екатеринбург=Yekaterinburg Самара "
        "Пермь=Perm Уфа"
    ),
    "pl_PL": names("Warszawa Kraków Łódź Wrocław Poznań Gdańsk Katowice Lublin"),
    "vi_VN": names("Hà_Nội Thành_phố_Hồ_Chí_Minh Đà_Nẵng Hải_Phòng Cần_Thơ Biên_Hòa Huế Vinh"),
}

TITLES = {  # the same sixteen posts in each language, from assistant to CEO
    "en_US": (
        "Office Assistant", "Intern", "Specialist", "Purchasing Specialist", "Engineer", "Analyst", "Project Manager",
        "Marketing Manager", "Sales Manager", "IT Manager", "Head of Purchasing", "Director of Operations",
        "Finance Director", "VP of Sales", "Chief Technology Officer", "CEO",
    ),
    "fa_IR": (
        "دستیار اداری", "کارآموز", "کارشناس", "کارشناس خرید", "مهندس", "تحلیلگر", "مدیر پروژه",
        "مدیر بازاریابی", "مدیر فروش", "مدیر فناوری اطلاعات", "رئیس خرید", "مدیر عملیات",
        "مدیر مالی", "معاون فروش", "مدیر ارشد فناوری", "مدیرعامل",
    ),
    "ru_RU": (
        "помощник", "стажёр", "специалист", "специалист по закупкам", "инженер", "аналитик", "менеджер проекта",
        "менеджер по маркетингу", "менеджер по продажам", "начальник ИТ-отдела", "начальник отдела закупок",
        "операционный директор", "финансовый директор", "заместитель директора по продажам", "технический директор",
        "генеральный директор",
    ),
    "pl_PL": (
        "asystent biura", "stażysta", "specjalista", "specjalista ds. zakupów", "inżynier", "analityk",
        "kierownik projektu", "kierownik marketingu", "kierownik sprzedaży", "kierownik IT", "szef działu zakupów",
        "dyrektor operacyjny", "dyrektor finansowy", "wiceprezes ds. sprzedaży", "dyrektor techniczny",
        "prezes zarządu",
    ),
    "vi_VN": (
        "Trợ lý văn phòng", "Thực tập sinh", "Chuyên viên", "Chuyên viên mua hàng", "Kỹ sư", "Chuyên viên phân tích",
        "Quản lý dự án", "Trưởng phòng marketing", "Trưởng phòng kinh doanh", "Trưởng phòng CNTT",
        "Trưởng phòng mua hàng", "Giám đốc vận hành", "Giám đốc tài chính", "Phó giám đốc kinh doanh",
        "Giám đốc công nghệ", "Tổng giám đốc",
    ),
}  # fmt: skip
LOOKER_TITLES = (8, 6, 12, 6, 9, 8, 6, 6, 5, 4, 2, 2, 2, 1, 1, 2)
BUYER_TITLES = (1, 0, 2, 4, 2, 2, 4, 5, 5, 7, 10, 11, 8, 6, 8, 9)
"""How often each post occurs."""

FREE_MAIL = ("mail.example", "inbox.example", "post.example", "freemail.example")

SOURCES = (
    "advert", "webinar", "referral", "trade fair", "organic search", "paid search", "social media", "bought list",
    "e-mail campaign", "landing page", "partner", "walk-in",
)  # fmt: skip

AREA_CODES = words(
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 "
    "252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 "
    "319 320 321 323 330 331 334 336 337 339 347 351 352 360 361 386 401 402 404 405 406 407 408 409 410 412 413 "
    "414 415 417 419 423 424 425 430 432 434 435 440 443 469 478 479 480 484 501 502 503 504 505 507 508 509 510 "
    "512 513 515 516 517 518 520 530 540 541 551 559 561 562 563 567 570 571 573 574 580 585 586 601 602 603 605 "
    "606 607 608 609 610 612 614 615 616 617 618 619 620 623 626 630 631 636 641 646 650 651 660 661 662 678 682 "
    "701 702 703 704 706 707 708 712 713 714 715 716"
)


def company_name(locale: str, stem: int, ending: int, industry: int) -> Name:
    """The company's name and the part of its domain before `.example`."""
    stem_, ending_, trade = STEMS[locale][stem], ENDINGS[locale][ending], TRADES[locale][industry]
    name = FIRM[locale].format(stem=stem_[0], ending=ending_[0], trade=trade[0])
    return name, f"{stem_[1]}{ending_[1]}-{trade[1]}".lower().replace(" ", "")
