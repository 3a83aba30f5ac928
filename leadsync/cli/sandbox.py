"""`leadsync sandbox`: a strict local server that behaves like a CRM."""

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from leadsync.cli.common import installed
from leadsync.connector import HasSandbox, SandboxOptions
from leadsync.errors import UsageError


def sandbox(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="hubspot, salesforce, or another installed type.")],
    token: Annotated[str, typer.Option(help="The bearer token that it accepts.")],
    port: Annotated[
        int, typer.Option(help="Where it listens on 127.0.0.1; 0 picks a free port.", min=0, max=65535)
    ] = 0,
    leads: Annotated[int, typer.Option(help="How many leads it is seeded with.", min=0, max=2_000_000)] = 500,
    seed: Annotated[int, typer.Option(help="The same seed on the same day gives the same data.")] = 1,
    load: Annotated[
        Path | None, typer.Option(help="A CSV with the CRM's own field names, in place of seeded leads.")
    ] = None,
    bare: Annotated[bool, typer.Option("--bare", help="Without the fields that leadsync writes.")] = False,
    custom: Annotated[
        bool, typer.Option("--custom", help="With forty fields of its own, as an account that has grown has.")
    ] = False,
    search_lag: Annotated[float, typer.Option(help="Seconds before a change can be found.", min=0)] = 0.0,
    no_rate_limit: Annotated[bool, typer.Option("--no-rate-limit", help="Answer as fast as asked.")] = False,
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A YAML list of rules: which calls go wrong, how, how often.")
    ] = None,
    today: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of the seeded data.")] = None,
) -> int:
    """Serve a CRM sandbox on loopback, in the foreground, until stopped."""
    from leadsync.config.faults import load_faults
    from leadsync.testing.server import serve

    connector = installed(type_)
    if not isinstance(connector, HasSandbox):
        raise UsageError(f"the connector {type_!r} has no sandbox")
    _free(port)
    day = (today or datetime.now(UTC)).date()
    rules = load_faults(faults) if faults else ()
    options = SandboxOptions(token, day, leads, seed, load, bare, search_lag, not no_rate_limit, rules, custom=custom)
    serve(connector.sandbox(options), port, lambda url: print(f"ready {url}", flush=True))
    return 0


def _free(port: int) -> None:
    """Said before many leads are made. Raises `UsageError` when the port is taken or not for us."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            told = f"port {port} of this machine cannot be used: {str(error.strerror).lower()}"
            raise UsageError(told, fix="choose another one; --port 0 takes one that is free") from None
