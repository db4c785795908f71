"""Where the public data sets of the suite ``signals`` lie: folders that the reader has, not the project.

``CORDBOARD_BENCH_DATA`` names a folder with ``banking77`` (PolyAI-LDN/task-specific-datasets, CC BY 4.0),
``clinc150`` (clinc/oos-eval, CC BY 3.0) and ``fewshot_splits`` (jianguoz/Few-Shot-Intent-Detection) as
their repositories have them; without it they are looked for in ``../shared/data`` beside the checkout.
What is not there is not measured, and said to be missing.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "CORDBOARD_BENCH_DATA"
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def folder(name: str) -> Path | None:
    """Return the folder of a data set; None, and a line that says so, where it is missing."""
    root = Path(os.environ.get(VARIABLE) or BESIDE)
    if (root / name).is_dir():
        return root / name
    print(f"without {name}: {root} does not have it; {VARIABLE} may name another folder")
    return None


def banking77() -> tuple[Path, Path] | None:
    """Return the training and the test file of BANKING77."""
    path = folder("banking77")
    return None if path is None else (path / "train.csv", path / "test.csv")
