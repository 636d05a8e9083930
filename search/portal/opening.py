"""May what is in a file be shown on a page?"""

from gateway.access.rights import Viewer, may_fetch
from gateway.accounts.scopes import READ_DATA
from search.archive.models import Product


def may_open(viewer: Viewer, row: Product) -> bool:
    """A token that reads metadata only sees no data on a page either."""
    return row.removed_at is None and viewer.has_scope(READ_DATA) and may_fetch(viewer, row.policy_id)
