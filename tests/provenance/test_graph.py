"""A history can be walked both ways, as deep as asked, and shows nobody what is not theirs to see."""

import pytest
from django.contrib.auth.models import AnonymousUser

from gateway.access.models import Policy, PolicyMember
from gateway.access.rights import ANONYMOUS, viewer_of
from provenance import capture
from provenance.graph import Walk, walk
from provenance.lookup import find
from tests.provenance.builders import chain, entity, run

pytestmark = pytest.mark.django_db
STAFF = viewer_of(AnonymousUser()).__class__(user_id=None, is_staff=True)


def ids(graph) -> set[str]:
    return {node.id for node in graph.nodes.values()}


def from_(name: str, viewer=ANONYMOUS, **how):
    return walk([find(name, viewer)], viewer, Walk(**how))


@pytest.mark.parametrize(
    ("depth", "found"),
    [
        (0, {"sky"}),
        (1, {"sky", "analyse"}),
        (2, {"sky", "analyse", "cal", "user-1"}),
        (3, {"sky", "analyse", "cal", "user-1", "calibrate"}),
        (100, {"sky", "analyse", "cal", "user-1", "calibrate", "raw", "table"}),
    ],
)
def test_depth_counts_relations(depth, found):
    chain()
    assert ids(from_("sky", depth=depth)) == found


def test_both_ways():
    chain()
    assert ids(from_("cal", depth=9, direction="FORTH", agents=False)) == {"cal", "analyse", "sky", "plot"}
    assert ids(from_("cal", depth=9, direction="BOTH", agents=False)) == {
        "raw", "table", "calibrate", "cal", "analyse", "sky", "plot",
    }  # fmt: skip
    assert ids(from_("sky", depth=9, direction="BOTH", agents=False)) == {
        "sky", "analyse", "cal", "calibrate", "raw", "table",
    }  # fmt: skip


def test_a_diamond_has_no_doubles():
    capture.record_entity(entity("top"))
    capture.record(run("left", ["top"], ["l"]))
    capture.record(run("right", ["top"], ["r"]))
    capture.record(run("join", ["l", "r"], ["bottom"]))
    graph = from_("bottom", depth=9, agents=False)
    assert ids(graph) == {"bottom", "join", "l", "r", "left", "right", "top"}
    assert len(graph.edges) == 7


def test_an_agent_does_not_pull_in_the_archive():
    chain()
    capture.record(run("elsewhere", [], ["other"]))
    assert "elsewhere" not in ids(from_("sky", depth=50))
    assert "elsewhere" in ids(from_("sky", depth=50, beyond_agents=True))
    assert ids(from_("user-1", depth=3)) == {"user-1"}
    assert "analyse" in ids(from_("user-1", depth=3, beyond_agents=True))


def test_members_are_followed_up_always_and_down_when_asked():
    for name in ("m1", "m2"):
        capture.record_entity(entity(name))
    capture.record_entity(entity("box", members=("m1", "m2")))
    assert ids(from_("m1", depth=1)) == {"m1", "box"}
    assert ids(from_("box", depth=1)) == {"box"}
    assert ids(from_("box", depth=1, members=True)) == {"box", "m1", "m2"}


def test_a_hub_is_cut_in_the_query_and_said():
    capture.record(run("hub", [], [f"p{n:03d}" for n in range(60)]))
    graph = from_("hub", depth=1, direction="FORTH", fan=10, agents=False)
    assert len(graph.nodes) == 11
    assert graph.cut == {(("activity", "hub"), "wasGeneratedBy"): 60}
    assert not graph.complete
    limited = from_("hub", depth=1, direction="FORTH", limit=20)
    assert len(limited.nodes) == 20
    assert limited.truncated


def test_the_number_of_statements_grows_with_depth_not_with_size(django_assert_max_num_queries):
    capture.record(run("hub", [], [f"p{n:03d}" for n in range(60)]))
    with django_assert_max_num_queries(8):
        from_("hub", depth=1, direction="FORTH")


@pytest.fixture
def hidden(cast):
    """Alice's embargoed data, of which strangers may not even know."""
    policy = Policy.objects.create(name="embargo", rights="proprietary", metadata="hidden", owner=cast.alice)
    PolicyMember.objects.create(policy=policy, user=cast.bob)
    return policy


@pytest.mark.parametrize(
    ("who", "sees"), [("anonymous", False), ("charlie", False), ("bob", True), ("alice", True), ("dana", True)]
)
def test_a_hidden_ancestor_is_an_opaque_node_where_the_walk_ends(cast, hidden, who, sees):
    chain({"cal": hidden.pk}.get)
    viewer = viewer_of(cast[who] or AnonymousUser())
    graph = from_("sky", viewer, depth=9)
    again = from_("sky", viewer, depth=9)
    assert ("cal" in ids(graph)) is sees
    assert ("raw" in ids(graph)) is sees
    opaque = [node for node in graph.nodes.values() if node.opaque]
    assert len(opaque) == (0 if sees else 1)
    assert (find("cal", viewer) is not None) is sees
    if not sees:
        assert opaque[0].kind == "entity"
        assert [e for e in graph.edges if e.target == opaque[0].ref and e.relation == "used" and e.role == ""]
        assert not ids(again) & {opaque[0].id}


def test_names_from_elsewhere_lead_to_the_same_node():
    capture.record_entity(entity("raw", alternates=("ivo://cta/old?run 7",)))
    for name in ("raw", "arc:raw", "ivo://distiller.example/arc?raw", "ivo://cta/old?run 7"):
        assert find(name, ANONYMOUS) == ("entity", "raw")
    assert find("nothing", ANONYMOUS) is None
