"""What the columns of an ingested run say, value by value."""

import io
from itertools import pairwise

import pytest
from astropy.time import Time

from search.archive import times
from search.archive.fields.catalogue import OBSCONFIG, OBSCORE, OBSCORE_HEA, PROPOSAL
from search.archive.mapping import sub_array
from search.archive.models import Product, Proposal
from search.archive.targets import hashlist, identify

RUN_23523 = {
    "dataproduct_type": "event",
    "dataproduct_subtype": "dl3.event-bundle",
    "calib_level": 2,
    "obs_collection": "HESS-DL3-DR1",
    "obs_id": "23523",
    "obs_publisher_did": "ivo://distiller.example/arc?hess-dl3-dr1.run-23523",
    "access_url": None,
    "access_format": "application/x-votable+xml;content=datalink",
    "access_estsize": 511,
    "target_name": "Crab Nebula",
    "target_class": "pulsar wind nebula",
    "s_ra": pytest.approx(83.633326, abs=1e-5),
    "s_dec": pytest.approx(21.514450, abs=1e-5),
    "s_fov": 5.0,
    "s_region": "Circle ICRS 83.6333257 21.5144497 2.5",
    "s_resolution": pytest.approx(441, abs=1),
    "s_xel1": -1,
    "s_xel2": -1,
    "t_min": pytest.approx(53343.921597, abs=1e-6),
    "t_max": pytest.approx(53343.941123, abs=1e-6),
    "t_exptime": pytest.approx(1581.7368, abs=1e-3),
    "t_resolution": None,
    "t_xel": -1,
    "em_min": pytest.approx(1.2398e-20, rel=1e-4),
    "em_max": pytest.approx(1.4235e-18, rel=1e-4),
    "em_res_power": None,
    "em_xel": -1,
    "o_ucd": None,
    "pol_states": None,
    "pol_xel": 0,
    "facility_name": "H.E.S.S.",
    "instrument_name": "H.E.S.S. Phase I",
    "data_rights": "public",
    "obs_release_date": "2018-08-31T00:00:00",
    "obs_creator_name": "H.E.S.S. Collaboration",
    "obs_creation_date": "2018-05-06T09:14:31",
    "proposal_id": None,
    "simulated": 0,
    "ev_xel": 7613,
    "energy_min": pytest.approx(0.870964e12, rel=1e-5),
    "energy_max": pytest.approx(1e14),
    "s_ref_energy": 1e12,
    "s_ref_oaa": 0.5,
    "em_ref_energy": None,
    "em_ref_oaa": None,
    "obs_mode": "WOBBLE",
    "tracking_mode": "sidereal",
    "scan_mode": None,
    "pointing_mode": "parallel",
    "analysis_mode": "std, std_fullEnclosure_fits_release",
    "event_type": None,
    "messenger_name": "photon",
    "messenger_pdgid": "+22",
    "dataproduct_level": "DL3",
    "t_ontime": 1687.0,
    "sub_array_name": "HESS-I, CT1–4",
    "n_tels": 4,
    "tel_list": "1,2,3,4",
    "zenith": pytest.approx(48.6102, abs=1e-3),
    "azimuth": pytest.approx(22.4817, abs=1e-3),
    "target_offset": pytest.approx(0.5, abs=1e-3),
    "quality": 0,
    "muon_efficiency": pytest.approx(0.907075, abs=1e-5),
    "size": 522418,
}


