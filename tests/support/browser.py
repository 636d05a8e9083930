"""What the tests in a real browser share."""

from collections.abc import Sequence
from typing import Any


def closed(contexts: Sequence[Any], faults: Sequence[str]) -> list[str]:
    """Closes the contexts and returns the faults of their pages until then.

    Closing cuts what a page still fetches, tiles of the sky for instance: the browser then reports "Failed to fetch",
    which no user would ever see.
    """
    for context in contexts:
        for page in context.pages:
            # An answer of the page comes after all that it had to report.
            page.title()
    until_now = list(faults)
    for context in contexts:
        context.close()
    return until_now
