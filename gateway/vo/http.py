"""The one way out: a ``requests.Session`` that goes only where a gateway may go.

http and https only; the host is resolved once, every address must be a public one, and the connection is made to
exactly that address (no second look-up that could answer otherwise); each redirect is a new connection and so is
checked again. Size and total time are capped while the bytes arrive. Proxies, netrc and other words of the environment
are not followed. Hand it to pyvo, astroquery and whatever else speaks HTTP.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from gateway.vo import xmlguard

MAX_BYTES = 100 * 2**20
TOTAL_SECONDS = 60.0
CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
MAX_REDIRECTS = 5
_BLOCK = 64 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

_deadline: ContextVar[float | None] = ContextVar("http_deadline", default=None)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
SocketAddress = tuple[int, int, int, tuple[Any, ...]]


class AddressRefused(requests.RequestException):
    """The address is not one the gateway may call."""


class TooLarge(requests.RequestException):
    """The answer is larger than the caller allows."""


class TooSlow(requests.Timeout):
    """The answer did not come to its end in the time allowed."""


class UnsafeAnswer(requests.RequestException):
    """The answer is a document that must not be parsed."""


class _Refusal(Exception):
    """AddressRefused below urllib3, which would take an OSError for a broken connection and wrap it."""


def _inner(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        for embedded in (address.ipv4_mapped, address.sixtofour, address.teredo and address.teredo[1]):
            if embedded:
                return embedded
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_allowed(text: str, *, allow_loopback: bool) -> bool:
    """May the gateway connect to this IP address?"""
    address = _inner(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_loopback:
        return allow_loopback
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int, *, allow_loopback: bool) -> list[SocketAddress]:
    """The host's addresses, all of them allowed; one that is not refuses the host (a name may not lead inside)."""
    found = [(int(f), int(t), p, tuple(a)) for f, t, p, _, a in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)]
    for *_, address in found:
        if not is_allowed(str(address[0]), allow_loopback=allow_loopback):
            raise _Refusal(f"{host} is an address inside this network; only public services can be called")
    return found


def _time_left() -> float | None:
    """Seconds until the request's deadline; None outside a request."""
    deadline = _deadline.get()
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time allowed is over")
    return left


@contextmanager
def _until(deadline: float) -> Iterator[None]:
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


