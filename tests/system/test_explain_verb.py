"""`leadsync explain`: a lead told to whoever asks why it stands as it does."""

from pathlib import Path

import pytest
from doors import Background, Folder, Sandbox, connection

URL = "https://app.hubspot.com/contacts/4711/record/0-1/{}?tab=1"


@pytest.fixture(scope="module")
def folder(hubspot: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = Folder(tmp_path_factory.mktemp("explain"), {"hubspot": connection(hubspot)})
    made.settle()
    return made


def test_a_lead_is_told_by_e_mail_id_and_url_and_adds_up(hubspot: Sandbox, folder: Folder) -> None:
    shown = hubspot.contacts("email", "leadsync_score", "leadsync_reasons")
    best = max((id_ for id_, row in shown.items() if row["email"]), key=lambda id_: int(shown[id_]["leadsync_score"]))
    told = [folder.run("explain", said, "--json").json for said in (shown[best]["email"], best, URL.format(best))]
    assert told[0]["leads"][0].keys() == told[1]["leads"][0].keys()
    assert len({str(each["leads"][0]["score"]) for each in told}) == 1
    [lead] = told[1]["leads"]
    *parts, total = lead["score"]
    assert round(sum(float(part["points"]) for part in parts), 2) == float(total["points"])
    assert total["points"] == shown[best]["leadsync_score"]
    assert {"what": "reasons", "is": shown[best]["leadsync_reasons"]} in lead["result"]
    text = folder.run("explain", best)
    assert text.code == 0
    for heading in ("Its records", "What is known", "What follows", "What the score is made of"):
        assert heading in text.out
    assert shown[best]["leadsync_reasons"] in text.out


def test_it_works_beside_a_leadsync_that_runs_and_without_the_crm(hubspot: Sandbox, folder: Folder) -> None:
    id_ = next(iter(hubspot.contacts()))
    calls = hubspot.calls()
    assert folder.run("explain", id_).code == 0
    assert hubspot.calls() == calls
    with Background("run", cwd=folder.path) as service:
        service.lines(1)
        assert folder.run("explain", id_).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody@nowhere.example",), "no stored lead has the e-mail, id or URL 'nobody@nowhere.example'"),
        (("{id}", "--as-of", "yesterday"), "--as-of: 'yesterday' is no moment"),
        (("{id}", "--as-of", "2019-01-01"), "what was known then is not kept: leadsync knows this lead only since"),
        (("{id}", "--as-of", "9999-12-31"), "is no moment"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_to_do(
    hubspot: Sandbox, folder: Folder, arguments: tuple[str, ...], said: str
) -> None:
    id_ = next(iter(hubspot.contacts()))
    done = folder.run("explain", *(argument.format(id=id_) for argument in arguments))
    assert done.code == 64
    assert said in done.err
    assert "fix:" in done.err


def test_without_a_store_there_is_nothing_to_explain(hubspot: Sandbox, tmp_path: Path) -> None:
    done = Folder(tmp_path, {"hubspot": connection(hubspot)}).run("explain", "a@b.example")
    assert done.code == 78
    assert "leadsync sync" in done.err
    assert not list(tmp_path.glob("*.db"))
