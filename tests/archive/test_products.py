"""Maps, spectra and catalogues come in under the same rules as event lists."""

import io

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from django.core.management import CommandError, call_command

from provenance.models import Activity, Entity
from search.archive.models import Product

pytestmark = pytest.mark.django_db


def ingest(*paths, **options):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("ingest_products", *map(str, paths), stdout=out, stderr=err, **options)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), str(error)
    return out.getvalue(), err.getvalue(), None


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "released"
    folder.mkdir()
    image = fits.PrimaryHDU(np.zeros((50, 100), dtype="f4"))
    image.header.update(
        {
            "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 83.633, "CRVAL2": 22.014, "CRPIX1": 50.5,
            "CRPIX2": 25.5, "CDELT1": -0.02, "CDELT2": 0.02, "OBJECT": "M 1", "TELESCOP": "HESS",
            "CREATOR": "map-maker", "ORIGIN": "H.E.S.S. Collaboration", "DATE": "2020-01-02T03:04:05",
        }
    )  # fmt: skip
    image.writeto(folder / "crab_map.fits")
    Table({"e_ref": [1.0, 2.0], "dnde": [1e-11, 1e-12]}).write(folder / "crab_points.fits")
    (folder / "notes.csv").write_text("name,flux\nCrab,1\n")
    (folder / "ignored.bin").write_bytes(b"?")
    return folder


def test_files_say_what_they_are(folder):
    out, err, problem = ingest(folder, pi="alice", bib_reference="2020A&A...1")
    assert problem is None, err
    assert "3 new" in out
    kinds = dict(Product.objects.values_list("file_name", "dataproduct_type"))
    assert kinds == {"crab_map.fits": "image", "crab_points.fits": "sed", "notes.csv": "measurements"}
    image = Product.objects.get(key="released.crab_map")
    assert (image.target_name, image.facility_name, image.pi_name) == ("Crab Nebula", "H.E.S.S.", "alice")
    assert (image.s_ra, image.s_dec) == (pytest.approx(83.633, abs=1e-3), pytest.approx(22.014, abs=1e-3))
    assert image.s_region.startswith("Polygon ICRS")
    assert (image.calib_level, image.dataproduct_level, image.bib_reference) == (4, "DL5", "2020A&A...1")
    assert Activity.objects.filter(pk="released.crab_map.production").exists()
    assert Entity.objects.get(pk="released.notes").sha256
    assert "3 known already" in ingest(folder)[0]


def test_a_changed_file_replaces_the_old(folder):
    ingest(folder)
    (folder / "notes.csv").write_text("name,flux\nCrab,2\n")
    assert "1 replaced" in ingest(folder)[0]
    assert Product.objects.get(key="released.notes").superseded_by.key == "released.notes-v2"


def test_broken_and_duplicate_files_are_named(folder):
    (folder / "broken.fits").write_bytes(b"SIMPLE  = nonsense")
    (folder / "copy.csv").write_bytes((folder / "notes.csv").read_bytes())
    out, err, problem = ingest(folder)
    assert "2 refused" in out
    assert "broken.fits" in err
    assert "duplicate" in err
    assert problem is not None


def test_options_say_type_and_level(folder):
    ingest(folder / "notes.csv", type="spectrum", level="DL4", collection="Mine")
    product = Product.objects.get()
    assert (product.dataproduct_type, product.calib_level, product.obs_collection) == ("spectrum", 3, "Mine")
    assert "neither" in ingest(folder / "absent")[2]


CTA = {
    "CONTACT NAME": "Demo User", "CONTACT ORGANIZATION": "Demo", "PRODUCT CREATION TIME": "2026-11-21 02:26:17.717",
    "PRODUCT DATA LEVELS": "DL3,DL4", "PRODUCT DESCRIPTION": "Counts map of a night", "PROCESS TYPE": "Observation",
    "PRODUCT ID": "83d63227-cac9-44da-b4fa-d126997742e3", "PROCESS ID": "23523",
    "ACTIVITY ID": "c4c751a6-f551-494e-ae0e-3fb17e712607", "ACTIVITY NAME": "make-map",
    "ACTIVITY SOFTWARE NAME": "ctapipe", "ACTIVITY SOFTWARE VERSION": "0.28.0",
    "ACTIVITY START TIME": "2026-11-21 02:26:17.657", "ACTIVITY STOP TIME": "2026-11-21 02:26:17.716",
    "INSTRUMENT ID": "hess1", "INSTRUMENT SUBTYPE": "unspecified",
}  # fmt: skip


@pytest.fixture
def stamped(folder):
    """A map as ctapipe stamps it, with the table of progenitors that this gateway adds."""
    with fits.open(folder / "crab_map.fits") as hdus:
        for name in ("CREATOR", "ORIGIN", "DATE"):
            del hdus[0].header[name]
        for name, value in CTA.items():
            hdus[0].header[f"HIERARCH CTA {name}"] = value
        columns = [
            fits.Column("PUB_DID", "64A", array=["ivo://elsewhere/x?1"]),
            fits.Column("ROLE", "20A", array=["observations"]),
        ]
        hdus.append(fits.BinTableHDU.from_columns(columns, name="PROGENITORS"))
        hdus.writeto(folder / "stamped.fits")
    return folder / "stamped.fits"


def test_the_reference_metadata_of_ctao_are_read(stamped):
    assert ingest(stamped, collection="c")[2] is None
    product = Product.objects.get()
    assert (product.obs_title, product.obs_id, product.dataproduct_level) == ("Counts map of a night", "23523", "DL4")
    assert (product.pipeline_name, product.pipeline_version) == ("ctapipe", "0.28.0")
    assert (product.instrument_name, product.obs_creator_name) == ("hess1", "Demo")
    assert (product.obs_creation_date, product.simulated) == ("2026-11-21T02:26:17", 0)
    assert product.dataproduct_type == "image"


def test_the_activity_of_the_header_is_the_one_of_its_log(stamped):
    from gateway.vo.identifiers import foreign_key
    from provenance.models import Used, WasAssociatedWith

    ingest(stamped, collection="c")
    activity = Activity.objects.get(pk=foreign_key("urn:uuid:c4c751a6-f551-494e-ae0e-3fb17e712607"))
    assert activity.name == "make-map"
    assert activity.start_time.isoformat() == "2026-11-21T02:26:17.657000+00:00"
    used = Used.objects.get(activity=activity)
    assert (used.entity_id, used.role) == (foreign_key("ivo://elsewhere/x?1"), "observations")
    roles = set(WasAssociatedWith.objects.filter(activity=activity).values_list("role", flat=True))
    assert "contact" in roles


def test_a_simulation_of_the_reference_metadata_is_marked(stamped):
    with fits.open(stamped, mode="update") as hdus:
        hdus[0].header["HIERARCH CTA PROCESS TYPE"] = "Simulation"
    ingest(stamped, collection="c", level="DL5")
    product = Product.objects.get()
    assert (product.simulated, product.obs_id, product.dataproduct_level) == (1, "stamped", "DL5")
