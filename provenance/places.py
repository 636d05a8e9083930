"""Where things lie. What this site serves is kept relative to the site, so that a new address breaks no record."""

from django.conf import settings

SITE = "site:"


def stored(location: str) -> str:
    """``site:/data/KEY`` for ``https://gateway.example/data/KEY``; other places as they are."""
    base: str = settings.PUBLIC_URL
    return f"{SITE}{location[len(base) :]}" if location.startswith(f"{base}/") else location


def shown(location: str) -> str:
    """The address as clients need it."""
    return f"{settings.PUBLIC_URL}{location[len(SITE) :]}" if location.startswith(f"{SITE}/") else location
