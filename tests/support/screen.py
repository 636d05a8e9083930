"""A screen of the tests' own (Xvfb), with a hand to click and type (xdotool), for programs with windows."""

import os
import struct
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

SIZE = "1280x1024x24"
HEADER = struct.Struct(">25I")
"""of the X window dump that Xvfb keeps of its screen"""


class Screen:
    """``env`` leads a program to it; windows are known by a part of their title."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.env = dict(os.environ)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        out, into = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(into), "-screen", "0", SIZE, "-fbdir", str(self.folder), "-nolisten", "tcp"],
            pass_fds=[into], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(into)
        with os.fdopen(out) as said:
            self.env["DISPLAY"] = f":{said.readline().strip()}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(20)

    def find(self, title: str) -> str:
        """The window's id; empty while there is none."""
        found = self._do("search", "--onlyvisible", "--name", title)
        return found.split()[-1] if found else ""

    def wait_for(self, title: str, patience: float = 120) -> None:
        end = time.monotonic() + patience
        while not self.find(title):
            assert time.monotonic() < end, f"no window {title!r}"
            time.sleep(0.5)

    def click(self, title: str, x: int, y: int) -> None:
        """At a place inside the window, in pixels from its upper left corner."""
        self._do("mousemove", "--window", self.find(title), str(x), str(y))
        time.sleep(0.4)
        self._do("click", "1")
        time.sleep(0.8)

    def rewrite(self, text: str) -> None:
        """In place of what the field under the cursor holds."""
        self._do("key", "ctrl+a")
        self.write(text)

    def write(self, text: str) -> None:
        self._do("type", "--delay", "20", text)

    def picture(self, path: Path) -> None:
        """The whole screen as PNG."""
        from matplotlib import image

        dump = (self.folder / "Xvfb_screen0").read_bytes()
        head = HEADER.unpack_from(dump)
        start, width, height, line = head[0] + 12 * head[19], head[4], head[5], head[12]
        pixels = np.frombuffer(dump, np.uint8, line * height, start).reshape(height, line // 4, 4)
        image.imsave(path, np.ascontiguousarray(pixels[:, :width, 2::-1]))

    def _do(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words], env=self.env, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout
