"""Progress of a command: a bar that renews itself on a terminal, a line now and then in a log."""

from django.core.management.base import OutputWrapper

WIDTH = 30


class Progress:
    """``step(text)`` for each thing done; ``text`` is shown beside the bar."""

    def __init__(self, total: int, stream: OutputWrapper) -> None:
        self.total = max(total, 1)
        self.done = 0
        self.stream = stream

    def step(self, text: str) -> None:
        self.done += 1
        share = min(1.0, self.done / self.total)
        if self.stream.isatty():
            bar = "█" * int(WIDTH * share)
            end = "\n" if self.done >= self.total else ""
            self.stream.write(f"\r{bar:<{WIDTH}} {self.done}/{self.total} {text[:60]:<60}", ending=end)
            self.stream.flush()
        elif self.done >= self.total or self.done % max(1, self.total // 10) == 0:
            self.stream.write(f"{self.done}/{self.total} {text[:120]}")
