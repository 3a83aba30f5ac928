"""What people and CRMs write for a consent that is given or denied."""

from collections.abc import Mapping
from functools import cache

from leadsync.core.convert.base import Home, Unreadable, fold

GRANTED, DENIED = "granted", "denied"
_SAID: Mapping[str, str] = {
    GRANTED: "granted|given|yes|true|t|y|1|on|active|subscribed|opted in|opt in|optin|double opt in|confirmed|agreed"
    "|tak|wyrażona|udzielona|zgoda|да|есть|получено|согласен|согласна|согласие|بله|بلی|آری|دارد|رضایت دارد|có"
    "|đồng ý|vâng",
    DENIED: "denied|refused|no|false|f|n|0|off|withdrawn|revoked|unsubscribed|opted out|opt out|optout|do not contact"
    "|do not call|do not email|not given|nie|brak zgody|cofnięta|wycofana|odmowa|нет|отказ|отозвано|не согласен"
    "|не согласна|отписан|خیر|نه|ندارد|رضایت ندارد|لغو|không|không đồng ý|từ chối",
}


def read_consent(text: str, _: Home, __: Mapping[str, str]) -> str:
    """`granted` or `denied`, from the words of five languages."""
    found = _answers().get(fold(text[:60]))
    if found is None:
        raise Unreadable("says neither that consent is given nor that it is denied")
    return found


@cache
def _answers() -> Mapping[str, str]:
    return {fold(phrase): answer for answer, said in _SAID.items() for phrase in said.split("|")}
