"""The HTTP side of the sandbox: tokens, JSON, addresses, the control door."""

import gzip
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox.calls import Call, Reply
from connectors.salesforce.sandbox.errors import ApiError, RowError, bad_json, missing
from connectors.salesforce.sandbox.explain import login_refused, page
from connectors.salesforce.sandbox.logins import LoginRefused, Logins
from connectors.salesforce.sandbox.org import ORG_ID, Org
from connectors.salesforce.sandbox.rest import VERSIONS, Api
from connectors.salesforce.sandbox.switches import Switches
from leadsync.testing.server import as_json, token_ok

_MOST_BYTES = 16_384
_SOAP_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault><faultcode>INVALID_LOGIN</faultcode>'
    "<faultstring>SOAP login is not offered</faultstring><detail><sf:LoginFault>"
    "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode><sf:exceptionMessage>SOAP login is not offered"
    "</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


class Doors:
    """The HTTP side: tokens, JSON, addresses."""

    def __init__(self, org: Org, api: Api, logins: Logins) -> None:
        self._org, self._api, self._logins = org, api, logins
        self._switches = Switches(org, api, logins)

    async def versions(self, _: Request) -> Response:
        """The API versions; open to everyone, as with Salesforce."""
        return as_json([{"label": f"v{n}", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in VERSIONS])

    async def data(self, request: Request) -> Response:
        """Every data route."""
        if (status := _too_long(request)) is not None:
            return page(status)
        if not self._logins.known(request.headers.get("authorization", "")):
            return _refused(_stranger())
        try:
            body = await _json(request)
        except ApiError as error:
            return _refused(error)
        path = request.scope["raw_path"].decode()  # an external id may hold a slash, encoded
        url = path + (f"?{request.url.query}" if request.url.query else "")
        reply = self._api.handle(Call(request.method, url, request.headers, body, _base(request)))
        if reply.body is None:
            return Response(status_code=reply.status, headers=dict(reply.headers))
        if isinstance(reply.body, bytes):
            return _table(request, reply)
        return as_json(reply.body, reply.status, reply.headers)

    async def nothing(self, _: Request) -> Response:
        """Any other address."""
        return _refused(missing())

    # logging in

    async def token(self, request: Request) -> Response:
        """A session; refusals are an object here."""
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        try:
            token = self._logins.issue(form, request.headers.get("authorization", ""), _base(request))
        except LoginRefused as refused:
            return login_refused(refused.error, refused.description)
        issued = str(int(self._org.now().timestamp() * 1000))
        return as_json(
            {
                "access_token": token, "instance_url": _base(request), "id": self._identity(request),
                "token_type": "Bearer", "issued_at": issued, "signature": "c2FuZGJveA==", "scope": "api",
                "token_format": "opaque",
            }
        )  # fmt: skip

    async def revoke(self, request: Request) -> Response:
        """End a session."""
        form = dict(parse_qsl((await request.body()).decode(errors="replace"))) | dict(request.query_params)
        if not form.get("token"):
            return login_refused("unsupported_token_type", "this token type is not supported")
        self._logins.revoke(form["token"])
        return Response()

    async def soap(self, _: Request) -> Response:
        """The login that Salesforce is taking out of service."""
        return Response(_SOAP_FAULT, 500, media_type="text/xml")

    async def userinfo(self, request: Request) -> Response:
        """Whose token it is; also the answer of the identity address."""
        if not self._logins.known(request.headers.get("authorization", "")):
            return Response("Bad_OAuth_Token", 403)
        user = self._org.tables["User"].rows[self._org.us]
        root = f"{_base(request)}/services/data/v{{version}}"
        return as_json(
            {
                "id": self._identity(request), "sub": self._identity(request), "user_id": self._org.us,
                "organization_id": ORG_ID, "username": user["Username"], "preferred_username": user["Username"],
                "display_name": user["Name"], "name": user["Name"], "email": user["Email"], "active": True,
                "user_type": "STANDARD",
                "urls": {"rest": f"{root}/", "sobjects": f"{root}/sobjects/", "query": f"{root}/query/"},
            }
        )  # fmt: skip

    def _identity(self, request: Request) -> str:
        return f"{_base(request)}/id/{ORG_ID}/{self._org.us}"

    # tests and demos

    async def control(self, request: Request) -> Response:
        """`/_sandbox/…`, see `switches`; opened by the sandbox's own token, revoked or not."""
        if not token_ok(request, self._logins.token):
            return _refused(_stranger())
        door = f"{request.method} {request.path_params['door']}"
        try:
            body = await _json(request) or {}
            if not isinstance(body, dict):
                raise bad_json("an object is needed")
            return as_json(self._switches.do(door, body))
        except RowError as error:
            return as_json({"error": error.message}, error.status)
        except ApiError as error:
            return as_json({"error": error.message}, error.status)
        except (KeyError, TypeError, ValueError) as error:
            return as_json({"error": f"{type(error).__name__}: {error}"}, 400)


def _too_long(request: Request) -> int | None:
    line = len(request.scope["raw_path"]) + len(request.scope["query_string"])
    if line > _MOST_BYTES:
        return 414
    head = line + sum(len(name) + len(value) + 4 for name, value in request.scope["headers"])
    return 431 if head > _MOST_BYTES else None


def _table(request: Request, reply: Reply) -> Response:
    """Tables of bulk jobs come packed."""
    body, headers = reply.body, dict(reply.headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
    return Response(body, reply.status, headers, media_type="text/csv")


async def _json(request: Request) -> Any:
    raw = await request.body()
    if request.headers.get("content-type", "").startswith("text/csv"):
        return raw
    if not raw:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise bad_json(f"the body is not JSON: {error.msg} at [line:{error.lineno}, column:{error.colno}]") from None


def _refused(error: ApiError) -> Response:
    return as_json(error.body(), error.status)


def _stranger() -> ApiError:
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
