"""Typed reading of environment variables; the only place that looks at ``os.environ`` for settings."""

import json
import os
from pathlib import Path
from typing import Any


class SettingError(Exception):
    """A setting of the environment is missing or cannot be understood."""


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that ``NAME_FILE`` points to (for mounted secrets)."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise SettingError(f"{name}_FILE={path} cannot be read: {error.strerror}") from error
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    if value not in ("True", "False"):
        raise SettingError(f"{name} must be True or False, not {value!r}")
    return value == "True"


def number(name: str, default: int) -> int:
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except ValueError as error:
        raise SettingError(f"{name} must be a whole number, not {value!r}") from error


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list without empty members."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def membership_services(name: str) -> list[dict[str, str]]:
    """A JSON list: ``[{"kind": "scim", "issuer": …, "url": …, "token": …}]`` (or grouper, with user and password)."""
    try:
        found = json.loads(text(name) or "[]")
        for one in found:
            if one["kind"] not in ("scim", "grouper") or not one["issuer"]:
                raise ValueError("kind is scim or grouper, and each has an issuer")
            one["url"] = one["url"].rstrip("/")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingError(f"{name} must be a JSON list of objects with kind, issuer and url: {error}") from error
    return list(found)


def groups(name: str) -> dict[str, tuple[str, ...]]:
    """``type=group|group, type=group``: for each type the groups it is for."""
    found = {}
    for word in words(name):
        kind, sign, members = word.partition("=")
        given = tuple(member.strip() for member in members.split("|") if member.strip())
        if not sign or not kind.strip() or not given:
            raise SettingError(f"{name} must be like fit_3d=members|experts, not {word!r}")
        found[kind.strip()] = given
    return found


def login_providers(name: str) -> dict[str, Any]:
    """allauth's providers from a JSON list of apps: ``[{"provider": "openid_connect", "provider_id": …, …}]``."""
    try:
        apps = json.loads(text(name) or "[]")
        if not isinstance(apps, list):
            raise TypeError("a list is expected")
        found: dict[str, Any] = {}
        for app in apps:
            members = {key: value for key, value in app.items() if key != "provider"}
            found.setdefault(app["provider"], {"APPS": []})["APPS"].append(members)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingError(f"{name} must be a JSON list of objects, each with a provider: {error}") from error
    return found
