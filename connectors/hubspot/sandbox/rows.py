"""The endpoints for rows of objects: list, get, create, change, archive, search, merge."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from connectors.hubspot.sandbox.associations import links_of, target_of
from connectors.hubspot.sandbox.definitions import LEAD_PIPELINE, LEAD_STAGES
from connectors.hubspot.sandbox.objects import ENGAGEMENTS, MOST_MERGES, merged_ids
from connectors.hubspot.sandbox.portal import NAMES, SINGULAR, Objects, Portal, Row
from connectors.hubspot.sandbox.refusals import Refusal, bad_values, locked, no_such_path, no_such_row
from connectors.hubspot.sandbox.search import Search

Json = dict[str, Any]
Answer = tuple[int, Json | None]

_PAGE, _PAGE_WITH_HISTORY = 100, 50
_NEW_LEAD = {"hs_pipeline": LEAD_PIPELINE, "hs_pipeline_stage": f"{LEAD_STAGES[0]}-stage-id"}


class RowEndpoints:
    """What happens behind `/crm/v3/objects/...`; each method answers with a status and a body."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def objects(self, request: Request) -> Objects:
        """The object that the path names: by name, singular or type id. 404 for others."""
        name = NAMES.get(request.path_params["object"])
        if name is None:
            raise no_such_path()
        return self.portal.objects[name]

    def list_rows(self, request: Request, _: Json) -> Answer:
        """Live rows, or the archived ones, in the order of ids."""
        objects, asked, past = self.objects(request), names(request, "properties"), names(request, _PAST)
        limit, after = _number(request, "limit", 10), _number(request, "after", 0)
        most = _PAGE_WITH_HISTORY if past else _PAGE
        if not 1 <= limit <= most:
            raise Refusal(400, f"limit must be between 1 and {most}")
        if request.query_params.get("archived") == "true":
            ids = sorted(int(id_) for id_ in objects.archived if int(id_) >= after)[: limit + 1]
            rows = [objects.archived[str(id_)] for id_ in ids]
        else:
            rows = objects.page(after, limit)
        to = names(request, "associations")
        results = [body_of(objects, row, asked, past) | self._associations(objects, row, to) for row in rows[:limit]]
        more = {"paging": {"next": {"after": rows[limit]["hs_object_id"]}}} if len(rows) > limit else {}
        return 200, {"results": results, **more}

    def get(self, request: Request, _: Json) -> Answer:
        """One row; a merged contact answers under its new id."""
        objects = self.objects(request)
        row = self._row(objects, request)
        if request.query_params.get("archived") == "true":
            row = objects.archived.get(request.path_params["id"])
        if row is None:
            raise no_such_row(objects.name, request.path_params["id"])
        body = body_of(objects, row, names(request, "properties"), names(request, _PAST))
        return 200, body | self._associations(objects, row, names(request, "associations"))

    def create(self, request: Request, body: Json) -> Answer:
        """A new row."""
        objects = self.objects(request)
        values, wrong = objects.check(body.get("properties") or {})
        if wrong:
            raise bad_values(wrong)
        if clash := objects.conflict(values):
            raise Refusal(409, clash, "CONFLICT")
        row = self.made(objects, values, body)
        return 201, body_of(objects, row, list(values))

    def update(self, request: Request, body: Json) -> Answer:
        """Change one row."""
        objects = self.objects(request)
        row = self._row(objects, request)
        if row is None:
            raise no_such_row(objects.name, request.path_params["id"])
        id_ = row["hs_object_id"]
        values, wrong = objects.check(body.get("properties") or {})
        if wrong:
            raise bad_values(wrong)
        if clash := objects.conflict(values, id_):
            raise Refusal(409, clash, "CONFLICT")
        if self.portal.locked(objects.name, id_):
            raise locked(objects.name, id_)
        return 200, body_of(objects, objects.update(id_, values), list(values))

    def archive(self, request: Request, _: Json) -> Answer:
        """To the bin."""
        self.portal.archive(self.objects(request).name, request.path_params["id"])
        return 204, None

    def gdpr_delete(self, request: Request, body: Json) -> Answer:
        """A contact, live or in the bin, and all that is known of it: gone for good."""
        objects, id_ = self.objects(request), str(body.get("objectId"))
        if objects.name != "contacts":
            raise no_such_path()
        if name := body.get("idProperty"):
            id_ = objects.holder(str(name), id_)
        if id_ not in objects.rows and id_ not in objects.archived:
            raise no_such_row(objects.name, id_)
        self.portal.forget(objects.name, id_)
        return 204, None

    def search(self, request: Request, body: Json) -> Answer:
        """Rows that match."""
        objects = self.objects(request)
        search = Search(self.portal, objects, body)
        total, rows = search.rows()
        end = search.offset + len(rows)
        more = {"paging": {"next": {"after": str(end)}}} if rows and end < total else {}
        asked = body.get("properties")
        return 200, {"total": total, "results": [body_of(objects, row, asked) for row in rows], **more}

    def merge(self, request: Request, body: Json) -> Answer:
        """Two contacts become one."""
        objects = self.objects(request)
        ids = [str(body.get("primaryObjectId")), str(body.get("objectIdToMerge"))]
        rows = [row for id_ in ids if (row := objects.get(id_))]
        if objects.name != "contacts" or len(rows) < 2 or rows[0] is rows[1]:
            raise Refusal(400, f"Cannot merge {ids[1]} into {ids[0]}")
        before = sum(len(merged_ids(row)) for row in rows) // 2  # each merge leaves two ids behind
        if before >= MOST_MERGES:
            raise Refusal(414, f"A record can be merged at most {MOST_MERGES} times")
        merged = self.portal.merge_contacts(*(row["hs_object_id"] for row in rows))
        return 200, body_of(objects, merged, None)

    def made(self, objects: Objects, values: Row, body: Json) -> Row:
        """A new row of checked values with the associations that the request asks for. 400, 404."""
        targets = self.targets(objects, values, body)
        row = objects.create(_NEW_LEAD | values if objects.name == "leads" else values)
        for to, to_id, primary in targets:
            self.portal.associate(objects.name, row["hs_object_id"], to, to_id, primary=primary)
        return objects.rows[row["hs_object_id"]]

    def targets(self, objects: Objects, values: Row, body: Json) -> list[tuple[str, str, bool]]:
        """What a new row is to be associated with: object, id, whether primarily. 400 for what it lacks."""
        found: list[tuple[str, str, bool]] = []
        for one in body.get("associations") or ():
            for kind in one.get("types") or ():
                to, primary = target_of(objects.name, kind)
                to_id = str((one.get("to") or {}).get("id"))
                if to_id not in self.portal.objects[to].rows:
                    raise no_such_row(to, to_id)
                found.append((to, to_id, primary))
        if objects.name == "leads" and not any(to == "contacts" for to, _, _ in found):
            raise Refusal(400, "A lead must be associated with a contact when it is created.")
        needed = "hs_timestamp" if objects.name in ENGAGEMENTS else "hs_lead_name" if objects.name == "leads" else ""
        if needed and not values.get(needed):
            word = SINGULAR[objects.name].upper()
            message = f"Error creating {word}. Some required properties were not set."
            raise Refusal(400, message, context={"properties": [needed]})
        return found

    def _row(self, objects: Objects, request: Request) -> Row | None:
        id_, name = request.path_params["id"], request.query_params.get("idProperty")
        if name and not objects.is_unique(name):
            raise not_unique(objects, name)
        return objects.get(objects.holder(name, id_) if name else id_)

    def _associations(self, objects: Objects, row: Row, to: Sequence[str]) -> Json:
        found = {}
        for name in to:
            target = NAMES.get(name)
            if target is None:
                raise Refusal(400, f"Cannot read associations to {name}")
            if links := links_of(self.portal, (objects.name, target), row["hs_object_id"]):
                found[target] = links
        return {"associations": found} if found else {}


