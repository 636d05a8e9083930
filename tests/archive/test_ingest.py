"""An operator points the archive at a folder of DL3 files; what is whole goes in, what is broken is named."""

import errno
import gzip
import io
import random

import pytest
from astropy.io import fits
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from gateway.access.models import Policy
from provenance.models import Activity, Entity, WasDerivedFrom
from search.archive import files
from search.archive.models import Collection, Product
from tests.support.gadf import Run, hdus, make_store, write_indices

pytestmark = pytest.mark.django_db


def ingest(folder, **options):
    """What the command says on its two streams, and its error if it ends with one."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("ingest_dl3", str(folder), stdout=out, stderr=err, **options)
        problem = None
    except CommandError as error:
        problem = str(error)
    return out.getvalue(), err.getvalue(), problem


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path / "my-store", [Run(1), Run(2, target="Mrk 421", ra=166.1, dec=38.7)])


def test_a_store_becomes_products_with_files_and_histories(store):
    out, _, problem = ingest(store)
    assert problem is None
    assert "2 new" in out
    product = Product.objects.get(obs_id="1")
    assert product.key == "my-store.run-1"
    assert product.obs_publisher_did == "ivo://distiller.example/arc?my-store.run-1"
    assert (product.target_name, product.dataproduct_type, product.calib_level) == ("Crab Nebula", "event", 2)
    assert product.sha256 == files.digest(store / "data" / "run_000001.fits")
    assert files.stored_digest(product.storage_key) == product.sha256
    assert [part["name"] for part in product.parts] == ["events", "gti", "aeff", "edisp", "psf", "bkg"]
    assert Collection.objects.get().name == "MY-STORE"
    dataset = Entity.objects.get(pk=product.key)
    assert dataset.sha256 == product.sha256
    assert Entity.objects.filter(pk=f"{product.key}.aeff").exists()
    assert Activity.objects.filter(pk__in=[f"{product.key}.observation", f"{product.key}.production"]).count() == 2


def test_classes_have_a_hierarchy(store):
    ingest(store)
    assert "blazar" in Product.objects.get(obs_id="2").target_class.split("/")


def test_running_again_changes_nothing(store):
    ingest(store)
    before = list(Product.objects.values_list("pk", "sha256", "storage_key"))
    out, _, problem = ingest(store)
    assert problem is None
    assert "0 new" in out
    assert "2 known already" in out
    assert list(Product.objects.values_list("pk", "sha256", "storage_key")) == before


def test_a_lost_file_comes_back_with_the_next_ingest(store):
    ingest(store)
    product = Product.objects.get(obs_id="1")
    default_storage.delete(product.storage_key)
    ingest(store)
    assert files.stored_digest(product.storage_key) == product.sha256


def test_a_changed_file_gets_a_new_key_and_the_old_stays(store):
    ingest(store)
    hdus(Run(1, n_events=300)).writeto(store / "data" / "run_000001.fits", overwrite=True)
    out, _, _ = ingest(store)
    assert "1 replaced" in out
    old, new = Product.objects.filter(obs_id="1").order_by("pk")
    assert new.key == "my-store.run-1-v2"
    assert old.superseded_by == new
    assert files.exists(old.storage_key)
    assert WasDerivedFrom.objects.filter(entity_id=new.key, used_entity_id=old.key).exists()
    assert list(Product.objects.offered().filter(obs_id="1")) == [new]


def test_options_name_collection_rights_and_people(store, cast):
    _, _, problem = ingest(
        store,
        collection="Embargoed",
        rights="proprietary",
        release_date="2099-06-30",
        pi="alice",
        proposal="P-1",
        member=["bob:coi"],
        metadata="hidden",
        authority="obs.example",
    )
    assert problem is None
    product = Product.objects.get(obs_id="1")
    assert product.obs_publisher_did == "ivo://obs.example/arc?embargoed.run-1"
    assert (product.data_rights, product.obs_release_date) == ("proprietary", "2099-06-30T00:00:00")
    assert (product.pi_name, product.proposal_id) == ("alice", "P-1")
    policy = product.policy
    assert policy.metadata == "hidden"
    assert {(m.user.username, m.role) for m in policy.members.all()} == {("alice", "pi"), ("bob", "coi")}


def test_a_changed_policy_changes_its_rows(store):
    ingest(store)
    policy = Product.objects.get(obs_id="1").policy
    policy.rights = "secure"
    policy.save()
    assert Product.objects.get(obs_id="1").data_rights == "secure"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"release_date": "tomorrow"}, "--release-date"),
        ({"member": ["bob:king"]}, "--member"),
        ({"collection": "??"}, "--collection"),
    ],
)
def test_a_wrong_option_is_named(store, options, word):
    assert word in ingest(store, **options)[2]
    assert not Product.objects.exists()


def test_a_folder_that_is_no_store_is_named(tmp_path):
    assert "obs-index" in ingest(tmp_path)[2]
    assert "no folder" in ingest(tmp_path / "nowhere")[2]
    (tmp_path / "obs-index.fits").write_bytes(b"not FITS at all")
    (tmp_path / "hdu-index.fits").write_bytes(b"")
    assert "obs-index.fits" in ingest(tmp_path)[2]


# --- broken and hostile files: named with the reason, the rest goes in ---


def spoil(path, how):
    content = path.read_bytes()
    if how == "not FITS":
        path.write_bytes(b"<html>Login required</html>" * 100)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2 - 1000])
    elif how == "cut between two HDUs":
        path.write_bytes(content[: len(content) // 2880 // 2 * 2880])
    elif how == "NAXIS lies":
        path.write_bytes(content.replace(b"NAXIS2  =                  200", b"NAXIS2  =          999999999", 1))
    elif how == "missing":
        path.unlink()
    elif how == "noise":
        path.write_bytes(content[:80] + random.Random(1).randbytes(20_000))
    elif how == "header without end":
        path.write_bytes(b"SIMPLE  =                    T".ljust(80) + b"COMMENT x".ljust(80) * 2000)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("not FITS", "not a FITS file"),
        ("empty", "not a FITS file"),
        ("truncated", "truncated"),
        ("cut between two HDUs", "has no HDU"),
        ("NAXIS lies", "truncated"),
        ("missing", "missing"),
        ("noise", "run_000002.fits"),
        ("header without end", "run_000002.fits"),
    ],
)
def test_a_broken_file_is_named_and_the_rest_goes_in(tmp_path, how, reason):
    store = make_store(tmp_path / "s", [Run(1), Run(2), Run(3)])
    spoil(store / "data" / "run_000002.fits", how)
    out, err, problem = ingest(store)
    assert "2 new" in out
    assert "1 refused" in out
    assert "run 2" in err
    assert reason in err
    assert "Traceback" not in err
    assert problem is not None
    assert set(Product.objects.values_list("obs_id", flat=True)) == {"1", "3"}
    assert not Entity.objects.filter(pk__startswith="s.run-2").exists()
    assert not default_storage.exists("s/s.run-2.fits")


def changed_store(tmp_path, **changes):
    runs = [Run(1), Run(2)]
    store = make_store(tmp_path / "s", runs)
    write_indices(store, runs, changes={2: changes})
    return store


@pytest.mark.parametrize(
    "changes",
    [
        {"FILE_DIR": "../.."},
        {"FILE_DIR": "/etc", "FILE_NAME": "passwd"},
        {"FILE_NAME": "../../etc/passwd"},
        {"FILE_DIR": "data/../../s2"},
    ],
)
def test_a_path_that_leads_out_of_the_store_is_refused(tmp_path, changes):
    secret = make_store(tmp_path / "s2", [Run(2)])
    assert secret.exists()
    _, err, _ = ingest(changed_store(tmp_path, **changes))
    assert "outside the store" in err
    assert list(Product.objects.values_list("obs_id", flat=True)) == ["1"]


def test_a_link_that_leads_out_of_the_store_is_refused(tmp_path):
    store = make_store(tmp_path / "s", [Run(1)])
    inside = store / "data" / "run_000001.fits"
    outside = inside.rename(tmp_path / "elsewhere.fits")
    inside.symlink_to(outside)
    assert "outside the store" in ingest(store)[1]


def test_a_gzip_bomb_is_refused_before_it_fills_the_disk(tmp_path):
    store = make_store(tmp_path / "s", [Run(1)])
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as stream:
        stream.write((store / "data" / "run_000001.fits").read_bytes())
        for _ in range(300):
            stream.write(bytes(1 << 20))
    (store / "data" / "run_000001.fits").write_bytes(bomb.getvalue())
    _, err, _ = ingest(store)
    assert "unpacks to more than" in err


def test_a_run_named_twice_is_refused(tmp_path):
    store = make_store(tmp_path / "s", [Run(1), Run(2), Run(2, n_events=300)])
    out, err, _ = ingest(store)
    assert "1 new" in out
    assert "run 2" in err
    assert "duplicate" in err


def test_one_file_under_two_runs_is_refused(tmp_path):
    runs = [Run(1), Run(2)]
    store = make_store(tmp_path / "s", runs)
    write_indices(store, runs, changes={2: {"FILE_NAME": runs[0].file_name}})
    _, err, _ = ingest(store)
    assert "duplicate" in err
    assert Product.objects.count() == 1


def test_a_file_of_another_run_is_refused(tmp_path):
    store = make_store(tmp_path / "s", [Run(1)])
    hdus(Run(7)).writeto(store / "data" / "run_000001.fits", overwrite=True)
    assert "holds run 7" in ingest(store)[1]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"RA_PNT": 1000.0}, "no position"),
        ({"TIMESYS": "MARS"}, "MARS"),
        ({"TSTOP": 0.0}, "before"),
        ({"RADECSYS": "GALACTIC"}, "GALACTIC"),
        ({"LIVETIME": "long"}, "run_000001.fits"),
    ],
)
def test_keywords_that_make_no_sense_are_named(tmp_path, header, reason):
    _, err, _ = ingest(make_store(tmp_path / "s", [Run(1, header=header)]))
    assert reason in err
    assert not Product.objects.exists()


def test_a_full_disk_ends_the_ingest_and_leaves_nothing_half_written(store, monkeypatch):
    real = default_storage.save

    def save(name, content, **kwargs):
        if "run-2" in name:
            real(name, io.BytesIO(b"half"))
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(name, content, **kwargs)

    monkeypatch.setattr(default_storage, "save", save)
    _, _, problem = ingest(store)
    assert "No space left" in problem
    assert list(Product.objects.values_list("obs_id", flat=True)) == ["1"]
    assert not default_storage.exists("my-store/my-store.run-2.fits")
    monkeypatch.undo()
    assert "1 new" in ingest(store)[0]


def interrupt(*_):
    raise KeyboardInterrupt


def test_an_interrupted_ingest_leaves_no_row_and_can_be_repeated(store, monkeypatch):
    monkeypatch.setattr("search.archive.history.write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ingest(store)
    assert not Product.objects.exists()
    assert not default_storage.exists("my-store/my-store.run-1.fits")
    monkeypatch.undo()
    assert "2 new" in ingest(store)[0]


def test_event_list_and_responses_in_separate_files_become_one_dataset(tmp_path):
    run = Run(1)
    store = make_store(tmp_path / "s", [run])
    whole = hdus(run)
    fits.HDUList([fits.PrimaryHDU(), *whole[3:]]).writeto(store / "data" / "irfs.fits")
    with fits.open(store / "hdu-index.fits.gz") as index:
        rows = index[1].data
        wide = fits.BinTableHDU.from_columns(
            [
                fits.Column(
                    c.name,
                    "24A" if c.name == "FILE_NAME" else c.format,
                    array=[
                        "irfs.fits" if c.name == "FILE_NAME" and kind in ("aeff", "edisp", "psf", "bkg") else value
                        for value, kind in zip(rows[c.name], rows["HDU_TYPE"], strict=True)
                    ],
                )
                for c in index[1].columns
            ]
        )
    wide.writeto(store / "hdu-index.fits.gz", overwrite=True)
    out, err, _ = ingest(store)
    assert "1 new" in out, err
    product = Product.objects.get()
    with fits.open(default_storage.open(product.storage_key)) as stored:
        assert [hdu.name for hdu in stored] == ["PRIMARY", "EVENTS", "GTI", "AEFF", "EDISP", "PSF", "BKG"]
    assert "1 known already" in ingest(store)[0]


def test_simulated_data_are_marked(tmp_path):
    ingest(make_store(tmp_path / "s", [Run(1, header={"ORIGIN": "Simulated by somebody"})]))
    assert Product.objects.get().simulated == 1


def test_no_policy_is_made_for_a_folder_that_is_no_store(tmp_path):
    ingest(tmp_path)
    assert not Policy.objects.filter(collection__gt="").exists()
