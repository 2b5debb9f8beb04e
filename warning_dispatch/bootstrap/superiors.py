"""What the page of a superior's own list stands on, in an installation and in the demonstration alike."""

from __future__ import annotations

from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.store.reading_own_list import OwnListTables
from warning_dispatch.superior_desk import WriterSuperiorDesk
from warning_dispatch.web.application import Superiors


def superior_parts(product: Product, desk: EngineDesk, clock: Clock) -> Superiors:
    """The list's readings and its desk."""
    read = OwnListTables(product.database, product.sealer, product.keys.link_key, product.read, clock.now)
    return Superiors(read, WriterSuperiorDesk(desk, read))
