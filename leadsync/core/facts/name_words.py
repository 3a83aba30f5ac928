"""Words by which parts of names are told apart. They are no matter of taste, so they stand here and not in a file."""

import re

from leadsync.core.convert.base import fold


def _as_written(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _folded(text: str) -> frozenset[str]:
    return frozenset(fold(text).split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(map(fold, text.split("|")))


TITLES = _as_written("""
    mr mrs ms miss mx dr doctor prof professor sir madam rev pan pani państwo hab inż inz mgr lek med doc ks płk г-н
    г-жа гн гжа господин госпожа гр д-р доктор проф профессор акад доц آقای آقا خانم بانو دکتر مهندس سرکار جناب
    استاد حاج حاجی سید سیده پروفسور ông bà chị cô thầy ts ths gs pgs bs tiến sĩ herr frau dipl-ing monsieur madame
    mme mlle sr. sra señor señora don. ing. eng. bs. ks. ts.
""")
"""Before a name, in small letters; those with a dot only so."""
AFTER = _as_written("""
    jr sr ii iii iv phd mba md esq cpa pmp msc bsc dds jd cfa llm acca фио
""")
"""After a name."""
AND = _as_written("""
    i and und et и و và oraz
""")
"""Between two people."""
TESTS = _folded("""
    test tests testing tester testowy testowa tst demo dummy fake sample asd asdf asdfg asdfgh qwe qwer qwert qwerty
    zxc zxcv zxcvb тест тестовый тестовая йцукен фыва تست آزمایشی abc abcd xyz foo bar lorem ipsum
""")
"""Whoever types them is no lead."""
PLACEHOLDERS = _phrases("""
    na|n a|none|null|nil|nan|undefined|unknown|anonymous|anonim|user|username|guest|client|customer|
    lead|name|no name|noname|not provided|not available|not applicable|first name|last name|first|last|
    full name|your name|brak|brak danych|nie podano|nieznany|nieznana|imie|nazwisko|imie i nazwisko|
    klient|нет|неизвестно|неизвестный|не указано|не указан|имя|фамилия|клиент|аноним|ندارد|نامشخص|
    ناشناس|نام|نام خانوادگی|مشتری|بدون نام|khong co|khong ro|khong|ten|ho ten|ho va ten|khach hang|
    khach|sir madam|to whom it may concern|visitor|подписчик|пользователь|کاربر|uzytkownik|nguoi dung|
    owner|private|prywatny
""")
"""In place of a name."""
PARTICLES = _as_written("""
    van von der den de del della di da dos das du la le el al bin ibn ten ter zu zum zur af av st
""")
"""At the beginning of a family's name."""
NEVER_GIVEN = _as_written("""
    nguyễn trần phạm huỳnh võ bùi đỗ ngô đặng trương
""")
"""Vietnamese families whose name nobody is given."""
VIETNAMESE = NEVER_GIVEN | _as_written("""
    trịnh lê hoàng phan vũ hồ dương lý đinh đoàn lâm mai đào tạ tô lương lưu cao châu hà kiều thái tăng quách lại vương
    đàm la nghiêm tôn mạc từ phùng triệu thạch nông giang khuất bạch tống hứa diệp thân hoa ông quan đường
""")
"""Vietnamese families."""
NEVER_GIVEN_PLAIN, VIETNAMESE_PLAIN = (frozenset(map(fold, names)) for names in (NEVER_GIVEN, VIETNAMESE))
"""The same without marks, which many keyboards lack."""
BETWEEN = _as_written("""
    van thi huu ngoc duc minh thanh quang xuan dinh cong
""")
"""Without marks: what often stands between a Vietnamese family and given name."""
NEVER_LAST = _as_written("""
    thị văn hữu thi huu
""")
"""What nobody is called by alone, so that it stands between wherever the family is."""
SYLLABLE = re.compile("(?:ngh|ng|nh|th|tr|ch|kh|ph|gi|gh|qu|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?")
"""What can be one in Vietnamese, without marks."""
FAMILIES = _folded("""
    nowak wojcik mazur krol zajac wrobel wieczorek stepien dudek pawlak sikora baran pietrzak duda bak wilk kowal
    kaczmarek krawczyk wozniak szewczyk gorka kubiak kaczor gajda kot lis urban kozak sobczak kania smith johnson
    williams jones miller schmidt muller schneider wagner schulz meier weber nguyen tran pham huynh
""")
"""Polish, English and German families whose endings do not tell, and the most common Vietnamese ones."""
GIVEN = _folded("""
    adam adrian agata agnieszka aleksander aleksandra alicja andrzej anita anna antoni arkadiusz artur barbara
    bartlomiej bartosz beata blazej bogdan bogdana bozena damian daniel danuta dariusz dawid dominik dorota edyta
    elzbieta emilia ewa ewelina filip franciszek gabriela grazyna grzegorz hanna halina henryk iga igor ilona irena
    iwona izabela jacek jadwiga jakub jan janina janusz jaroslaw jerzy joanna jolanta jozef julia justyna kacper
    kamil kamila karol karolina katarzyna kazimierz kinga konrad krystyna krzysztof leszek lidia lucyna lukasz
    maciej magdalena malgorzata marcin marek maria marianna mariola mariusz marta marzena mateusz michal mieczyslaw
    miroslaw monika natalia norbert oliwia patrycja patryk paulina pawel piotr przemyslaw radoslaw rafal renata
    robert roman ryszard sebastian slawomir stanislaw stefan sylwia szymon tadeusz teresa tomasz urszula waldemar
    weronika wieslaw wieslawa wiktor wiktoria wioletta witold wlodzimierz wojciech zbigniew zdzislaw zofia zuzanna
    zaneta zygmunt александр александра алексей алена алина алиса альбина анастасия анатолий ангелина андрей анна
    антон антонина анфиса арина аркадий арсений артем артур богдан борис вадим валентин валентина валерий валерия
    варвара василий василиса вера вероника виктор виктория виталий владимир владислав вячеслав галина геннадий
    георгий герман глеб григорий давид данил даниил данила дарья денис диана дмитрий ева евгений евгения егор
    екатерина елена елизавета жанна захар зинаида зоя иван игнат игорь илья инна ирина карина кирилл клавдия
    константин кристина ксения лариса лев леонид лидия лилия любовь людмила маргарита марина мария марк мартин
    матвей милана михаил надежда наталья наталия никита николай нина оксана олег олеся ольга павел петр полина раиса
    регина роберт родион роман руслан сабина светлана севастьян семен сергей софия софья станислав степан тамара
    тарас татьяна тимофей тимур ульяна федор филипп христина эдуард эльвира эльмира эмиль юлия юрий яков яна ярослав
    ярослава aleksandr aleksey alexey alexei andrey andrei anastasia dmitry dmitri dmitriy ekaterina elena evgeny
    evgeniy evgeniya irina ivan kirill ksenia mikhail natalya nikolay nikolai oksana oleg olga pavel polina sergey
    sergei svetlana tatiana tatyana vadim vasily viktor viktoria vladimir vladislav vyacheslav yana yulia yuri yury
    maksim galina marina kristina lev максим альберт марат рустам ринат ильдар рафаэль арман айгуль гульнара динара
    ильнур платон савелий maxim anatoly boris denis egor evgenii gennady georgy grigory larisa ludmila lyudmila
    nadezhda ruslan stanislav timur valentina valery veronika viktoriya vitaly artem
""")
"""Polish and Russian given names."""
DOUBLE = _as_written("""
    محمد امیر علی سید غلام میر نور عبد ابو حاج فاطمه زینب
""")
"""Persian given names that often begin a double one."""
SECOND = _as_written("""
    رضا حسین علی مهدی امین جواد حسن تقی کاظم صادق باقر ابراهیم یاسین سجاد هادی اکبر اصغر محمد عباس کیان زهرا سادات
    طاها پارسا حسام احسان حمید فاضل نبی
""")
"""Those that end it."""
TAILS = _as_written("""
    زاده نژاد پور فر نیا راد منش وند لو خواه دوست یان مقدم فرد اصل تبار تهرانی اصفهانی تبریزی شیرازی یزدی
""")
"""Persian endings of a family's name that are written apart."""
CLINGING = TAILS & _as_written("""
    زاده نژاد پور فر نیا منش وند لو خواه دوست یان
""")
"""Those that are no family's name by themselves."""
