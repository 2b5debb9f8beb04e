"""What a route of this kind is: a provider's file, the site's options, and the secrets, all put together and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from warning_dispatch.delivery.gateway.description import SignerShape
from warning_dispatch.delivery.gateway.files import Provider, load_provider, shipped_folder
from warning_dispatch.delivery.gateway.filling import PURPOSES
from warning_dispatch.delivery.gateway.signers import Credentials
from warning_dispatch.errors import ConfigError, Finding, FindingsError
from warning_dispatch.tomlfiles import Shape, both, read_toml

_SECRET_FILE = "_file"  # noqa: S105 - the end of a key's name


class GatewayOptions(Shape):
    """[routes.options] of `adapter = "gateway"`. Besides these a `<secret>_file` for each secret of the provider."""

    provider: str = Field(min_length=1)
    """A file of config/providers/ by its name, or the path of another."""
    endpoint: str = Field(default="", pattern=r"^(https?://[^/\s]+)?$")
    """Scheme and host instead of the described ones: a gateway in the bureau's own network."""
    cleartext: bool = False
    """Whether http beyond this machine is allowed."""
    proxy: str = ""
    connections: int = Field(default=32, ge=1, le=256)
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    set: dict[str, str | int | dict[str, str | int]] = Field(default_factory=dict)
    """The provider's options: a value, or one for each purpose."""

    files: dict[str, str] = Field(default_factory=dict, repr=False)
    """Where the secrets lie, by name: filled from the `<secret>_file` keys."""

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, raw: object) -> object:
        """The keys that name files depend on the provider; everything else unknown is a finding."""
        if not isinstance(raw, dict):
            return raw
        files = {key: value for key, value in raw.items() if key.endswith(_SECRET_FILE) and isinstance(value, str)}
        rest = {key: value for key, value in raw.items() if key not in files}
        return (
            {**rest, "files": {key.removesuffix(_SECRET_FILE): value for key, value in files.items()}}
            if files
            else rest
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A route, ready to be built. `chosen`: option values by purpose; `secrets` by name."""

    provider: Provider
    options: GatewayOptions
    chosen: Mapping[str, Mapping[str, str]]
    secrets: Mapping[str, str] = field(repr=False)

    def credentials(self, signer: SignerShape) -> Credentials:
        """Who signs a request."""
        return Credentials(self.secrets.get(signer.id, ""), self.secrets.get(signer.key, ""), signer.extra)


def folders_of(config_dir: Path | None) -> Sequence[Path]:
    """Where provider files are looked for: the site's own first, then what came with the program."""
    own = () if config_dir is None else (config_dir / "providers",)
    return (*own, shipped_folder())


def known_outcomes(folders: Sequence[Path]) -> frozenset[str]:
    """The rows of the outcome table beside the provider files."""
    for folder in folders:
        path = folder.parent / "outcomes.toml"
        if path.is_file():
            return frozenset(read_toml(path, path.name, []) or ())
    return frozenset()


def make_plan(options: GatewayOptions, secret: Callable[[str], str], where: str, folders: Sequence[Path]) -> Plan:
    """The plan of a route; ConfigError with every finding. `where`: the route, as findings name it."""
    provider = load_provider(options.provider, folders, known_outcomes(folders))
    findings: list[Finding] = list(_strange(options, provider, where))
    chosen = {purpose: dict(_chosen(options, provider, purpose, where, findings)) for purpose in PURPOSES}
    secrets = {name: _read(name, secret, provider, where, findings) for name in provider.shape.secrets}
    if findings:
        raise ConfigError(list(dict.fromkeys(findings)))
    return Plan(provider, options, chosen, secrets)


def _read(name: str, secret: Callable[[str], str], provider: Provider, where: str, findings: list[Finding]) -> str:
    """One secret; what is wrong with it goes to the findings, without its content."""
    try:
        value = secret(name).strip()
    except FindingsError as error:
        findings.extend(error.findings)
        return ""
    if not value:
        words = provider.shape.secrets[name]
        what = both(f"缺少密钥 {name}：{words.zh_CN}", f"the secret {name} is missing: {words.en}")
        remedy = both("写 600 权限的文件，或给凭据、环境变量", "a file with mode 600, a credential or a variable")
        findings.append(Finding(f"{where}.options.{name}{_SECRET_FILE}", what, remedy))
    return value


def _strange(options: GatewayOptions, provider: Provider, where: str) -> Iterator[Finding]:
    for name in options.set:
        if name not in provider.shape.options:
            what = both(f"{provider.name} 没有选项 {name}", f"{provider.name} has no option {name}")
            known = ", ".join(provider.shape.options)
            yield Finding(f"{where}.options.set.{name}", what, both("可用：", "known: ") + known)
    for key in options.files:
        if key not in provider.shape.secrets:
            what = both(f"{provider.name} 没有这个密钥", f"{provider.name} has no such secret")
            yield Finding(f"{where}.options.{key}{_SECRET_FILE}", what, ", ".join(provider.shape.secrets))


def _chosen(
    options: GatewayOptions, provider: Provider, purpose: str, where: str, findings: list[Finding]
) -> Iterator[tuple[str, str]]:
    """The option values for one purpose."""
    for name, shape in provider.shape.options.items():
        given: Any = options.set.get(name, shape.default)
        place = f"{where}.options.set.{name}"
        if isinstance(given, dict):
            findings.extend(_purposes(given, place))
            given = given.get(purpose)
        elif shape.per_purpose and given is not None:
            what = both("每种用途各写一个", "one for each purpose")
            findings.append(Finding(place, what, f"{{ {', '.join(f'{one} = …' for one in PURPOSES)} }}"))
        if given is None:
            suffix = f".{purpose}" if shape.per_purpose else ""
            what = both(f"必须填写：{shape.zh_CN}", f"must be set: {shape.en}")
            findings.append(Finding(f"{place}{suffix}", what))
        yield name, str(given or "") if given != 0 else "0"


def _purposes(given: Mapping[str, Any], place: str) -> Iterator[Finding]:
    for purpose in given:
        if purpose not in PURPOSES:
            what = both(f"没有用途 {purpose}", f"there is no purpose {purpose}")
            yield Finding(f"{place}.{purpose}", what, ", ".join(PURPOSES))
