"""What free text is about: notes, answers in forms, subjects of mails."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from leadsync.core.facts.phrases import Phrases, phrases

_READ, _LONGEST = 10_000, 4_000  # characters that are looked at for what is the lead's own; and of that, for phrases

_TELLING = ("job", "quote", "demo", "price", "delivery", "support")
"""Tags by how much they say: whoever asks for a quote asks about the price as well."""

# What follows these is not the lead's own words: what is answered to, a signature, a disclaimer.
_QUOTED = re.compile(
    r"""
      ^[ \t]*(?:from|sent\ by|od|от|von|de|از|فرستنده|từ|người\ gửi)[ \t]*:[^\n@]{0,120}
        (?:@|\n[ \t>]*(?:sent|date|to|subject|cc|wysłano|data|do|temat|отправлено|дата|кому|тема|ارسال|تاریخ|به|موضوع
        |đã\ gửi|ngày|đến|tới|chủ\ đề)[ \t]*:)
    | ^[ \t]*-{2,}[ \t]*(?:original\ message|forwarded\ message|wiadomość\ oryginalna|oryginalna\ wiadomość
        |исходное\ сообщение|пересылаемое\ сообщение|پیام\ اصلی|thư\ gốc|tin\ nhắn\ gốc)
    | ^[ \t]*_{10,}[ \t]*$
    | \bon\b[^\n]{5,120}(?:\n[^\n]{0,80})?\bwrote:
    | ^[^\n]{5,99}(?:napisał(?:a|\(a\))?|pisze|пишет|написал(?:а|\(а\))?|نوشت|نوشته\ است|đã\ viết|viết)\ ?:\s*$
    | ^--[ \t]*$
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_CLOSING = re.compile(
    r"""(?:\n|(?<=[.!?…])[ ]) [ \t]*
    (?: (?:(?:best|kind|kindest|warm|warmest)[ ])?regards\b | yours\ (?:sincerely|faithfully|truly)\b | sincerely\b
      | (?:serdecznie[ ])?pozdrawiam\b | pozdrowienia\b | z\ (?:poważaniem|wyrazami\ szacunku)\b
      | с\ (?:уважением|наилучшими)\b | با\ (?:احترام|تشکر|سپاس)\b | trân\ trọng\b
      | sent\ from\ my\b | wysłan[eao]\ (?:z|ze)\b | отправлено\ (?:с|из)\b | ارسال\ شده\ از\b | (?:đã\ )?gửi\ từ\b
      | (?:this|the\ information\ in\ this)\ (?:e-?mail|message)\b[^\n]{0,80}\b(?:confidential|privileged|intended)\b
      | (?:confidentiality|disclaimer|legal)\ notice\b | administratorem\ (?:pani|pana|państwa|twoich|danych)\b
      | (?:ta|niniejsza|treść\ tej|treść\ niniejszej)\ wiadomoś(?:ć|ci)\b[^\n]{0,80}\b(?:poufn|przeznaczon)
      | (?:это|данное|настоящее)\ (?:сообщение|письмо)\b[^\n]{0,80}\b(?:конфиденц|предназнач)
      | این\ (?:ایمیل|پیام|نامه)\b[^\n]{0,60}محرمانه
      | (?:email|thư)\ này\b[^\n]{0,60}\b(?:bảo\ mật|mật) )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ANSWERED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class Intents:
    """What texts are about, by their phrases."""

    phrases: Phrases

    def tags(self, text: str) -> frozenset[str]:
        """What a text is about, by the words of its writer: without what they answer to, signature and disclaimer.

        Negations are not understood. Nothing of it raises.
        """
        return _tags(self, text[:_READ])

    def topic(self, text: str) -> str:
        """The one thing that a text is about most: of several the one that says most of its writer."""
        tags = self.tags(text)
        return next((tag for tag in _TELLING if tag in tags), min(tags, default=""))


def intents(*tables: Mapping[str, Any]) -> Intents:
    """The tables as one, as YAML has them: phrases by tag under `intents`. What the last table says of a phrase holds.

    Raises `WrongWords` with everything that is wrong.
    """
    return Intents(phrases("intents", tables, several=True))


def own_words(text: str) -> str:
    """What the writer of a text says in it: no answered lines, nothing from a quotation, signature or disclaimer on."""
    for start in (_QUOTED, _CLOSING):
        found = start.search(text, pos := len(text) - len(text.lstrip()))
        text = text[: found.start()] if found is not None and found.start() > pos else text
    return _ANSWERED_LINE.sub("", text) if ">" in text else text


@lru_cache(maxsize=4096)
def _tags(table: Intents, text: str) -> frozenset[str]:
    own = own_words(text)[:_LONGEST]
    return frozenset(tag for phrase in table.phrases.found(own) for tag in phrase.values)
