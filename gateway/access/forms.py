"""Forms of the rights pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gateway.access.models import Role
from gateway.access.service import MAX_MESSAGE


class AskForm(forms.Form):
    message = forms.CharField(
        label=_("Message to the PI"), max_length=MAX_MESSAGE, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The PI sees your name, your e-mail address and this message. The answer comes by mail."),
    )  # fmt: skip


class MemberForm(forms.Form):
    who = forms.CharField(
        label=_("User name or e-mail address"), max_length=254,
        help_text=_("Someone without an account here gets a link by mail."),
    )  # fmt: skip
    role = forms.ChoiceField(
        label=_("Role"), choices=[choice for choice in Role.choices if choice[0] != Role.PI], initial=Role.COLLABORATOR
    )
