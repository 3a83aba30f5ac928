"""Text of others in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.line import cleaned, cut, isolated, share, units

WOMAN_CODING = "\U0001f469\U0001f3fd\u200d\U0001f4bb"
POLAND = "\U0001f1f5\U0001f1f1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  our\tmarket\r\n in\u2028Poland\u00a0", "our market in Poland"), ("a\0b\x1b[1m", "a b [1m"),
        ("pay \u202e\u2066now\u2069\u200e", "pay now"), ("\ufeffx\u00ady", "xy"), ("\ud800z", "z"),
        ("وب\u200cسایت", "وب\u200cسایت"), (WOMAN_CODING, WOMAN_CODING), ("\u202e\n", ""),
    ],
)  # fmt: skip
def test_what_may_stand_in_a_line(text: str, told: str) -> None:
    assert cleaned(text) == told


@pytest.mark.parametrize(
    ("text", "rtl", "kept_apart"),
    [
        ("our market", False, False), ("our market", True, True), ("بازار ما", True, False), ("بازار ما", False, True),
        ("بازار CRM", True, True), ("360°", True, True), ("360°", False, False), ("«»", True, False),
    ],
)  # fmt: skip
def test_text_of_the_other_direction_is_kept_apart(text: str, rtl: bool, kept_apart: bool) -> None:
    assert isolated(text, rtl=rtl) == (f"\u2068{text}\u2069" if kept_apart else text)


@pytest.mark.parametrize(
    ("text", "most", "told"),
    [
        ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abc def", 5, "abc…"), ("abcdef", 1, "…"), ("abcdef", 0, ""),
        ("ab\U0001f4bbcd", 4, "ab…"), ("ab\U0001f4bbcd", 5, "ab\U0001f4bb…"), ("abe\u0301\u0323f", 5, "ab…"),
        (f"a{WOMAN_CODING}b", 8, "a…"), (f"a{WOMAN_CODING}b", 9, f"a{WOMAN_CODING}b"), (f"a{POLAND}b", 5, "a…"),
        ("می\u200cخواهد", 4, "می…"),
        ("\u2067ab\u2066+1\u2069 cd\u2069", 10, "\u2067ab\u2066+1\u2069…\u2069"),
        ("\u2067ab\u2066+1\u2069 cd\u2069", 8, "\u2067ab\u2066+…\u2069\u2069"),
        ("\u2067ab\u2066+1\u2069 cd\u2069", 2, "…"), ("\u2067abcd\u2069", 5, "\u2067ab…\u2069"),
    ],
)  # fmt: skip
def test_text_is_cut_between_signs(text: str, most: int, told: str) -> None:
    assert cut(text, most) == told
    assert units(told) <= most


@given(st.lists(st.integers(0, 90)), st.integers(0, 300))
def test_room_is_shared(lengths: list[int], room: int) -> None:
    most = share(lengths, room)
    used = sum(min(length, most) for length in lengths)
    assert used <= room
    assert used == sum(lengths) or used > room - len(lengths)


@given(st.text(st.sampled_from("ab c\u2066\u2068\u2069\u0301\U0001f4bb")), st.integers(0, 40))
def test_what_is_cut_has_its_isolates_closed(text: str, most: int) -> None:
    depth = 0
    for c in text:
        depth = depth + 1 if c in "\u2066\u2068" else max(depth - (c == "\u2069"), 0)
    told, depth = cut(text + "\u2069" * depth, most), 0
    assert units(told) <= most
    for c in told:
        depth = depth + 1 if c in "\u2066\u2068" else max(depth - (c == "\u2069"), 0)
    assert depth == 0
