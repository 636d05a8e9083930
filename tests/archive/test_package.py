"""A dataset as one ZIP file: all of it, with its history, terms and checksums, for who may have the data."""

import hashlib
import io
import json
import zipfile

import pytest
from astropy.io import fits
from django.utils import timezone

from search.archive.models import Product

pytestmark = pytest.mark.django_db
ENTITLED = ("bob", "alice", "dana")


def fetch(client, key):
    response = client.get(f"/packages/{key}")
    return response, b"".join(response.streaming_content) if response.streaming else response.content


def opened(content: bytes, key: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        return {name.removeprefix(f"{key}/"): package.read(name) for name in package.namelist()}


def test_event_list_responses_and_gtis_travel_with_their_history_and_checksums(archive, client):
    product = archive.public
    response, content = fetch(client, product.key)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert f'filename="{product.key}.zip"' in response["Content-Disposition"]
    found = opened(content, product.key)
    with fits.open(io.BytesIO(found[product.file_name])) as hdus:
        assert {"EVENTS", "GTI", "AEFF", "EDISP", "PSF", "BKG"} <= {hdu.name for hdu in hdus}
    assert hashlib.sha256(found[product.file_name]).hexdigest() == product.sha256
    sums = dict(reversed(line.split("  ")) for line in found.pop("checksums.sha256").decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    assert json.loads(found["provenance.json"])["entity"]
    assert found["provenance.provn"].startswith(b"document")
    readme = found["README.txt"].decode()
    assert product.obs_publisher_did in readme
    assert all(f"{product.obs_publisher_did}.{part['name']}" in readme for part in product.parts)


def test_terms_of_use_and_the_mark_of_simulations_are_in_the_package(archive, client):
    Product.objects.filter(pk=archive.public.pk).update(terms="cite us", simulated=1)
    response, content = fetch(client, archive.public.key)
    assert response["X-Simulated"] == "true"
    assert 'filename="simulated_' in response["Content-Disposition"]
    found = opened(content, archive.public.key)
    assert found["TERMS.txt"] == b"cite us"
    assert b"simulated data" in found["README.txt"]


def test_a_member_leads_to_the_package_of_its_dataset(archive, client):
    _, content = fetch(client, f"{archive.public.key}.aeff")
    assert archive.public.file_name in opened(content, archive.public.key)


@pytest.mark.parametrize("name", ["anonymous", "charlie", *ENTITLED])
def test_who_may_have_the_data_may_have_the_package(archive, client_of, name):
    client, refused = client_of(name), 401 if name == "anonymous" else 403
    assert fetch(client, archive.public.key)[0].status_code == 200
    assert fetch(client, archive.proprietary.key)[0].status_code == (200 if name in ENTITLED else refused)
    assert fetch(client, f"{archive.proprietary.key}.events")[0].status_code == (200 if name in ENTITLED else refused)
    assert fetch(client, archive.hidden.key)[0].status_code == (200 if name in ENTITLED else 404)


@pytest.mark.parametrize("name", ["anonymous", "charlie", *ENTITLED])
def test_links_offer_the_package_with_the_rights_of_the_data(archive, client_of, name):
    client = client_of(name)
    text = b"".join(client.get("/datalink/links", {"ID": archive.proprietary.key}).streaming_content).decode()
    row = next(part for part in text.split("<TR>") if "#package" in part)
    assert f"/packages/{archive.proprietary.key}<" in row
    assert row.count(f"<TD>{'T' if name in ENTITLED else 'F'}</TD>") == 1
    page = client.get(f"/products/{archive.proprietary.key}/?tab=files").content.decode()
    assert (f"/packages/{archive.proprietary.key}" in page) is (name in ENTITLED)


def test_a_damaged_file_breaks_the_package_off(archive, client):
    Product.objects.filter(pk=archive.public.pk).update(sha256="0" * 64)
    response = client.get(f"/packages/{archive.public.key}")
    with pytest.raises(Exception, match="damaged"):
        b"".join(response.streaming_content)


def test_what_cannot_be_packed_says_why(archive, client):
    Product.objects.filter(pk=archive.public.pk).update(parts=[])
    assert fetch(client, archive.public.key)[0].status_code == 404
    Product.objects.filter(pk=archive.public.pk).update(removed_at=timezone.now())
    assert fetch(client, archive.public.key)[0].status_code == 410
    assert fetch(client, "no.such")[0].status_code == 404
    assert client.post(f"/packages/{archive.public.key}").status_code == 405


def test_head_sends_no_bytes(archive, client):
    response = client.head(f"/packages/{archive.public.key}")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert response.content == b""


def test_a_token_for_data_opens_it(archive, cast, client):
    from gateway.accounts import tokens

    for scope, status in (("read:data", 200), ("read:tap", 403)):
        secret = tokens.create(cast.alice, "test", [scope])[1]
        response = client.get(f"/packages/{archive.proprietary.key}", headers={"authorization": f"Bearer {secret}"})
        assert response.status_code == status
