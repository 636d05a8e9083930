"""Whatever address a stranger opens: the answer is that of an archive into which the hidden data never came."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from gateway.access.models import Policy
from gateway.accounts.models import User
from search.archive.models import Product
from tests.access import worlds
from tests.access.conftest import stored_in
from tests.access.worlds import NOW, SECRET
from tests.matrix import TABLE, UNKNOWN
from tests.support.answers import told

pytestmark = pytest.mark.django_db
PAGES = {"anonymous": 70, "charlie": 20}
"""pages that are followed from link to link"""
LINK = re.compile(r"""(?:href|src|hx-get|action)=["']([^"'#]+)""")
LEFT = re.compile(r"^/(static|hips|help|i18n|accounts|admin)/|[?&]next=|^/accounts/logout")
"""the same for everyone, whatever the archive holds"""
ASKED = (
    "/search/results/?ra=83.6&dec=22&radius=180",
    "/search/results/?target_name=nightshade",
    "/search/results/?proposal_id=nightshade",
    "/search/results/?proposal_id=P-1",
    "/search/results/?order=-t_min",
    "/search/preview?target_name=nightshade",
    "/search/suggest?q=nig",
    "/search/suggest?q=Mrk",
    "/search/object?name=nightshade+1",
    "/search/resolve?name=nightshade+1",
    "/search/export?ra=83.6&dec=22&radius=180&format=votable",
    "/scs?RA=0&DEC=0&SR=180&VERB=3",
    "/scs?RA=0&DEC=90&SR=0.1",
    "/tap/sync?LANG=ADQL&QUERY=SELECT+COUNT(*)+FROM+ivoa.obscore",
    "/tap/sync?LANG=ADQL&QUERY=SELECT+TOP+3+*+FROM+provenance.entity+ORDER+BY+id",
    "/tap/sync?LANG=ADQL&QUERY=SELECT+*+FROM+tap_schema.tables",
    "/oai?verb=ListRecords&metadataPrefix=ivo_vor",
    "/oai?verb=ListIdentifiers&metadataPrefix=oai_dc",
    "/provenance/?q=nightshade",
    "/provenance/?q=plain",
    "/provsap?ID=plain-first.made&DEPTH=ALL&RESPONSEFORMAT=PROV-JSON",
    "/metrics",
)


def keys(pair: SimpleNamespace) -> dict[str, list[str]]:
    """Identifiers of all kinds, hidden ones among them; what exists in the archive may not exist in the copy."""
    with worlds.using(pair.archive):
        products = list(Product.objects.order_by("key").values_list("key", flat=True))
        uid = Policy.objects.get(name=SECRET).uid
    hidden = [key for key in products if SECRET in key]
    assert hidden
    plain = [key for key in products if SECRET not in key]
    records = [f"{SECRET}-first.made", f"{SECRET}-second.raw", "plain-first.made", "plain-second.raw"]
    named = (f"{SECRET}-first", f"{SECRET}-second", "plain-first", "plain-second")
    return {
        "key": [*hidden[:2], *plain[:3], *records, "no.such"],
        "activity": [*(f"{name}.{run}" for name in named for run in ("run", "second")), "no.such"],
        "agent": [*(f"agent-of-{name}" for name in named), "no.such"],
        "hidden": hidden[:1],
        "hidden_policy": [str(uid)],
    }


def rows(names: dict[str, list[str]]) -> Iterator[str]:
    """Every address of the matrix that is read, with each of the identifiers."""
    fixed = dict.fromkeys(("job", "tap_job", "token", "stranger"), UNKNOWN)
    for pattern, row in TABLE.items():
        if row.post or LEFT.search("/" + pattern.lstrip("^")):
            continue
        kind = next((kind for kind in ("key", "activity", "agent") if f"{{{kind}}}" in row.address), "key")
        for name in names[kind] if f"{{{kind}}}" in row.address else [""]:
            one = {kind: name, "hidden": names["hidden"][0], "hidden_policy": names["hidden_policy"][0]}
            yield row.address.format(**one, **fixed)


def read(client: Client, address: str) -> tuple[int, str, list[str]]:
    answer = client.get(address, headers={"accept": "text/html"})
    text = told(answer)
    is_page = answer.get("Content-Type", "").startswith("text/html")
    links = [*LINK.findall(text), answer.get("Location", "")] if is_page or answer.has_header("Location") else []
    return answer.status_code, text, [urljoin(address, link.replace("&amp;", "&")) for link in links if link]


class Visitor:
    """The same stranger before the archive and before its copy."""

    def __init__(self, pair: SimpleNamespace, name: str) -> None:
        self.pair, self.clients = pair, {True: Client(), False: Client()}
        for hidden in (True, False):
            if name != "anonymous":
                with self.before(hidden):
                    user = User.objects.get(username=name)
                    self.clients[hidden].force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def before(self, hidden: bool):
        return worlds.using(self.pair.archive if hidden else self.pair.copy)

    def both(self, address: str) -> list[tuple[int, str, list[str]]]:
        found = []
        for hidden in (True, False):
            with self.before(hidden), stored_in(self.pair.stores[hidden]):
                cache.clear()
                found.append(read(self.clients[hidden], address))
        return found


def differences(visitor: Visitor, addresses: list[str], follow: int) -> list[str]:
    wrong, seen = [], set(addresses)
    waiting = list(addresses)
    while waiting:
        address = waiting.pop(0)
        there, gone = visitor.both(address)
        if there[:2] != gone[:2]:
            wrong.append(f"{address}: {there[0]}, {gone[0]}\n{first_difference(there[1], gone[1])}")
        for link in there[2]:
            parts = urlsplit(link)
            inside = parts.netloc in ("", urlsplit(settings.PUBLIC_URL).netloc) and parts.path.startswith("/")
            local = parts._replace(scheme="", netloc="", fragment="").geturl()
            if inside and local not in seen and not LEFT.search(local) and follow > 0:
                seen.add(local)
                waiting.append(local)
                follow -= 1
    return wrong


def first_difference(a: str, b: str) -> str:
    place = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return f"  archive …{a[max(0, place - 80) : place + 120]!r}\n  copy    …{b[max(0, place - 80) : place + 120]!r}"


@pytest.mark.parametrize("who", PAGES)
def test_every_address_answers_as_if_the_hidden_data_had_never_come(pair, who: str) -> None:
    with patch("django.utils.timezone.now", return_value=NOW):
        visitor = Visitor(pair, who)
        wrong = differences(visitor, [*rows(keys(pair)), *ASKED], PAGES[who])
    assert not wrong, "\n".join(wrong)


def test_those_who_may_see_the_hidden_data_do_find_them(pair) -> None:
    """The two archives do differ: what the test above compares is not empty."""
    hidden = keys(pair)["hidden"][0]
    addresses = [f"/products/{hidden}/", f"/data/{hidden}", f"/datalink/links?ID={hidden}", "/scs?RA=0&DEC=0&SR=180"]
    with patch("django.utils.timezone.now", return_value=NOW):
        wrong = differences(Visitor(pair, "alice"), addresses, 0)
    assert len(wrong) == len(addresses)
