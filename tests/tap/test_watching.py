"""The thread that looks after PostgreSQL's statements."""

import threading

from search.tap.database import watching
from search.tap.stopping import Stop


def watchers() -> int:
    return sum(thread.name == "tap-watcher" for thread in threading.enumerate())


def test_a_process_that_runs_jobs_has_no_thread_left_after_a_query_and_one_again_at_the_next() -> None:
    """It is used for the next job only then; a new process would make the parser of ADQL anew for each."""
    for _ in range(2):
        # Nobody asks this statement to end, so its connection is never spoken to.
        with watching.watched(None, Stop(60)):
            assert watchers() == 1
        watching.rest()
        assert watchers() == 0
    watching.rest()
