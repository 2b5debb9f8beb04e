"""The call chain as JSON and back, exactly: what is frozen into a call-out."""

from __future__ import annotations

from pydantic import TypeAdapter

from warning_dispatch.model.plan import CallChain

_CHAINS = TypeAdapter(CallChain)


def chain_to_json(chain: CallChain) -> str:
    """Freeze a plan."""
    return _CHAINS.dump_json(chain).decode()


def chain_from_json(text: str) -> CallChain:
    """Thaw a plan."""
    return _CHAINS.validate_json(text)
