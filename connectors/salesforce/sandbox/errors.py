"""Refusals in Salesforce's shapes."""

from typing import Any


class ApiError(Exception):
    """A request that is refused as a whole: a status, and a list with one error."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def body(self) -> list[dict[str, Any]]:
        """What a data route answers."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [error | {"fields": self.fields} if self.fields is not None else error]


class RowError(Exception):
    """A row that is refused: its reason, as results of a collection have it."""

    def __init__(self, code: str, message: str, fields: list[str] | None = None, *, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.fields, self.status = code, message, fields or [], status

    def result(self, id_: str | None = None) -> dict[str, Any]:
        """The row's entry in the answer to a collection."""
        error = {"statusCode": self.code, "message": self.message, "fields": self.fields}
        return {"success": False, "errors": [error]} | ({"id": id_} if id_ else {})


def missing(message: str = "The requested resource does not exist") -> ApiError:
    """404."""
    return ApiError(404, "NOT_FOUND", message)


def bad_json(message: str) -> ApiError:
    """A body that cannot be read: the whole request is refused, all of its rows."""
    return ApiError(400, "JSON_PARSER_ERROR", message)
