"""Whoever may have a file gets it whole, in part and with its checksum; whoever may not is told why."""

import base64
import gzip
import hashlib
import io
import re

import pytest
from astropy.io import fits
from django.core import mail
from django.utils import timezone

from search.archive import files, signed
from search.archive.models import Product

pytestmark = pytest.mark.django_db

NAMES = ("anonymous", "charlie", "bob", "alice", "dana")
MATRIX = {
    "public": dict.fromkeys(NAMES, 200),
    "proprietary": {"anonymous": 401, "charlie": 403, "bob": 200, "alice": 200, "dana": 200},
    "hidden": {"anonymous": 404, "charlie": 404, "bob": 200, "alice": 200, "dana": 200},
}
PAGE = {"HTTP_ACCEPT": "text/html,application/xhtml+xml"}


def body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def status(response):
    body(response)
    return response.status_code


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", MATRIX)
def test_who_may_have_what(archive, client_of, name, kind):
    product = getattr(archive, kind)
    client = client_of(name)
    expected = MATRIX[kind][name]
    for method in (client.get, client.head):
        assert status(method(f"/data/{product.key}")) == expected
    assert status(client.get(f"/data/{product.key}.events")) == expected
    assert client.get(f"/previews/{product.key}").status_code == expected
    found = client.get("/data", {"ID": product.obs_publisher_did})
    assert found.status_code == (404 if expected == 404 else 302)
    assert client.post(f"/products/{product.key}/signed").status_code == expected


def test_the_file_comes_with_length_checksum_and_the_way_to_its_provenance(archive, client):
    product = archive.public
    response = client.get(f"/data/{product.key}")
    content = body(response)
    digest = hashlib.sha256(content)
    assert digest.hexdigest() == product.sha256
    assert response["Content-Length"] == str(len(content)) == str(product.size)
    assert response["Content-Type"] == "application/fits"
    assert response["ETag"] == f'"{product.sha256}"'
    assert response["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert "run_000001.fits" in response["Content-Disposition"]
    assert 'rel="http://www.w3.org/ns/prov#has_provenance"' in response["Link"]
    assert 'rel="http://www.w3.org/ns/prov#has_query_service"' in response["Link"]
    assert response["Access-Control-Allow-Origin"] == "*"
    head = client.head(f"/data/{product.key}")
    assert head.content == b""
    for header in ("Content-Length", "ETag", "Repr-Digest", "Content-Type", "Link", "Accept-Ranges"):
        assert head[header] == response[header]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=100-", 100, None), ("bytes=-50", -50, None), ("bytes=10-99999999", 10, None)],
)
def test_a_broken_download_can_be_resumed(archive, client, asked, first, last):
    whole = body(client.get(f"/data/{archive.public.key}"))
    response = client.get(f"/data/{archive.public.key}", HTTP_RANGE=asked)
    part = whole[first:] if last is None else whole[first : last + 1]
    start = first if first >= 0 else len(whole) + first
    assert response.status_code == 206
    assert body(response) == part
    assert response["Content-Length"] == str(len(part))
    assert response["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/{len(whole)}"


def test_ranges_that_cannot_be_served(archive, client):
    address, size = f"/data/{archive.public.key}", archive.public.size
    outside = client.get(address, HTTP_RANGE=f"bytes={size}-")
    assert outside.status_code == 416
    assert outside["Content-Range"] == f"bytes */{size}"
    for nonsense in ("bytes=5-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6"):
        assert status(client.get(address, HTTP_RANGE=nonsense)) == 200
    assert status(client.get(address, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE='"old"')) == 200
    assert client.get(address, HTTP_RANGE="bytes=-0").status_code == 416


def test_an_unchanged_file_is_not_sent_again(archive, client):
    response = client.get(f"/data/{archive.public.key}", HTTP_IF_NONE_MATCH=f'"{archive.public.sha256}"')
    assert response.status_code == 304
    assert response.content == b""


def test_a_program_is_told_why_not_in_words(archive, client_of):
    response = client_of("charlie").get(f"/data/{archive.proprietary.key}")
    text = response.content.decode()
    assert response["Content-Type"].startswith("text/plain")
    for word in ("P-1", "2099-06-30", "alice", "charlie"):
        assert word in text
    anonymous = client_of("anonymous").get(f"/data/{archive.proprietary.key}")
    assert anonymous["WWW-Authenticate"].startswith("Basic")
    assert "2099-06-30" in anonymous.content.decode()


def test_a_person_gets_a_page_that_says_what_is_open(archive, client_of):
    response = client_of("charlie").get(f"/data/{archive.proprietary.key}", **PAGE)
    page = response.content.decode()
    assert response.status_code == 403
    assert response["Content-Type"].startswith("text/html")
    for word in ("P-1", "2099-06-30", "alice", "Open to you now", archive.public.key):
        assert word in page
    assert archive.hidden.key not in page
    anonymous = client_of("anonymous").get(f"/data/{archive.proprietary.key}", **PAGE)
    assert anonymous.status_code == 401
    assert "WWW-Authenticate" not in anonymous


def plain(response):
    """The page without what differs from answer to answer: the key, request id, CSRF token, nonce."""
    text = response.content.decode().replace(response["X-Request-Id"], "")
    return re.sub(r"run-\d|[A-Za-z0-9]{64}|nonce=\"[^\"]*\"", "", text)


def test_a_hidden_product_answers_like_none_at_all(archive, client_of):
    client = client_of("charlie")
    hidden = client.get(f"/data/{archive.hidden.key}", **PAGE)
    absent = client.get("/data/secret.run-9", **PAGE)
    assert hidden.status_code == absent.status_code == 404
    assert plain(hidden) == plain(absent)


def test_a_stranger_can_ask_the_pi(archive, client_of):
    response = client_of("charlie").post(f"/products/{archive.proprietary.key}/ask", {"message": "May I compare?"})
    assert response.status_code == 302
    letter = mail.outbox[0]
    assert letter.to == ["alice@demo.example"]
    assert letter.reply_to == ["charlie@demo.example"]
    assert "May I compare?" in letter.body
    assert client_of("anonymous").post(f"/products/{archive.proprietary.key}/ask").status_code == 302
    assert len(mail.outbox) == 1


def test_released_data_are_open(archive, client):
    policy = archive.proprietary.policy
    policy.release_date = timezone.now()
    policy.save()
    assert client.get(f"/data/{archive.proprietary.key}").status_code == 200


def test_a_member_is_a_file_of_its_own(archive, client):
    response = client.get(f"/data/{archive.public.key}.aeff")
    with fits.open(io.BytesIO(body(response))) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "AEFF"]
    assert client.get(f"/data/{archive.public.key}.nothing").status_code == 404


