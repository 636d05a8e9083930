"""Staff see every row and can delete none; a person can be forgotten."""

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model

from provenance.models import Agent
from tests.provenance.builders import ALICE, chain

pytestmark = pytest.mark.django_db


def test_every_model_has_its_list_and_no_way_to_delete(client):
    client.force_login(
        get_user_model().objects.create_superuser("root", "root@demo.example", "root-demo"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    chain()
    for model in apps.get_app_config("provenance").get_models():
        assert client.get(f"/admin/provenance/{model._meta.model_name}/").status_code == 200
    assert client.get("/admin/provenance/entity/sky/change/").status_code == 200
    assert client.get("/admin/provenance/entity/sky/delete/").status_code == 403
    assert client.get("/admin/provenance/entity/add/").status_code == 403
    client.post("/admin/provenance/agent/", {"action": "erase", "_selected_action": [ALICE.id]})
    assert Agent.objects.get(pk=ALICE.id).email == ""
