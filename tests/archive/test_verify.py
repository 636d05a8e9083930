"""Stored files are read again and again; what is not as it was is named."""

import io
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.keeper import chores
from search.archive import files
from search.archive.models import Product
from search.archive.verify import verify_some

pytestmark = pytest.mark.django_db


def verify():
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("verify_archive", stdout=out, stderr=err)
    except CommandError:
        return out.getvalue(), err.getvalue(), False
    return out.getvalue(), err.getvalue(), True


def test_a_whole_archive(archive):
    out, _, whole = verify()
    assert whole
    assert "3 files checked: 0 damaged, 0 missing" in out


def test_damage_and_loss_are_named(archive):
    files.local_path(archive.public.storage_key).write_bytes(b"rot")
    files.remove(archive.hidden.storage_key)
    out, err, whole = verify()
    assert not whole
    assert "1 damaged, 1 missing" in out
    assert f"{archive.public.key}: its checksum differs" in err
    assert f"{archive.hidden.key}: its file is missing" in err
    assert Product.objects.get(pk=archive.public.pk).verified_ok is False


def test_damage_is_reported_to_staff_by_itself(archive):
    Product.objects.update(verified_at=timezone.now() - timedelta(days=2))
    files.local_path(archive.public.storage_key).write_bytes(b"rot")
    assert chores.get("verify").do is verify_some
    assert verify_some().damaged == [archive.public.key]
    assert mail.outbox[0].to == ["dana@demo.example"]
    assert archive.public.key in mail.outbox[0].body
    assert not verify_some()
