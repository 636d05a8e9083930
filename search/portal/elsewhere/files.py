"""Files of other archives: which rows name one, how the cart keeps it, and whether jobs here may fetch it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from gateway.vo.readable import finite
from gateway.vo.votable_reader import Table
from jobs import addresses

MAX_ADDRESS = 2_000
_WEB = re.compile(r"https?://[^\s<>\"'\\^`{|}]+")


@dataclass(frozen=True)
class Away:
    """A file that lies elsewhere: ``size`` in bytes, None where its archive does not say."""

    address: str
    title: str
    archive: str
    kind: str = ""
    size: int | None = None

    @property
    def key(self) -> str:
        """Its name in the cart; never that of a product here."""
        return "x-" + hashlib.sha256(self.address.encode()).hexdigest()[:24]

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    @property
    def is_list(self) -> bool:
        """Does its address lead to a DataLink table, which names the file? Jobs follow it."""
        return "datalink" in self.kind.lower()

    @property
    def refusal(self) -> str:
        """Why no job here can take it, in words; empty where one can."""
        if not addresses.is_allowed(self.address):
            return _("%(title)s: this gateway's operators let jobs take no files from %(host)s.") % {
                "title": self.title,
                "host": self.host,
            }
        return ""

    @property
    def file_name(self) -> str:
        if self.is_list:
            return re.sub(r"[^\w.+-]+", "_", f"{self.title}-links.vot").lstrip(".-")
        last = unquote(urlsplit(self.address).path).rstrip("/").rpartition("/")[2]
        return re.sub(r"[^\w.+-]+", "_", last).lstrip(".-")[:120] or self.key

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Away":
        return cls(**{one.name: kept.get(one.name, "") for one in fields(cls)})


def of(table: Table, numbers: Iterable[int], archive: str) -> tuple[list[Away], int]:
    """The files of these rows, each once, and how many rows name none."""
    names = [column.name.lower() for column in table.columns]
    found: dict[str, Away] = {}
    without = 0
    for number in numbers:
        row = dict(zip(names, table.rows[number], strict=True))
        address = str(row.get("access_url") or "")
        if len(address) > MAX_ADDRESS or not _WEB.fullmatch(address):
            without += 1
            continue
        title = str(row.get("obs_title") or row.get("obs_id") or _("row %(n)d") % {"n": number + 1})[:80]
        size = finite(row.get("access_estsize"))
        kind = str(row.get("access_format") or "")[:120]
        found[address] = Away(address, title, archive, kind, int(size * 1000) if size and 0 < size < 1e15 else None)
    return list(found.values()), without
