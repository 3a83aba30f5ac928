"""The verbs together, and how every error is told."""

import sys
from typing import Annotated, Any

import typer

from leadsync import __version__
from leadsync.cli import (
    check,
    conformance,
    demo,
    erase,
    explain,
    init,
    install,
    match,
    plan,
    review,
    sandbox,
    schema,
    status,
    sync,
    undo,
)  # fmt: skip
from leadsync.cli import run as run_verb
from leadsync.errors import LeadsyncError

_UsageError: Any = typer.BadParameter.__base__  # typer brings a click of its own, so click's classes are not the ones

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip

_BELOW_ZERO = {"ignore_unknown_options": True}  # numbers of decisions may be, and are no options


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leadsync {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Keeps the leads of the CRMs you already have scored, staged and owned.

    Start with `leadsync demo`; in a folder of your own with `leadsync init`, then `check`, `install`, `plan`, `sync`.
    """


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("install")(install.install)
app.command("plan")(plan.plan)
app.command("sync")(sync.sync)
app.command("run")(run_verb.run)
app.command("status")(status.status)
app.command("explain")(explain.explain)
app.command("review", context_settings=_BELOW_ZERO)(review.review)
app.command("undo", context_settings=_BELOW_ZERO)(undo.undo)
app.command("erase")(erase.erase)
app.command("sandbox", hidden=True)(sandbox.sandbox)
app.command("conformance", hidden=True)(conformance.conformance)
app.command("schema", hidden=True)(schema.schema)
app.command("match", hidden=True)(match.match)


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; errors go to standard error, without a traceback."""
    try:
        code = app(arguments or ["--help"], prog_name="leadsync", standalone_mode=False)
    except _UsageError as error:
        hint = "leadsync" + (f" {error.ctx.info_name}" if error.ctx and error.ctx.parent else "")
        print(f"{error.format_message()}\n    fix: `{hint} --help` shows what there is", file=sys.stderr)
        return 64
    except typer.Abort:
        return 130
    except LeadsyncError as error:
        print(told(error), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return code if isinstance(code, int) else 0


def told(error: LeadsyncError) -> str:
    """An error as a person reads it: what is wrong, where, what to do."""
    return error.message + (f"\n    fix: {error.fix}" if error.fix else "")
