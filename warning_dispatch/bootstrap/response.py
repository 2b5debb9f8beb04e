"""What the pages of the response stand on, in an installation and in the demonstration alike."""

from __future__ import annotations

from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.response_desk import WriterResponseDesk
from warning_dispatch.response_ports import KeyUnits, ResponseParts
from warning_dispatch.store.reading_key_units import KeyUnitTables
from warning_dispatch.store.reading_own_list import OwnListTables
from warning_dispatch.store.reading_response import ResponseTables


def response_parts(product: Product, desk: EngineDesk, clock: Clock, soon_days: int) -> ResponseParts:
    """The readings, the desk, and the list of key units; `soon_days` before a review that counts as due soon."""
    own = OwnListTables(product.database, product.sealer, product.keys.link_key, product.read, clock.now)
    read = ResponseTables(product.database, product.sealer, product.read, clock.now)
    hazards = product.configuration.hazards
    listed = KeyUnits(KeyUnitTables(product.database, hazards.names(), clock.now, soon_days), hazards.key_sectors)
    return ResponseParts(read, WriterResponseDesk(desk, own), listed)
