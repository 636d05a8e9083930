"""One TAP service elsewhere, asked through pyvo and the guarded way out; what goes wrong, in words."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.utils.translation import gettext as _
from urllib3.exceptions import HTTPError

from gateway.vo import http
from gateway.vo.votable_reader import BadVOTable, NoTable, Table, read

MAX_BYTES = 60 * 2**20
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
SYNC_ROWS = 5_000
"""more rows than these are asked for asynchronously"""
POLL_SECONDS = 1.0


class Failed(Exception):
    """The archive gave no usable answer; the words are for the user. ``refused``: it did not like the query."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class Client:
    """``seconds`` is the time for all that is asked of the service together."""

    def __init__(self, url: str, seconds: float) -> None:
        self.url = url
        self.end = time.monotonic() + seconds
        self.seconds = seconds

    def ask(self, adql: str, maxrec: int) -> Table:
        """At most ``maxrec`` rows (``cut`` if there are more), synchronously or not by their number."""
        with self._in_words():
            return self._asynchronous(adql, maxrec) if maxrec > SYNC_ROWS else self._synchronous(adql, maxrec)

    def _session(self) -> http.Session:
        left = self.end - time.monotonic()
        if left <= 0:
            raise http.TooSlow
        return http.Session(
            max_bytes=MAX_BYTES,
            total_seconds=left,
            connect_seconds=min(CONNECT_SECONDS, left),
            read_seconds=min(READ_SECONDS, left),
            votable=True,
        )

    def _synchronous(self, adql: str, maxrec: int) -> Table:
        from pyvo.dal import TAPService  # noqa: PLC0415 (astropy's units take a second; only the job needs them)

        with self._session() as session:
            query = TAPService(self.url, session=session).create_query(adql, maxrec=maxrec + 1)
            response = query.submit()
            with response:
                return self._read(response, maxrec)

    def _asynchronous(self, adql: str, maxrec: int) -> Table:
        from pyvo.dal.tap import AsyncTAPJob  # noqa: PLC0415 (as above)

        with self._session() as session:
            job = AsyncTAPJob.create(self.url, adql, maxrec=maxrec + 1, session=session)
            try:
                job.run()
                while job.phase not in ("COMPLETED", "ERROR", "ABORTED"):
                    if time.monotonic() > self.end:
                        raise http.TooSlow
                    time.sleep(POLL_SECONDS)
                job.raise_if_error()
                if not job.result_uri:
                    raise Failed(_("Its job ended without a result."))
                with self._session() as fetching, fetching.get(job.result_uri, stream=True) as response:
                    return self._read(response, maxrec)
            finally:
                job.__exit__(None, None, None)

    def _read(self, response: requests.Response, maxrec: int) -> Table:
        kind = response.headers.get("Content-Type", "").lower()
        # DALI 1.1, section 4.2: errors may come as VOTable or as plain text, with any status.
        if "html" in kind:
            raise Failed(_no_tap(response.status_code))
        if not response.ok and "xml" not in kind:
            words = next(response.iter_content(2_000), b"").decode("utf-8", "replace").strip()
            raise _refusal(response.status_code, words)
        try:
            table = read(response.iter_content(65_536), max_bytes=MAX_BYTES, max_rows=maxrec, cut=True)
        except NoTable as error:
            raise _refusal(response.status_code, _error_in(error.infos)) from error
        complaint = _error_in(table.infos)
        if complaint or not response.ok:
            raise _refusal(response.status_code, complaint)
        return table

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        from pyvo.dal import DALAccessError  # noqa: PLC0415 (as above)

        try:
            yield
        except Failed:
            raise
        except BadVOTable as error:
            raise Failed(_("Its answer cannot be used. %(why)s") % {"why": error}) from error
        except DALAccessError as error:
            cause = getattr(error, "cause", None)
            raise (self._of(cause) if isinstance(cause, Exception) else _refusal(400, str(error.reason))) from error
        except (OSError, HTTPError, ValueError) as error:
            raise self._of(error) from error

    def _of(self, error: Exception) -> Failed:
        response: Any = getattr(error, "response", None)
        broken = "Connection broken" in str(error)
        if isinstance(error, http.AddressRefused):
            text = _("This address cannot be called from here: %(why)s.") % {"why": error}
        elif isinstance(error, http.TooLarge):
            text = _("Its answer is larger than %(n)d MB. Narrow the search.") % {"n": MAX_BYTES // 2**20}
        elif isinstance(error, http.UnsafeAnswer):
            text = _("Its answer was refused: %(why)s.") % {"why": error}
        elif isinstance(error, requests.ConnectTimeout):
            text = _("It cannot be reached: no connection within %(n)d s.") % {"n": CONNECT_SECONDS}
        elif isinstance(error, requests.Timeout | TimeoutError) or "timed out" in str(error).lower():
            text = _("It gave no answer in the time allowed.")
        elif response is not None:
            return _refusal(response.status_code, "")
        elif isinstance(error, requests.ConnectionError) and not broken:
            text = _("It cannot be reached just now.")
        else:
            text = _("Its answer broke off, or cannot be read.")
        return Failed(text)


def _no_tap(status: int) -> str:
    if status == 404:
        return _("There is no TAP service at this address (404).")
    return _("It answered with a web page and not with a table (status %(n)d): no TAP service, or not now.") % {
        "n": status
    }


def _refusal(status: int, words: str) -> Failed:
    words = " ".join(words.split())[:500]
    if status in (401, 403):
        return Failed(_("It asks for a sign-in, which this gateway cannot pass on. %(words)s") % {"words": words})
    if status == 404:
        return Failed(_no_tap(404))
    if status >= 500 and not words:
        return Failed(_("It failed with an error of its own (status %(n)d).") % {"n": status})
    return Failed(_("It refused the query: %(words)s") % {"words": words or _("without a reason")}, refused=True)


def _error_in(infos: tuple[tuple[str, str, str], ...]) -> str:
    for name, value, text in infos:
        if name.upper() == "QUERY_STATUS" and value.upper() == "ERROR":
            return text or _("without a reason")
    return ""
