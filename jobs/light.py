"""Light jobs: the gateway's own code in a child of the worker, with settings, database and network."""

from dataclasses import dataclass
from typing import Any

from django.db import close_old_connections, connections

from gateway.vo import log as context
from jobs import registry
from jobs.activity import InputError
from jobs.registry import LightRun
from jobs.runner.activity import say_failure

reuses_children = False
"""Set in the processes of a worker's pool: there one child carries out many runs."""


@dataclass(frozen=True)
class Request:
    """One run."""

    type_name: str
    params: Any
    run: LightRun


def leave_connections() -> None:
    """Before a fork: the child must never speak on a connection that it shares with this process."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def perform(request: Request) -> tuple[int, bool]:
    """Exit code, and whether this process is fit for another run."""
    context.job_id.set(str(request.run.job_id))
    job_type = registry.get(request.type_name)
    before = _open_transactions()
    try:
        assert job_type is not None
        assert job_type.light is not None
        job_type.light(request.params, request.run)
    except BaseException as error:
        say_failure(request.run.out.folder, error)
        return 1, isinstance(error, InputError) and _as_before(before)
    return 0, _as_before(before)


def _open_transactions() -> set[str]:
    return {c.alias for c in connections.all(initialized_only=True) if c.in_atomic_block}


def _as_before(before: set[str]) -> bool:
    """No transaction was left open; connections that grew old or broke are closed."""
    if _open_transactions() != before:
        return False
    close_old_connections()
    return True
