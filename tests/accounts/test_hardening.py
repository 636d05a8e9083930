"""A site in production: what it refuses to start with, what it says with every answer, what it keeps out of its logs."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as live
from django.test import Client

from gateway.vo import log

ROOT = Path(__file__).parents[2]
GOOD = {
    "DISTILLER_MODE": "production",
    "SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP",
    "PUBLIC_URL": "https://gateway.observatory.org",
    "DISTILLER_AUTHORITY": "observatory.org",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
}


def manage(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: os.environ[name] for name in ("PATH", "HOME", "NODE_MODULES") if name in os.environ}
    variables = {**known, **GOOD, "DISTILLER_DATA": str(tmp_path), **environment}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, check=False, env={k: v for k, v in variables.items() if v}, cwd=ROOT, capture_output=True, text=True
    )


def test_the_deployment_check_has_nothing_to_say(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, "WARNING" in done.stderr + done.stdout) == (0, False), done.stderr
    code = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY,"
        " s.SECURE_HSTS_SECONDS >= 15552000, s.SECURE_SSL_REDIRECT, s.DEBUG, s.ALLOWED_HOSTS, s.RESOLVE_PER_MINUTE > 0,"
        " s.CELERY['accept_content'], s.SESSION_COOKIE_AGE <= 43200)"
    )
    shown = manage(tmp_path, "shell", "-v0", "-c", code).stdout.strip()
    assert shown == "True True True True True False ['gateway.observatory.org'] True ['json'] True"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://gateway.observatory.org"}, "https"),
        ({"DEBUG": "True"}, "DEBUG"),
        ({"DEBUG": "yes"}, "DEBUG"),
        ({"DISTILLER_AUTHORITY": ""}, "DISTILLER_AUTHORITY"),
        ({"DISTILLER_ALLOW_LOOPBACK": "True"}, "DISTILLER_ALLOW_LOOPBACK"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"EMAIL_BACKEND": ""}, "EMAIL_BACKEND"),
        ({"DATABASE_URL": "postgresql://x@localhost/x"}, "TAP_DATABASE_URL"),
        ({"DISTILLER_MODE": "staging"}, "DISTILLER_MODE"),
        ({"LOGIN_PROVIDERS": "{"}, "LOGIN_PROVIDERS"),
        ({"LOGIN_PROVIDERS": '{"github": {}}'}, "LOGIN_PROVIDERS"),
        ({"SECRET_KEY_FILE": "/no/such/file"}, "SECRET_KEY_FILE"),
    ],
)
def test_production_does_not_start_with_what_is_only_safe_at_home(
    tmp_path: Path, change: dict[str, str], named: str
) -> None:
    done = manage(tmp_path, "check", **change)
    assert done.returncode != 0
    assert named in done.stderr.strip().splitlines()[-1]


def test_every_answer_carries_the_headers(client, db) -> None:
    answer = client.get("/accounts/login/")
    policy = answer["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "unsafe-inline" not in scripts
    for part in ("frame-ancestors 'none'", "object-src 'none'", "base-uri 'self'", "http://localhost:21012"):
        assert part in policy
    assert (answer["X-Frame-Options"], answer["X-Content-Type-Options"], answer["Referrer-Policy"]) == (
        "DENY",
        "nosniff",
        "same-origin",
    )


def test_a_forged_host_is_refused(client, db, settings) -> None:
    settings.ALLOWED_HOSTS = ["gateway.observatory.org"]
    assert client.get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400
    answer = client.post("/accounts/password/reset/", {"email": "a@b.example"}, headers={"host": "evil.example"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("GET /data/x Authorization: Bearer gwp_" + "0" * 32 + "_" + "s" * 43, "sss"),
        ("token gwp_" + "0" * 32 + "_" + "s" * 43 + " used", "sss"),
        ("{'Authorization': 'Basic dXNlcjpzZWNyZXQ='}", "dXNlcj"),
        ('"GET /signed/eyJwIjoi:1abc:SIGNATURE HTTP/1.1"', "SIGNATURE"),
        ("GET /access/invitation/SeCrEt-123/ 302", "SeCrEt"),
        ("/accounts/password/reset/key/1-SeCrEt/", "SeCrEt"),
        ("callback?code=SeCrEt&state=OTHER", "SeCrEt"),
        ("POST login=alice&password=SeCrEt&x=1", "SeCrEt"),
        ("Cookie: sessionid=SeCrEt; csrftoken=b", "SeCrEt"),
    ],
)
def test_no_secret_gets_into_a_log_line(line: str, secret: str) -> None:
    formatter = log.MaskingFormatter("%(message)s")
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (line,), None)
    assert secret not in formatter.format(record)
    try:
        raise ValueError(line)
    except ValueError:
        record = logging.LogRecord("x", logging.INFO, "", 0, "broken", (), sys.exc_info())
    assert secret not in formatter.format(record)


def test_the_settings_use_the_mask() -> None:
    assert live.LOGGING["formatters"]["line"]["()"] == "gateway.vo.log.MaskingFormatter"


def test_an_ordinary_line_stays_as_it_is() -> None:
    line = "GET /tap/sync?QUERY=SELECT+1 200 run 23523 of Crab in 12 ms, code 5"
    assert log.masked(line) == line


@pytest.mark.parametrize("address", ["/search/resolve?name=Crab", "/tap/capabilities"])
def test_one_address_may_not_ask_without_end(cast, client_of, settings, address: str) -> None:
    settings.RESOLVE_PER_MINUTE = settings.TAP_PER_MINUTE = 3
    statuses = [Client().get(address).status_code for _ in range(8)]
    assert 429 in statuses
    assert statuses[:3] == [200] * 3
    assert Client().get(address)["Retry-After"] == "60" if statuses[-1] == 429 else True
    assert client_of("alice").get(address).status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.7").get(address).status_code == 200


def test_what_must_be_remembered_is_remembered_by_all_processes() -> None:
    """Rate limits, used TOTP codes: in the memory of one process they would not hold in another."""
    assert live.CACHES["default"]["BACKEND"] in (
        "django.core.cache.backends.db.DatabaseCache", "django.core.cache.backends.redis.RedisCache",
    )  # fmt: skip


def test_unpickling_is_not_possible() -> None:
    from gateway.celery import app

    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert live.SESSION_ENGINE == "django.contrib.sessions.backends.db"
    assert live.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"
