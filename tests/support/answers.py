"""What an answer tells, without what differs from answer to answer: ids of requests, nonces, the time of day."""

import re

from django.http import HttpResponseBase

CHANGING = tuple(
    re.compile(form)
    for form in (
        r'csrf[^"]*"[^"]*"[^"]*"',
        r"X-CSRFToken[^}]*}",
        r'data-csrf="[^"]*"',
        r"csrftoken=[^;]*",
        r'nonce="[^"]*"',
        r"nonce[^;]*;",
        r"'Date': '[^']*'",
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b",  # drawn anew in each archive
        r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])",
        r"\d\d:\d\d(:\d\d(\.\d+)?)?",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{64}(?![A-Za-z0-9])",
        r"\d+\.\d+ s\b",  # how long a query took
        r"'Content-Length': '\d+'",  # of a body with such a time in it; the body itself is compared
        r"uptime_seconds [\d.]+",
        r"[\d,]+ MB free",
    )
)


def body(response: HttpResponseBase) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8", "replace") + str(response.headers)


def told(response: HttpResponseBase, key: str = "") -> str:
    """Text and headers, fit to be compared; without the key that was asked for."""
    said = body(response).replace(key, "KEY") if key else body(response)
    for form in CHANGING:
        said = form.sub("", said)
    return said
