"""A fresh demo answers every question that an astronomer or a stranger may ask of it."""

import io

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command

from gateway.access.rights import ANONYMOUS, may_fetch, viewer_of, visible
from provenance.models import Activity, Entity
from search.archive.models import Collection, Product, Proposal

pytestmark = pytest.mark.django_db


@pytest.fixture
def data_folder(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()


def make(**options):
    out = io.StringIO()
    call_command("make_demo", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_the_demo_archive(data_folder):
    assert "8 simulated runs made" in make(runs=8)
    runs = Product.objects.all()
    assert runs.count() == 8
    assert set(runs.values_list("simulated", flat=True)) == {1}
    assert Collection.objects.get().simulated
    assert Proposal.objects.count() == 6
    for column in ("sub_array_name", "pointing_mode", "weather_flag", "quality", "pipeline_version", "cut_set"):
        assert runs.values(column).distinct().count() > 1, column
    assert not runs.filter(calib_version=None).exists()
    assert not runs.filter(n_lst=None).exists()

    alice, bob, charlie = (get_user_model().objects.get(username=name) for name in ("alice", "bob", "charlie"))
    embargoed = runs.filter(proposal_id="DEMO-23-014").first()
    assert embargoed.data_rights == "proprietary"
    assert embargoed.pi_name == "Alice Moreau"
    assert [may_fetch(viewer_of(person), embargoed.policy_id) for person in (alice, bob, charlie)] == [
        True,
        True,
        False,
    ]
    assert runs.filter(visible(ANONYMOUS)).count() == 7  # one is hidden
    assert authenticate(username="alice", password="alice-demo") == alice
    assert EmailAddress.objects.filter(user=alice, verified=True, primary=True).exists()

    chain = [
        f"{embargoed.key}.{step}"
        for step in ("simulation", "data-taking", "calibration", "reconstruction", "selection")
    ]
    assert Activity.objects.filter(pk__in=chain).count() == 5
    assert Entity.objects.get(pk=embargoed.key).sha256 == embargoed.sha256
    before = list(runs.values_list("key", "sha256"))
    assert "there already" in make(runs=8)
    assert list(runs.values_list("key", "sha256")) == before


def test_accounts_with_known_passwords_stay_on_loopback(data_folder, settings):
    settings.PUBLIC_URL = "https://gateway.example.org"
    make(runs=1)
    assert not get_user_model().objects.exists()


def test_production_has_no_demo(data_folder, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        make(runs=1)


@pytest.mark.parametrize("options", [{"runs": 0}, {"runs": -3}, {"seed": -1}])
def test_impossible_numbers_are_refused(data_folder, options):
    with pytest.raises(CommandError):
        make(**options)
