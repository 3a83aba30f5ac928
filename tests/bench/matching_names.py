"""Names for a million people of five locales: enough of them that namesakes stay as rare as they are among people."""

from itertools import accumulate, product
from random import Random

from leadsync.testing.people_names import FEMALE, MALE, MIDDLE, SURNAMES, Name, feminine, names

_MORE_GIVEN = {
    "en_US": (
        "Aaron Adam Albert Alan Arthur Austin Billy Bobby Bradley Bruce Bryan Carl Chad Christian Craig Curtis Dale "
        "Derek Don Douglas Dustin Dylan Earl Ernest Ethan Evan Francis Frank Fred Gabriel Gerald Glenn Harold Harry "
        "Henry Howard Hunter Ian Isaac Jack Jared Jeremy Jerome Jerry Jesse Jordan Jose Juan Keith "
        "Kyle Lance Lawrence "
        "Lee Leonard Logan Louis Lucas Luis Marcus Martin Mason Maurice Nathan Nicholas Noah Oscar Peter Philip Ralph "
        "Randy Raymond Roger Roy Russell Sean Seth Shane Shawn Stanley Terry Theodore Todd Travis "
        "Trevor Victor Vincent "
        "Walter Wayne Wesley Zachary",
        "Abigail Alexandra Alice Allison Alyssa Amanda Amber Amy Andrea Angela Anna Anne April Ashley Audrey Beth "
        "Beverly Brenda Brittany Brooke Caitlin Carol Caroline Carrie Catherine Cheryl Claire Courtney Crystal Dana "
        "Danielle Dawn Denise Diana Donna Dorothy Eleanor Emily Emma Erica Erin Evelyn Faith Frances "
        "Gina Gloria Grace "
        "Hannah Heather Heidi Helen Holly Isabel Jackie Jacqueline Jane Janet Jasmine Jill Joan Joyce Judith Julia "
        "Julie Kathleen Kelly Kristen Laura Lauren Leslie Lindsay Lori Lucy Madison Marie Martha "
        "Megan Melanie Melissa "
        "Michelle Misty Molly Monica Natalie Nicole Olivia Paige Paula Rachel Renee Rhonda Robin Rose Ruth Sabrina "
        "Sandra Sara Shannon Sharon Sheila Sherry Shirley Sonia Stacy Sylvia Tamara Tara Teresa Tiffany Tina Tracy "
        "Valerie Vanessa Veronica Victoria Virginia Wendy Yvonne",
    ),
    "ru_RU": (
        "Аркадий Арсений Богдан Валентин Валерий Василий Вадим Владислав Вячеслав Геннадий Георгий Герман Григорий "
        "Данила Евдоким Ефим Захар Игнатий Кирилл Климент Лев Леонид Любомир Макар Матвей Мирон Модест Назар Никифор "
        "Остап Платон Прохор Родион Святослав Семён Степан Тарас Тимофей Трофим Фёдор Филипп Эдуард Юлиан Яков",
        "Агафья Алевтина Алина Алла Ангелина Антонина Валентина Валерия Варвара Василиса Вера Вероника Галина Дарья "
        "Евдокия Жанна Зинаида Зоя Инна Кира Клавдия Ксения Лариса Лидия Любовь Людмила Майя Маргарита Милица Надежда "
        "Наина Нинель Нонна Оксана Полина Прасковья Раиса Регина Синклитикия София Таисия Тамара Ульяна Фёкла Эмилия",
    ),
    "pl_PL": (
        "Adrian Aleks Arkadiusz Błażej Bogdan Cezary Cyprian Dawid Dominik Emil Fabian Filip Franciszek Gustaw Hubert "
        "Igor Iwo Jeremi Julian Kajetan Kacper Kamil Karol Konrad Kornel Krystian Leon Leonard Maks Maurycy Michał "
        "Mieszko Mikołaj Natan Nikodem Norbert Olaf Oskar Patryk Radosław Roman Sebastian Szymon "
        "Tymon Tymoteusz Wiktor",
        "Ada Adrianna Aniela Anita Blanka Bianka Dagmara Daria Eliza Elżbieta Emilia Ewelina Gaja Iga Ida Inga "
        "Jagoda Janina Julita Kaja Kalina Kamila Kinga Klara Kornelia Krystyna Lena Liliana Liwia "
        "Łucja Malwina Marcelina "
        "Marianna Melania Michalina Milena Nadia Nela Nicole Olga Olivia Oliwia Rozalia Róża Sara Sylwia Tola Urszula",
    ),
    "fa_IR": (
        "آرش=Arash آرمان=Arman بهزاد=Behzad بابک=Babak پرهام=Parham جواد=Javad داوود=Davoud سامان=Saman سیاوش=Siavash "
        "شاهین=Shahin فرشاد=Farshad کامران=Kamran کوروش=Kourosh مازیار=Maziar مسعود=Masoud میلاد=Milad نیما=Nima "
        "هومن=Houman یوسف=Yousef ابراهیم=Ebrahim اسماعیل=Esmaeil احسان=Ehsan امید=Omid ایمان=Iman بهنام=Behnam "
        "پیمان=Peyman جمشید=Jamshid حامد=Hamed خسرو=Khosrow رامین=Ramin روزبه=Rouzbeh سهراب=Sohrab شهرام=Shahram "
        "فریدون=Fereydoun قاسم=Ghasem کیوان=Keyvan مجید=Majid محسن=Mohsen منصور=Mansour "
        "ناصر=Naser وحید=Vahid یاسر=Yaser",
        "آزاده=Azadeh آناهیتا=Anahita بهاره=Bahareh پریسا=Parisa ترانه=Taraneh حدیث=Hadis درسا=Dorsa رویا=Roya "
        "زیبا=Ziba ساناز=Sanaz سحر=Sahar شقایق=Shaghayegh شیما=Shima طاهره=Tahereh غزل=Ghazal فرزانه=Farzaneh "
        "فرشته=Fereshteh کتایون=Katayoun گلناز=Golnaz لاله=Laleh مهسا=Mahsa مینا=Mina نازنین=Nazanin نرگس=Narges "
        "نسترن=Nastaran نگار=Negar نیلوفر=Niloufar هدیه=Hedieh هانیه=Hanieh یلدا=Yalda پروانه=Parvaneh پونه=Pouneh",
    ),
    "vi_VN": (
        "An Bách Bằng Bình Chiến Chính Cường Danh Duy Dũng Đại Đạt Điền Giang Hải Hậu Hiệp Hiếu Hòa Hoàn Hưng Khánh "
        "Khải Khoa Kiên Lâm Lợi Long Lộc Luân Mạnh Nam Nghĩa Nguyên Nhân Nhật Phát Phong Phúc Phước Quân Quý Sơn Tài "
        "Tâm Tân Thái Thắng Thành Thịnh Thiện Thông Tiến Toàn Trí Trung Tuấn Tùng Vinh Vũ Vương",
        "Ái Ánh Bích Châu Chi Cúc Diễm Dung Duyên Đào Điệp Giang Hà Hạnh Hân Hằng Hiền Hoa Hoài Hồng Huệ Hương Huyền "
        "Lan Lệ Liên Linh Loan Ly My Mỹ Nga Ngân Nguyệt Nhàn Nhi Nhung Oanh Quyên Quỳnh Sương Tâm Thảo Thắm Thơ Thu "
        "Thúy Thư Trang Trâm Trinh Trúc Tuyết Uyên Vân Vy Xuân Yên Yến",
    ),
}  # fmt: skip
_SURNAMES = {  # beginnings and ends
    "en_US": (
        "Ash Barn Beck Black Brad Brook Burn Clay Crow Dal East Elm Fair Fern Glen Gran Green Hal Hart Haw "
        "High Hol Hun "
        "Kings Lang Law Lin Mar Mel Mid Mil Nor Oak Old Pem Pres Red Rich Rock Sand Shel Stan Star Sut Thorn Wal West "
        "Whit Win Wood",
        "ton ley field ford wood well man son worth by ham more land",
    ),
    "ru_RU": (
        "Абрам Агаф Баран Бел Бобр Больш Бык Ворон Горбун Гришк Гус Дмитр Дорох Дрозд Ерм Ефрем Жук Зай Звер Игнат "
        "Калин Карп Клим Колос Комар Кондр Корол Кузь Лапт Лаврент Логин Макс Март Мельник Мирон Моисе Мух Наум Никон "
        "Орех Остап Пан Прохор Рыб Рябин Сав Сидор Симон Солов Суворк Тарас Тих Трофим Уваркин Фад Филат Фом Хохл "
        "Цвет Черн Шап Шубин Щук Юд Яшк",
        "ов ин ский енко ских",
    ),
    "pl_PL": (
        "Adam Bald Bart Biel Bor Brzoz Chmiel Czarn Dąbr Dobr Dom Gaj Głow Grab Gór Jabł Jan Jasiń Jawor Kacz Kalin "
        "Kamiń Klim Kował Koz Krak Krup Kuch Lew Lip Łuk Mal Maj Mał Mich Mor Mroz Niedź Nowak Olsz Orł "
        "Ostr Paw Piątk "
        "Piotr Pol Rad Rog Rut Sad Sław Sob Sok Stan Szym Tom Urb Walcz Wierz Wiś Wit Wrób Zaj Zal Żak Żur",
        "owski czak ecki ewicz iński ik owicz czyk",
    ),
    "fa_IR": (
        "احمد=Ahmad اکبر=Akbar امیر=Amir بهرام=Bahram پناه=Panah توکل=Tavakol جعفر=Jafar "
        "جلال=Jalal حسن=Hasan حیدر=Heydar "
        "خلیل=Khalil داور=Davar رستم=Rostam رحیم=Rahim سلطان=Soltan سلیمان=Soleyman شمس=Shams صالح=Saleh صفر=Safar "
        "طالب=Taleb عباس=Abbas عظیم=Azim غفار=Ghaffar فتح=Fath فرهاد=Farhad قربان=Ghorban کمال=Kamal کریم=Karim "
        "گل=Gol مراد=Morad مظفر=Mozaffar منصور=Mansour میرزا=Mirza نجف=Najaf نعمت=Nemat نوروز=Norouz وهاب=Vahab "
        "هاشم=Hashem یزدان=Yazdan یعقوب=Yaghoub",
        "ی=i زاده=zadeh پور=pour نژاد=nejad نیا=nia فر=far یان=ian خانی=khani وند=vand منش=manesh",
    ),
}  # fmt: skip


