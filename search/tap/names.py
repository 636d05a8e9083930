"""Names as a query writes them."""

import re

from search.adql.words import RESERVED

_REGULAR = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")


def typed(name: str) -> str:
    """The name, in quotes where ADQL needs them (TAP 1.1, section 4.3)."""
    if _REGULAR.fullmatch(name) and name.upper() not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'
