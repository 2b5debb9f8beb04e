"""Chains, hazards, outcomes and the response as configuration: read, validated with every finding at once, made into the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warning_dispatch.configuration.bureau import BUREAU, bureau_findings
from warning_dispatch.configuration.chains import load_chains
from warning_dispatch.configuration.hazards import HazardCatalogue, load_hazards
from warning_dispatch.configuration.outcomes import load_outcomes
from warning_dispatch.configuration.response import load_response
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.plan import CallChain, Outcome
from warning_dispatch.model.response import ResponseBook

__all__ = ["Configuration", "load_configuration"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the engine decides by."""

    chains: tuple[CallChain, ...]
    hazards: HazardCatalogue
    outcomes: Mapping[str, Outcome]
    bureau: CallChain | None = None
    """How the bureau calls itself; no warning ever starts it."""
    response: ResponseBook = field(default_factory=ResponseBook)
    """What is asked of whom in which stage."""

    def chain(self, name: str) -> CallChain:
        """The chain of that name. KeyError when there is none."""
        return next(chain for chain in self.chains if chain.name == name)


def load_configuration(folder: Path) -> Configuration:
    """Read the folder. ConfigError with every finding over all files."""
    findings: list[Finding] = []
    hazards = load_hazards(folder / "hazards.toml", "hazards.toml", findings)
    outcomes = load_outcomes(folder / "outcomes.toml", "outcomes.toml", findings)
    chains = load_chains(folder / "chains", hazards, findings)
    findings.extend(bureau_findings(chains))
    response = load_response(folder / "response.toml", "response.toml", hazards, findings)
    if findings or hazards is None or outcomes is None:
        raise ConfigError(findings)
    bureau = next((chain for chain in chains if chain.name == BUREAU), None)
    return Configuration(tuple(one for one in chains if one is not bureau), hazards, outcomes, bureau, response)