def given(locale: str, *, female: bool) -> tuple[Name, ...]:
    """Given names, the most common first."""
    return ((FEMALE if female else MALE)[locale]) + names(_MORE_GIVEN[locale][female])


def surnames(locale: str) -> tuple[Name, ...]:
    """Surnames, the most common first."""
    if locale not in _SURNAMES:
        return SURNAMES[locale]
    heads, tails = (names(text) for text in _SURNAMES[locale])
    made = [(f"{a}{b}", f"{c}{d}") for (a, c), (b, d) in product(heads, tails)]
    Random(5).shuffle(made)
    return tuple(dict.fromkeys((*SURNAMES[locale], *made)))


class Pool:
    """Draws from a list whose nth entry has a weight of 1 / (n + flat)."""

    def __init__(self, entries: tuple[Name, ...], flat: int) -> None:
        self.entries = entries
        self._sums = list(accumulate(1 / (nth + flat) for nth in range(len(entries))))

    def draw(self, rng: Random) -> Name:
        return rng.choices(self.entries, cum_weights=self._sums)[0]


class Names:
    """The names of one locale."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        flat = 4 if locale == "vi_VN" else 30
        self._given = {female: Pool(given(locale, female=female), 15) for female in (False, True)}
        self._families = Pool(surnames(locale), flat)

    def draw(self, rng: Random) -> tuple[Name, Name]:
        """A given and a family name; a Vietnamese given name has its second part before it."""
        female = rng.random() < 0.5
        first, last = self._given[female].draw(rng), self._families.draw(rng)
        if self.locale == "vi_VN":
            middles = [rng.choice(MIDDLE[female]) for _ in range(1 + (rng.random() < 0.3))]
            first = " ".join([m[0] for m in middles] + [first[0]]), " ".join([m[1] for m in middles] + [first[1]])
        elif self.locale == "fa_IR" and not female and rng.random() < 0.2:
            second = self._given[female].draw(rng)
            if second != first:
                first = f"{first[0]} {second[0]}", f"{first[1]} {second[1]}"
        return first, feminine(self.locale, last) if female else last
