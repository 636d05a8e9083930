"""Ask the PI; name collaborators; follow a mailed link; see why."""

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gateway.access import marks, releases, service, usage
from gateway.access.explain import explain_refusal, grants
from gateway.access.forms import AskForm, MemberForm
from gateway.access.models import AccessRequest, Policy, Role
from gateway.access.request import person, viewer
from gateway.access.rights import ANONYMOUS, may_fetch, may_see, policy_ids, viewer_of
from gateway.accounts import audit
from gateway.accounts.models import AuditKind, User


def _policy(request: HttpRequest, uid: UUID) -> Policy:
    """A policy whose existence the viewer may know; the same 404 for all others."""
    policy = get_object_or_404(Policy, uid=uid)
    if not may_see(viewer(request), policy.pk):
        raise Http404
    return policy


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The refusal, and the form that sends a request to the PI."""
    policy = _policy(request, uid)
    refusal = explain_refusal(viewer(request), policy)
    back = _back(request)
    if refusal is None:
        return HttpResponseRedirect(back or reverse("access"))
    form = AskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and refusal.may_ask:
        service.ask(policy, person(request), form.cleaned_data["message"])
        messages.success(request, _("Your request is on its way to the PI; the answer comes by mail."))
        return HttpResponseRedirect(back or reverse("access"))
    context = {
        "refusal": refusal, "policy": policy, "form": form, "back": back, "tried": "",
        "watched": releases.is_watched(policy, request.user),
    }  # fmt: skip
    return render(request, "access/ask.html", context)


def _back(request: HttpRequest) -> str:
    """The page that the form came from, if it is one of ours."""
    back = request.POST.get("back") or request.GET.get("back") or ""
    return back if back and get_adapter(request).is_safe_url(back) else ""


@login_required
@require_POST
def watch(request: HttpRequest, uid: UUID) -> HttpResponse:
    """To be told, or not, when the data become public."""
    policy = _policy(request, uid)
    wanted = request.POST.get("watch") != "no"
    releases.watch(policy, person(request), wanted)
    if wanted:
        messages.success(request, _("You will be told by mail when it is public."))
    return HttpResponseRedirect(_back(request) or reverse("access"))


def _led(request: HttpRequest, uid: UUID) -> list[Policy]:
    """The policies of the same proposal whose use the person may see: those they lead; all for staff, who are noted."""
    policy, user = _policy(request, uid), person(request)
    together = service.policies_like(policy)
    led = [one for one in together if one.is_led_by(user.pk)]
    if policy not in led:
        if not user.is_staff:
            raise PermissionDenied(_("Only the PI and the owner see what became of the data."))
        marks.staff_look(viewer(request), policy, f"use of {policy}")
        return together
    return led


@never_cache
@login_required
@require_safe
def use(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Who fetched the data, which jobs used them, what was made from them."""
    led = _led(request, uid)
    context = {
        "policy": _policy(request, uid), "label": service.label(led[0]), "uses": usage.uses(led, viewer(request)),
        "counted": usage.counted(led), "named": all(one.users_named for one in led), "shown": usage.SHOWN,
    }  # fmt: skip
    return render(request, "access/use.html", context)


