"""Request bodies that come in chunks, without Content-Length (RFC 9112, section 7.1).

Java clients of the VO (TOPCAT, STILTS) send their uploads so; Django reads only as much as Content-Length says. The
body is therefore taken in first, to disk beyond a megabyte, up to a limit.
"""

import tempfile
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]
MAX_BYTES = 256 * 2**20
IN_MEMORY = 2**20
_BLOCK = 2**16


def accepting_chunks(application: Application, max_bytes: int = MAX_BYTES) -> Application:
    """The WSGI application behind a reader of chunked bodies."""

    def answer(environ: Environ, start: Start) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() != "chunked" or not environ.get("wsgi.input_terminated"):
            return application(environ, start)
        body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed with the request's memory)
        size = 0
        while block := environ["wsgi.input"].read(_BLOCK):
            size += len(block)
            if size > max_bytes:
                start("413 Content Too Large", [("Content-Type", "text/plain"), ("Connection", "close")])
                return [f"The request is larger than {max_bytes} bytes.\n".encode()]
            body.write(block)
        body.seek(0)
        whole = {**environ, "wsgi.input": body, "CONTENT_LENGTH": str(size)}
        whole.pop("HTTP_TRANSFER_ENCODING")
        return application(whole, start)

    return answer
