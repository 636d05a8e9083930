"""Many who ask for the same at once cost one computation."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.vo.together import Together

MANY = 8


def test_many_who_ask_at_once_share_one_computation():
    shared, begun, go_on, made = Together(), threading.Barrier(MANY + 1), threading.Event(), []

    def make() -> int:
        made.append(1)
        go_on.wait(20)
        return len(made)

    def ask() -> int:
        begun.wait(20)
        return shared("count", make)

    with ThreadPoolExecutor(MANY) as pool:
        asked = [pool.submit(ask) for _ in range(MANY)]
        begun.wait(20)
        while not made:
            pass
        go_on.set()
        found = {one.result(20) for one in asked}
    assert len(made) == len(found)
    assert shared("count", lambda: "new") == "new"


def test_what_fails_fails_for_all_and_is_tried_again_later():
    shared = Together()
    with pytest.raises(ZeroDivisionError):
        shared("x", lambda: 1 // 0)
    assert shared("x", lambda: 2) == 2
