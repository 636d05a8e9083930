"""What an access token may be used for, and which addresses ask for which scope.

One table, so that a reader can check it at a glance and no view can forget it. A browser session is not bound by it.
"""

import re

from django.utils.translation import gettext_lazy as _

READ_TAP = "read:tap"
READ_DATA = "read:data"
WRITE_JOBS = "write:jobs"
WRITE_PROVENANCE = "write:provenance"

WORDS = {
    READ_TAP: _("search: TAP, cone search, DataLink, provenance, product pages"),
    READ_DATA: _("download files, previews and cut-outs"),
    WRITE_JOBS: _("run jobs, read and change one’s own jobs and their results"),
    WRITE_PROVENANCE: _("send in provenance records"),
}

ANY = ""
"""Any valid token will do, since the address is open to everyone."""

# The longest prefix of whole path members decides; an address that is not listed takes no token.
_PREFIXES: dict[str, str] = {
    "/": ANY,
    "/help": ANY,
    "/health": ANY,
    "/hips": ANY,
    "/oai": ANY,
    "/registry": ANY,
    "/static": ANY,
    "/tap": READ_TAP,
    "/tap-auth": READ_TAP,
    "/scs": READ_TAP,
    "/datalink": READ_TAP,
    "/search": READ_TAP,
    "/products": READ_TAP,
    "/provsap": READ_TAP,
    "/provenance": READ_TAP,
    "/cart": READ_TAP,
    "/searches": READ_TAP,
    "/data": READ_DATA,
    "/packages": READ_DATA,
    "/previews": READ_DATA,
    "/soda": READ_DATA,
    "/uws": WRITE_JOBS,
    "/jobs": WRITE_JOBS,
    "/provenance/records": WRITE_PROVENANCE,
}


# Among the pages of products: what is computed from the bytes of the file.
_BYTES = re.compile(r"/products/[^/]+/(region/?|image\.(fits|png))")


def scope_of(path: str) -> str | None:
    """The scope that an address asks for; ``ANY`` where it is open to all, None where it takes no token."""
    if path == "/":
        return ANY
    if _BYTES.fullmatch(path):
        return READ_DATA
    members = path.rstrip("/").split("/")
    for length in range(len(members), 1, -1):
        scope = _PREFIXES.get("/".join(members[:length]))
        if scope is not None:
            return scope
    return None


def is_protocol(path: str) -> bool:
    """Is the address one that clients use with a token (and so answers in words rather than pages)?"""
    return bool(scope_of(path))


def check(scopes: list[str]) -> list[str]:
    """The same scopes without repetition, in the order of ``WORDS``; ValueError names an unknown one."""
    unknown = [scope for scope in scopes if scope not in WORDS]
    if unknown or not scopes:
        raise ValueError(f"unknown scope {unknown[0]!r}" if unknown else "a token needs a scope")
    return [scope for scope in WORDS if scope in scopes]
