"""Faults on demand: what a sandbox, told by rules, does instead of (or besides) answering."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import translate
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from leadsync.connector import FaultRule, Problem, UserError
from leadsync.testing.server import as_json

EVERYWHERE = {
    "slow": "waits `seconds`, then answers as usual",
    "cut": "the connection breaks before anything is done",
    "lost": "the work is done, but the connection breaks before the answer",
    "html": "a web page in place of JSON, status 200",
    "not_json": "broken JSON, status 200",
    "empty": "status 406 without a body",
}
"""The faults that every sandbox has."""

Explain = Callable[[FaultRule], Response]


class Faults:
    """Stands before a sandbox. `explain` answers the words in `own` and every status in the CRM's own manner.

    Raises `UserError` for rules that name a fault which the sandbox does not have.
    """

    def __init__(self, rules: Sequence[FaultRule], explain: Explain, own: Sequence[str] = ()) -> None:
        self._explain, self._own = explain, tuple(own)
        self.set(rules)

    def set(self, rules: Sequence[FaultRule]) -> None:
        """These rules, counted from now on, in place of those before."""
        known = [*EVERYWHERE, *self._own]
        fix = f"use a status such as 503, or one of {', '.join(known)}"
        problems = [
            Problem(f"there is no fault {rule.fault!r}", rule.where, fix)
            for rule in rules
            if rule.fault not in known and not re.fullmatch(r"[3-5]\d\d", rule.fault)
        ]
        if problems:
            raise UserError(problems)
        self._rules = [(re.compile(translate(rule.call), re.IGNORECASE), rule) for rule in rules]
        self._fitted: Counter[int] = Counter()

    def strikes(self, call: str) -> FaultRule | None:
        """The fault of this call (`GET /path`), if it has one now. Counts it."""
        for number, (pattern, rule) in enumerate(self._rules):
            if not pattern.match(call):
                continue
            fitted = self._fitted[number] - rule.after
            self._fitted[number] += 1
            if fitted >= 0 and fitted % rule.every == 0 and (not rule.times or fitted // rule.every < rule.times):
                return rule
        return None

    def before(self, app: Any) -> Any:
        """The ASGI application with these faults. Its own doors (`/_sandbox/…`) have none; `POST /_sandbox/faults`
        takes a list of rules."""

        async def served(scope: Any, receive: Any, send: Any) -> None:
            path = scope.get("path", "")
            if scope["type"] != "http" or (path.startswith("/_sandbox/") and path != "/_sandbox/faults"):
                await app(scope, receive, send)
            elif path == "/_sandbox/faults":
                await (await self._told(Request(scope, receive)))(scope, receive, send)
            elif (rule := self.strikes(f"{scope['method']} {path}")) is None:
                await app(scope, receive, send)
            elif rule.fault == "slow":
                await asyncio.sleep(rule.seconds)
                await app(scope, receive, send)
            else:
                await self._strike(rule, app, scope, receive, send)

        return served

    async def _strike(self, rule: FaultRule, app: Any, scope: Any, receive: Any, send: Any) -> None:
        if rule.fault in ("cut", "lost"):
            if rule.fault == "lost":
                await app(scope, receive, _nowhere)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            return  # less than was announced: the server breaks the connection
        await Request(scope, receive).body()  # or the connection could not be used again
        await self._answer(rule)(scope, receive, send)

    def _answer(self, rule: FaultRule) -> Response:
        if rule.fault == "html":
            return Response("<html><body>Please log in</body></html>", media_type="text/html")
        if rule.fault == "not_json":
            return Response('{"results": [', media_type="application/json")
        if rule.fault == "empty":
            return Response(status_code=406)
        answer = self._explain(rule)
        if rule.seconds:
            answer.headers["Retry-After"] = f"{rule.seconds:g}"
        return answer

    async def _told(self, request: Request) -> Response:
        try:
            self.set([FaultRule.model_validate(rule) for rule in await request.json()])
        except (ValueError, TypeError, UserError) as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"rules": len(self._rules)})


async def _nowhere(_: Any) -> None:
    pass
