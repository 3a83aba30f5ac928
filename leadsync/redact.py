"""Taking secrets out of text, in all forms in which a CRM may repeat them."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

_HIDDEN = "•••"
_LONG = 8  # characters of a secret that is looked for anywhere, not only as a word
_TELLING = 12  # characters of a secret that was cut short that tell which one it is


def concealed(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets: as they are, as URLs, JSON and HTTP logins write them, and cut short.

    For what a CRM says, which may repeat what it was sent. A very short secret counts only as a word of its own.
    """
    parts = {part for secret in secrets for part in secret.splitlines() if part and "-----" not in part}
    for part in parts:
        if len(part) < _LONG:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", _HIDDEN, text)
    forms = sorted({form for part in parts if len(part) >= _LONG for form in _forms(part)}, key=len, reverse=True)
    for form in forms:  # all of them whole, before what is left of one is taken for the beginning of another
        text = text.replace(form, _HIDDEN)
    for form in forms:
        text = _without(text, form)
    return text


def _forms(part: str) -> Iterator[str]:
    in_json = json.dumps(part)[1:-1]
    yield from (part, quote(part, safe=""), quote_plus(part), in_json, in_json.replace("/", "\\/"))
    for before in range(3):  # bytes of a group of three that belong to what stands before it, as in `id:secret`
        encoded = base64.b64encode(b" " * before + part.encode()).decode().rstrip("=")
        yield encoded[(0, 2, 3)[before] : -1]


def _without(text: str, form: str) -> str:
    begin = form[:_TELLING]
    at = text.find(begin)
    while at >= 0:
        end = at + next(n for n in range(len(form), 0, -1) if text.startswith(form[:n], at))
        text = text[:at] + _HIDDEN + text[end:]
        at = text.find(begin, at + len(_HIDDEN))
    return text
