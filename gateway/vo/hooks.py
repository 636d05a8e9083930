"""Named hooks: a lower room offers one, a higher room fills it in its AppConfig.ready()."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class UnfilledHook(RuntimeError):
    """No room has filled the hook that was called."""


class Hook(Generic[P, R]):
    """A single function that a higher room supplies."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._function: Callable[P, R] | None = None

    def fill(self, function: Callable[P, R]) -> None:
        self._function = function

    @property
    def filled(self) -> bool:
        return self._function is not None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._function is None:
            raise UnfilledHook(self.name)
        return self._function(*args, **kwargs)


class Registry(Generic[T]):
    """Named things that higher rooms add, in the order in which they were added."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._members: dict[str, T] = {}

    def add(self, key: str, member: T) -> None:
        if key in self._members and self._members[key] != member:
            raise ValueError(f"{self.name} has {key} already")
        self._members[key] = member

    def get(self, key: str) -> T | None:
        return self._members.get(key)

    def items(self) -> list[tuple[str, T]]:
        return list(self._members.items())
