"""Text of others in one line that people read: what may stand there, in which direction, and in how much room."""

from collections.abc import Iterable
from functools import reduce
from unicodedata import bidirectional, category

LONGEST = 255
"""In UTF-16 code units, as Salesforce documents the length of its texts; no other way of counting finds more."""
FSI, LRI, RLI, PDI = "\u2068", "\u2066", "\u2067", "\u2069"  # isolates: first strong, left to right, right to left, end
_ISOLATES = frozenset((FSI, LRI, RLI, PDI))
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_FOREIGN = {False: frozenset(("R", "AL", "AN")), True: frozenset(("L", "EN", "AN", "ES", "ET"))}


def cleaned(text: str) -> str:
    """The text in one line, without control characters and without signs that steer its direction."""
    kept = (c if c in (_ZWNJ, _ZWJ) else _CLEAN.get(category(c), c) for c in text)
    return " ".join("".join(kept).split())


_CLEAN = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": ""}


def isolated(text: str, *, rtl: bool) -> str:
    """The text such that it cannot disturb the order of a line of that direction, nor be disturbed by it."""
    return f"{FSI}{text}{PDI}" if any(bidirectional(c) in _FOREIGN[rtl] for c in text) else text


def units(text: str) -> int:
    """Its length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def share(lengths: Iterable[int], room: int) -> int:
    """The most units that each of several texts may have so that all fit; what short ones leave goes to the others."""
    waiting = sorted(lengths)
    longest = max(waiting, default=0)
    while waiting and waiting[0] * len(waiting) <= room:
        room -= waiting.pop(0)
    return room // len(waiting) if waiting else longest


def cut(text: str, most: int) -> str:
    """The text in at most so many units, with `…` where something was cut off. No sign is cut in two, and isolates that
    are opened are closed."""
    if 2 * len(text) <= most or units(text) <= most:
        return text
    used = opened = end = 0
    for place, c in enumerate(text, 1):
        used += 2 if c > "\uffff" else 1
        if c in _ISOLATES:
            opened = _opened(opened, c)
        if used >= most:
            break
        end = place if used + opened < most else end
    while end and _joined(text[end - 1], text[end]):
        end -= 1
    kept = text[:end].rstrip(f" {_ZWNJ}")
    return kept + "…" + PDI * reduce(_opened, (c for c in kept if c in _ISOLATES), 0) if most > 0 else ""


def _opened(opened: int, c: str) -> int:
    """How many isolates are open after a character."""
    return opened + 1 if c in (FSI, LRI, RLI) else max(opened - (c == PDI), 0)


def _joined(before: str, after: str) -> bool:
    """Whether two characters are parts of one sign: marks, skin tones, flags and what else is joined."""
    if category(after)[0] == "M" or _ZWJ in (before, after) or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    return all("\U0001f1e6" <= c <= "\U0001f1ff" for c in (before, after))
