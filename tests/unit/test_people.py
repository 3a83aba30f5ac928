"""The world that a sandbox is seeded with: repeatable, believable, with known truth in it."""

import re
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime

import pytest

from leadsync.catalog import LANGUAGES
from leadsync.testing.people import Card, World, population
from leadsync.testing.people_names import FEMALE, MALE, SURNAMES, feminine, latin
from leadsync.testing.people_stories import KINDS
from leadsync.testing.people_work import (
    BUYER_TITLES,
    CITIES,
    COUNTRIES,
    ENDINGS,
    INDUSTRIES,
    LOOKER_TITLES,
    STEMS,
    TITLES,
    TRADES,
)

TODAY = date(2026, 11, 20)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
LOCALES = ["en_US", "fa_IR", "ru_RU", "pl_PL", "vi_VN"]
SCRIPTS = {"en_US": "LATIN", "fa_IR": "ARABIC", "ru_RU": "CYRILLIC", "pl_PL": "LATIN", "vi_VN": "LATIN"}
MAILBOX = re.compile(r"[a-z][a-z0-9._]*@[a-z0-9-]+\.example")


@pytest.fixture(scope="module")
def worlds() -> tuple[World, World]:
    return population(1, 2000, 0, TODAY), population(1, 2000, 1, TODAY)


@pytest.fixture(scope="module")
def cards(worlds: tuple[World, World]) -> list[Card]:
    return [*worlds[0].cards, *worlds[1].cards]


def second_cards(world: World) -> list[Card]:
    seen: set[int] = set()
    return [c for c in world.cards if c.person in seen or seen.add(c.person)]  # type: ignore[func-returns-value]


def test_the_same_arguments_give_the_same_world():
    assert population(7, 100, 1, TODAY) == population(7, 100, 1, TODAY)
    assert population(7, 100, 1, TODAY) != population(8, 100, 1, TODAY)


def test_the_first_cards_do_not_depend_on_how_many_follow():
    assert population(1, 60, 0, TODAY).cards == population(1, 300, 0, TODAY).cards[:60]


@pytest.mark.parametrize("leads", [0, 1, 24, 25, 26, 500])
@pytest.mark.parametrize("side", [0, 1])
def test_exactly_so_many_cards_are_made(leads: int, side: int):
    cards = population(1, leads, side, TODAY).cards
    assert [c.number for c in cards] == list(range(leads))


def test_both_sides_share_companies_reps_and_a_fifth_of_the_people(worlds: tuple[World, World]):
    left, right = worlds
    assert left.companies == right.companies
    assert left.reps == right.reps
    assert len({c.person for c in left.cards} & {c.person for c in right.cards}) == 2000 // 5


def test_one_card_in_twenty_five_is_a_second_one_entered_differently(worlds: tuple[World, World]):
    for world in worlds:
        first = {c.person: c for c in reversed(world.cards)}
        seconds = second_cards(world)
        assert len(seconds) == 2000 // 25
        assert all(c.email != first[c.person].email or not c.email for c in seconds)
        respelt = [
            c for c in seconds if (c.first_name, c.last_name) != (first[c.person].first_name, first[c.person].last_name)
        ]
        assert len(respelt) > len(seconds) / 3


def test_a_person_on_both_sides_is_recognisable(worlds: tuple[World, World]):
    left, right = ({c.person: c for c in reversed(w.cards)} for w in worlds)
    both = [(left[p], right[p]) for p in left.keys() & right.keys()]
    assert all(a.locale == b.locale and a.company == b.company and a.buyer == b.buyer for a, b in both)
    assert sum(bool(a.email) and a.email == b.email for a, b in both) > 0.6 * len(both)
    assert sum(a.email != b.email for a, b in both) > 0.05 * len(both)


def test_no_mailbox_or_domain_belongs_to_two(cards: list[Card], worlds: tuple[World, World]):
    whose: dict[str, set[int]] = {}
    for card in cards:
        whose.setdefault(card.email, set()).add(card.person)
    assert all(len(people) == 1 for email, people in whose.items() if email)
    for world in worlds:
        mails = [c.email for c in world.cards if c.email]
        assert len(mails) == len(set(mails))
        assert (
            len({c.domain for c in world.companies}) == len({c.name for c in world.companies}) == len(world.companies)
        )


def test_mailboxes_are_plain_and_lead_nowhere(cards: list[Card], worlds: tuple[World, World]):
    assert all(MAILBOX.fullmatch(c.email) for c in cards if c.email)
    assert all(re.fullmatch(r"[a-z0-9-]+\.example", c.domain) for c in worlds[0].companies)
    assert all(c.email or c.phone for c in cards)


def test_american_phones_are_of_the_range_kept_for_fiction(cards: list[Card]):
    phones = [re.sub(r"[ -]", "", c.phone) for c in cards if c.phone]
    assert all(re.fullmatch(r"\+\d{11,12}", p) for p in phones)
    assert all(re.fullmatch(r"\+1\d{3}55501\d\d", p) for p in phones if p.startswith("+1"))
    spelt = {re.sub(r"\d+", "", c.phone)[:2] for c in cards if c.phone}
    assert spelt == {"+", "+ "}


