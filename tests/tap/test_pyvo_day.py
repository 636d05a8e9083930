"""A day with pyvo, as an astronomer has it: the archive is found in a registry, asked in every way, its data fetched."""

import io
import zipfile

import pytest
import pyvo
import requests
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from lxml import etree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway")]
VR = "{http://www.ivoa.net/xml/RegistryInterface/v1.0}Resource"
CRAB = SkyCoord(83.633, 22.014, unit="deg")
EVENTS = "SELECT TOP 2 * FROM ivoa.obscore WHERE dataproduct_type = 'event' AND data_rights = 'public' ORDER BY obs_id"


@pytest.fixture(scope="module")
def found(gateway) -> dict[str, str]:
    """Standard: address of the service, as a registry that harvested the gateway would tell."""
    answer = requests.get(f"{gateway.url}/oai", {"verb": "ListRecords", "metadataPrefix": "ivo_vor"}, timeout=30)
    services = {}
    for resource in etree.fromstring(answer.content).iter(VR):
        for capability in resource.iter("capability"):
            address = capability.findtext("interface/accessURL")
            if capability.get("standardID") and address:
                services.setdefault(capability.get("standardID"), address)
    return services


@pytest.fixture(scope="module")
def tap(found) -> pyvo.dal.TAPService:
    return pyvo.dal.TAPService(found["ivo://ivoa.net/std/TAP"])


@pytest.fixture(scope="module")
def session(gateway) -> requests.Session:
    token = gateway.manage("create_token", "alice", "--scopes", "read:tap,read:data,write:jobs").stdout.strip()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def test_the_tables_tell_what_to_ask_and_the_examples_how(tap):
    columns = {column.name: column for column in tap.tables["ivoa.obscore"].columns}
    assert (columns["s_ra"].unit, columns["s_ra"].ucd) == ("deg", "pos.eq.ra")
    assert "arc.obsconfig" in tap.tables
    for example in tap.examples:
        tap.search(example["QUERY"], maxrec=3)


def test_the_same_rows_by_every_way_in(tap, session, gateway):
    query = "SELECT obs_id, s_ra, t_min FROM ivoa.obscore WHERE data_rights = 'public' ORDER BY obs_id, t_min"
    rows = tap.run_sync(query).to_table()
    assert len(rows) > 1
    signed_in = pyvo.dal.TAPService(f"{gateway.url}/tap-auth", session=session)
    for other in (tap.run_async(query), signed_in.run_sync(query), signed_in.run_async(query)):
        assert other.to_table()["obs_id"].tolist() == rows["obs_id"].tolist()
    cut = tap.run_sync(query, maxrec=1)
    assert (len(cut), cut.query_status if hasattr(cut, "query_status") else "OVERFLOW") == (1, "OVERFLOW")


@pytest.mark.parametrize("way", ["run_sync", "run_async"])
def test_several_tables_go_along_at_once(tap, way):
    sources = Table({"name": ["crab", "nowhere"], "ra": [83.633, 10.0], "dec": [22.014, -80.0]})
    weights = Table({"who": ["crab", "nowhere"], "weight": [2.5, 1.0]})
    query = (
        "SELECT s.name, w.weight, COUNT(*) AS n FROM TAP_UPLOAD.sources AS s JOIN TAP_UPLOAD.weights AS w ON s.name = w.who"
        " JOIN ivoa.obscore AS o ON DISTANCE(s.ra, s.dec, o.s_ra, o.s_dec) < 2 GROUP BY s.name, w.weight"
    )
    rows = getattr(tap, way)(query, uploads={"sources": sources, "weights": weights})
    assert [(row["name"], row["weight"]) for row in rows] == [("crab", 2.5)]
    assert rows[0]["n"] > 0


def test_from_a_row_to_its_links_to_a_cut_out(tap):
    rows = tap.search(EVENTS)
    for row, links in zip(rows, rows.iter_datalinks(), strict=True):
        assert {link["ID"] for link in links} == {row["obs_publisher_did"]}
        # Narrower terms would be looked up in the vocabulary, far away.
        of = {link["semantics"]: list(links.bysemantics(link["semantics"], include_narrower=False)) for link in links}
        assert of["#this"][0].content_type == "application/fits"
        assert len(of["#calibration"]) >= 3
        assert of["#package"][0]["access_url"].endswith(row["obs_publisher_did"].split("?")[1])
        soda = links.get_first_proc()
        cut = soda.process(circle=(row["s_ra"], row["s_dec"], 0.5))
        with fits.open(io.BytesIO(cut.read())) as hdus:
            assert {"EVENTS", "GTI"} <= {hdu.name for hdu in hdus}
            events = SkyCoord(hdus["EVENTS"].data["RA"], hdus["EVENTS"].data["DEC"], unit="deg")
        assert events.separation(SkyCoord(row["s_ra"], row["s_dec"], unit="deg")).deg.max() < 0.51


def test_the_file_and_the_package_of_a_row_are_fetched(tap, session, tmp_path):
    row = tap.search(EVENTS)[0]
    links = next(iter(tap.search(EVENTS).iter_datalinks()))
    (this,) = links.bysemantics("#this", include_narrower=False)
    content = session.get(this["access_url"], timeout=60).content
    path = tmp_path / "dataset"  # packed or not, as the archive holds it
    path.write_bytes(content)
    with fits.open(path) as hdus:
        assert "EVENTS" in [hdu.name for hdu in hdus]
    (package,) = links.bysemantics("#package", include_narrower=False)
    with zipfile.ZipFile(io.BytesIO(session.get(package["access_url"], timeout=60).content)) as packed:
        assert content in {packed.read(name) for name in packed.namelist()}
    assert row["access_url"].startswith(this["access_url"].split("/data/")[0])


def test_a_cone_gives_what_tap_gives(tap, found):
    cone = pyvo.dal.SCSService(found["ivo://ivoa.net/std/ConeSearch"])
    rows = cone.search(pos=CRAB, radius=2.0, verbosity=3)
    query = "SELECT obs_publisher_did FROM ivoa.obscore WHERE DISTANCE(s_ra, s_dec, 83.633, 22.014) <= 2"
    assert len(rows) > 0
    assert {row["obs_publisher_did"] for row in rows} == set(tap.search(query)["obs_publisher_did"])


def test_a_job_is_watched_aborted_and_deleted(tap):
    job = tap.submit_job("SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS t{i}" for i in range(6)))
    job.run()
    job.abort()
    assert job.phase == "ABORTED"
    with pytest.raises(pyvo.dal.DALQueryError, match="was aborted by anonymous"):
        job.fetch_result()
    address = job.url
    job.delete()
    assert requests.get(address, timeout=20).status_code == 404


def test_what_is_wrong_is_told_in_words(tap):
    with pytest.raises(pyvo.dal.DALQueryError, match=r"[Dd]id you mean"):
        tap.search("SELECT obsid FROM ivoa.obscore")
    with pytest.raises(pyvo.dal.DALQueryError, match="has no file"):
        tap.search("SELECT 1 AS x FROM TAP_UPLOAD.t", UPLOAD="t,param:none")