@pytest.mark.realdata
@pytest.mark.django_db
def test_the_105_hess_runs(hess, capsys):
    from django.core.management import call_command
    from django.db import connection

    call_command("ingest_dl3", str(hess), release_date="2018-08-31", stderr=io.StringIO())
    rows = Product.objects.all()
    assert rows.count() == 105
    run = rows.get(obs_id="23523")
    assert {name: getattr(run, name) for name in RUN_23523} == RUN_23523
    assert "#crab#" in run.target_aliases
    assert run.header["TARGET_NAME"] == "Crab"
    assert "No scientific publications" in run.terms
    assert sum(rows.values_list("ev_xel", flat=True)) == 1_046_156
    assert rows.filter(target_name="PKS 2155-304").count() == 21
    blazars = rows.filter(target_class__contains="blazar")
    assert blazars.filter(target_name="PKS 2155-304").count() == 21
    assert {"1ES 0414+009", "PKS 0548-322", "3C 273"} <= set(blazars.values_list("target_name", flat=True))
    assert not rows.exclude(target_class=None).filter(target_name="Off data").exists()
    # a cone of 0.001 deg at the Crab against the footprints, by the index alone
    from search.archive import sky

    x, y, z = sky.unit_vector(83.633, 22.014)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT p.obs_id FROM archive_product_region r JOIN archive_product p ON p.id = r.id WHERE"
                " x0 <= %s AND x1 >= %s AND y0 <= %s AND y1 >= %s AND z0 <= %s AND z1 >= %s",
                [x, x, y, y, z, z],
            )
            near = {obs_id for (obs_id,) in cursor.fetchall()}
        assert near >= {"23523", "23526", "23559", "23592"}
    crab = [p.obs_id for p in rows if sky.angular_distance(p.s_ra, p.s_dec, 83.633, 22.014) <= p.region_radius + 0.001]
    assert sorted(crab) == ["23523", "23526", "23559", "23592"]


def test_off_data_take_the_object_and_remarks_are_left_out():
    assert identify("Off data", "PKS 0548-322").name == "PKS 0548-322"
    assert identify("PKS 2155-304 (steady)", "PKS 2155-304").name == "PKS 2155-304"
    assert identify("Off data", "").name is None
    assert identify("Nowhere 1", "custom").aliases == ("Nowhere 1", "Nowhere 1", "custom")
    assert hashlist(["Crab", "crab", "M 1", ""]) == "#crab#m 1#"


def test_sub_array_is_derived_where_no_keyword_says_it():
    assert sub_array({"INSTRUME": "H.E.S.S. Phase I", "TELLIST": "1,2,3,4"}) == "HESS-I, CT1–4"
    assert sub_array({"INSTRUME": "Cameras", "TELLIST": "1,3,4"}) == "Cameras, T1, 3–4"
    assert sub_array({"SUBARRAY": "LST-only"}) == "LST-only"
    assert sub_array({}) is None


def test_header_times_in_tt_become_utc():
    header = {"MJDREFI": 51910, "MJDREFF": 0.000742870370370241, "TIMESYS": "TT"}
    assert times.mission_time(header, 0.0).utc.isot == "2001-01-01T00:00:00.000"
    with pytest.raises(times.UnknownTimes):
        times.mission_time({"TIMESYS": "TT"}, 0.0)


def test_time_moc_holds_the_intervals_and_little_more():
    start = Time("2020-01-01T00:00:00", scale="utc")
    stop = Time("2020-01-01T00:28:00", scale="utc")
    cells = []
    for word in times.tmoc([(start, stop)])[1:].replace(" ", ",").split(","):
        order, _, rest = word.rpartition("/")
        level = int(order) if order else level  # noqa: F821 - the order of the word before
        first, _, last = rest.partition("-")
        shift = 61 - level
        cells.append((int(first) << shift, (int(last or first) + 1) << shift))
    cells.sort()
    assert all(a[1] == b[0] for a, b in pairwise(cells))
    begin = (start.tcb.jd1 * 86400 + start.tcb.jd2 * 86400) * 1e6
    assert 0 <= begin - cells[0][0] <= 2**20 + 100
    assert abs((cells[-1][1] - cells[0][0]) / 1e6 - 1680) < 2.2
    assert times.tmoc([]) == ""


def test_catalogue_of_fields_and_model_hold_together():
    columns = {field.column for field in Product._meta.fields}
    named = {field.source or field.name for field in (*OBSCORE, *OBSCORE_HEA, *OBSCONFIG)}
    assert named <= columns
    assert {field.name for field in PROPOSAL} <= {field.column for field in Proposal._meta.fields}
    for table in (OBSCORE, OBSCORE_HEA, OBSCONFIG, PROPOSAL):
        names = [field.name for field in table]
        assert len(names) == len(set(names))
        assert all(field.description and field.ucd and field.datatype for field in table)


def test_the_reference_in_the_documentation_is_that_of_the_catalogue(settings):
    from search.archive.reference import markdown

    written = (settings.BASE_DIR / "docs" / "fields.md").read_text(encoding="utf-8")
    assert written == markdown(), "run python manage.py describe_fields"
