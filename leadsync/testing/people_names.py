"""Names of people in five locales, for the leads of a sandbox. A name that its letters cannot be romanised from is
written `native=latin`; an underscore stands for a space inside a name."""

from unicodedata import combining, normalize

Name = tuple[str, str]
"""A name in its own script and in plain Latin letters."""


def words(text: str) -> tuple[str, ...]:
    """The words of a table."""
    return tuple(text.split())


_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        words("a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya"),
        strict=True,
    )
)
_NOT_A_MARK = str.maketrans("łŁđĐ", "lLdD")


def latin(text: str) -> str:
    """Polish, Vietnamese or Cyrillic text in plain Latin letters; other letters stay as they are."""
    roman = "".join(
        _CYRILLIC[c] if c in _CYRILLIC else _CYRILLIC[c.lower()].capitalize() if c.lower() in _CYRILLIC else c
        for c in text
    )
    letters = normalize("NFD", roman.replace("_", "").translate(_NOT_A_MARK))
    return "".join(c for c in letters if not combining(c))


def names(text: str) -> tuple[Name, ...]:
    """The names of a table, as (native, latin)."""
    pairs = (word.replace("_", " ").partition("=") for word in text.split())
    return tuple((native, roman or latin(native)) for native, _, roman in pairs)


def feminine(locale: str, surname: Name) -> Name:
    """The surname as a woman bears it."""
    native = surname[0]
    if locale == "ru_RU" and native.endswith(("ов", "ев", "ёв", "ин", "ын")):
        native += "а"
    elif locale == "ru_RU" and native.endswith("ий"):
        native = native[:-2] + "ая"
    elif locale == "pl_PL" and native.endswith(("ski", "cki", "dzki")):
        native = native[:-1] + "a"
    return surname if native == surname[0] else (native, latin(native))


MALE = {
    "en_US": names(
        "James Robert John Michael David William Richard Joseph Thomas Charles Daniel Matthew Anthony Mark Steven "
        "Andrew Paul Joshua Kenneth Kevin Brian George Timothy Ronald Jason Edward Jeffrey Ryan Jacob Gary Eric "
        "Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander Patrick Tyler Dennis"
    ),
    "fa_IR": names(
        "علی=Ali رضا=Reza محمد=Mohammad حسین=Hossein مهدی=Mehdi امیر=Amir سعید=Saeed حمید=Hamid بهرام=Bahram "
        "کیان=Kian آرش=Arash سینا=Sina نیما=Nima پویا=Pouya بابک=Babak کاوه=Kaveh فرهاد=Farhad داریوش=Dariush "
        "مسعود=Masoud مجید=Majid ناصر=Naser سهراب=Sohrab پیمان=Peyman شهرام=Shahram امید=Omid ایمان=Iman "
        "یاسر=Yaser وحید=Vahid هادی=Hadi کامران=Kamran خسرو=Khosrow کوروش=Kourosh فرید=Farid نوید=Navid "
        "امیرحسین=Amirhossein محمدرضا=Mohammadreza"
    ),
    "ru_RU": names(
        "Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Артём Николай Павел Роман Владимир "
        "Денис Игорь Антон Илья Кирилл Олег Никита Юрий Виктор Константин Егор Василий Григорий Пётр Станислав "
        "Тимур Фёдор Ярослав Леонид Вадим Георгий Руслан"
    ),
    "pl_PL": names(
        "Piotr Krzysztof Andrzej Tomasz Paweł Michał Marcin Jakub Adam Łukasz Grzegorz Mateusz Wojciech Mariusz "
        "Dariusz Zbigniew Maciej Rafał Robert Kamil Szymon Jacek Dawid Sławomir Bartłomiej Przemysław Radosław "
        "Stanisław Kacper Błażej Filip Józef Tadeusz Wiesław Karol Igor"
    ),
    "vi_VN": names(
        "Anh Bình Cường Dũng Đạt Đức Hải Hiếu Hoàng Hùng Huy Khánh Khoa Kiên Lâm Long Minh Nam Nghĩa Phong Phúc "
        "Quân Quang Sơn Tài Thắng Thành Thịnh Tiến Toàn Trung Tuấn Việt Vinh Vũ Đông"
    ),
}

FEMALE = {
    "en_US": names(
        "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Sandra Ashley Emily "
        "Kimberly Margaret Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Helen Sharon Cynthia "
        "Kathleen Amy Angela Shirley Brenda Emma Anna Pamela Nicole Samantha Katherine Christine Rachel Heather Maria"
    ),
    "fa_IR": names(
        "مریم=Maryam زهرا=Zahra فاطمه=Fatemeh سارا=Sara نرگس=Narges لیلا=Leila شیرین=Shirin مینا=Mina "
        "نازنین=Nazanin پریسا=Parisa الهام=Elham سمیرا=Samira نگار=Negar مهسا=Mahsa یاسمن=Yasaman رویا=Roya "
        "شبنم=Shabnam بهاره=Bahareh ندا=Neda هانیه=Hanieh آناهیتا=Anahita سپیده=Sepideh فرزانه=Farzaneh "
        "مهناز=Mahnaz پروین=Parvin ژاله=Zhaleh گلناز=Golnaz نسرین=Nasrin آتنا=Atena کیمیا=Kimia ترانه=Taraneh "
        "پگاه=Pegah کتایون=Katayoun آزاده=Azadeh"
    ),
    "ru_RU": names(
        "Елена Ольга Наталья Анна Татьяна Ирина Екатерина Светлана Мария Юлия Анастасия Марина Дарья Виктория "
        "Надежда Людмила Ксения Алина Полина Галина Евгения Вера Любовь Оксана Кристина Александра Валентина "
        "Лариса Софья Яна Жанна Нина Алёна Варвара Эльвира Зоя"
    ),
    "pl_PL": names(
        "Anna Maria Katarzyna Małgorzata Agnieszka Barbara Ewa Elżbieta Krystyna Magdalena Joanna Monika Zofia "
        "Aleksandra Natalia Dorota Beata Justyna Renata Iwona Grażyna Jolanta Karolina Paulina Bożena Urszula "
        "Weronika Sylwia Patrycja Izabela Wioletta Julia Hanna Lucyna Żaneta Świętosława"
    ),
    "vi_VN": names(
        "Anh Bích Chi Diễm Dung Giang Hà Hạnh Hằng Hiền Hoa Hồng Huệ Hương Huyền Lan Liên Linh Loan Mai My Nga "
        "Ngân Ngọc Nhung Phương Quỳnh Tâm Thảo Thủy Trâm Trang Trinh Tuyết Vân Yến"
    ),
}

