"""``manage.py import_federation SOURCE --certificate FILE``: institutions of a federation from its signed metadata."""

from pathlib import Path
from typing import Any

import requests
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.accounts.federation import metadata
from gateway.vo import http

MAX_BYTES = 300 * 2**20


class Command(BaseCommand):
    help = "Import the institutions of a federation from its signed SAML metadata. Run it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="address (https) or file of the metadata")
        parser.add_argument("--certificate", required=True, help="PEM file of the certificate that must have signed it")
        parser.add_argument("--name", default="federation", help="name of this federation here (default: federation)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            certificate = Path(options["certificate"]).read_bytes()
            count = metadata.load(self._read(options["source"]), certificate, options["name"])
        except (OSError, requests.RequestException) as error:
            raise CommandError(f"The metadata cannot be read: {error}") from error
        except metadata.MetadataRefused as error:
            raise CommandError(f"The metadata are refused: {error}. Nothing was changed.") from error
        self.stdout.write(f"{count} institutions of {options['name']}")

    def _read(self, source: str) -> bytes:
        if source.startswith(("http://", "https://")):
            with http.Session(max_bytes=MAX_BYTES, total_seconds=600) as session:
                answer = session.get(source)
                answer.raise_for_status()
                return answer.content
        return Path(source).read_bytes()
