"""Cut-outs of event lists (SODA 1.0)."""

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from gateway.vo.regions import inside
from jobs.models import Job
from search.archive.models import Product
from search.soda.parameters import HC

pytestmark = pytest.mark.django_db


def cut(client, product, **parameters):
    response = client.get("/soda/sync", {"ID": product.obs_publisher_did, **parameters})
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return response, content


def events_of(content):
    with fits.open(io.BytesIO(content)) as hdus:
        return hdus["EVENTS"].data.copy(), hdus["EVENTS"].header, [hdu.name for hdu in hdus], hdus["GTI"].data.copy()


def test_region_energies_and_times(archive, client):
    whole, *_ = events_of(cut(client, archive.public)[1])
    near, header, names, _ = events_of(cut(client, archive.public, CIRCLE="83.633 22.514 0.5")[1])
    assert 0 < len(near) < len(whole)
    distance = np.hypot((near["RA"] - 83.633) * np.cos(np.radians(22.514)), near["DEC"] - 22.514)
    assert distance.max() < 0.51
    assert names == ["PRIMARY", "EVENTS", "GTI", "AEFF", "EDISP", "PSF", "BKG"]
    assert any(archive.public.obs_publisher_did in line for line in header["HISTORY"])
    hard, *_ = events_of(cut(client, archive.public, BAND=f"-Inf {HC / 2}")[1])
    assert len(hard) == (whole["ENERGY"] >= 2).sum()
    middle = (archive.public.t_min + archive.public.t_max) / 2
    early, header, _, spans = events_of(cut(client, archive.public, TIME=f"-Inf {middle!r}")[1])
    assert 0 < len(early) < len(whole)
    assert spans["STOP"][0] == pytest.approx(whole_middle(archive.public), abs=0.01)
    assert header["ONTIME"] == pytest.approx(840, abs=0.1)


def whole_middle(product):
    return 123_890_826.0 + 840


@pytest.mark.parametrize(
    "region",
    [
        {"POS": "CIRCLE 83.633 22.514 0.5"},
        {"POS": "RANGE 83 84 22 23"},
        {"POS": "RANGE -Inf +Inf 22 +Inf"},
        {"POLYGON": "83 22 84 22 84 23 83 23"},
        {"POS": "POLYGON 83 22 84 22 84 23 83 23"},
    ],
)
def test_all_shapes(archive, client, region):
    response, content = cut(client, archive.public, **region)
    assert response.status_code == 200
    assert 0 < len(events_of(content)[0]) < 200


@pytest.mark.parametrize(
    "parameters",
    [{"CIRCLE": "200 -60 1"}, {"TIME": "40000 40001"}, {"BAND": "1e-7 7e-7"}],
)
def test_nothing_in_common_is_204(archive, client, parameters):
    response, content = cut(client, archive.public, **parameters)
    assert (response.status_code, content) == (204, b"")


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"CIRCLE": "1 2"}, "UsageError"),
        ({"CIRCLE": "1 95 1"}, "UsageError"),
        ({"CIRCLE": "1 2 -1"}, "UsageError"),
        ({"CIRCLE": "a b c"}, "UsageError"),
        ({"CIRCLE": "nan 1 1"}, "UsageError"),
        ({"CIRCLE": "inf 1 1"}, "UsageError"),
        ({"POS": "SQUARE 1 2 3"}, "UsageError"),
        ({"POS": "RANGE 2 1 0 1"}, "UsageError"),
        ({"POLYGON": "1 2 3 4 5"}, "UsageError"),
        ({"BAND": "1"}, "UsageError"),
        ({"BAND": "2 1"}, "UsageError"),
        ({"BAND": "-2 -1"}, "UsageError"),
        ({"TIME": "1 2 3"}, "UsageError"),
        ({"CIRCLE": ["1 2 3", "4 5 6"]}, "MultiValuedParamNotSupported"),
        ({"CIRCLE": "1 2 3", "POS": "CIRCLE 1 2 3"}, "MultiValuedParamNotSupported"),
    ],
)
def test_wrong_parameters_are_named_in_plain_text(archive, client, parameters, word):
    response, content = cut(client, archive.public, **parameters)
    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/plain")
    assert content.decode().startswith(word)


def test_a_missing_or_unknown_identifier(client, db):
    assert client.get("/soda/sync").status_code == 400
    response = client.get("/soda/sync", {"ID": "ivo://nobody/none"})
    assert response.status_code == 404
    assert response.content.startswith(b"UsageError")
    assert client.delete("/soda/sync").status_code == 405


