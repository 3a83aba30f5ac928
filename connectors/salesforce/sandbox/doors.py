"""The HTTP side of the sandbox: tokens, JSON, addresses, the control door."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox import control
from connectors.salesforce.sandbox.calls import Call
from connectors.salesforce.sandbox.errors import ApiError, RowError, bad_json, missing
from connectors.salesforce.sandbox.org import ORG_ID, Org
from connectors.salesforce.sandbox.rest import VERSIONS, Api
from leadsync.testing.server import Calls, as_json, token_ok

_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SOAP_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault><faultcode>INVALID_LOGIN</faultcode>'
    "<faultstring>SOAP login is not offered</faultstring><detail><sf:LoginFault>"
    "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode><sf:exceptionMessage>SOAP login is not offered"
    "</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


class Doors:
    """The HTTP side: tokens, JSON, addresses."""

    def __init__(self, org: Org, api: Api, token: str) -> None:
        self._org, self._api, self._token = org, api, token

    async def versions(self, _: Request) -> Response:
        """The API versions; open to everyone, as with Salesforce."""
        return as_json([{"label": f"v{n}", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in VERSIONS])

    async def data(self, request: Request) -> Response:
        """Every data route."""
        if not token_ok(request, self._token):
            return _refused(_stranger())
        try:
            body = await _json(request)
        except ApiError as error:
            return _refused(error)
        url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        reply = self._api.handle(Call(request.method, url, request.headers, body, _base(request)))
        if reply.body is None:
            return Response(status_code=reply.status, headers=dict(reply.headers))
        return as_json(reply.body, reply.status, reply.headers)

    async def nothing(self, _: Request) -> Response:
        """Any other address."""
        return _refused(missing())

    # logging in

    async def token(self, request: Request) -> Response:
        """A token for any client id and secret; errors are an object here."""
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        kind = form.get("grant_type")
        if kind == "client_credentials":
            key, secret = _basic(request) or (form.get("client_id"), form.get("client_secret"))
            if not key or not secret:
                return as_json({"error": "invalid_client_id", "error_description": "client identifier invalid"}, 400)
        elif kind == _JWT:
            if form.get("assertion", "").count(".") != 2:
                return as_json({"error": "invalid_grant", "error_description": "invalid assertion"}, 400)
        else:
            return as_json({"error": "unsupported_grant_type", "error_description": "grant type not supported"}, 400)
        issued = str(int(self._org.now().timestamp() * 1000))
        return as_json(
            {
                "access_token": self._token, "instance_url": _base(request), "id": self._identity(request),
                "token_type": "Bearer", "issued_at": issued, "signature": "c2FuZGJveA==", "scope": "api",
            }
        )  # fmt: skip

    async def revoke(self, _: Request) -> Response:
        """Tokens of a sandbox live on."""
        return Response()

    async def soap(self, _: Request) -> Response:
        """The login that Salesforce is taking out of service."""
        return Response(_SOAP_FAULT, 500, media_type="text/xml")

    async def userinfo(self, request: Request) -> Response:
        """Whose token it is; also the answer of the identity address."""
        if not token_ok(request, self._token):
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
        """`/_sandbox/…`: calls counted, leads that act, conversions, merges."""
        if not token_ok(request, self._token):
            return _refused(_stranger())
        door = f"{request.method} {request.path_params['door']}"
        try:
            body = await _json(request) or {}
            if not isinstance(body, dict):
                raise bad_json("an object is needed")
            return as_json(self._do(door, body))
        except RowError as error:
            return as_json({"error": error.message}, error.status)
        except ApiError as error:
            return as_json({"error": error.message}, error.status)
        except (KeyError, TypeError, ValueError) as error:
            return as_json({"error": f"{type(error).__name__}: {error}"}, 400)

    def _do(self, door: str, body: Mapping[str, Any]) -> Any:
        if door == "GET calls":
            return self._api.calls.body()
        if door == "POST calls/reset":
            self._api.calls = Calls()
            return self._api.calls.body()
        if door == "POST act":
            return {"acted": control.act(self._org, int(body["seed"]), int(body["leads"]))}
        if door == "POST convert":
            return control.convert(self._org, str(body["id"]))
        if door == "POST merge":
            return control.merge(self._org, str(body["winner"]), str(body["loser"]))
        raise missing(f"there is no {door}")


async def _json(request: Request) -> Any:
    raw = await request.body()
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


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key, secret
