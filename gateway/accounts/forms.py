"""Forms of one's own account."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gateway.accounts import scopes, tokens
from gateway.accounts.models import AccessToken, User

LIFETIMES = (("30", _("30 days")), ("90", _("90 days")), ("365", _("one year")), ("", _("no end")))


class TokenForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("where it will be used, e.g. TOPCAT at home"))
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=list(scopes.WORDS.items()), widget=forms.CheckboxSelectMultiple,
        initial=[scopes.READ_TAP, scopes.READ_DATA],
    )  # fmt: skip
    days = forms.ChoiceField(label=_("Expires after"), choices=LIFETIMES, initial="90", required=False)

    def save(self, user: User) -> tuple[AccessToken, str]:
        given: dict[str, Any] = self.cleaned_data
        expires = timezone.now() + timedelta(days=int(given["days"])) if given["days"] else None
        return tokens.create(user, given["name"], given["scopes"], expires)


class AuditForm(forms.Form):
    kind = forms.CharField(required=False)
    q = forms.CharField(required=False, max_length=200)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
