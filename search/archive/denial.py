"""Why a viewer may know of a product but not open it: on pages, for programs and in DataLink alike."""

from django.utils.translation import gettext as _

from gateway.access.explain import About, Refusal, explain_refusal
from gateway.access.rights import Viewer
from search.archive.models import Product


def explain(product: Product, viewer: Viewer) -> Refusal:
    """The reason, for a viewer who may see the product and may not fetch it."""
    about = About(product.proposal_id or "", product.obs_collection or "", product.pi_name or "")
    refusal = explain_refusal(viewer, product.policy, about)
    return refusal or Refusal(403, _("It was opened to you a moment ago: try again."), policy=product.policy)
