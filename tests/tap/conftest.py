"""A small archive with every kind of right: the rows that each of the cast may see are known."""

import itertools
import math

import pytest
from django.utils import timezone

from gateway.access.models import Metadata, Policy, PolicyMember, Rights, Role
from search.archive.models import Product, Proposal

_number = itertools.count(1)


def vector(ra: float, dec: float) -> tuple[float, float, float]:
    ra, dec = math.radians(ra), math.radians(dec)
    return math.cos(dec) * math.cos(ra), math.cos(dec) * math.sin(ra), math.sin(dec)


def make_product(policy: Policy, name: str, ra: float = 83.633, dec: float = 22.014, **values) -> Product:
    key = f"test.{name}"
    x, y, z = vector(ra, dec)
    row = {
        "key": key,
        "policy": policy,
        "obs_publisher_did": f"ivo://distiller.example/arc?{key}",
        "obs_id": name,
        "obs_collection": "test",
        "calib_level": 2,
        "dataproduct_type": "event",
        "target_name": "Crab Nebula",
        "s_ra": ra,
        "s_dec": dec,
        "s_fov": 5.0,
        "s_region": f"Circle ICRS {ra} {dec} 2.5",
        "t_min": 53343.0 + next(_number),
        "t_max": 53343.5,
        "x": x,
        "y": y,
        "z": z,
        "region_x": x,
        "region_y": y,
        "region_z": z,
        "region_radius": 2.5,
        "data_rights": policy.rights,
    }
    return Product.objects.create(**(row | values))


SEEN = {
    "anonymous": {"public", "embargoed", "over"},
    "charlie": {"public", "embargoed", "over"},
    "bob": {"public", "embargoed", "over", "hidden"},
    "alice": {"public", "embargoed", "over", "hidden"},
    "dana": {"public", "embargoed", "over", "hidden"},
}
"""names of the products that each may know of"""


@pytest.fixture
def archive(cast) -> dict[str, Product]:
    """public; embargoed (metadata shown); over (its release date has passed); hidden (Alice's, Bob helps)."""
    now = timezone.now()
    public = Policy.objects.create(name="public")
    embargoed = Policy.objects.create(name="embargoed", rights=Rights.PROPRIETARY)
    over = Policy.objects.create(
        name="over", rights=Rights.PROPRIETARY, metadata=Metadata.HIDDEN, release_date=now - timezone.timedelta(days=1)
    )
    hidden = Policy.objects.create(name="hidden", rights=Rights.PROPRIETARY, metadata=Metadata.HIDDEN, owner=cast.alice)
    PolicyMember.objects.create(policy=hidden, user=cast.bob, role=Role.COLLABORATOR)
    Proposal.objects.create(proposal_id="P-1", title="Open", policy=public)
    Proposal.objects.create(proposal_id="P-2", title="Secret", policy=hidden)
    policies = {"public": public, "embargoed": embargoed, "over": over, "hidden": hidden}
    return {
        name: make_product(policy, name, proposal_id="P-2" if name == "hidden" else "P-1")
        for name, policy in policies.items()
    }
