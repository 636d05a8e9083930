"""The gateway as this package sees it: one address that takes provenance."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import requests

TIMEOUT = 60


class GatewayError(Exception):
    """The gateway refused; the text is its own."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Gateway:
    """``url`` and ``token`` default to DISTILLER_URL and DISTILLER_TOKEN."""

    def __init__(self, url: str = "", token: str = "") -> None:
        self.url = (url or os.environ.get("DISTILLER_URL", "")).rstrip("/")
        self.token = token or os.environ.get("DISTILLER_TOKEN", "")
        if not self.url.startswith(("http://", "https://")):
            raise ValueError("no gateway: set DISTILLER_URL to its address")

    def add_descriptions(self, descriptions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Registers kinds of activity. The same again changes nothing; a change needs a new version."""
        return self._post(json.dumps({"descriptions": list(descriptions)}).encode(), "application/json")

    def add_runs(self, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Sends runs of registered activities. ``names`` in the answer are the identifiers that they have there."""
        return self._post(json.dumps({"runs": list(runs)}).encode(), "application/json")

    def add_document(self, content: bytes, media_type: str = "application/octet-stream") -> dict[str, Any]:
        """Sends a document of another form: a ctapipe log, PROV-JSON, PROV-XML, PROV-N, PROV-O, a FITS file."""
        return self._post(content, media_type)

    def _post(self, body: bytes, media_type: str) -> dict[str, Any]:
        headers = {"Content-Type": media_type}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = requests.post(
            f"{self.url}/provenance/records", data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
        if answer.status_code != requests.codes.created:
            raise GatewayError(answer.status_code, answer.text.strip()[:500])
        found: dict[str, Any] = answer.json()
        return found
