"""Memberships asked for between logins: what is withdrawn at a SCIM 2.0 (RFC 7644) or Grouper service goes here too.

Optional: ``MEMBERSHIP_SERVICES``. The keeper asks for a few people at a time; a service that is away changes nothing,
and rights lapse by their date as without it.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.cache import cache

from gateway.accounts import entitlements
from gateway.accounts.adapters import issuer_of
from gateway.vo import http

logger = logging.getLogger(__name__)
EVERY = 60.0
"""seconds between two looks of the keeper"""
BUDGET = 5.0
"""seconds of one look: the keeper has other work"""
Service = Mapping[str, Any]


class Unanswered(Exception):
    """The service did not say anything that could be understood."""


def refresh() -> int:
    """Asks for those who were not asked for within MEMBERSHIP_HOURS; how many were."""
    services = {str(service["issuer"]): service for service in settings.MEMBERSHIP_SERVICES}
    end, asked = time.monotonic() + BUDGET, 0
    if not services:
        return 0
    for account in SocialAccount.objects.filter(user__is_active=True).select_related("user").order_by("pk").iterator():
        service = services.get(issuer_of(None, account))
        if service is None or not cache.add(f"membership:{account.pk}", 1, settings.MEMBERSHIP_HOURS * 3600):
            continue
        if not _refresh_one(account, service):
            services.pop(str(service["issuer"]))  # not again before the next look
        asked += 1
        if time.monotonic() > end or not services:
            break
    return asked


def _refresh_one(account: SocialAccount, service: Service) -> bool:
    try:
        values = KINDS[service["kind"]](service, account.uid)
    except (Unanswered, requests.RequestException, ValueError, TypeError, AttributeError) as error:
        logger.warning("memberships of %s are not told by %s: %s", account.pk, service["issuer"], error)
        cache.delete(f"membership:{account.pk}")
        return False
    entitlements.replace(account, str(service["issuer"]), values)
    return True


def _get(service: Service, address: str, **parameters: str) -> Any:
    headers = {"Accept": "application/scim+json, application/json"}
    auth = None
    if service.get("token"):
        headers["Authorization"] = f"Bearer {service['token']}"
    elif service.get("user"):
        auth = (str(service["user"]), str(service.get("password", "")))
    with http.Session(max_bytes=2**20, total_seconds=3) as session:
        answer = session.get(address, params=parameters, headers=headers, auth=auth)
    if answer.status_code != 200:
        raise Unanswered(f"status {answer.status_code}")
    return answer.json()


def scim(service: Service, uid: str) -> list[str]:
    """The groups of the user whose ``externalId`` (or another attribute) is the name that sign-in gave."""
    name = uid.replace("\\", "\\\\").replace('"', '\\"')
    found = _get(service, f"{service['url']}/Users", filter=f'{service.get("attribute", "externalId")} eq "{name}"')
    people = [one for one in found.get("Resources", []) if one.get("active", True)]
    if "totalResults" not in found or len(people) > 1:
        raise Unanswered("no list of one user")
    groups = [group for one in people for group in one.get("groups", [])]
    return [str(group.get("display") or group.get("value") or "") for group in groups]


def grouper(service: Service, uid: str) -> list[str]:
    """The names of the groups of a subject (Grouper web services, getGroups)."""
    found = _get(service, f"{service['url']}/subjects/{quote(uid, safe='')}/groups")
    result = found.get("WsGetGroupsLiteResult", {})
    code = result.get("resultMetadata", {}).get("resultCode", "")
    if code == "SUBJECT_NOT_FOUND":
        return []
    if code != "SUCCESS":
        raise Unanswered(f"Grouper says {code!r}")
    return [str(group.get("name", "")) for group in result.get("wsGroups", [])]


KINDS: dict[str, Callable[[Service, str], list[str]]] = {"scim": scim, "grouper": grouper}
