"""One computation for all who ask for the same at the same time: of many that come at once, one does the work."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Together:
    """Calls of one process. What was made is not kept: whoever asks later makes it anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going: dict[Hashable, Future[Any]] = {}

    def __call__(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make()`` gives, or gave to whoever asked first; an exception goes to all of them."""
        with self._lock:
            going = self._going.get(key)
            first = going is None
            if going is None:
                going = self._going[key] = Future()
        if not first:
            found: T = going.result()
            return found
        try:
            made = make()
        except BaseException as error:
            going.set_exception(error)
            raise
        else:
            going.set_result(made)
            return made
        finally:
            with self._lock:
                del self._going[key]


together = Together()
