"""STILTS, TOPCAT's engine, and pyvo with a token: search, links, download, jobs."""

import subprocess
from io import BytesIO

import pytest
import pyvo
import requests
from astropy.io import fits
from astropy.table import Table

from gateway.accounts import tokens
from tests.support.archive import archive

__all__ = ["archive"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
COUNT = "SELECT COUNT(*) AS n FROM ivoa.obscore WHERE obs_publisher_did LIKE '%run-%'"


@pytest.fixture
def site(live_server, settings) -> str:
    settings.PUBLIC_URL = live_server.url
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
    return live_server.url


def text_of(cast, *scopes: str) -> str:
    return tokens.create(cast.alice, "client", list(scopes))[1]


def stilts(*arguments: str, token: str = "") -> subprocess.CompletedProcess[str]:
    login = ["-Dstar.basicauth.user=any", f"-Dstar.basicauth.password={token}"] if token else []
    return subprocess.run(["stilts", *login, *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_stilts_signs_in_by_token_where_the_address_challenges(site, archive, cast) -> None:
    text = text_of(cast, "read:tap")
    ask = ("tapquery", f"adql={COUNT}", "sync=true", "ofmt=csv")
    mine = stilts(*ask, f"tapurl={site}/tap-auth", token=text)
    assert mine.stdout.split() == ["n", "3"], mine.stderr
    assert stilts(*ask, f"tapurl={site}/tap").stdout.split() == ["n", "2"]
    assert "401" in stilts(*ask, f"tapurl={site}/tap-auth").stderr
    assert "401" in stilts(*ask, f"tapurl={site}/tap-auth", token="alice-demo").stderr
    cone = stilts("tpipe", f"in={site}/scs?RA=83.6&DEC=22&SR=180&VERB=1", "cmd=stats name", "ofmt=csv")
    assert cone.returncode == 0, cone.stderr


def test_pyvo_finds_links_and_downloads_with_a_token(site, archive, cast) -> None:
    session = pyvo.auth.AuthSession()
    session.credentials.set_password("any", text_of(cast, "read:tap", "read:data"))
    service = pyvo.dal.TAPService(f"{site}/tap", session=session)
    query = f"SELECT * FROM ivoa.obscore WHERE obs_publisher_did LIKE '%{archive.hidden.key}'"
    row = service.search(query)[0]
    assert len(pyvo.dal.TAPService(f"{site}/tap").search(query)) == 0
    bearer = {"Authorization": f"Bearer {text_of(cast, 'read:tap', 'read:data')}"}
    plain = requests.Session()
    plain.headers.update(bearer)
    assert len(pyvo.dal.TAPService(f"{site}/tap-auth", session=plain).search(query)) == 1
    links = Table.read(BytesIO(requests.get(row["access_url"], headers=bearer, timeout=30).content), format="votable")
    (this,) = [link for link in links if link["semantics"] == "#this"]
    assert this["link_auth"] == "true" or bool(this["link_authorized"])
    answer = requests.get(this["access_url"], headers=bearer, timeout=30)
    assert (answer.status_code, answer.headers["X-VO-Authenticated"]) == (200, "alice")
    assert "EVENTS" in fits.open(BytesIO(answer.content))
    only_metadata = {"Authorization": f"Bearer {text_of(cast, 'read:tap')}"}
    refused = requests.get(this["access_url"], headers=only_metadata, timeout=30)
    assert (refused.status_code, "read:data" in refused.text) == (403, True)


def test_a_job_is_made_and_followed_with_a_token(site, cast, db) -> None:
    bearer = {"Authorization": f"Bearer {text_of(cast, 'write:jobs')}"}
    made = requests.post(f"{site}/uws/sleep", {"seconds": "1"}, headers=bearer, timeout=30, allow_redirects=False)
    assert made.status_code == 303
    job = made.headers["Location"]
    assert requests.get(f"{job}/phase", headers=bearer, timeout=30).text == "PENDING"
    assert requests.get(f"{job}/phase", timeout=30).status_code == 401
    wrong = {"Authorization": f"Bearer {text_of(cast, 'read:tap', 'read:data')}"}
    assert requests.get(f"{job}/phase", headers=wrong, timeout=30).status_code == 403
    assert requests.delete(job, headers=bearer, timeout=30, allow_redirects=False).status_code == 303


def test_the_download_script_asks_for_a_token_and_works_with_one(site, archive, cast, client_of, tmp_path) -> None:
    script = client_of("alice").get("/cart/script", {"ID": archive.proprietary.key, "kind": "curl"})
    folder = tmp_path / "here"
    folder.mkdir()
    path = folder / "get.sh"
    path.write_bytes(script.content)
    text = text_of(cast, "read:data")
    assert text not in script.content.decode()

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": "/usr/bin:/bin", **environment}
        return subprocess.run(
            ["sh", str(path)], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    run()
    assert not list(folder.glob("**/*.fits*"))
    done = run(TOKEN=text)
    assert len(list(folder.glob("**/*.fits*"))) == 1, done.stderr
