"""What the machine is: without it a figure says nothing."""

import os
import platform
import statistics
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Final

VERSIONED: Final = (
    "cordboard",
    "numba",
    "llvmlite",
    "numpy",
    "ortools",
    "aiohttp",
    "uvloop",
    "apsw",
    "msgspec",
)
SYNCS: Final = 200
SYNC_BYTES: Final = 4096


def fingerprint(folder: Path) -> dict[str, object]:
    """Return what the figures were measured on; ``folder`` lies on the disk to measure."""
    before = os.getloadavg()[0]
    p50_us, p99_us = fsync_us(folder)
    return {
        "cpu": cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "cores_of_machine": os.cpu_count() or 0,
        "ram_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: version for name in VERSIONED if (version := version_of(name))},
        "fsync_p50_us": round(p50_us, 1),
        "fsync_p99_us": round(p99_us, 1),
        "load_before": round(before, 2),
    }


def cpu() -> str:
    """Return the processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def version_of(name: str) -> str | None:
    """Return the version of an installed distribution, None when it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def fsync_us(folder: Path) -> tuple[float, float]:
    """Return median and 99th percentile of writing a page and syncing it, in microseconds."""
    page, times = os.urandom(SYNC_BYTES), []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(SYNCS):
            begun = perf_counter()
            file.write(page)
            os.fdatasync(file.fileno())
            times.append((perf_counter() - begun) * 1e6)
    times.sort()
    return statistics.median(times), times[SYNCS * 99 // 100]


def sentence(machine: Mapping[str, object]) -> str:
    """Return the fingerprint as two lines of text."""
    versions = machine["versions"]
    assert isinstance(versions, dict)
    return (
        f"{machine['cpu']}, {machine['cores']} of {machine['cores_of_machine']} cores, "
        f"{machine['ram_gib']} GiB, {machine['kernel']}, {machine['python']}, "
        f"fsync p50 {machine['fsync_p50_us']} us, load {machine['load_before']}\n"
        + ", ".join(f"{name} {version}" for name, version in versions.items())
    )
