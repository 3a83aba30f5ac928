"""A server between leadsync and a sandbox that repeats whatever it is told, secrets above all, in every shape."""

import itertools
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import requests
from doors import Sandbox

SHAPES = ("401", "403", "400", "500", "503", "html", "not_json", "cut", "redirect")
_LOGINS = ("/oauth/v3/token", "/services/oauth2/token")


class Gossip:
    """`with Gossip(crm, access, rotated) as front:` serves `front.url`.

    `shape` is what it does with every call: `storm` takes another shape for each second one, and `""` only passes it
    on. `heard` counts the calls that it told of. Logins end in the token `access` and, for OAuth, `rotated`.
    """

    def __init__(self, crm: Sandbox, access: str, rotated: str) -> None:
        self.crm, self.access, self.rotated = crm, access, rotated
        self.shape, self.heard = "", 0
        self._turns = itertools.count()
        self._http = requests.Session()
        self._http.trust_env = False
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                front.answer(self, body)

            do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Gossip":
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._http.close()

    def answer(self, call: BaseHTTPRequestHandler, body: bytes) -> None:
        shape = self.shape
        if shape == "storm":
            turn = next(self._turns)
            shape = SHAPES[turn // 2 % len(SHAPES)] if turn % 2 else ""
        if shape:
            self.heard += 1
            self._gossip(call, shape, _everything(call, body))
        elif call.path == _LOGINS[0]:
            _send(
                call, 200, {"access_token": self.access, "refresh_token": self.rotated, "expires_in": 1800, "hub_id": 7}
            )
        else:
            self._pass_on(call, body)

    def _pass_on(self, call: BaseHTTPRequestHandler, body: bytes) -> None:
        headers = {
            k: v for k, v in call.headers.items() if k.lower() not in ("host", "content-length", "accept-encoding")
        }
        headers["Authorization"] = f"Bearer {self.crm.token}"
        if call.path == _LOGINS[1]:  # the way in that the sandbox knows, whichever was taken
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = b"grant_type=client_credentials&client_id=a&client_secret=b"
            del headers["Authorization"]
        got = self._http.request(call.command, self.crm.url + call.path, data=body, headers=headers, timeout=60)
        kept = {k: v for k, v in got.headers.items() if k.lower() not in ("content-length", "transfer-encoding")}
        content = got.content.replace(self.crm.url.encode(), self.url.encode())
        _send(call, got.status_code, content.replace(self.crm.token.encode(), self.access.encode()), kept)

    def _gossip(self, call: BaseHTTPRequestHandler, shape: str, told: str) -> None:
        if shape == "cut":
            call.send_response(200)
            call.send_header("Content-Length", "100000")
            call.end_headers()
            call.wfile.write(told.encode())
            call.close_connection = True
        elif shape in ("html", "not_json"):
            _send(call, 200, f"<html>{told}</html>" if shape == "html" else '{"message": "' + told)
        elif shape == "redirect":
            _send(call, 302, "", {"Location": f"/login?{quote_plus(told)[:4000]}"})
        else:
            texts = ("message", "errorCode", "category", "error", "error_description", "statusCode", "details")
            error = {"status": "error", "errors": [{"message": told, "context": {"ids": [told]}}]}
            error |= dict.fromkeys(texts, told)
            salesforce = call.path.startswith("/services/data")
            later = {"Retry-After": "3600"} if self.shape == shape == "500" else {}
            _send(call, int(shape), [error] if salesforce else error, later)


def _everything(call: BaseHTTPRequestHandler, body: bytes) -> str:
    """What was received: the token, each field of a form, then the body as it came, where a form is URL-encoded."""
    raw = body.decode(errors="replace")
    form = dict(parse_qsl(raw)) if b"=" in body else {}
    token = call.headers.get("Authorization", "").removeprefix("Bearer ")
    return " ".join(filter(None, ["sent", token, *form.values(), raw, call.path]))


def _send(call: BaseHTTPRequestHandler, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    call.send_response(status)
    for name, value in ({"Content-Type": "application/json"} | dict(headers or {})).items():
        call.send_header(name, value)
    call.send_header("Content-Length", str(len(data)))
    call.end_headers()
    call.wfile.write(data)