SURNAMES = {
    "en_US": names(
        "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
        "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
        "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall "
        "Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes "
        "Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard "
        "Ramos Kim Cox Ward Richardson O'Brien McCarthy"
    ),
    "fa_IR": names(
        "احمدی=Ahmadi محمدی=Mohammadi حسینی=Hosseini رضایی=Rezaei کریمی=Karimi موسوی=Mousavi جعفری=Jafari "
        "صادقی=Sadeghi رحیمی=Rahimi ابراهیمی=Ebrahimi اکبری=Akbari نوری=Nouri قاسمی=Ghasemi حیدری=Heydari "
        "کاظمی=Kazemi یزدی=Yazdi تهرانی=Tehrani شیرازی=Shirazi اصفهانی=Esfahani تبریزی=Tabrizi فرهادی=Farhadi "
        "سلیمانی=Soleimani زمانی=Zamani باقری=Bagheri امینی=Amini شریفی=Sharifi نجفی=Najafi کرمانی=Kermani "
        "رستمی=Rostami پارسا=Parsa دهقان=Dehghan بهرامی=Bahrami عباسی=Abbasi مرادی=Moradi قربانی=Ghorbani "
        "طاهری=Taheri میرزایی=Mirzaei خسروی=Khosravi فلاحی=Fallahi ملکی=Maleki راد=Rad کیانی=Kiani شمس=Shams "
        "یوسفی=Yousefi حاتمی=Hatami نادری=Naderi صالحی=Salehi افشار=Afshar گودرزی=Goudarzi لطفی=Lotfi "
        "حسین‌زاده=Hosseinzadeh نیک‌فر=Nikfar علی‌پور=Alipour کمالی=Kamali یگانه=Yeganeh مهرجو=Mehrjou"
    ),
    "ru_RU": names(
        "Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев "
        "Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев "
        "Соловьёв Борисов Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв "
        "Гусев Киселёв Ильин Максимов Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков "
        "Баранов Филиппов Комаров Давыдов Беляев Герасимов Богданов Осипов Щукин Чайковский Вишневский Ясинский "
        "Белинский Шевченко Бондаренко Ткаченко Черных"
    ),
    "pl_PL": names(
        "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski "
        "Kozłowski Mazur Jankowski Kwiatkowski Wojciechowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski "
        "Król Michalski Wróbel Wieczorek Jabłoński Nowakowski Majewski Olszewski Stępień Malinowski Jaworski Adamczyk "
        "Dudek Nowicki Pawlak Górski Witkowski Walczak Sikora Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski "
        "Pietrzak Zalewski Wróblewski Marciniak Jasiński Sadowski Bąk Zawadzki Duda Jakubowski Wilk Borkowski "
        "Chmielewski Włodarczyk Sokołowski Szczepański Gołąb Świątek"
    ),
    "vi_VN": names(
        "Nguyễn Nguyễn Nguyễn Nguyễn Trần Trần Lê Lê Phạm Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý "
        "Đinh Đoàn Lâm Mai Trịnh Đào Tạ Tô"
    ),
}

MIDDLE = {  # Vietnamese only: it stands between surname and given name and is kept with the latter
    False: names("Văn Hữu Đức Minh Quốc Thanh Công Xuân Quang Gia Bảo Đình Ngọc Trọng Anh Thế"),
    True: names("Thị Thị Ngọc Thùy Thu Mai Minh Thanh Kim Phương Bảo Như Khánh Diệu Hoài Tường"),
}

NICKNAMES = {
    "James": "Jim", "Robert": "Bob", "Michael": "Mike", "David": "Dave", "William": "Bill", "Richard": "Rick",
    "Joseph": "Joe", "Thomas": "Tom", "Charles": "Chuck", "Daniel": "Dan", "Matthew": "Matt", "Anthony": "Tony",
    "Steven": "Steve", "Andrew": "Andy", "Joshua": "Josh", "Kenneth": "Ken", "Timothy": "Tim", "Edward": "Ed",
    "Benjamin": "Ben", "Samuel": "Sam", "Gregory": "Greg", "Alexander": "Alex", "Patricia": "Pat", "Susan": "Sue",
    "Jennifer": "Jen", "Elizabeth": "Liz", "Barbara": "Barb", "Jessica": "Jess", "Kimberly": "Kim", "Deborah": "Deb",
    "Margaret": "Peggy", "Stephanie": "Steph", "Rebecca": "Becky", "Samantha": "Sam", "Katherine": "Kate",
    "Christine": "Chris", "Pamela": "Pam", "Cynthia": "Cindy",
}  # fmt: skip
