"""How tests of the sandbox call it: with simple-salesforce, or with requests alone."""

from urllib.parse import urlsplit, urlunsplit

import requests
from salesforce_box import TOKEN
from simple_salesforce import Salesforce

DATA = "/services/data/v62.0"


class Loopback(requests.adapters.HTTPAdapter):
    def __init__(self, url):
        self.target = urlsplit(url)
        super().__init__()

    def send(self, request, **more):
        url = urlsplit(request.url)
        request.url = urlunsplit((self.target.scheme, self.target.netloc, url.path, url.query, ""))
        return super().send(request, **more)


def client(box, **login):
    session = requests.Session()
    session.mount("https://", Loopback(box.url))
    login = login or {"session_id": TOKEN, "instance": "sandbox.my.salesforce.com"}
    return Salesforce(session=session, version="62.0", **login)


def call(box, method, path, token=TOKEN, **more):
    headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
    return requests.request(method, f"{box.url}{path}", headers=headers, timeout=30, **more)
