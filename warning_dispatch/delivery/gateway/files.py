"""Provider files: found, read, checked as a whole and compiled. Every finding at once, with file and key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warning_dispatch.delivery.gateway.description import ProviderShape, ReadingShape, RequestShape, SignerShape
from warning_dispatch.delivery.gateway.filling import RequestForm, compile_request
from warning_dispatch.delivery.gateway.signers import NEEDS, SIGNERS
from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.texts import DRILL, SIGNAL, VALUES
from warning_dispatch.tomlfiles import both, parse, read_toml

FOLDER = "providers"
OF_AN_ATTEMPT = frozenset({
    "attempt", "purpose", "language", "ring_s", "number.e164", "number.plain", "number.domestic",
    "text", "subject", "link", "unit", "count", "causes", DRILL, SIGNAL, *VALUES,
})  # fmt: skip
"""Names that stand for something of the attempt."""
OF_A_MOMENT = frozenset({"now_s", "now_ms", "nonce"})


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's file, ready for use. `polls` by name."""

    name: str
    shape: ProviderShape
    request: RequestForm
    polls: Mapping[str, RequestForm]

    @property
    def wants_values(self) -> bool:
        """Whether its request says more of a warning than the text."""
        return bool(self.request.used & {DRILL, SIGNAL, "count", "causes", *VALUES})


def shipped_folder() -> Path:
    """Where the files lie that came with the program: in the checkout, or inside the package."""
    package = Path(__file__).resolve().parents[2]
    checkout = package.parent / "config" / FOLDER
    return checkout if checkout.is_dir() else package / "_defaults" / "config" / FOLDER


