"""录音与试听: what calls of this site say, by whom each sentence is spoken, and who has listened to it.

The sentences are those of invented warnings, one for every hazard and colour that a chain is triggered by: what stands the same in
every call-out can be recorded before the season. What names a time, an area or a unit is a new sentence each night, and a machine's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warning_dispatch.delivery.spoken.recordings import MachineApproval, Recording, Recordings, key_of
from warning_dispatch.delivery.spoken.scripts import Script, Scripts, sentences_of
from warning_dispatch.delivery.spoken.sound import wav_of
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.tomlfiles import both


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """One sentence. `often`: in how many of the invented warnings it stands; `recording`: of people, used or not."""

    key: str
    text: str
    language: str
    often: int
    varies: bool
    """Whether it names a time, an area or a unit: another sentence every night."""
    recording: Recording | None

    @property
    def by_machine(self) -> bool:
        """Whether a machine says it in a call."""
        return self.recording is None or not self.recording.approved_by


class VoiceDesk:
    """What the page and the command ask."""

    def __init__(
        self,
        scripts: Scripts,
        recordings: Recordings,
        texts: Callable[[], Sequence[tuple[str, str]]],
        other_texts: Callable[[], Sequence[tuple[str, str]]],
        now: Callable[[], int],
    ) -> None:
        """`texts`: (language, text) of invented warnings, the most usual first; `other_texts`: the same on another night."""
        self._other_texts = other_texts
        self._scripts = scripts
        self._recordings = recordings
        self._texts = texts
        self._now = now

    def sentences(self) -> Sequence[SpokenSentence]:
        """All of them: what stands in most warnings first."""
        counts: dict[tuple[str, str], int] = {}
        for language, text in self._texts():
            for sentence in dict.fromkeys(sentences_of(text, language)):
                counts[language, sentence] = counts.get((language, sentence), 0) + 1
        known = {one.key: one for one in self._recordings.all()}
        others = {(language, one) for language, text in self._other_texts() for one in sentences_of(text, language)}
        found = []
        for (language, text), often in counts.items():
            key = key_of(text, language)
            found.append(SpokenSentence(key, text, language, often, (language, text) not in others, known.get(key)))
        return sorted(found, key=lambda one: (one.language != "zh_CN", one.varies, -one.often))

    def sentence(self, key: str) -> SpokenSentence:
        """One of them. NotFoundError."""
        found = next((one for one in self.sentences() if one.key == key), None)
        if found is None:
            raise NotFoundError(f"没有这一句 / no such sentence: {key}")
        return found

    def sample(self) -> tuple[str, Script]:
        """The usual warning as a village hears it: its text and sound. SoundError."""
        language, text = self._texts()[0]
        return text, self._scripts.script(text, language)

    def heard(self, key: str) -> bytes:
        """How a call says a sentence now. SoundError, NotFoundError."""
        one = self.sentence(key)
        return wav_of(self._scripts.sentence(one.text, one.language))

    def recorded(self, key: str) -> bytes:
        """A recording, to be listened to. NotFoundError."""
        return self._recordings.sound(key)

    def take(self, key: str, wav: bytes, *, actor: str) -> Recording:
        """A recording of a sentence. SoundError says what is wrong with it; RefusedError, NotFoundError."""
        one = self.sentence(key)
        if one.varies:
            what = both("这一句每次不同，录了也用不上", "this sentence is another one every night")
            raise RefusedError(what)
        return self._recordings.take(one.text, one.language, wav, actor, self._now())

    def approve(self, key: str, *, actor: str) -> Recording:
        """Listened to, and good: calls use it from now on. NotFoundError."""
        return self._recordings.approve(key, actor, self._now())

    def remove(self, key: str) -> None:
        """The machine says it again. NotFoundError."""
        self._recordings.remove(key)

    @property
    def machine(self) -> str:
        """Who says everything else."""
        return self._scripts.voice_name

    @property
    def machine_approval(self) -> MachineApproval | None:
        """Who has listened to that machine as it is set now; None: nobody."""
        return self._recordings.machine_approval(self.machine)

    def approve_machine(self, *, actor: str) -> MachineApproval:
        """Listened to the sample, and it can be understood."""
        return self._recordings.approve_machine(self.machine, actor, self._now())
