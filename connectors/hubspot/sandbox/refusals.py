"""HubSpot's ways of saying no."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from connectors.hubspot.sandbox.properties import Invalid
from leadsync.testing.server import as_json

PORTAL = 1


class Refusal(Exception):
    """An answer that is an error: its status and body."""

    def __init__(self, status: int, message: str, category: str | None = "VALIDATION_ERROR", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"status": "error", "message": message, "correlationId": str(uuid.uuid4())}
        if category:
            self.body["category"] = category
        self.body |= more


def bad_token() -> Refusal:
    """401."""
    return Refusal(401, "Authentication credentials not found or not valid.", "INVALID_AUTHENTICATION")


def answer(refusal: Refusal) -> Response:
    """The refusal as an answer."""
    return as_json(refusal.body, refusal.status, {"X-HubSpot-Correlation-Id": refusal.body["correlationId"]})


def too_many(policy: str) -> Refusal:
    """429, in the shape of its own that this one has."""
    return Refusal(
        429, f"You have reached your {policy.lower()} limit.", None, errorType="RATE_LIMIT", policyName=policy,
        groupName="publicapi:private-apps:calls",
    )  # fmt: skip


def no_such_path() -> Refusal:
    """404 for an address that the API does not have."""
    return Refusal(404, "No such path in this API.", "OBJECT_NOT_FOUND")


def no_such_row(obj: str, id_: str) -> Refusal:
    """404 for a single row."""
    return Refusal(404, f"Object not found.  objectId are usually numeric. ({obj} {id_})", "OBJECT_NOT_FOUND")


def locked(obj: str, id_: str) -> Refusal:
    """423 for a row that another write holds."""
    return Refusal(423, f"{obj} {id_} is locked by another write; try again in two seconds.", "LOCKED")


def missing_scopes(scopes: Sequence[str]) -> Refusal:
    """403 for a token that has none of these."""
    error = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    message = "This app hasn't been granted all required scopes to make this call. Read more about required scopes here"
    return Refusal(403, message, "MISSING_SCOPES", errors=[error], links={"scopes": "/scopes"})


def expired_token(minutes: int) -> Refusal:
    """401 for an OAuth token whose time is over."""
    told = f"The OAuth token used to make this call expired {minutes} minute(s) ago."
    return Refusal(401, told, "EXPIRED_AUTHENTICATION")


def details(wrong: Sequence[Invalid]) -> str:
    """The message for bad values: JSON inside a sentence."""
    found = [
        {
            "isValid": False, "message": bad.message, "error": bad.code, "name": bad.name,
            "localizedErrorMessage": bad.message, "portalId": PORTAL,
        }
        for bad in wrong
    ]  # fmt: skip
    return f"Property values were not valid: {orjson.dumps(found).decode()}"


def bad_values(wrong: Sequence[Invalid]) -> Refusal:
    """400 for a whole request because of bad values in it."""
    errors = [{"message": bad.message, "code": bad.code, "context": {"propertyName": [bad.name]}} for bad in wrong]
    return Refusal(400, details(wrong), errors=errors)


def row_error(category: str, message: str, context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """One entry of the `errors` of a 207."""
    return {"status": "error", "category": category, "message": message, "context": context}


def not_found(obj: str, ids: Sequence[str]) -> dict[str, Any]:
    """The entry of a 207 for rows that are not there."""
    singular = {"companies": "COMPANY"}.get(obj, obj.rstrip("s").upper())
    message = f"Could not get some {singular} objects, they may be deleted or not exist. Check that ids are valid."
    return row_error("OBJECT_NOT_FOUND", message, {"ids": list(ids)})
