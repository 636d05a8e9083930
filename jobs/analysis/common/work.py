"""One run of an analysis: what came in, and the one way by which every product, picture and plot goes out."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from matplotlib.figure import Figure

from gateway.vo.identifiers import did
from jobs.activity import Out, StagedInput
from jobs.analysis.common.obscore import of_inputs, target_name
from jobs.analysis.common.parameters import FITS, JSON, PNG
from jobs.analysis.common.plain import plain
from jobs.analysis.common.stamp import Stamp
from jobs.analysis.common.writers import STAMPS, png_text

# gammapy asks at each evaluation of a model whether ray is there; looking for it takes a tenth of a spectrum's time.
sys.modules["ray"] = None  # type: ignore[assignment] # so Python says at once that it is not
LEVELS = {"DL3": 2, "DL4": 3, "DL5": 4, "DL6": 4}
"""data level: ObsCore calib_level"""


@dataclass
class Work:
    params: Any
    inputs: Mapping[str, Sequence[StagedInput]]
    out: Out
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def keys(self) -> list[str]:
        """KEYs of the inputs, each once, for the steps that use them."""
        return list(dict.fromkeys(item.key for group in self.inputs.values() for item in group if item.key))

    def stamp(self, name: str, title: str, level: str, content: str, main: bool = False) -> Stamp:
        return Stamp(
            job=self.out.job,
            params=self.params,
            inputs=self.inputs,
            started=self.started,
            identifier=did(self.out.key_for(name, main), self.out.job.authority),
            title=title,
            level=level,
            content=content,
        )

    def product(
        self, name: str, *, title: str, level: str, content: str, obscore: Mapping[str, Any],
        content_type: str = FITS, main: bool = False,
    ) -> None:  # fmt: skip
        """Stamps the file ``name``, which lies in the job's folder already, and makes it a product."""
        if content_type in STAMPS:
            STAMPS[content_type](self.out.path(name), self.stamp(name, title, level, content, main))
        row = {
            **of_inputs(self.staged, self.params),
            "dataproduct_level": level,
            "calib_level": LEVELS[level],
            "obs_title": title,
            **obscore,
        }
        self.out.product(name, content_type=content_type, title=title, obscore=plain(row), main=main)

    def summary(self, numbers: Mapping[str, Any]) -> None:
        """The numbers of the result, as JSON can carry them."""
        self.out.summary(plain(numbers))

    @property
    def staged(self) -> list[StagedInput]:
        return [item for items in self.inputs.values() for item in items]

    @property
    def label(self) -> str:
        """`` of TARGET`` where all inputs agree on one."""
        name = target_name(self.staged)
        return f" of {name}" if name else ""

    def picture(self, figure: Figure, title: str, name: str = "preview.png", preview: bool = True) -> None:
        # A picture is no product: its entity is named by the file.
        stamp = replace(self.stamp(name, title, "DL5", "picture"), identifier=self._file_identifier(name))
        figure.savefig(self.out.path(name), dpi=110, metadata=png_text(stamp))
        self.out.file(name, content_type=PNG, title=title, preview=preview)

    def _file_identifier(self, name: str) -> str:
        return did(f"{self.out.job.key}.{name}", self.out.job.authority)

    def plot(self, data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], title: str) -> None:
        """A Plotly figure (JSON with ``data`` and ``layout``)."""
        document = {"data": list(data), "layout": {"title": {"text": title}, **layout}}
        self.out.path("plot.json").write_text(json.dumps(plain(document), allow_nan=False))
        self.out.file("plot.json", content_type=JSON, title=f"{title} (interactive)")
