"""What conditions come to whatever the leads: whether one holds wherever another does, and whether it can hold at all.

Only what is plain is told: of comparisons of one field, and of counts of activities, however "and", "or" and "not" join
them. A comparison with an unknown value is false, so `not employees > 10` also holds where nobody knows how many.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from leadsync.core.conditions import ActivityTest, Combined, Condition, FieldTest, Node, Test

_STEPS = 150  # after so many what conditions come to is not plain
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_End = tuple[Any, bool]  # a value, and whether it is left out
Asked = tuple[Test, bool]
"""A test, and whether it has to hold."""


def follows(one: Condition, other: Condition) -> bool:
    """Whether the other condition plainly holds wherever the one does, which holds somewhere."""
    return one == other or (clash([one]) is None and clash([one], Combined("not", (other.root,))) is not None)


def clash(conditions: Sequence[Condition], *more: Node, given: Sequence[FieldTest] = ()) -> tuple[Asked, Asked] | None:
    """Why these conditions, and `more`, can never hold together, if that is plain: two tests that are apart, or one
    twice. `given` always holds."""
    roots = (*(condition.root for condition in conditions), *more)
    try:
        return _clash([(test, True) for test in given], [(root, True) for root in roots], iter(range(_STEPS)))
    except StopIteration:
        return None


def together(asked: Sequence[Asked]) -> Node:
    """All of these as one, for whoever tells of them."""
    parts = tuple(dict.fromkeys(test if so else Combined("not", (test,)) for test, so in asked))
    return parts[0] if len(parts) == 1 else Combined("and", parts)


def _clash(
    known: Sequence[Asked], asked: Sequence[tuple[Node, bool]], steps: Iterator[int]
) -> tuple[Asked, Asked] | None:
    """The same of what is `known` to hold or not, and what is asked besides; StopIteration after too many `steps`."""
    held, todo, either = list(known), list(asked)[::-1], list[list[tuple[Node, bool]]]()
    while todo:
        next(steps)
        node, so = todo.pop()
        if not isinstance(node, Combined):
            test = _plain(node, so)
            if pair := _contrary(held, test, steps):
                return pair
            held.append(test)
        elif node.op == "not":
            todo.append((node.parts[0], not so))
        elif (node.op == "and") is so:
            todo += [(part, so) for part in reversed(node.parts)]
        else:
            either.append([(part, so) for part in node.parts])
        for ways in () if todo else tuple(either):  # of which one has to hold, and some cannot
            ends = [_clash(held, [way], steps) for way in ways]
            if None not in ends:
                return ends[0]
            if ends.count(None) == 1:
                either.remove(ways)
                todo.append(ways[ends.index(None)])
                break
    return None


def _plain(test: Test, so: bool) -> Asked:
    """That something never happened is that it did not happen once."""
    return (replace(test, least=1), not so) if isinstance(test, ActivityTest) and not test.least else (test, so)


def _contrary(held: Sequence[Asked], test: Asked, steps: Iterator[int]) -> tuple[Asked, Asked] | None:
    """Two that cannot be together, now that the test is asked besides what is held."""
    if other := next((each for each in (test, *held) if _apart(each, test)), None):
        return other, test
    field = _known(test)
    others = [each for each in held if field and _known(each) == field]
    if len({so for _, so in (*others, test)}) < 2:
        return None
    fresh = others if all(not so for _, so in others) else [test]
    for each in fresh:  # it is known, so what is not above lies below
        next(steps)
        if other := next((one for one in others if _apart(_turned(one), _turned(each))), None):
            return other, each
    return None


def _known(asked: Asked) -> str:
    """The field that is known where the test holds."""
    test = asked[0]
    return test.field if isinstance(test, FieldTest) and test.op != "none" else ""


def _turned(asked: Asked) -> Asked:
    """That a known value does not fit a comparison, as one that it fits."""
    test, so = asked
    if so or not isinstance(test, FieldTest) or test.op not in _TURNED:
        return asked
    return replace(test, op=_TURNED[test.op]), True


def _apart(one: Asked, other: Asked) -> bool:
    """Whether the two cannot be together."""
    if one[1] and other[1]:
        return isinstance(one[0], FieldTest) and isinstance(other[0], FieldTest) and apart(one[0], other[0])
    return one[1] is not other[1] and (_narrower(one[0], other[0]) if one[1] else _narrower(other[0], one[0]))


def apart(one: FieldTest, other: FieldTest) -> bool:
    """Whether no value of a field plainly fits both comparisons."""
    if one.field != other.field or "none" in (one.op, other.op):
        return one.field == other.field and one.op != other.op
    for some, test in ((one, other), (other, one)):
        if some.op in ("=", "in"):
            return all(_fits(test, value) is False for value in some.values)
    low, high = zip(*map(_ends, (one, other)), strict=True)
    return any(a and b and (a[0] > b[0] or (a[0] == b[0] and (a[1] or b[1]))) for a in low for b in high)


def _narrower(one: Test, other: Test) -> bool:
    """Whether a test holds only where the other does."""
    if one == other:
        return True
    if isinstance(one, ActivityTest) and isinstance(other, ActivityTest):
        while_ = other.days is None or (one.days is not None and one.days <= other.days)
        since = one.since_capture or not other.since_capture
        while_ &= other.within is None or (one.within is not None and one.within <= other.within)
        about = not other.topics or (bool(one.topics) and {*one.topics} <= {*other.topics})
        return {*one.kinds} <= {*other.kinds} and one.least >= other.least and while_ and since and about
    if not isinstance(one, FieldTest) or not isinstance(other, FieldTest) or one.field != other.field:
        return False
    if "none" in (one.op, other.op):
        return False
    if other.op == "known" or one.op in ("=", "in"):
        return other.op == "known" or all(_fits(other, value) for value in one.values)
    if one.op == other.op == "contains":
        return all(any(str(part) in str(value) for part in other.values) for value in one.values)
    (low, high), (least, most) = _ends(one), _ends(other)
    below = least is None or (low is not None and (low[0] > least[0] or (low[0] == least[0] and low[1] >= least[1])))
    above = most is None or (high is not None and (high[0] < most[0] or (high[0] == most[0] and high[1] >= most[1])))
    return below and above and (least, most) != (None, None)


def _ends(test: FieldTest) -> tuple[_End | None, _End | None]:
    """The lowest and highest value that fits, where there is one."""
    first, last = (test.values[0], test.values[-1]) if test.values else (None, None)
    low = (first, test.op == ">") if test.op in (">", ">=", "between") else None
    return low, (last, test.op == "<") if test.op in ("<", "<=", "between") else None


def _fits(test: FieldTest, value: Any) -> bool | None:
    """Whether a value fits a comparison; None where that is not plain."""
    match test.op:
        case "known":
            return True
        case "=" | "in":
            return value in test.values
        case "contains":
            return any(str(part) in value for part in test.values)
        case "matches":
            return None
    low, high = _ends(test)
    return not (low and (value < low[0] or (low[1] and value == low[0]))) and not (
        high and (value > high[0] or (high[1] and value == high[0]))
    )
