"""A small archive: a few runs of well-known sources, some of them Alice's alone."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from gateway.access.models import Metadata, Policy, PolicyMember, Rights, Role
from search.archive import holdings
from search.archive.models import Collection, Product
from search.portal.quantities import HC
from search.resolver import sources


def make(policy: Policy, number: int, target: str, **values: object) -> Product:
    source = sources.lookup(target)
    assert source is not None
    key = f"test.run-{number}"
    fields: dict[str, object] = {
        "key": key, "policy": policy, "obs_publisher_did": f"ivo://distiller.example/arc?{key}", "calib_level": 2,
        "obs_collection": "test", "obs_id": str(number), "dataproduct_type": "event", "target_name": source.name,
        "target_class": source.target_class, "s_ra": source.ra, "s_dec": source.dec, "s_fov": 5.0,
        "s_region": f"Circle ICRS {source.ra} {source.dec} 2.5", "t_min": 53000.0 + number, "t_max": 53000.02 + number,
        "t_exptime": 1600.0, "energy_min": 0.5e12, "energy_max": 1e14, "em_min": HC / 1e14, "em_max": HC / 0.5e12,
        "dataproduct_level": "DL3", "zenith": 40.0, "data_rights": policy.rights, "pointing_mode": "parallel",
        "sub_array_name": "A, 1–4", "obs_mode": "WOBBLE", "n_tels": 4, "n_lst": 0, "quality": 0, "access_format": "application/fits",
        "target_ra": source.ra, "target_dec": source.dec, "size": 1_000_000, "obs_title": f"Run {number}",
    }  # fmt: skip
    if policy.release_date:
        fields["obs_release_date"] = policy.release_date.strftime("%Y-%m-%dT%H:%M:%S")
    return Product.objects.create(**(fields | values))


class Archive:
    """Runs 1 to 4 of the Crab (4 hidden), 5 and 6 of PKS 2155-304 (6 proprietary until 2999)."""

    def __init__(self, cast) -> None:
        Collection.objects.create(name="test", title="Test collection")
        self.public = Policy.objects.create(name="public")
        self.embargo = Policy.objects.create(
            name="embargo", rights=Rights.PROPRIETARY, release_date=datetime(2999, 1, 1, tzinfo=UTC), proposal_id="P-1"
        )
        self.hidden = Policy.objects.create(name="hidden", rights=Rights.PROPRIETARY, metadata=Metadata.HIDDEN)
        for policy in (self.embargo, self.hidden):
            PolicyMember.objects.create(policy=policy, user=cast.alice, role=Role.PI)
            PolicyMember.objects.create(policy=policy, user=cast.bob, role=Role.COLLABORATOR)
        self.crab = [
            make(
                self.public, 1, "Crab Nebula", cut_set="loose", pipeline_version="1.1", reconstruction_method="ImPACT"
            ),
            make(
                self.public,
                2,
                "Crab Nebula",
                pointing_mode="divergent-5d",
                n_lst=2,
                obs_creation_date="2024-05-01T00:00:00",
            ),
            make(self.public, 3, "Crab Nebula", simulated=1, energy_max=4e13, em_min=HC / 4e13, quality=1),
        ]
        self.secret = make(self.hidden, 4, "Crab Nebula")
        self.pks = [
            make(self.public, 5, "PKS 2155-304"),
            make(self.embargo, 6, "PKS 2155-304", proposal_id="P-1", pi_name="Alice Martin"),
        ]


@pytest.fixture
def archive(cast) -> Archive:
    # On a busy machine what another test's archive held would still be offered for a while.
    cache.delete_many([part.key for part in holdings.PARTS])
    return Archive(cast)
