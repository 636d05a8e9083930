"""Nothing secret is kept: no environment variables, tokens or home folders, and no sign that breaks a document."""

import re
from collections.abc import Mapping
from typing import Any

SECRET_NAMES = re.compile(
    r"(?i)^(environment|environ|env|path|home|user|username|login|shell|hostname|arguments|argv|boot_time|"
    r"ld_library_path|dyld_library_path|conda.*)$|passw|secret|token|api_?key|credential|cookie|authorization"
)
HOME = re.compile(r"(?:file://)?(?:(?:/home|/Users)/[^/\s'\"]+|/root)(?=[/\s'\"]|$)|[A-Z]:\\Users\\[^\\\s]+")
IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+:[^/@\s]+@")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LONGEST = 20_000


def text(value: str) -> str:
    """The text without control characters (XML has no way to write them), home folders and passwords in addresses."""
    plain = CONTROL.sub(" ", value)[:LONGEST]
    return IN_ADDRESS.sub("", HOME.sub("~", plain))


def is_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None


def tree(value: Any, depth: int = 8) -> Any:
    """A JSON value of the same shape, without members whose name says that they are secret."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int | float | bool) or value is None:
        return value
    if depth == 0:
        return ""
    if isinstance(value, Mapping):
        return {text(str(k)): tree(v, depth - 1) for k, v in value.items() if not is_secret(str(k))}
    if isinstance(value, list | tuple | set | frozenset):
        return [tree(item, depth - 1) for item in value]
    return text(str(value))
