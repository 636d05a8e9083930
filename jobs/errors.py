"""Why a request about a job is refused."""

from dataclasses import dataclass


@dataclass
class Refused(Exception):
    """What was asked cannot be done: which parameter, which value, which rule, and the HTTP status for it."""

    status: int
    parameter: str
    value: str
    rule: str

    def __str__(self) -> str:
        if not self.parameter:
            return self.rule
        return f"{shortened(self.parameter)}={shortened(self.value)}: {self.rule}"


class LostClaim(Exception):
    """The job was aborted, deleted or given to another worker; nothing of this run may be written any more."""


def shortened(value: str, length: int = 80) -> str:
    """A hostile value may be megabytes long and hold anything; a message shows its beginning, printable."""
    text = value if len(value) <= length else value[: length - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
