"""What `leadsync.yaml` says about a Salesforce connection."""

import re
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from leadsync.connector import ConnectionSettings, SecretRef

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*\.my\.salesforce\.com\Z")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_WAYS = "token, or client_id and client_secret, or client_id, username and private_key"


class SalesforceSettings(ConnectionSettings):
    """How to reach one Salesforce account: a token, the client credentials of an external client app, or such an app
    with a user and a private key (JWT bearer)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "domain": "example.my.salesforce.com",
                    "client_id": {"env": "SF_ID"},
                    "client_secret": {"env": "SF_SECRET"},
                }
            ]
        }
    )

    domain: str | None = Field(None, description="The My Domain host, such as example.my.salesforce.com.")
    token: SecretRef | None = Field(None, description="An access token.")
    client_id: SecretRef | None = Field(None, description="The client id of an external client app.")
    client_secret: SecretRef | None = Field(None, description="Its secret, for client credentials.")
    username: str | None = Field(None, description="The user to log in as, with a private key (JWT bearer).")
    private_key: SecretRef | None = Field(None, description="An RSA key in PEM form; the app holds its certificate.")

    @field_validator("domain")
    @classmethod
    def _my_domain(cls, domain: str | None) -> str | None:
        if domain is None or _DOMAIN.match(domain.lower()):
            return domain and domain.lower()
        if ".lightning.force.com" in domain:
            raise ValueError("that is the address of the pages; give the My Domain host: example.my.salesforce.com")
        raise ValueError(
            "give the My Domain host without https://, such as example.my.salesforce.com (Setup > My Domain)"
        )

    @field_validator("base_url")
    @classmethod
    def _safe_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        strange = parts.query or parts.fragment or parts.username
        if parts.scheme not in ("http", "https") or not parts.hostname or strange:
            raise ValueError("base_url must be an address such as http://127.0.0.1:8002")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError(
                "base_url may be http only on this machine (127.0.0.1): the token would be readable on the way"
            )
        return url

    @model_validator(mode="after")
    def _one_way_in(self) -> "SalesforceSettings":
        secret, signed = bool(self.client_secret), bool(self.username or self.private_key)
        if self.token and (self.client_id or secret or signed):
            raise ValueError(f"give either {_WAYS}; not both")
        if secret and signed:
            raise ValueError("give either client_secret, or username and private_key, not both")
        needed = ("client_id", "username", "private_key") if signed else ("client_id", "client_secret")
        missing = [name for name in needed if not getattr(self, name)]
        if not self.token and missing:
            known = len(missing) < len(needed)
            raise ValueError(f"{' and '.join(missing)} is missing" if known else f"give {_WAYS}")
        if not self.domain and not self.base_url:
            raise ValueError("give domain, the My Domain host such as example.my.salesforce.com")
        return self