def find_file(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of a provider: a path as it is, a name in the first folder that has it."""
    if "/" in name or name.endswith(".toml"):
        path = Path(name).expanduser()
        return path if path.is_file() else None
    return next((path for folder in folders if (path := folder / f"{name}.toml").is_file()), None)


def load_provider(name: str, folders: Sequence[Path], outcomes: Collection[str] = ()) -> Provider:
    """The provider by its name or path; ConfigError with every finding. `outcomes`: known rows of the outcome table."""
    path = find_file(name, folders)
    if path is None:
        known = sorted({file.stem for folder in folders if folder.is_dir() for file in folder.glob("*.toml")})
        what = both(f"没有这个服务商文件：{name}", f"there is no provider file {name!r}")
        raise ConfigError([Finding(f"{FOLDER}/{name}.toml", what, both("可用：", "known: ") + ", ".join(known))])
    label = f"{FOLDER}/{path.name}"
    findings: list[Finding] = []
    raw = read_toml(path, label, findings)
    shape = parse(ProviderShape, raw, label, findings) if raw is not None else None
    if shape is None:
        raise ConfigError(findings)
    provider = _compile(path.stem, shape, label, findings)
    findings += _whole_findings(provider, label, outcomes)
    if findings:
        raise ConfigError(findings)
    return provider


def _compile(name: str, shape: ProviderShape, label: str, findings: list[Finding]) -> Provider:
    ours = {
        *(f"option.{one}" for one in shape.options),
        *(f"secret.{one}" for one in shape.secrets),
        *(f"hook.{one}" for one in shape.callbacks),
        *OF_A_MOMENT,
    }
    request = compile_request(shape.request, f"{label}: request", ours | OF_AN_ATTEMPT, findings)
    polls = {
        key: compile_request(poll.request, f"{label}: polls.{key}.request", ours, findings)
        for key, poll in shape.polls.items()
    }
    return Provider(name, shape, request, polls)


def _whole_findings(provider: Provider, label: str, outcomes: Collection[str]) -> Iterator[Finding]:
    """What only shows when the parts are seen together."""
    shape = provider.shape
    yield from _request_findings(shape.request, shape, f"{label}: request")
    for name, poll in shape.polls.items():
        yield from _request_findings(poll.request, shape, f"{label}: polls.{name}.request")
    if not provider.request.used & {"text", DRILL}:
        what = both("请求里没有演练标记：演练会像真的一样", "a drill would look like the real thing")
        yield Finding(
            f"{label}: request", what, both("某个变量以 {drill} 开头", "begin one of the values with {drill}")
        )
    for name, callback in shape.callbacks.items():
        if callback.verify is not None:
            signer = SignerShape(scheme="wsse", id=callback.verify.id, key=callback.verify.key, extra={"header": "-"})
            yield from _signer_findings(signer, shape, f"{label}: callbacks.{name}.verify")
    for where, reading in _readings(shape, label):
        yield from _reading_findings(reading, where)
    for name, callback in shape.callbacks.items():
        for index, reading in enumerate(callback.readings):
            if reading.tells == "report" and not (reading.attempt or reading.ref or callback.bound):
                what = both("不知道是哪次呼叫：需要 attempt 或 ref", "whose call it was: attempt or ref is needed")
                yield Finding(f"{label}: callbacks.{name}.readings[{index}]", what)
    yield from _outcome_findings(shape, label, outcomes)


def _request_findings(request: RequestShape, shape: ProviderShape, where: str) -> Iterator[Finding]:
    yield from _signer_findings(request.signer, shape, f"{where}.signer")
    if request.signer.scheme == "tc3" and "content-type" not in {name.lower() for name in request.headers}:
        what = both("tc3 签名需要 content-type", "tc3 signs the content-type")
        yield Finding(f"{where}.headers", what, 'content-type = "application/json; charset=utf-8"')


def _signer_findings(signer: SignerShape, shape: ProviderShape, where: str) -> Iterator[Finding]:
    if signer.scheme not in SIGNERS:
        known = ", ".join(SIGNERS)
        what = both(f"没有签名方式 {signer.scheme}", f"there is no scheme {signer.scheme!r}")
        yield Finding(f"{where}.scheme", what, both("可用：", "known: ") + known)
    for name in NEEDS.get(signer.scheme, ()):
        if not signer.extra.get(name):
            yield Finding(f"{where}.extra.{name}", both(f"{signer.scheme} 需要此项", f"{signer.scheme} needs it"))
    for key, secret in (("id", signer.id), ("key", signer.key)):
        if secret and secret not in shape.secrets:
            what = both(f"secrets 里没有 {secret}", f"{secret!r} is not among the secrets")
            yield Finding(f"{where}.{key}", what, ", ".join(shape.secrets))
        elif not secret and key == "key" and signer.scheme != "none":
            yield Finding(f"{where}.key", both("没有密钥", "there is no key"), both("写密钥的名称", "name a secret"))


def _readings(shape: ProviderShape, label: str) -> Iterator[tuple[str, ReadingShape]]:
    for kind, named in (("callbacks", shape.callbacks), ("polls", shape.polls)):
        for name, one in named.items():
            for index, reading in enumerate(one.readings):
                yield f"{label}: {kind}.{name}.readings[{index}]", reading


def _reading_findings(reading: ReadingShape, where: str) -> Iterator[Finding]:
    if reading.tells == "reply":
        if not (reading.number and reading.text):
            what = both("回复需要 number 和 text", "a reply needs number and text")
            yield Finding(where, what)
        return
    if not (reading.outcomes or reading.key):
        yield Finding(where, both("既无 outcomes 也无 key", "neither outcomes nor key"))
    if reading.outcomes and not reading.code and set(reading.outcomes) != {"*"}:
        yield Finding(where, both("有 outcomes 而没有 code", "outcomes without code"))
    if bool(reading.began) != bool(reading.ended):
        yield Finding(where, both("began 与 ended 须成对", "began and ended belong together"))


def _outcome_findings(shape: ProviderShape, label: str, outcomes: Collection[str]) -> Iterator[Finding]:
    named = [(f"{label}: errors.{code}", outcome) for code, outcome in shape.errors.items()]
    named.append((f"{label}: unknown", shape.unknown))
    for where, reading in _readings(shape, label):
        named += [(f"{where}.outcomes.{code}", outcome) for code, outcome in reading.outcomes.items()]
    for where, outcome in named:
        if outcome and outcomes and outcome not in outcomes:
            what = both(f"outcomes.toml 里没有 {outcome}", f"{outcome!r} is no row of outcomes.toml")
            yield Finding(where, what, both("可用：", "known: ") + ", ".join(sorted(outcomes)))
        if outcome == "key_pressed":
            what = both("状态码不能算应答：应答只来自按键", "a status never acknowledges: only a pressed key does")
            yield Finding(where, what, both("用 key 和 acknowledges", "use key and acknowledges"))
