"""The part of the Tooling API that makes custom fields."""

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.calls import Context, Reply
from connectors.salesforce.sandbox.errors import bad_json, missing
from connectors.salesforce.sandbox.org import Org


class Tooling:
    """`tooling/sobjects/CustomField`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def create(self, context: Context) -> Reply:
        """A new field, which nobody sees before a permission set says so."""
        body = context.call.body
        if not isinstance(body, dict) or not isinstance(body.get("Metadata"), dict):
            raise bad_json("FullName and Metadata are needed")
        id_ = self._org.access.make(str(body.get("FullName") or ""), body["Metadata"])
        return Reply(201, {"id": id_, "success": True, "errors": [], "warnings": [], "infos": []})

    def read(self, _: Context, id_: str) -> Reply:
        """A field that was made here."""
        for name, made in self._org.access.made().items():
            if made == ids.canonical(id_):
                return Reply(200, {"Id": made, "FullName": name, "TableEnumOrId": name.partition(".")[0]})
        raise missing()
