"""One rule, told three ways (filter in SQL, plain condition, words): they agree for every policy and every viewer."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AnonymousUser, Group
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from gateway.access.explain import as_staff_only, explain_refusal, grants
from gateway.access.models import Metadata, Policy, PolicyMember, Rights, Role
from gateway.access.rights import (
    ANONYMOUS,
    Viewer,
    fetchable,
    may_fetch,
    may_see,
    policy_ids,
    viewer_of,
    visible,
    visible_conditions,
)
from gateway.accounts.models import EntitlementRule, Membership, User

DATES = {
    "none": None,
    "past": -timedelta(days=400),
    "just now": timedelta(0),
    "tomorrow": timedelta(days=1),
    "future": timedelta(days=900),
}


def policy_with(name: str, rights: str, metadata: str, date: str, **more: object) -> Policy:
    moment = None if DATES[date] is None else timezone.now() + DATES[date]
    return Policy.objects.create(name=name, rights=rights, metadata=metadata, release_date=moment, **more)


class Agreement(TestCase):
    """Random policies and every kind of viewer."""

    def setUp(self) -> None:
        self.users = [User.objects.create(username=f"u{n}", email=f"u{n}@x.example", is_staff=n == 3) for n in range(4)]
        self.groups = [Group.objects.create(name=f"g{n}") for n in range(2)]
        self.users[1].groups.add(self.groups[0])
        account = SocialAccount.objects.create(user=self.users[2], provider="https://idp.example", uid="u2")
        rule = EntitlementRule.objects.create(issuer="https://idp.example", group="x")
        now = timezone.now()
        for group, proposal, days in (
            (self.groups[1], "", 1),
            (None, "P1", 1),
            (self.groups[0], "", -1),
            (None, "P0", -1),
        ):
            Membership.objects.create(
                user=self.users[2], identity=account, rule=rule, group=group, proposal_id=proposal, value="x",
                expires=now + timedelta(days=days),
            )  # fmt: skip
        self.count = itertools.count()

    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "rights": st.sampled_from(Rights.values),
                    "metadata": st.sampled_from(Metadata.values),
                    "date": st.sampled_from(list(DATES)),
                    "owner": st.sampled_from([None, 0, 1, 2]),
                    "groups": st.sets(st.sampled_from([0, 1])),
                    "members": st.sets(st.sampled_from([0, 1, 2])),
                    "proposal": st.sampled_from(["", "P0", "P1"]),
                }
            ),
            min_size=1,
            max_size=4,
        )
    )
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def test_filter_condition_and_words_agree(self, drawn: list[dict]) -> None:
        policies = []
        for one in drawn:
            owner = None if one["owner"] is None else self.users[one["owner"]]
            policy = policy_with(
                f"p{next(self.count)}",
                one["rights"],
                one["metadata"],
                one["date"],
                owner=owner,
                proposal_id=one["proposal"],
            )
            policy.groups.set(self.groups[n] for n in one["groups"])
            for n in one["members"]:
                PolicyMember.objects.create(policy=policy, user=self.users[n], role=Role.COLLABORATOR)
            policies.append(policy)
        for user in (None, *self.users):
            self.check(ANONYMOUS if user is None else viewer_of(user), policies)

    def check(self, viewer, policies: list[Policy]) -> None:
        # A membership row carries policy_id like any product row, so it stands in for one here.
        everyone = [PolicyMember.objects.get_or_create(policy=policy, user=self.users[3])[0] for policy in policies]
        rows = PolicyMember.objects.filter(pk__in=[row.pk for row in everyone])
        seen = set(rows.filter(visible(viewer)).values_list("policy_id", flat=True))
        fetched = set(rows.filter(fetchable(viewer)).values_list("policy_id", flat=True))
        conditions = visible_conditions(viewer)
        for policy in policies:
            by_condition = all(policy.pk in condition.values for condition in conditions)
            assert (policy.pk in seen) == by_condition == may_see(viewer, policy.pk)
            refusal = explain_refusal(viewer, policy)
            assert (
                (policy.pk in fetched)
                == may_fetch(viewer, policy.pk)
                == bool(grants(viewer, policy))
                == (refusal is None)
            )
            if refusal is not None:
                assert (refusal.status == 404) == (policy.pk not in seen)
                assert (refusal.status == 401) == (policy.pk in seen and not viewer.is_authenticated)
        assert fetched <= seen


@pytest.fixture
def embargoed(cast) -> Policy:
    policy = policy_with(
        "e", Rights.PROPRIETARY, Metadata.PUBLIC, "future", proposal_id="DEMO-2024-03", collection="demo"
    )
    PolicyMember.objects.create(policy=policy, user=cast.alice, role=Role.PI)
    PolicyMember.objects.create(policy=policy, user=cast.bob, role=Role.COLLABORATOR)
    return policy


def test_the_cast(cast, embargoed) -> None:
    hidden = policy_with("h", Rights.PROPRIETARY, Metadata.HIDDEN, "future", owner=cast.alice)
    expected = {
        "anonymous": (True, False, False), "charlie": (True, False, False), "bob": (True, True, False),
        "alice": (True, True, True), "dana": (True, True, True),
    }  # fmt: skip
    for name, answers in expected.items():
        viewer = ANONYMOUS if name == "anonymous" else viewer_of(cast[name])
        found = (may_see(viewer, embargoed.pk), may_fetch(viewer, embargoed.pk), may_see(viewer, hidden.pk))
        assert found == answers, name


def test_the_moment_of_release_opens_the_data_without_anybody_doing_anything(cast, embargoed) -> None:
    assert not may_fetch(ANONYMOUS, embargoed.pk)
    Policy.objects.update(release_date=timezone.now())
    assert may_fetch(ANONYMOUS, embargoed.pk)


def test_a_row_without_policy_is_the_staffs(cast) -> None:
    assert may_see(viewer_of(cast.dana), None)
    assert not may_see(viewer_of(cast.alice), None)
    assert explain_refusal(viewer_of(cast.alice), None).status == 404


def test_a_refusal_says_until_when_whom_to_ask_and_how(cast, embargoed) -> None:
    Policy.objects.update(release_date=datetime(2099, 6, 30, tzinfo=UTC))
    embargoed.refresh_from_db()
    refusal = explain_refusal(viewer_of(cast.charlie), embargoed)
    assert (refusal.status, refusal.pi, refusal.may_ask, refusal.proposal_id) == (403, "alice", True, "DEMO-2024-03")
    for word in ("DEMO-2024-03", "2099-06-30", "PI", "charlie"):
        assert word in refusal.text
    stranger = explain_refusal(ANONYMOUS, embargoed)
    assert (stranger.status, "sign in" in stranger.text) == (401, True)


def test_the_pi_is_named_only_where_the_policy_says_so(cast, embargoed) -> None:
    embargoed.pi_public = False
    embargoed.save()
    refusal = explain_refusal(viewer_of(cast.charlie), embargoed)
    assert (refusal.pi, "alice" in refusal.text, refusal.may_ask) == ("", False, True)


def test_hidden_data_are_refused_like_data_that_do_not_exist(cast) -> None:
    hidden = policy_with("h", Rights.PROPRIETARY, Metadata.HIDDEN, "future", owner=cast.alice, proposal_id="SECRET")
    assert explain_refusal(viewer_of(cast.charlie), hidden) == explain_refusal(viewer_of(cast.charlie), None)


def test_staff_power_is_told_apart_from_rights_of_ones_own(cast, embargoed) -> None:
    dana = viewer_of(cast.dana)
    assert as_staff_only(dana, embargoed)
    PolicyMember.objects.create(policy=embargoed, user=cast.dana)
    assert not as_staff_only(dana, embargoed)
    assert not as_staff_only(viewer_of(cast.alice), embargoed)


def test_the_rule_costs_few_statements(cast, embargoed, django_assert_num_queries) -> None:
    cast.alice.groups.add(Group.objects.create(name="g"))
    with django_assert_num_queries(1):
        viewer = viewer_of(cast.alice)
    with django_assert_num_queries(1):
        policy_ids(viewer, "see")
    with django_assert_num_queries(0):
        assert viewer_of(AnonymousUser()) is ANONYMOUS
    with django_assert_num_queries(0):
        assert policy_ids(Viewer(is_staff=True), "see") is None
