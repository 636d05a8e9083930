"""Request and job ids in every log line, and no secret in any."""

import logging
import re
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
job_id: ContextVar[str] = ContextVar("job_id", default="-")


class ContextFilter(logging.Filter):
    """Adds ``request_id`` and ``job_id`` to a log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        record.job_id = job_id.get()
        return True


_SECRETS = (
    (re.compile(r"gwp_([0-9a-f]{8})[0-9a-f]{24}_[\w-]+"), r"gwp_\1…"),
    (re.compile(r"(/(?:signed|access/invitation)/)[^/\s\"'?]+"), r"\1…"),
    (re.compile(r"(/accounts/(?:password/reset/key|confirm-email)/)[^/\s\"'?]+"), r"\1…"),
    (
        re.compile(
            r"(?i)((?:authorization|cookie|x-csrftoken)['\"]?\s*[:=]\s*)['\"]?(?:(?:basic|bearer)\s+)?[^\s'\",}]+"
        ),
        r"\1…",
    ),
    (
        re.compile(r"(?i)\b((?:password\d?|secret|token|code|state|samlresponse|sessionid|csrftoken)=)[^&\s\"';]+"),
        r"\1…",
    ),
)


def masked(text: str) -> str:
    """The text without tokens, signed links and passwords, whatever wrote it."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class MaskingFormatter(logging.Formatter):
    """Masks the whole line, traceback included, so that no caller can forget to."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))