class _Clock:
    """A socket whose reads end at the deadline, however slowly the other side sends its bytes."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        left = _time_left()
        patience = self.gettimeout()  # type: ignore[attr-defined]  # of the socket class it is mixed into
        if left is None or (patience is not None and patience <= left):
            return super().recv_into(*args, **kwargs)  # type: ignore[misc,no-any-return]  # as above
        self.settimeout(left)  # type: ignore[attr-defined]  # as above
        try:
            return super().recv_into(*args, **kwargs)  # type: ignore[misc,no-any-return]  # as above
        finally:
            self.settimeout(patience)  # type: ignore[attr-defined]  # as above


class _Socket(_Clock, socket.socket):
    pass


class _TLSSocket(_Clock, ssl.SSLSocket):
    pass


class _Guarded:
    """Connects to the address that was checked, and to no other."""

    def _new_conn(self: Any) -> socket.socket:
        try:
            addresses = resolve(self._dns_host, self.port, allow_loopback=bool(settings.ALLOW_LOOPBACK))
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        patience = self.timeout if isinstance(self.timeout, int | float) else CONNECT_SECONDS
        problem: OSError = OSError("the name has no address")
        for place in addresses:
            try:
                return _connect(place, min(patience, _time_left() or patience), self.socket_options or ())
            except OSError as error:
                problem = error
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(self, f"{self.host} does not answer") from problem
        raise NewConnectionError(self, f"{self.host} cannot be reached: {problem}") from problem


def _connect(place: SocketAddress, patience: float, options: Iterable[tuple[int, int, int]]) -> socket.socket:
    family, kind, protocol, address = place
    connection = _Socket(family, kind, protocol)
    try:
        for option in options:
            connection.setsockopt(*option)
        connection.settimeout(patience)
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


class _PlainConnection(_Guarded, HTTPConnection):
    pass


class _TLSConnection(_Guarded, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Body:
    """A urllib3 response that counts, watches the clock and looks through what passes."""

    def __init__(self, raw: Any, max_bytes: int, deadline: float, scanner: xmlguard.Scanner | None) -> None:
        self._raw, self._left, self._limit = raw, max_bytes, max_bytes
        self._deadline, self._scanner = deadline, scanner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amt: int = _BLOCK, decode_content: bool | None = None) -> Iterator[bytes]:
        blocks = self._raw.stream(min(amt, _BLOCK), decode_content=decode_content)
        while True:
            with self._clock():
                block = next(blocks, b"")
            self._check(block)
            if not block:
                return
            yield block

    def read(self, amt: int | None = None, decode_content: bool | None = None, **_: Any) -> bytes:
        if amt is None or amt < 0:
            return b"".join(self.stream(decode_content=decode_content))
        with self._clock():
            block: bytes = self._raw.read(amt, decode_content=decode_content)
        if amt:
            self._check(block)
        return block

    @contextmanager
    def _clock(self) -> Iterator[None]:
        try:
            with _until(self._deadline):
                _time_left()
                yield
        except Exception as error:
            if time.monotonic() >= self._deadline:
                self._raw.close()
                raise TooSlow("the answer did not come to its end in the time allowed") from error
            raise

    def _check(self, block: bytes) -> None:
        """An empty block is the end."""
        self._left -= len(block)
        if self._left < 0:
            self._raw.close()
            raise TooLarge(f"the answer is larger than {self._limit:,} bytes")
        if self._scanner is None:
            return
        try:
            self._scanner.feed(block) if block else self._scanner.close()
        except xmlguard.UnsafeDocument as error:
            self._raw.close()
            raise UnsafeAnswer(str(error)) from error


class _Adapter(HTTPAdapter):
    def __init__(self, session: "Session") -> None:
        self.session = session
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        context = create_urllib3_context()
        context.sslsocket_class = _TLSSocket
        self.poolmanager = PoolManager(connections, maxsize=maxsize, block=block, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TLSPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["proxies"] = None
        try:
            return super().send(request, *args, **kwargs)
        except _Refusal as error:
            raise AddressRefused(str(error), request=request) from error
        except requests.RequestException as error:
            deadline = _deadline.get()
            if deadline is not None and time.monotonic() >= deadline:
                raise TooSlow("the service did not answer in the time allowed", request=request) from error
            raise

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = super().build_response(req, resp)
        length = response.headers.get("Content-Length", "")
        if req.method != "HEAD" and length.isdigit() and int(length) > self.session.max_bytes:
            resp.close()
            raise TooLarge(f"the answer has {int(length):,} bytes; {self.session.max_bytes:,} are allowed", request=req)
        scanner = xmlguard.Scanner() if self.session.votable and not response.is_redirect else None
        deadline = _deadline.get() or time.monotonic() + self.session.total_seconds
        response.raw = _Body(resp, self.session.max_bytes, deadline, scanner)
        return response


class Session(requests.Session):
    """``requests.Session`` with the guards of this module.

    ``votable=True`` looks through every answer as it arrives and breaks off at a DOCTYPE or a STREAM with href
    (``UnsafeAnswer``). Loopback is open only where the settings (a test) say so. Everything raised is a
    ``requests.RequestException``: AddressRefused, TooLarge, TooSlow, UnsafeAnswer, or what requests itself raises.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        total_seconds: float = TOTAL_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        votable: bool = False,
    ) -> None:
        super().__init__()
        self.max_bytes, self.total_seconds, self.votable = max_bytes, total_seconds, votable
        self.patience = (connect_seconds, read_seconds)
        self.trust_env = False
        self.max_redirects = MAX_REDIRECTS
        self.headers["User-Agent"] = f"distiller ({settings.PUBLIC_URL})"
        self.adapters.clear()
        self.mount("http://", _Adapter(self))
        self.mount("https://", _Adapter(self))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.patience
        kwargs["proxies"] = {}
        if _deadline.get() is not None:  # a redirect shares the deadline of the request that led to it
            return super().send(request, **kwargs)
        with _until(time.monotonic() + self.total_seconds):
            return super().send(request, **kwargs)

    def get_adapter(self, url: str) -> Any:
        try:
            return super().get_adapter(url)
        except requests.exceptions.InvalidSchema as error:
            raise AddressRefused(f"only http and https addresses can be called, not {url[:80]!r}") from error
