"""声音: telephone sound as arrays of 16-bit samples: read from any PCM WAV, brought to 8 kHz, joined, measured. Pure.

A telephone line carries 300 to 3,400 Hz. What is recorded at a higher rate is filtered before it is thinned out, or it hisses.
"""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warning_dispatch.errors import DispatchError

RATE = 8_000
"""Samples a second of everything we play."""
Samples = NDArray[np.int16]
LOWEST_RATE, HIGHEST_RATE = 8_000, 96_000
LONGEST_S = 120.0
QUIET = 200.0
"""RMS below which nobody hears anything."""
LEVEL = 6_000.0
"""RMS of speech as we play it: loud on an old phone, without distortion."""
_TAPS = 32
_PEAK = 30_000.0
_SILENT_SAMPLE = 300
_WIDTHS: dict[int, np.dtype[Any]] = {1: np.dtype("u1"), 2: np.dtype("<i2"), 4: np.dtype("<i4")}


class SoundError(DispatchError):
    """No sound that we can play."""


def read_wav(content: bytes) -> Samples:
    """A PCM WAV of any usual rate and width, one channel or more, as we play it. SoundError says what is wrong."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError, ValueError) as error:
        what = "不是 PCM 编码的 WAV 文件 / not a WAV file in PCM"
        raise SoundError(what) from error
    if not LOWEST_RATE <= rate <= HIGHEST_RATE or width not in (1, 2, 3, 4) or not 1 <= channels <= 8:  # noqa: PLR2004 - what recorders make
        raise SoundError(f"不支持的格式：{rate} Hz、{8 * width} 位 / cannot use {rate} Hz, {8 * width} bit")
    samples = _mono(frames, width, channels)
    if len(samples) > LONGEST_S * rate:
        raise SoundError(f"长于 {LONGEST_S:.0f} 秒 / longer than {LONGEST_S:.0f} s")
    return _as_samples(resampled(samples, rate))


def _mono(frames: bytes, width: int, channels: int) -> NDArray[np.float64]:
    whole = len(frames) // (width * channels) * width * channels
    raw = np.frombuffer(frames[:whole], dtype=np.uint8)
    if width == 3:  # noqa: PLR2004 - 24 bit has no type of its own: the upper two bytes are kept
        values = raw.reshape(-1, 3)[:, 1:].copy().view("<i2").astype(np.float64).reshape(-1)
    else:
        values = raw.view(_WIDTHS[width]).astype(np.float64)
        if width == 1:
            values = (values - 128.0) * 256.0
        elif width == 4:  # noqa: PLR2004 - see above
            values = values / 65_536.0
    mono: NDArray[np.float64] = values.reshape(-1, channels).mean(axis=1)
    return mono


def resampled(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """The same at our rate: a windowed sinc that leaves out what our rate cannot carry."""
    if rate == RATE or not len(samples):
        return samples
    ratio = rate / RATE
    cut = min(1.0, 1.0 / ratio) * 0.95
    half = int(np.ceil(_TAPS * max(1.0, ratio) / 2))
    at = np.arange(int(len(samples) / ratio)) * ratio
    first = np.floor(at).astype(np.int64)
    padded = np.concatenate([np.zeros(half), samples, np.zeros(half + 1)])
    result = np.zeros(len(at))
    total = np.zeros(len(at))
    for tap in range(-half + 1, half + 1):
        distance = at - (first + tap)
        window = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / half, -1, 1))
        weight = np.sinc(distance * cut) * window
        total += weight
        result += padded[first + tap + half] * weight
    scaled: NDArray[np.float64] = result / np.where(np.abs(total) > 1e-6, total, 1.0)  # noqa: PLR2004 - no division by nothing
    return scaled


def _as_samples(values: NDArray[np.float64]) -> Samples:
    return np.clip(np.round(values), -32_768, 32_767).astype(np.int16)


def silence(seconds: float) -> Samples:
    """Nothing, for so long."""
    return np.zeros(round(seconds * RATE), dtype=np.int16)


def joined(*parts: Samples) -> Samples:
    """One after the other."""
    return np.concatenate([*parts]) if parts else silence(0)


def seconds_of(samples: Samples) -> float:
    """How long it lasts."""
    return len(samples) / RATE


def loudness(samples: Samples) -> float:
    """Its RMS."""
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) if len(samples) else 0.0


def trimmed(samples: Samples, keep_s: float = 0.05) -> Samples:
    """Without the silence before and after, but for a moment of it."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENT_SAMPLE)
    if not len(loud):
        return samples[:0]
    keep = round(keep_s * RATE)
    return samples[max(0, loud[0] - keep) : loud[-1] + keep]


def levelled(samples: Samples) -> Samples:
    """As loud as everything else we play, so that a recording and a machine's sentence fit together."""
    heard = samples[np.abs(samples.astype(np.int32)) > _SILENT_SAMPLE]
    now = loudness(heard)
    if now < QUIET:
        return samples
    peak = float(np.max(np.abs(samples.astype(np.float64))))
    return _as_samples(samples.astype(np.float64) * min(LEVEL / now, _PEAK / peak))


def wav_of(samples: Samples) -> bytes:
    """As a file: 8 kHz, mono, 16 bit."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
