"""An astronomer at TOPCAT's TAP window: address, query, rows; the table goes on to the next program by SAMP."""

import io
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from astropy.table import Table
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient

from tests.support.screen import Screen

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway")]
PICTURES = Path(__file__).parents[2] / "test-results"
MAIN, TAP, NO_REGISTRY = "^TOPCAT$", "Table Access Protocol", "Service search error"
# Where things are in the windows of TOPCAT 4.8, in pixels.
BROADCAST, TAP_BUTTON = (116, 40), (650, 40)
ADDRESS, USE_SERVICE, ADQL, RUN = (379, 665), (638, 695), (358, 614), (364, 738)
OK = (86, 92)
# Nobody outside is asked: the registry of the VO is out of reach, as behind a closed network.
CLOSED = [f"-D{kind}.proxy{what}" for kind in ("http", "https") for what in ("Host=127.0.0.1", "Port=1")]


@pytest.fixture
def screen(tmp_path) -> Iterator[Screen]:
    with Screen(tmp_path / "screen") as one:
        yield one


@pytest.fixture
def hub(tmp_path) -> Iterator[Path]:
    path = tmp_path / "samp"
    server = SAMPHubServer(web_profile=False, lockfile=str(path))
    server.start()
    yield path
    server.stop()


@pytest.fixture
def received(hub) -> Iterator[list[dict[str, str]]]:
    """What a neighbour got that was there before TOPCAT: one that comes later may subscribe before TOPCAT has heard
    of it, which then never learns that it takes tables."""
    neighbour = SAMPIntegratedClient(name="neighbour")
    neighbour.connect(hub_params=dict(line.split("=", 1) for line in hub.read_text().splitlines() if "=" in line))
    received: list[dict[str, str]] = []
    neighbour.bind_receive_call("table.load.votable", lambda key, sender, id, kind, content, extra: (
        received.append(content), neighbour.reply(id, {"samp.status": "samp.ok", "samp.result": {}})))  # fmt: skip
    yield received
    neighbour.disconnect()


@pytest.fixture
def topcat(screen, hub, received, tmp_path) -> Iterator[Screen]:
    own = [f"-Duser.home={tmp_path}", f"-Djava.util.prefs.userRoot={tmp_path}"]
    env = {**screen.env, "SAMP_HUB": f"std-lockurl:{hub.as_uri()}", "HOME": str(tmp_path)}
    with (tmp_path / "topcat.log").open("wb") as log:
        process = subprocess.Popen(["topcat", *own, *CLOSED, "-nohub"], env=env, stdout=log, stderr=log)
    screen.wait_for(MAIN)
    yield screen
    process.terminate()
    process.wait(30)


def test_the_tap_window_runs_a_query_and_passes_the_table_on(gateway, topcat, received):
    topcat.click(MAIN, *TAP_BUTTON)
    topcat.wait_for(TAP)
    topcat.wait_for(NO_REGISTRY)
    topcat.click(NO_REGISTRY, *OK)
    topcat.click(TAP, *ADDRESS)
    topcat.write(f"{gateway.url}/tap")
    # A busy machine reads the service slowly, and the window takes no query before: it is tried again.
    for attempt in range(40):
        if attempt % 10 == 0:
            topcat.click(TAP, *USE_SERVICE)
            time.sleep(5 + attempt)
            topcat.click(TAP, *ADQL)
            topcat.rewrite("SELECT TOP 3 obs_id, s_ra, s_dec FROM ivoa.obscore ORDER BY obs_id")
            topcat.click(TAP, *RUN)
        time.sleep(2)
        topcat.click(MAIN, *BROADCAST)
        if received:
            break
    PICTURES.mkdir(exist_ok=True)
    topcat.picture(PICTURES / "topcat-tap.png")
    assert received, "TOPCAT has no table to pass on; see test-results/topcat-tap.png"
    with urllib.request.urlopen(received[0]["url"], timeout=30) as answer:
        table = Table.read(io.BytesIO(answer.read()), format="votable")
    assert table.colnames == ["obs_id", "s_ra", "s_dec"]
    assert len(table) == 3
    assert str(table["s_ra"].unit) == "deg"