@login_required
@require_safe
def use_export(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The same as CSV, further back."""
    found = usage.uses(_led(request, uid), viewer(request), limit=100_000)
    answer = HttpResponse("".join(usage.as_csv(found)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="use.csv"'
    return answer


@never_cache
@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What one leads, what one may open beyond the public, what one asked for."""
    user = person(request)
    who = viewer(request)
    mine = (
        Policy.objects.filter(
            Q(members__user=user) | Q(owner=user) | Q(groups__in=who.group_ids) | Q(proposal_id__in=who.proposals)
        )
        .distinct()
        .order_by("proposal_id", "name")
    )
    rows = [(policy, grants(who, policy), policy.is_led_by(user.pk)) for policy in mine[:500]]
    asked = AccessRequest.objects.filter(user=user).select_related("policy")
    seen = policy_ids(who, "see")
    watches = [one for one in user.release_watches.select_related("policy") if seen is None or one.policy_id in seen]
    return render(request, "access/index.html", {"rows": rows, "asked": asked, "watches": watches})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The people of a proposal; the PI adds and removes them here."""
    policy, user = _policy(request, uid), person(request)
    if not (policy.is_led_by(user.pk) or user.is_staff):
        raise PermissionDenied(_("Only the PI names the people of a proposal."))
    form = MemberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _add(request, policy, form):
        return HttpResponseRedirect(reverse("access_members", args=[uid]))
    context = {
        "policy": policy,
        "label": service.label(policy),
        "members": policy.members.select_related("user").order_by("role", "user__username"),
        "requests": policy.requests.filter(state=AccessRequest.State.OPEN).select_related("user"),
        "invitations": policy.invitations.filter(accepted_by=None),
        "form": form,
    }
    return render(request, "access/members.html", context, status=400 if form.errors else 200)


def _add(request: HttpRequest, policy: Policy, form: MemberForm) -> bool:
    who, role, by = form.cleaned_data["who"].strip(), form.cleaned_data["role"], person(request)
    found = User.objects.filter(Q(username=who) | Q(email__iexact=who), is_active=True).first()
    if found is not None:
        service.admit(policy, found, role, by)
        _note_staff(request, policy, "admits")
        messages.success(request, _("%s can open the data now.") % found.get_username())
        return True
    try:
        validate_email(who)
    except ValidationError:
        form.add_error("who", _("There is no such user. Give the e-mail address of someone who has no account yet."))
        return False
    service.invite(service.policies_like(policy), who, role, service.found_by(policy), by)
    messages.success(request, _("A link went to %s.") % who)
    return True


def _note_staff(request: HttpRequest, policy: Policy, what: str) -> None:
    user = person(request)
    if user.is_staff and not policy.is_led_by(user.pk):
        audit.record(AuditKind.STAFF, user, f"{what}: {policy}", request=request, as_staff=True)


@login_required
@require_POST
def remove_member(request: HttpRequest, uid: UUID, user_id: UUID) -> HttpResponse:
    policy, user = _policy(request, uid), person(request)
    if not (policy.is_led_by(user.pk) or user.is_staff):
        raise PermissionDenied(_("Only the PI names the people of a proposal."))
    member = get_object_or_404(policy.members.exclude(role=Role.PI), user_id=user_id)
    service.dismiss(policy, member.user, user)
    _note_staff(request, policy, "dismisses")
    return HttpResponseRedirect(reverse("access_members", args=[uid]))


@login_required
@require_POST
def answer(request: HttpRequest, uid: UUID, request_id: UUID) -> HttpResponse:
    """The PI grants or declines a request; the one who asked gets a mail either way."""
    policy, user = _policy(request, uid), person(request)
    if not (policy.is_led_by(user.pk) or user.is_staff):
        raise PermissionDenied(_("Only the PI answers requests."))
    asked = get_object_or_404(policy.requests, pk=request_id, state=AccessRequest.State.OPEN)
    granted = request.POST.get("answer") == "grant"
    if granted:
        service.admit(policy, asked.user, Role.COLLABORATOR, user)
    else:
        policy.requests.filter(pk=request_id).update(state=AccessRequest.State.DECLINED)
    link = settings.PUBLIC_URL + service.found_by(policy)
    context: dict[str, object] = {"granted": granted, "what": service.label(policy), "link": link}
    service.mail(
        [asked.user.email], _("Your request for %s") % service.label(policy), "access/mail/answer.txt", context
    )
    return HttpResponseRedirect(reverse("access_members", args=[uid]))


@never_cache
@login_required
@require_safe
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of the mail: through sign-in, straight to the data."""
    found = service.find_invitation(secret)
    if found is None:
        raise Http404
    if not service.accept(found, person(request)):
        reason = _("This link was used by another account, or is older than a month. Ask for a new one.")
        return render(request, "accounts/login_refused.html", {"reason": reason}, status=403)
    return HttpResponseRedirect(found.target)


@never_cache
@login_required
@require_safe
def explain(request: HttpRequest, uid: UUID) -> HttpResponse:
    """For staff: why a person may or may not open what a policy governs."""
    if not request.user.is_staff:
        raise PermissionDenied(_("This page is for staff."))
    policy = get_object_or_404(Policy, uid=uid)
    name = request.GET.get("user", "")
    subject = User.objects.filter(Q(username=name) | Q(email__iexact=name)).first() if name else None
    who = viewer_of(subject) if subject else ANONYMOUS
    context = {
        "policy": policy, "name": name, "subject": subject, "unknown": bool(name) and subject is None,
        "sees": may_see(who, policy.pk), "fetches": may_fetch(who, policy.pk), "grants": grants(who, policy),
        "refusal": explain_refusal(who, policy),
    }  # fmt: skip
    return render(request, "access/explain.html", context)
