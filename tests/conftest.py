"""What all tests share: the kernel cache, settled before Numba is imported, and a profile."""

import os

from hypothesis import HealthCheck, settings

from router import kernel_cache

kernel_cache.settle()

# A shared machine is slow at times, so no example has a deadline. Under CI the examples are the
# same in every run: a change is judged by what it changed, and `make soak` looks for new ones.
settings.register_profile(
    "house",
    deadline=None,
    print_blob=True,
    derandomize=os.environ.get("CI", "") != "",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
