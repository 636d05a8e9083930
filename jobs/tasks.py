"""Celery's part: messages that say "work in class X". They carry no job; losing or doubling one does no harm."""

import logging
import mmap
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from billiard import current_process
from celery import signals
from django.conf import settings
from django.db import close_old_connections, connections
from kombu.exceptions import KombuError

from jobs import light
from jobs.broker import QUEUES, app
from jobs.runner import cage, client, kernel

log = logging.getLogger(__name__)

# Shared with the pool's processes, which are forked after this. Byte 0: the worker was told to end. Byte n: the n-th
# process of the pool is at work.
SLOTS = 256
_board = mmap.mmap(-1, SLOTS)
BOUT = 0.5
"""s in which one message may serve further jobs; then the other classes have their turn"""
PATIENCE = 20.0
"""s that running jobs have to go back to the queue"""


# A process of the pool that is forked while this one writes to SQLite believes for ever that the lock is held: no fork
# meanwhile, and no connection is open at one.
_writing = threading.Lock()
os.register_at_fork(before=_writing.acquire, after_in_parent=_writing.release, after_in_child=_writing.release)


def stopping() -> bool:
    return _board[0] == 1


@app.task(name="jobs.work", ignore_result=True)  # type: ignore[untyped-decorator] # Celery has no types
def work(queue_name: str) -> None:
    """Carries out the best waiting jobs of the class: one, and more while they are short."""
    from jobs.worker import work_once  # noqa: PLC0415 (the web process sends this task and runs none)

    slot = 1 + current_process().index % (SLOTS - 1)
    _board[slot] = 1
    # One that a restart of the database broke, or that is older than CONN_MAX_AGE, is opened anew.
    close_old_connections()
    try:
        until = time.monotonic() + BOUT
        while not stopping() and work_once((queue_name,), stopping) and time.monotonic() < until:
            continue
    finally:
        _board[slot] = 0


def announce(queue_name: str) -> None:
    """Sends one message; where the broker is away the keeper sends it later."""
    try:
        work.apply_async((queue_name,), queue=queue_name, retry=False)
    except (KombuError, OSError) as error:
        log.warning("the broker is away, the keeper will announce the job: %s", error)


@signals.worker_process_init.connect  # type: ignore[untyped-decorator] # Celery has no types
def _with_parent(**_kwargs: Any) -> None:
    """A pool process dies with its worker, and its runs with it."""
    kernel.die_with_parent(os.getppid())
    # A supervisor signals the whole group; the pool process puts its job back first and is ended by its worker.
    signal.signal(signal.SIGTERM, _shut_down)
    cage.namespaces_allowed()
    light.reuses_children = True


@signals.worker_ready.connect  # type: ignore[untyped-decorator] # Celery has no types
def _warm_up(sender: Any, **_kwargs: Any) -> None:
    """Loads the analyses before the first job asks for them, and says now and then that this worker lives."""
    threading.Thread(target=client.hold, args=(Path(settings.SCRATCH_DIR),), daemon=True).start()
    classes = list(sender.app.amqp.queues.consume_from)
    threading.Thread(target=_beat, args=(classes,), daemon=True).start()


def _beat(classes: list[str]) -> None:
    from jobs import health  # noqa: PLC0415 (models are not ready when this module is imported)

    words = "runs in namespaces of their own" if cage.namespaces_allowed() else "runs in process groups only"
    while True:
        try:
            with _writing:
                try:
                    for name in classes:
                        health.say_alive(name, words)
                finally:
                    connections.close_all()
        except Exception as error:
            log.warning("the cache is away: %s", error)
        time.sleep(health.BEAT)


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator] # Celery has no types
def _shut_down(*_args: Any, **_kwargs: Any) -> None:
    """Running jobs go back to the queue at once instead of holding up the end of the worker."""
    _board[0] = 1
    if current_process().name == "MainProcess":
        threading.Thread(target=_leave_when_idle, daemon=True).start()


def _leave_when_idle() -> None:
    """Celery would go on for seconds to put its messages in order; these carry nothing that could be lost."""
    deadline = time.monotonic() + PATIENCE
    while any(_board[1:SLOTS]) and time.monotonic() < deadline:
        time.sleep(0.02)
    os._exit(0)


def messages(queue_name: str) -> int:
    """How many messages of the class lie with the broker; when it is away, more than anyone needs."""
    try:
        with app.connection_for_read() as connection:
            declared = QUEUES[queue_name](connection.default_channel)
            return int(declared.queue_declare().message_count)
    except (KombuError, OSError) as error:
        log.warning("the broker is away: %s", error)
        return 10**6