def test_every_locale_is_there_in_its_own_script_and_in_latin_letters(cards: list[Card]):
    share = Counter(c.locale for c in cards)
    assert set(share) == set(LOCALES)
    assert min(share.values()) > len(cards) / 10
    for locale, script in SCRIPTS.items():
        native = [c for c in cards if c.locale == locale and unicodedata.name(c.last_name[0]).startswith(script)]
        assert len(native) > share[locale] / 3
        if script != "LATIN":
            assert len(native) < share[locale]
    for locale in ("pl_PL", "vi_VN"):
        names = [f"{c.first_name} {c.last_name}" for c in cards if c.locale == locale]
        assert 0 < sum(name.isascii() for name in names) < len(names) * 0.8


def test_some_persian_names_were_typed_on_an_arabic_keyboard(cards: list[Card]):
    assert any("ي" in c.last_name or "ك" in c.last_name for c in cards)


def test_surnames_agree_with_gender():
    assert feminine("ru_RU", ("Иванов", "Ivanov")) == ("Иванова", "Ivanova")
    assert feminine("ru_RU", ("Чайковский", "Chaykovskiy")) == ("Чайковская", "Chaykovskaya")
    assert feminine("ru_RU", ("Шевченко", "Shevchenko")) == ("Шевченко", "Shevchenko")
    assert feminine("pl_PL", ("Wiśniewski", "Wisniewski")) == ("Wiśniewska", "Wisniewska")
    assert feminine("pl_PL", ("Nowak", "Nowak")) == ("Nowak", "Nowak")


def test_names_are_romanised():
    assert latin("Щукин Объездной Ёлкин") == "Shchukin Obezdnoy Elkin"
    assert latin("Łódź, Żółć") == "Lodz, Zolc"
    assert latin("Đặng Thị Phượng") == "Dang Thi Phuong"


def test_the_tables_are_whole():
    for tables in (MALE, FEMALE, SURNAMES, CITIES, STEMS, ENDINGS, TRADES):
        for locale in LOCALES:
            assert all(roman.isascii() for _, roman in tables[locale]), locale
    for locale in LOCALES:
        assert len(STEMS[locale]) == len(set(STEMS[locale])) == len(ENDINGS[locale]) == len(set(ENDINGS[locale])) == 24
        assert len(TRADES[locale]) == len(INDUSTRIES)
        assert len(TITLES[locale]) == len(LOOKER_TITLES) == len(BUYER_TITLES)


def test_companies_have_believable_sizes_in_their_own_countries(worlds: tuple[World, World]):
    companies = worlds[0].companies
    assert {c.country for c in companies} == set(COUNTRIES.values())
    assert all(5 <= c.employees <= 20_000 and c.revenue > 0 for c in companies)
    assert {c.industry for c in companies} == set(INDUSTRIES)
    assert [c.number for c in companies] == list(range(len(companies)))


def test_every_moment_is_in_order_and_before_midnight(cards: list[Card]):
    for card in cards:
        moments = [h.at for h in card.story]
        assert moments == sorted(moments)
        assert all(card.created_at < at < MIDNIGHT for at in moments)
        assert card.created_at <= max([card.created_at, *moments]) <= card.modified_at < MIDNIGHT
        assert card.created_at.tzinfo is UTC


def test_stamps_are_spread_out(cards: list[Card]):
    assert len({c.modified_at for c in cards}) > 0.99 * len(cards)


def test_buyers_can_be_told_from_lookers_by_what_they_did(cards: list[Card]):
    buyers, lookers = ([c for c in cards if c.buyer is buyer] for buyer in (True, False))
    assert 0.2 < len(buyers) / len(cards) < 0.3

    def strong(card: Card) -> bool:
        return any(
            h.kind in {"demo_request", "meeting", "call_in", "email_reply"} or h.detail == "Price list request"
            for h in card.story
            if (MIDNIGHT - h.at).days < 30
        )

    assert sum(map(strong, buyers)) > 0.95 * len(buyers)
    assert sum(map(strong, lookers)) == 0
    size = {side: sum(bool(c.company and 50 <= c.company.employees <= 2000) for c in side_) / len(side_)
            for side, side_ in (("buyers", buyers), ("lookers", lookers))}  # fmt: skip
    assert size["buyers"] > size["lookers"] + 0.1
    assert {h.kind for c in cards for h in c.story} == KINDS


def test_a_mailbox_that_is_dead_or_left_alone_gets_no_more_mail(cards: list[Card]):
    ends = [c for c in cards if any(h.kind in {"bounce", "unsubscribe"} for h in c.story)]
    assert 0.02 < len(ends) / len(cards) < 0.08
    assert all(c.story[-1].kind in {"bounce", "unsubscribe"} for c in ends)


def test_nobody_without_a_mailbox_opens_mail(cards: list[Card]):
    assert not [c for c in cards if not c.email and any(h.kind.startswith("email_") for h in c.story)]


def test_eight_reps_one_of_whom_has_left_own_about_half(worlds: tuple[World, World]):
    world = worlds[0]
    assert [r.active for r in world.reps].count(False) == 1
    assert len(world.reps) == 8
    assert {r.language for r in world.reps} == set(LANGUAGES)
    assert 0.4 < sum(c.rep is not None for c in world.cards) / len(world.cards) < 0.6
    outcomes = Counter(c.outcome for c in world.cards)
    assert set(outcomes) == {"", "won", "lost"}
    assert outcomes[""] > 0.9 * len(world.cards)
