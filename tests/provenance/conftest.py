"""Who sends records of work done elsewhere: the operator, people with what they may see, tokens."""

import pytest
from django.contrib.auth.models import AnonymousUser

from gateway.access.rights import Viewer, viewer_of
from provenance import capture
from provenance.importers.batch import Sender
from provenance.records_view import own_policy


@pytest.fixture
def operator() -> Sender:
    return Sender(Viewer(is_staff=True), capture.public_policy(), trusted=True)


@pytest.fixture
def sender(cast):
    def make(name: str) -> Sender:
        viewer = viewer_of(cast[name] or AnonymousUser())
        return Sender(viewer, own_policy(viewer))

    return make


@pytest.fixture
def token_of(cast):
    from gateway.accounts import tokens

    def make(name: str, *scopes: str) -> dict[str, str]:
        _token, text = tokens.create(cast[name], "test", list(scopes))
        return {"authorization": f"Bearer {text}"}

    return make
