"""What `explain` tells of whether a lead may be contacted, and whether mail reaches it."""

from collections.abc import Iterator, Mapping
from typing import Any

from leadsync.core.consent import CHANNELS, WORDS
from leadsync.core.facts.fact import value_of
from leadsync.core.lists import told
from leadsync.core.mapping import text
from leadsync.core.survive import golden
from leadsync.store.column_types import from_microseconds
from leadsync.sync.explain.subject import Subject

_BECAUSE: Mapping[str, str] = {
    "said": "a CRM says so",
    "bounce": "mail came back",
    "alive": "somebody has answered, or followed a link",
    "complaint": "somebody reported a message as spam",
    "disposable": "the mailbox is one to be thrown away",
    "role": "the mailbox is nobody's own",
    "misspelt": "the domain is misspelt",
    "unknown": "nothing is known of its domain",
    "free": "its provider takes mail; of the mailbox itself nothing is known",
    "takes_mail": "its domain takes mail; of the mailbox itself nothing is known",
    "takes_none": "its domain takes no mail",
    "address": "its domain names no mail server",
    "no_server": "its domain has no mail server",
    "no_domain": "there is no such domain",
    "silent": "nobody answers for its domain",
}
"""Why a mailbox is in its state: `MailState.why`."""


def mail(subject: Subject) -> Iterator[Mapping[str, Any]]:
    """Whether mail to its address arrives, why that is thought, and when its domain is asked about again."""
    inside, frames = subject.inside, subject.evaluator.frames
    own, theirs = frames.told(inside, subject.found)
    facts = golden(own, theirs, subject.rules, frames.about(inside, subject.found))
    state = frames.mailbox(facts, own, inside, subject.found, frames.met(subject.found, subject.activities))
    if state is not None:
        domain = subject.found.mail.get(str(facts["email"]).rpartition("@")[2])
        yield {"address": facts["email"], "state": state.state, "because": _BECAUSE[state.why],
               "since": subject.day(state.at), "domain asked again": subject.day(domain.due_at if domain else None)
               }  # fmt: skip


def consent(subject: Subject) -> Iterator[Mapping[str, Any]]:
    """Which ways of contact it allows, who says so, and when it opted out. The strictest counts."""
    facts = subject.evaluator.frames.facts(subject.inside, subject.found, {})
    for word in WORDS:
        said = [
            f"{source.connection} {source.object} {member.ext_id}: {text(value_of(member.facts[word]))}"
            for member in subject.inside if member.facts and word in member.facts
            for source in (subject.evaluator.sources[member.source_id],)
        ]  # fmt: skip
        if said or word in facts:
            day, proof = facts.get("consent_at", ""), facts.get("consent_proof", "")
            yield {"to": CHANNELS.get(word, "any contact"), "is": facts.get(word, "not known"),
                   "said by": "; ".join(said), "of": day, "proof": proof}  # fmt: skip
    at = subject.found.opted_out.get(subject.lead)
    if at is not None:
        yield {"to": "email", "is": f"opted out on {subject.day(from_microseconds(at))}", "said by": "its activity",
               "of": "", "proof": ""}  # fmt: skip


def of_list(subject: Subject) -> Iterator[Mapping[str, Any]]:
    """Of a lead from a list: whether it waits, what for, and what a person has decided."""
    beside = subject.found.lists.get(subject.lead)
    if beside is None:
        return
    yield {"what": "waits" if "waits" in subject.result.words else "goes on",
           "because": text(subject.result.words.get("waits")) or "nothing keeps it back"}  # fmt: skip
    if beside.shown:
        yield {"what": "is there already", "because": beside.shown}
    if beside.customer:
        yield {"what": "has bought", "because": "itself, or who it is already"}
    for reason, value in sorted(beside.accepted):
        yield {"what": "accepted by a person", "because": told(reason, value, subject.evaluator.config.classes.labels)}