def test_only_event_lists_are_cut(archive, client):
    Product.objects.filter(pk=archive.public.pk).update(dataproduct_type="image")
    assert cut(client, archive.public)[0].status_code == 400


@pytest.mark.parametrize(
    ("name", "proprietary", "hidden", "word"),
    [
        ("anonymous", 401, 404, "AuthenticationError"),
        ("charlie", 403, 404, "AuthorizationError"),
        ("bob", 200, 200, ""),
        ("alice", 200, 200, ""),
        ("dana", 200, 200, ""),
    ],
)
def test_who_may_cut_what(archive, client_of, name, proprietary, hidden, word):
    client = client_of(name)
    assert cut(client, archive.public)[0].status_code == 200
    response, content = cut(client, archive.proprietary)
    assert response.status_code == proprietary
    assert content.startswith(word.encode())
    assert cut(client, archive.hidden)[0].status_code == hidden


def test_a_cut_out_as_a_job(archive, client_of):
    client = client_of("bob")
    asked = {"ID": archive.proprietary.obs_publisher_did, "CIRCLE": "83.633 22.514 0.5", "BAND": f"{HC / 50!r} {HC!r}"}
    response = client.post("/soda/async", asked)
    assert response.status_code == 303
    job = Job.objects.get()
    assert response["Location"].endswith(f"/soda/async/{job.id}")
    assert job.type == "event_cutout"
    assert float(job.parameters["radius"][0]) == 0.5
    assert float(job.parameters["energy_min"][0]) == pytest.approx(1.0)
    assert float(job.parameters["energy_max"][0]) == pytest.approx(50.0)
    assert client.get(f"/soda/async/{job.id}/phase").content.decode().strip() == "PENDING"
    assert client_of("charlie").get(f"/soda/async/{job.id}").status_code == 403


def test_a_job_obeys_the_same_rules(archive, client_of):
    assert client_of("charlie").post("/soda/async", {"ID": archive.proprietary.key}).status_code == 403
    assert client_of("charlie").post("/soda/async", {"ID": archive.hidden.key}).status_code == 404
    assert client_of("bob").post("/soda/async", {"ID": archive.public.key, "PHASE": "ABORT"}).status_code == 400
    assert client_of("anonymous").post("/soda/async", {"ID": archive.public.key}).status_code == 303


@given(st.floats(0, 359), st.floats(-80, 80), st.floats(0.1, 20))
def test_a_many_cornered_polygon_is_a_circle(ra, dec, radius):
    from astropy.coordinates import SkyCoord

    centre = SkyCoord(ra, dec, unit="deg")
    ring = centre.directional_offset_by(np.arange(0, 360, 5) * u.deg, radius * u.deg)
    corners = tuple(np.column_stack([ring.ra.deg, ring.dec.deg]).ravel())
    random = np.random.default_rng(1)
    points_ra, points_dec = random.uniform(0, 360, 300), np.degrees(np.arcsin(random.uniform(-1, 1, 300)))
    points_ra[:100], points_dec[:100] = (
        ra + random.normal(0, radius, 100),
        np.clip(dec + random.normal(0, radius, 100), -90, 90),
    )
    distance = centre.separation(SkyCoord(points_ra, points_dec, unit="deg")).deg
    found = inside("POLYGON", corners, points_ra % 360, points_dec)
    sure = np.abs(distance - radius) > 0.01 * radius
    assert (found == (distance < radius))[sure].all()


@pytest.mark.parametrize(
    ("asked", "region"),
    [
        ({"POS": "RANGE 83 84 21 23"}, "RANGE 83.0 84.0 21.0 23.0"),
        ({"POLYGON": "83 21 84 21 84 23"}, "POLYGON 83.0 21.0 84.0 21.0 84.0 23.0"),
        ({"POS": "POLYGON 83 21 84 21 84 23", "BAND": "1e-19 1e-18"}, "POLYGON 83.0 21.0 84.0 21.0 84.0 23.0"),
    ],
)
def test_a_cut_out_as_a_job_takes_every_shape(archive, client_of, asked, region):
    response = client_of("bob").post("/soda/async", {"ID": archive.public.key, **asked})
    assert response.status_code == 303, response.content
    job = Job.objects.get()
    assert job.parameters["region"] == [region]
    assert float(job.parameters["radius"][0]) > 0.5


def test_a_polygon_that_is_none_is_refused_before_there_is_a_job(archive, client_of):
    response = client_of("bob").post("/soda/async", {"ID": archive.public.key, "POLYGON": "1 1 1 1 1 1"})
    assert response.status_code == 400
    assert b"UsageError: a polygon needs three different vertices" in response.content
    assert not Job.objects.exists()
