"""What is wrong with a query, where, and what to do about it."""


class AdqlError(Exception):
    """A query that cannot be answered. ``line`` and ``column`` count from 1; 0 where no place can be named."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        self.message = message
        self.line = line
        self.column = column
        super().__init__(f"line {line}, column {column}: {message}" if line else message)


class Misplaced(Exception):
    """An error at an offset of the text; ``parse`` and ``translate`` turn it into an ``AdqlError``."""

    def __init__(self, message: str, at: int) -> None:
        self.message = message
        self.at = at
        super().__init__(message)

    def located(self, text: str) -> AdqlError:
        before = text[: self.at]
        line = before.count("\n") + 1
        return AdqlError(self.message, line, self.at - (before.rfind("\n") + 1) + 1)
