"""What a job may use, what becomes of what it makes, and what its owner and the staff may do with it."""

import uuid
from pathlib import Path

import pytest
from django.contrib.auth.models import Group

from gateway.access.rights import ANONYMOUS, may_fetch, may_see, viewer_of
from jobs import hooks
from jobs.hooks import InputForbidden, InputNotFound, NewProduct
from jobs.service import own_policy
from provenance import capture
from provenance.models import Entity
from provenance.records import EntityRecord
from search.archive import files, life
from search.archive.models import Product

pytestmark = pytest.mark.django_db
NAMES = ("anonymous", "charlie", "bob", "alice", "dana")


def viewer(cast, name):
    return ANONYMOUS if name == "anonymous" else viewer_of(cast[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_job_may_use_what_its_owner_may_fetch(archive, cast, name):
    who = viewer(cast, name)
    assert hooks.inputs(archive.public.obs_publisher_did, who).sha256 == archive.public.sha256
    entitled = name in ("bob", "alice", "dana")
    for product, refusal in ((archive.proprietary, InputForbidden), (archive.hidden, InputNotFound)):
        if entitled:
            assert hooks.inputs(product.key, who).key == product.key
        else:
            with pytest.raises(refusal):
                hooks.inputs(product.key, who)
    with pytest.raises(InputNotFound):
        hooks.inputs("ivo://nobody/none", who)


def test_the_reason_of_a_refusal_is_in_words(archive, cast):
    with pytest.raises(InputForbidden, match="2099-06-30"):
        hooks.inputs(archive.proprietary.key, viewer(cast, "charlie"))


def test_inputs_carry_the_columns_of_their_row(archive):
    given = hooks.inputs(archive.public.key, ANONYMOUS)
    assert given.content_type == "application/fits"
    assert given.product_type == "event"
    assert given.obscore["target_name"] == "Crab Nebula"
    assert given.obscore["sub_array_name"] == "Test cameras, T1–4"


def test_staged_bytes_are_checked(archive, tmp_path):
    given = hooks.inputs(archive.public.key, ANONYMOUS)
    hooks.stage(given, tmp_path / "input.fits")
    assert files.digest(tmp_path / "input.fits") == archive.public.sha256
    Path(files.local_path(archive.public.storage_key)).write_bytes(b"damaged")
    with pytest.raises(files.FileChanged, match="damaged"):
        hooks.stage(given, tmp_path / "again.fits")
    assert not (tmp_path / "again.fits").exists()
    assert Product.objects.get(pk=archive.public.pk).verified_ok is False


@pytest.fixture
def result(archive, cast, tmp_path):
    path = tmp_path / "map.fits"
    path.write_bytes(b"a map")
    return NewProduct(
        key="counts-map-0123456789ab",
        path=path,
        content_type="application/fits",
        title="Counts map of the Crab Nebula",
        size=5,
        sha256=files.digest(path),
        obscore={"dataproduct_type": "image", "calib_level": 3, "s_ra": 83.6, "s_dec": 22.0, "data_rights": "public"},
        job_id=uuid.UUID("01234567-89ab-cdef-0123-456789abcdef"),
        policy_id=own_policy(viewer(cast, "bob")).pk,
        input_keys=(archive.public.key, archive.proprietary.key),
        owner_name="Bob",
    )


def test_a_result_is_a_product_of_its_owner(result, archive, cast):
    identifier = hooks.results(result)
    product = Product.objects.get(obs_publisher_did=identifier)
    assert identifier == f"ivo://distiller.example/arc?{result.key}"
    assert (product.target_name, product.facility_name) == ("Crab Nebula", "TESTARRAY")
    assert product.t_min == min(archive.public.t_min, archive.proprietary.t_min)
    assert product.t_exptime == pytest.approx(3200)
    assert (product.obs_id, product.data_rights) == (f"job-{result.job_id}", "proprietary")
    assert product.x is not None
    assert files.stored_digest(product.storage_key) == result.sha256
    expected = {"anonymous": False, "charlie": False, "bob": True, "alice": False, "dana": True}
    assert {name: may_see(viewer(cast, name), product.policy_id) for name in NAMES} == expected


def test_registering_twice_changes_nothing(result):
    assert hooks.results(result) == hooks.results(result)
    assert Product.objects.filter(key=result.key).count() == 1


def test_a_result_of_simulated_data_is_simulated(result, archive):
    Product.objects.filter(pk=archive.public.pk).update(simulated=1)
    hooks.results(result)
    assert Product.objects.get(key=result.key).simulated == 1


def test_destruction_leaves_a_tombstone(result):
    hooks.results(result)
    capture.record_entity(EntityRecord(id=result.key, policy_id=result.policy_id))
    stored = Product.objects.get(key=result.key).storage_key
    hooks.remove(result.key)
    product = Product.objects.get(key=result.key)
    assert product.removed_at is not None
    assert not files.exists(stored)
    assert Entity.objects.get(pk=result.key).invalidated_at_time is not None
    assert product not in Product.objects.offered()
    hooks.remove(result.key)


def test_what_is_kept_outlives_its_job(result, client_of):
    hooks.results(result)
    assert client_of("charlie").post(f"/products/{result.key}/keep").status_code == 404
    assert client_of("bob").post(f"/products/{result.key}/keep").status_code == 302
    hooks.remove(result.key)
    assert Product.objects.get(key=result.key).removed_at is None


def test_shared_with_a_group(result, cast, client_of):
    hooks.results(result)
    capture.record_entity(EntityRecord(id=result.key, policy_id=result.policy_id))
    group = Group.objects.create(name="Blazar group")
    assert client_of("bob").post(f"/products/{result.key}/share", {"group": group.name}).status_code == 404
    cast.bob.groups.add(group)
    cast.charlie.groups.add(group)
    assert client_of("bob").post(f"/products/{result.key}/share", {"group": group.name}).status_code == 302
    policy_id = Product.objects.get(key=result.key).policy_id
    expected = {"anonymous": False, "charlie": True, "bob": True, "alice": False, "dana": True}
    assert {name: may_fetch(viewer(cast, name), policy_id) for name in NAMES} == expected
    assert Entity.objects.get(pk=result.key).policy_id == policy_id


def test_only_staff_publish(result, cast, client_of):
    hooks.results(result)
    capture.record_entity(EntityRecord(id=result.key, policy_id=result.policy_id))
    assert client_of("bob").post(f"/products/{result.key}/publish").status_code == 403
    assert client_of("dana").post(f"/products/{result.key}/publish").status_code == 302
    product = Product.objects.get(key=result.key)
    assert product.data_rights == "public"
    assert may_fetch(ANONYMOUS, product.policy_id)


def test_data_of_the_archive_are_nobodys_result(archive, cast):
    with pytest.raises(life.NotAllowed):
        life.keep(archive.public, viewer(cast, "dana"))
