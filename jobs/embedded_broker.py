"""The broker of a gateway without Redis: messages are files in a folder. kombu's own transport, made safe for readers.

kombu (5.6) creates a message's file under its final name and then fills it, and fills the table of an exchange in the
same way; whoever looks in between reads nothing, and the worker ends. Here every file is whole from its first moment.
"""

# kombu has no types:
# mypy: disable-error-code="no-untyped-call"

import fcntl
import json
import logging
import os
import time
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.transport.filesystem import exchange_queue_t

log = logging.getLogger(__name__)
SCHEME = "files"


class Channel(filesystem.Channel):
    """``data_folder_in`` and ``control_folder`` may be used by any number of processes of one machine."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override] # kombu disagrees with itself on the name
        # kombu reads them in the order of their names.
        path = Path(self.data_folder_out) / f"{time.time_ns():020}_{uuid4()}.{queue}.msg"
        _write(path, json.dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message. Of two readers the one that removes the file has it; no other folder is needed, which
        may be full, or on another disk."""
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                text = (folder / name).read_bytes()
                (folder / name).unlink()
            except FileNotFoundError:
                continue
            try:
                return json.loads(text)
            except ValueError:
                # Half a file, after a fall of the machine. The keeper says again what it may have said.
                log.warning("a message that cannot be read was dropped")
        raise Empty

    def get_table(self, exchange: str) -> Any:
        try:
            return super().get_table(exchange)
        except ValueError:
            # Half a file, after a fall of the machine: the next worker that starts writes it anew.
            log.warning("the table of the exchange %s cannot be read", exchange)
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        wanted = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with (self.control_folder / "lock").open("ab") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            known = self.get_table(exchange)
            if wanted not in known:
                _write(self._exchange_file(exchange), json.dumps([wanted, *known]))


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        part.write_text(text)
        part.rename(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


class Transport(filesystem.Transport):
    Channel = Channel


TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