_PAST = "propertiesWithHistory"


def body_of(objects: Objects, row: Mapping[str, str], asked: Sequence[str] | None, past: Sequence[str] = ()) -> Json:
    """A row as HubSpot shows it, with these properties (`None`: the usual ones) and the history of those in `past`."""
    always = (objects.created, objects.cursor, "hs_object_id")
    wanted = dict.fromkeys((*(asked or objects.defaults), *always))
    body: Json = {
        "id": row["hs_object_id"],
        "properties": {name: row.get(name) for name in wanted if name in objects.properties},
        "createdAt": row.get(objects.created),
        "updatedAt": row[objects.cursor],
        "archived": "_archived" in row,
    }
    if "_archived" in row:
        body["archivedAt"] = row["_archived"]
    if past:
        body[_PAST] = {name: objects.history.of(row, name) for name in past if name in objects.properties}
    return body


def names(request: Request, key: str) -> list[str]:
    """The names in a query parameter, repeated or with commas."""
    return [name for value in request.query_params.getlist(key) for name in value.split(",") if name]


def not_unique(objects: Objects, name: str) -> Refusal:
    """400 for finding rows by a property that several may share."""
    kind = objects.type_id
    return Refusal(400, f"Unable to perform update/upsert by non-unique {kind} property {name}")


def _number(request: Request, key: str, default: int) -> int:
    try:
        return int(request.query_params.get(key, default))
    except ValueError:
        raise Refusal(400, f"{key} must be a whole number") from None
