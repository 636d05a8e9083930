"""A call to the owner's address when a job has ended: signed, guarded, tried again, given up in the end."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone

from gateway.access.rights import viewer_of
from jobs import service, webhook
from jobs.models import Job


class Receiver(BaseHTTPRequestHandler):
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://10.0.0.1/")
        self.end_headers()

    def log_message(self, *args) -> None:
        return None


@pytest.fixture
def receiver():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.received, server.status = [], 204
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}/hook?me=1"
    yield server
    server.shutdown()
    server.server_close()


def at_once(function, *arguments) -> None:
    function(*arguments)


def due() -> None:
    Job.objects.filter(webhook_due__isnull=False).update(webhook_due=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def ended(uws, work, receiver) -> Job:
    uws.create(seconds=0, RUNID="mine", WEBHOOK=receiver.url, PHASE="RUN")
    assert webhook.send_due(at_once) == 0, "nothing is told while it runs"
    work()
    return Job.objects.get()


def test_it_is_called_once_and_the_body_is_signed(ended, receiver, client_of):
    assert (webhook.send_due(at_once), webhook.send_due(at_once)) == (1, 0)
    ((path, headers, body),) = receiver.received
    assert path == "/hook?me=1"
    told = json.loads(body)
    assert (told["event"], told["phase"], told["runId"], told["id"]) == (
        "job.ended",
        "COMPLETED",
        "mine",
        str(ended.pk),
    )
    page = client_of("alice").get(f"/jobs/{ended.pk}/").content.decode()
    key = webhook.key_of(ended.owner_id)
    assert key in page
    assert headers["X-Distiller-Signature"] == "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    assert ended.history.last().what == "webhook called"


def test_nobody_else_is_shown_the_key(ended, client_of):
    page = client_of("dana").get(f"/jobs/{ended.pk}/").content.decode()
    assert webhook.key_of(ended.owner_id) not in page


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_did_not_arrive_is_tried_again_later_and_given_up_in_the_end(ended, receiver, status):
    receiver.status = status
    assert webhook.send_due(at_once) == 1
    job = Job.objects.get()
    assert job.webhook_tries == 1
    assert job.webhook_due > timezone.now()
    assert webhook.send_due(at_once) == 0
    for _ in range(10):
        due()
        webhook.send_due(at_once)
    assert len(receiver.received) == len(webhook.DELAYS) + 1
    job = Job.objects.get()
    assert job.webhook_due is None
    last = job.history.last()
    assert (last.what, last.why) == ("webhook given up", f"it answered {status}")


def test_it_arrives_at_a_later_try(ended, receiver):
    receiver.status = 503
    webhook.send_due(at_once)
    receiver.status = 200
    due()
    webhook.send_due(at_once)
    assert Job.objects.get().history.last().what == "webhook called"


def test_addresses_inside_the_network_are_not_called(uws, work):
    uws.create(seconds=0, WEBHOOK="http://10.0.0.1/hook", PHASE="RUN")
    work()
    webhook.send_due(at_once)
    assert Job.objects.get().webhook_due is not None
    assert "inside this network" in webhook.post(Job.objects.get())


@pytest.mark.parametrize("address", ["ftp://example.org/", "javascript:alert(1)", "example.org", "http://", "http://a b/\n",
                                     "https://user:word@example.org/", "https://" + "a" * 2000])  # fmt: skip
def test_what_is_no_address_is_refused(uws, address):
    response = uws.client.post("/uws/sleep", {"seconds": 0, "WEBHOOK": address})
    assert response.status_code == 400
    assert b"WEBHOOK=" in response.content
    assert Job.objects.count() == 0


def test_the_form_takes_one(client_of):
    client_of("alice").post("/jobs/new/sleep", {"seconds": "1", "WEBHOOK": "https://example.org/x", "PHASE": "RUN"})
    assert Job.objects.get().webhook == "https://example.org/x"


def test_a_deleted_job_tells_nobody(ended, receiver, cast):
    service.delete(ended, viewer_of(cast.alice))
    assert webhook.send_due(at_once) == 0
    assert receiver.received == []