@pytest.mark.parametrize(
    "key", ["..", "%2e%2e%2fdb.sqlite3", "open.run-1/../../secret-key", "x" * 3000, "%00", "open.run-1%0aSet-Cookie: a"]
)
def test_strange_keys_are_not_found(archive, client, key):
    assert client.get(f"/data/{key}").status_code == 404


def test_identifier_is_asked_for_when_missing(client, db):
    assert client.get("/data").status_code == 400
    assert client.get("/data", {"ID": "ivo://nobody/none"}).status_code == 404


def test_older_access_urls_lead_to_the_file(archive, client):
    response = client.get("/data", {"id": archive.public.obs_publisher_did})
    assert response["Location"] == f"/data/{archive.public.key}"


def test_simulated_data_say_so_in_every_copy(archive, client):
    Product.objects.filter(pk=archive.public.pk).update(simulated=1)
    response = client.get(f"/data/{archive.public.key}")
    assert response["X-Simulated"] == "true"
    assert "simulated_" in response["Content-Disposition"]


def test_a_file_that_lies_elsewhere_is_redirected_to(archive, client):
    Product.objects.filter(pk=archive.public.pk).update(storage_key="", access_url="https://example.org/f.fits")
    response = client.get(f"/data/{archive.public.key}")
    assert (response.status_code, response["Location"]) == (302, "https://example.org/f.fits")


def test_a_removed_and_a_lost_file_are_told_apart(archive, client):
    files.remove(archive.public.storage_key)
    assert client.get(f"/data/{archive.public.key}").status_code == 503
    Product.objects.filter(pk=archive.public.pk).update(removed_at=timezone.now(), storage_key="")
    response = client.get(f"/data/{archive.public.key}")
    assert response.status_code == 410
    assert "removed" in response.content.decode()


def test_a_quick_look_is_drawn_once_and_kept(archive, client):
    first = client.get(f"/previews/{archive.public.key}")
    assert first.content.startswith(b"\x89PNG")
    assert files.exists(f"previews/{archive.public.key}.png")
    assert client.get(f"/previews/{archive.public.key}").content == first.content


# --- short-lived links ---


def test_a_signed_link_gives_one_product_to_a_program(archive, client_of, client):
    answer = client_of("bob").post(f"/products/{archive.proprietary.key}/signed").json()
    path = answer["url"].removeprefix("http://127.0.0.1:8000")
    response = client.get(path)
    assert response.status_code == 200
    assert hashlib.sha256(body(response)).hexdigest() == archive.proprietary.sha256
    assert response["Content-Type"] == answer["format"] == "application/fits"
    assert response["Referrer-Policy"] == "no-referrer"
    assert client.post(path).status_code == 405


def test_a_signed_link_ends_with_the_right(archive, cast, client):
    from gateway.access.rights import viewer_of

    path = signed.link(archive.proprietary, viewer_of(cast.bob)).removeprefix("http://127.0.0.1:8000")
    archive.proprietary.policy.members.all().delete()
    refused = client.get(path)
    assert refused.status_code == 403
    assert refused["Content-Type"].startswith("text/plain")
    cast.bob.is_active = False
    cast.bob.save()
    assert client.get(path).status_code == 403


def test_a_signed_link_expires_and_cannot_be_forged(archive, cast, client, monkeypatch):
    from gateway.access.rights import viewer_of

    path = signed.link(archive.public, viewer_of(cast.bob)).removeprefix("http://127.0.0.1:8000")
    assert client.get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 403
    assert client.get("/signed/nonsense").status_code == 403
    monkeypatch.setattr(signed, "LIFETIME", -1)
    expired = client.get(path)
    assert expired.status_code == 403
    assert "expired" in expired.content.decode()


def test_gzipped_files_stay_as_they_are(archive, client, tmp_path):
    packed = gzip.compress(b"".join(files.blocks(archive.public.storage_key)), mtime=0)
    path = tmp_path / "run.fits.gz"
    path.write_bytes(packed)
    key = files.put(path, "open/packed.fits.gz", files.digest(path))
    Product.objects.filter(pk=archive.public.pk).update(
        storage_key=key, sha256=files.digest(path), size=len(packed), file_name="run.fits.gz"
    )
    response = client.get(f"/data/{archive.public.key}")
    assert body(response) == packed
    assert "Content-Encoding" not in response
