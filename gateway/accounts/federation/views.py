"""Pages of the federation: choose an institution, come back from it."""

import logging

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.socialaccount.helpers import complete_social_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from gateway.accounts.federation import discovery, saml
from gateway.accounts.federation.metadata import app_of
from gateway.accounts.federation.provider import InstitutionProvider
from gateway.accounts.models import Institution

logger = logging.getLogger(__name__)


def safe_next(request: HttpRequest, text: str) -> str:
    """An address of this site, or nothing: whoever sends a link must not choose where its reader ends."""
    return text if text and get_account_adapter(request).is_safe_url(text) else ""


def context(request: HttpRequest) -> dict[str, object]:
    """What the search and its results need, on the page of its own and on the login page."""
    query = request.GET.get("q", "")
    found, count = discovery.search(query)
    wanted = request.GET.get("entityID", "")
    return {
        "query": query,
        "found": found,
        "count": count,
        "chosen": Institution.objects.filter(entity_id=wanted).first() if wanted else None,
        "remembered": discovery.remembered(request),
        "institutions": Institution.objects.filter(hidden=False).count(),
        "next": safe_next(request, request.GET.get("next", "")),
        "process": "connect" if request.GET.get("process") == "connect" else "login",
    }


@require_safe
def institutions(request: HttpRequest) -> HttpResponse:
    """The page; its results alone for the search while typing."""
    partial = request.headers.get("HX-Request") == "true"
    return render(request, "accounts/_institutions.html" if partial else "accounts/institutions.html", context(request))


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Leads to the institution. POST, so that no other page can sign a visitor in behind his back."""
    institution = Institution.objects.filter(entity_id=request.POST.get("entityID", "")).first()
    if institution is None or not institution.is_current():
        return refused(request, 400, "This institution is not known here, or what is known of it is out of date.")
    connecting = request.POST.get("process") == "connect" and request.user.is_authenticated
    provider = InstitutionProvider(request, app_of(institution))
    next_url = safe_next(request, request.POST.get("next", ""))
    response = provider.redirect(request, "connect" if connecting else "login", next_url or None)
    discovery.remember(request, response, institution)
    return response


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Takes one of the remembered choices away."""
    wanted = request.POST.get("entityID", "")
    next_url = safe_next(request, request.POST.get("next", ""))
    query = f"?{urlencode({'next': next_url})}" if next_url else ""
    response = HttpResponseRedirect(reverse("account_login") + query)
    left = [one for one in discovery.remembered(request) if one.entity_id != wanted]
    discovery.keep(response, left, secure=request.is_secure())
    return response


@csrf_exempt  # the institution's page sends the form; what it carries is signed and answers a request of ours
@require_POST
def acs(request: HttpRequest) -> HttpResponse:
    """The institution's form arrives without our cookies (SameSite=Lax): a page of ours sends it once more."""
    response = request.POST.get("SAMLResponse", "")
    try:
        saml.envelope(response)
    except saml.AnswerRefused as error:
        return refused(request, error.status, str(error))
    return render(request, "accounts/saml_continue.html", {"response": response})


@csrf_exempt  # as above; the state under the id of our request is what ties the answer to this browser
@require_POST
def finish(request: HttpRequest) -> HttpResponse:
    try:
        return _complete(request, request.POST.get("SAMLResponse", ""))
    except saml.AnswerRefused as error:
        cause = error.__cause__
        logger.warning("SAML answer refused: %s (%s)", error, type(cause).__name__ if cause else error.status)
        return refused(request, error.status, str(error))


def _complete(request: HttpRequest, response: str) -> HttpResponse:
    envelope = saml.envelope(response)
    institution = Institution.objects.filter(entity_id=envelope.issuer).first()
    if institution is None:
        raise saml.AnswerRefused(403, "This answer comes from an institution that is not known here.")
    if not envelope.in_response_to:
        raise saml.AnswerRefused(401, "Begin to sign in here: answers that were not asked for are not accepted.")
    attributes = saml.check(institution, response, envelope.in_response_to)
    saml.check_scope(attributes, institution)
    provider = InstitutionProvider(request, app_of(institution))
    try:
        state = provider.unstash_redirect_state(request, envelope.in_response_to)
    except PermissionDenied as error:
        raise saml.AnswerRefused(
            403, "This answer was used before, or belongs to another browser. Begin to sign in again."
        ) from error
    login = provider.sociallogin_from_response(request, attributes)
    login.state = state
    done: HttpResponse = complete_social_login(request, login)
    return done


@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    """What an operator registers with the federation."""
    return HttpResponse(saml.own_metadata(), content_type="application/samlmetadata+xml")


def refused(request: HttpRequest, status: int, text: str) -> HttpResponse:
    return render(request, "accounts/login_refused.html", {"reason": text}, status=status)
