"""The two commands: ``distiller-add-descriptions FILE…`` and ``distiller-add-run FILE…``."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from distiller_client.gateway import Gateway, GatewayError


def add_descriptions(arguments: list[str] | None = None) -> int:
    """JSON files with one description or a list of them."""
    return _each("Registers kinds of activity with a gateway.", arguments, _descriptions)


def add_run(arguments: list[str] | None = None) -> int:
    """What the recorder wrote, a ctapipe log, or a PROV document."""
    return _each("Sends runs of activities to a gateway.", arguments, _run)


def _descriptions(gateway: Gateway, content: bytes) -> dict[str, Any]:
    found = json.loads(content)
    return gateway.add_descriptions(found if isinstance(found, list) else [found])


def _run(gateway: Gateway, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return gateway.add_document(content)
    runs = found if isinstance(found, list) else [found]
    if all(isinstance(run, dict) and "activity" in run and "id" in run for run in runs):
        return gateway.add_runs(runs)
    return gateway.add_document(content, "application/json")


def _each(words: str, arguments: list[str] | None, send: Callable[[Gateway, bytes], dict[str, Any]]) -> int:
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--url", default="", help="address of the gateway; default: DISTILLER_URL")
    options = parser.parse_args(arguments)
    try:
        gateway = Gateway(options.url)
    except ValueError as error:
        parser.error(str(error))
    failed = 0
    for path in options.files:
        try:
            answer = send(gateway, path.read_bytes())
        except (OSError, ValueError, GatewayError, requests.RequestException) as error:
            failed += 1
            print(f"{path}: {error}", file=sys.stderr)
            continue
        print(f"{path}: {answer['activities']} runs, {answer['entities']} further entities")
    return 1 if failed else 0
