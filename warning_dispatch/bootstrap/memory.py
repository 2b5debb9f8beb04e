"""What the garbage collector is spared: a third of the CPU of an attempt went into looking for cycles that were not there.

Nearly everything here is a value that goes with its last reference. The collector is needed for the few cycles of tracebacks
and tasks, and there a look now and then is enough.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 50_000
"""Containers that must be new before the collector looks at them; 700 as Python comes, a seventieth of one turn."""
MIDDLE: Final = 20
OLD: Final = 100
"""Looks at the youngest before one at those that have lived through one, and of these before one at all."""


def spare_the_collector() -> None:
    """Call it once everything is built: what lives now lives as long as the process, and is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
