"""What took minutes is kept: arrays as .npz, results as JSON, both named after all that decides them."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


class Cache:
    """A folder of arrays and results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def arrays(self, name: str, make: Callable[[], Mapping[str, Any]]) -> Arrays:
        """Return the arrays of this name, made now if they never were; `seconds` says how long that took."""
        path = self.folder / f"{name}.npz"
        if not path.exists():
            print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)
            started = time.perf_counter()
            made = dict(make()) | {"seconds": np.array(time.perf_counter() - started)}
            part = path.with_suffix(".part.npz")  # so that what was stopped half-way is not taken for whole
            np.savez_compressed(part, **made)
            part.replace(path)
        with np.load(path) as kept:
            return {key: kept[key] for key in kept.files}

    def results(self, name: str) -> Any:
        """Return the results of this name, None where there are none."""
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def keep(self, name: str, results: Any) -> None:
        """Keep results, in place of those of the same name."""
        (self.folder / f"{name}.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
