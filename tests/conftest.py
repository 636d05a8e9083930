"""The cast: anonymous, Alice the PI, Bob her collaborator, Charlie the stranger, Dana of the staff."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

# No test may fail because the machine is busy.
hypothesis_settings.register_profile("distiller", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("distiller")

TEST_DATA = Path(os.environ.get("DISTILLER_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real_data(name: str) -> Path:
    """A folder of real data; where CI has none the test fails, on a desk it says that it did not run."""
    folder = TEST_DATA / name
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{folder} is missing: set DISTILLER_TEST_DATA")
        pytest.skip(f"not run: the real data {name} are not here; set DISTILLER_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def hess() -> Path:
    """H.E.S.S. DL3 DR1, public at https://www.mpi-hd.mpg.de/hfm/HESS/pages/dl3-dr1/ (set DISTILLER_TEST_DATA)."""
    return real_data("hess-dl3-dr1")


# The groups that take longest, longest first: all wait for what was begun last.
LONGEST = (
    "faults", "gateway", "postgresql", "slurm", "tests.analysis.test_spectrum", "wait", "tests.browser.test_elsewhere",
    "tests.analysis.test_maps", "tests.analysis.test_light_curve", "uws-client",
)  # fmt: skip


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """What needs real parts stays in one process with the rest of its module, or with all that use the shared gateway,
    so that these are set up once and the longest begin first; the others keep pytest-django's order, in which no test meets a database that another has flushed."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("xdist_group"):
            module = item.nodeid.split("::")[0].removesuffix(".py").replace("/", ".")
            shared = "gateway" in getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.xdist_group("gateway" if shared else module))
    yield
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    group = item.get_closest_marker("xdist_group")
    return LONGEST.index(group.args[0]) if group and group.args[0] in LONGEST else len(LONGEST)


class Cast:
    """The five viewers of every matrix. ``None`` stands for the anonymous visitor."""

    NAMES = ("anonymous", "charlie", "bob", "alice", "dana")

    def __init__(self) -> None:
        from allauth.account.models import EmailAddress
        from django.contrib.auth import get_user_model

        user_model = get_user_model()
        for name in self.NAMES[1:]:
            user = user_model.objects.create_user(
                username=name, email=f"{name}@demo.example", password=f"{name}-demo", is_staff=name == "dana"
            )
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            setattr(self, name, user)

    def __getitem__(self, name: str):
        return None if name == "anonymous" else getattr(self, name)


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


@pytest.fixture
def client_of(cast: Cast):
    """``client_of("alice")``: a test client signed in as that member of the cast."""
    from django.test import Client

    def make(name: str) -> Client:
        client = Client()
        if name != "anonymous":
            client.force_login(cast[name], backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings) -> None:
    """Each test has an archive folder of its own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "archive")},
        },
    }
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, tmp_path_factory):
    """The database of the tests; as it is before the first of them it is kept for gateways to begin with."""
    from tests.support import gateway as gateways

    with django_db_blocker.unblock():
        gateways.keep_migrated(tmp_path_factory.mktemp("migrated") / "db.sqlite3")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, django_db_setup):
    """A running gateway with the demo archive (and the H.E.S.S. runs where they are), shared by the slow tests."""
    from tests.support.gateway import RunningGateway

    folder = tmp_path_factory.mktemp("gateway")
    running = RunningGateway(folder / "data", folder / "log.txt").migrated()
    running.manage("demo", "--prepare-only", "--port", str(running.port))
    real = TEST_DATA / "hess-dl3-dr1"
    if real.is_dir():
        running.manage("ingest_dl3", str(real), "--collection", "HESS-DL3-DR1")
    running.start()
    yield running
    running.stop()


CHROMIUM_ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="session")
def chromium():
    """The one real browser of a test process: Playwright's loop cannot be started twice in a thread."""
    import shutil

    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, and the tests' own ORM calls beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=CHROMIUM_ARGUMENTS
        )
        yield browser
        browser.close()
