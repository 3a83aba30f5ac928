"""The doors for tests and demos, `/_sandbox/…`. Not part of Salesforce."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from connectors.salesforce.sandbox import control, ids
from connectors.salesforce.sandbox.errors import missing
from connectors.salesforce.sandbox.logins import App, Logins, key_pair
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.query import condition
from connectors.salesforce.sandbox.rest import Api
from connectors.salesforce.sandbox.rules import Duplicates, Validation
from leadsync.testing.server import Calls

Body = Mapping[str, Any]
JWT_CLIENT = "leadsync-jwt"


class Switches:
    """What can be asked for, and turned. Bodies are objects; what is missing in one is told."""

    def __init__(self, org: Org, api: Api, logins: Logins) -> None:
        self._org, self._api, self._logins = org, api, logins
        self._doors: dict[str, Callable[[Body], Any]] = {
            "GET calls": lambda body: api.calls.body(),
            "POST calls/reset": self._reset,
            "POST act": lambda body: {"acted": control.act(org, int(body["seed"]), int(body["leads"]))},
            "POST convert": lambda body: control.convert(org, str(body["id"])),
            "POST merge": lambda body: control.merge(org, str(body["winner"]), str(body["loser"])),
            "POST purge": lambda body: org.purge(org.kind(body["id"]), body["id"]),
            "POST late": self._late,
            "POST lock": lambda body: (org.locked_once if body.get("once") else org.locked).add(_id(body)),
            "POST unlock": lambda body: org.locked.discard(_id(body)),
            "POST set": self._set,
            "POST rule": self._rule,
            "POST duplicates": self._duplicates,
            "POST track": lambda body: org.rules.tracked.update({body["object"]: set(body["fields"])}),
            "POST hide": lambda body: org.access.hide(body["object"], body["field"]),
            "POST show": lambda body: org.access.show(body["object"], body["field"]),
            "POST options": self._options,
            "POST revoke": lambda body: logins.revoke(str(body.get("token", ""))),
            "POST restore": lambda body: logins.restore(),
            "POST app": self._app,
            "GET jwt": self._jwt,
        }

    def do(self, door: str, body: Body) -> Any:
        """Go through a door (`POST convert`). Raises `ApiError` 404, and what a bad body leads to."""
        if door not in self._doors:
            raise missing(f"there is no {door}")
        done = self._doors[door](body)
        return {} if done is None else done

    def _reset(self, _: Body) -> Any:
        self._api.calls = Calls()
        return self._api.calls.body()

    def _late(self, body: Body) -> Any:
        at = self._org.now() - timedelta(seconds=float(body["seconds"]))
        return {"id": self._org.commit_late(body["object"], dict(body["fields"]), at)}

    def _set(self, body: Body) -> None:
        """Several at once: page (rows), used (calls of the day), lag (seconds), customize, int_as_float."""
        turns: dict[str, Callable[[Any], None]] = {
            "page": lambda rows: setattr(self._api, "most_rows", int(rows)),
            "used": lambda calls: self._api.day.add(int(calls) - self._api.day.used),
            "lag": lambda seconds: setattr(self._org, "lag", float(seconds)),
            "customize": lambda may: setattr(self._org.access, "customizes", bool(may)),
            "int_as_float": lambda may: setattr(self._api.queries, "int_as_float", bool(may)),
        }
        for name, value in body.items():
            turns[name](value)

    def _rule(self, body: Body) -> None:
        rule = Validation(body["object"], body["when"], body["message"], body.get("field", ""))
        condition(self._org, rule.obj, rule.when)  # a wrong one is told now
        self._org.rules.validations.append(rule)

    def _duplicates(self, body: Body) -> None:
        self._org.rules.duplicates.append(Duplicates(body["object"], body["field"], bool(body.get("block"))))

    def _options(self, body: Body) -> None:
        changes = {"values": tuple(body["values"])} | ({"restricted": True} if body.get("restricted") else {})
        self._org.access.amend(body["object"], body["field"], **changes)

    def _app(self, body: Body) -> None:
        self._logins.apps[body["client_id"]] = App(body.get("client_secret", ""), body.get("public_key", ""))

    def _jwt(self, _: Body) -> Any:
        """All that an assertion needs: a client whose public key is known here, with its private key."""
        private, public = key_pair()
        self._logins.apps[JWT_CLIENT] = App(public_key=public)
        user = self._org.tables["User"].rows[self._org.us]
        return {"client_id": JWT_CLIENT, "username": user["Username"], "private_key": private}


def _id(body: Body) -> str:
    id_ = ids.canonical(str(body["id"]))
    if id_ is None:
        raise ValueError(f"{body['id']!r} is no id")
    return id_
