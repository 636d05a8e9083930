"""What the operator says about incoming data: collection, authority, rights, release date, PI, proposal."""

from argparse import ArgumentParser
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.db.models import Q

from gateway.access import service
from gateway.access.models import Metadata, Policy, PolicyMember, Rights, Role
from gateway.vo.identifiers import did, slug
from search.archive.models import Collection, Product, Proposal


@dataclass(frozen=True)
class Curation:
    """Curation metadata of one ingest; ``release`` is in UTC."""

    collection: str
    authority: str = ""
    rights: str = Rights.PUBLIC
    release: datetime | None = None
    metadata: str = Metadata.PUBLIC
    pi: str = ""
    proposal: str = ""
    members: tuple[tuple[str, str], ...] = ()
    """(user name or e-mail, role) beside the PI"""
    title: str = ""
    bib_reference: str = ""
    terms: str = ""
    simulated: bool = False
    invite: str = ""
    """e-mail address of the PI, to whom the direct link goes once data have come in"""

    def key(self, local: str) -> str:
        return f"{slug(self.collection)}.{slug(local)}"

    def identifier(self, key: str) -> str:
        return did(key, self.authority or settings.AUTHORITY)

    @property
    def released(self) -> str | None:
        """DALI timestamp of the release."""
        return self.release.strftime("%Y-%m-%dT%H:%M:%S") if self.release else None

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a product row that curation gives."""
        given = {
            "pi_name": self.pi,
            "proposal_id": self.proposal,
            "bib_reference": self.bib_reference,
            "obs_release_date": self.released,
        }
        return {
            "obs_collection": self.collection,
            "data_rights": str(self.rights),
            "terms": self.terms,
            **{name: value for name, value in given.items() if value},
            **({"simulated": 1} if self.simulated else {}),
        }

    @property
    def policy_name(self) -> str:
        """One rule per collection and proposal, and per embargo within it."""
        words = [self.collection, self.proposal]
        if self.rights != Rights.PUBLIC:
            words += [str(self.rights), self.released or "", f"PI {self.pi}" if self.pi else ""]
        if self.metadata == Metadata.HIDDEN:
            words.append("hidden")
        return ", ".join(word for word in words if word)[:200]

    def policy(self) -> Policy:
        """The Policy row, made if need be, with the PI and the named members."""
        policy, made = Policy.objects.get_or_create(
            name=self.policy_name,
            defaults={
                "collection": self.collection,
                "proposal_id": self.proposal,
                "rights": self.rights,
                "release_date": self.release,
                "metadata": self.metadata,
            },
        )
        if made:
            for name, role in ((self.pi, Role.PI), *self.members):
                _add_member(policy, name, role)
        return policy


def _add_member(policy: Policy, name: str, role: str) -> None:
    """A person with an account becomes a member; a mere name stays a name."""
    user = get_user_model().objects.filter(Q(username__iexact=name) | Q(email__iexact=name)).first() if name else None
    if user is not None:
        PolicyMember.objects.get_or_create(policy=policy, user=user, defaults={"role": role})


def register_collection(curation: Curation, **details: Any) -> Collection:
    """The Collection row; what it says already is kept unless new words come."""
    collection, _ = Collection.objects.get_or_create(name=curation.collection)
    said = {"title": curation.title, "terms": curation.terms, "simulated": curation.simulated, **details}
    for name, value in said.items():
        if value:
            setattr(collection, name, value)
    collection.title = collection.title or curation.collection
    collection.save()
    return collection


def register_proposal(curation: Curation, policy: Policy, **details: Any) -> None:
    if curation.proposal:
        Proposal.objects.update_or_create(
            proposal_id=curation.proposal,
            defaults={**{k: v for k, v in details.items() if v}, "pi_name": curation.pi},
            create_defaults={**details, "pi_name": curation.pi, "policy": policy},
        )


def invite_pi(curation: Curation, taken: int) -> str:
    """Mails the direct link to the PI where data came in and the operator asked for it; what to tell the operator."""
    policies = list(Policy.objects.filter(proposal_id=curation.proposal)) if curation.proposal else []
    if not (taken and curation.invite and policies):
        return ""
    service.invite(policies, curation.invite, Role.PI, service.target(curation.proposal), None)
    return f"A link to the data of {curation.proposal} went to {curation.invite}.\n"


def follow_policy(policy: Policy) -> None:
    """Rows repeat what their Policy says, so that a search needs no join."""
    released = policy.release_date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if policy.release_date else None
    Product.objects.filter(policy=policy).exclude(data_rights=policy.rights, obs_release_date=released).update(
        data_rights=policy.rights, obs_release_date=released
    )


def add_arguments(parser: ArgumentParser) -> None:
    """The options that every ingest command takes."""
    parser.add_argument("--collection", default="", help="name of the collection (default: the folder's name)")
    parser.add_argument("--authority", default="", help="authority part of the identifiers (default: the site's)")
    parser.add_argument("--rights", choices=Rights.values, default=Rights.PUBLIC.value)
    parser.add_argument("--release-date", default="", help="date, UTC, from which proprietary data are public")
    parser.add_argument("--metadata", choices=Metadata.values, default=Metadata.PUBLIC.value)
    parser.add_argument("--pi", default="", help="principal investigator: name, or user name of an account here")
    parser.add_argument("--proposal", default="", help="proposal identifier")
    parser.add_argument("--member", action="append", default=[], metavar="USER[:ROLE]", help="co-investigator")
    parser.add_argument("--invite", default="", metavar="E-MAIL", help="mail the PI a direct link to the new data")
    parser.add_argument("--title", default="", help="title of the collection")
    parser.add_argument("--bib-reference", default="", help="URL or bibcode of the main paper")
    parser.add_argument("--simulated", action="store_true", help="mark everything as simulated")


def from_options(options: dict[str, Any], default_collection: str, terms: str = "") -> Curation:
    """The Curation for a command's options; raises CommandError for a wrong value."""
    collection = options["collection"] or default_collection
    if not any(character.isalnum() for character in collection):
        raise CommandError("Give the collection a name: --collection NAME")
    _check_invitation(options["invite"], options["proposal"])
    curation = Curation(
        collection=collection,
        authority=options["authority"],
        rights=options["rights"],
        release=_date(options["release_date"]),
        metadata=options["metadata"],
        pi=options["pi"],
        proposal=options["proposal"],
        members=tuple(_member(text) for text in options["member"]),
        title=options["title"],
        bib_reference=options["bib_reference"],
        terms=terms,
        simulated=options["simulated"],
        invite=options["invite"],
    )
    return replace(curation, authority=curation.authority or settings.AUTHORITY)


def _check_invitation(address: str, proposal: str) -> None:
    if not address:
        return
    if not proposal:
        raise CommandError("--invite needs --proposal: the link gives the role of its PI")
    try:
        validate_email(address)
    except ValidationError:
        raise CommandError(f"--invite {address!r} is no e-mail address") from None


def _member(text: str) -> tuple[str, str]:
    name, _, role = text.partition(":")
    if role and role not in Role.values:
        raise CommandError(f"--member {text}: the role is one of {', '.join(Role.values)}")
    return name, role or Role.COLLABORATOR


def _date(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--release-date {text!r} is not a date such as 2027-06-30") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
