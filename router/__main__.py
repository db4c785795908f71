"""``python -m router`` is ``cordboard``."""

import sys

from router.main import run

sys.exit(run())
