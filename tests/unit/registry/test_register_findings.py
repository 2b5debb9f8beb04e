"""What `check` says about a register that could be read."""

from __future__ import annotations

from warning_dispatch.errors import INFORMATION
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.findings import register_findings
from warning_dispatch.registry.sample_block import sample_mail, sample_mobile


def village(code: str, *, called: bool = True) -> Unit:
    """A village."""
    return Unit(code, f"村{code[-1]}", UnitKind.DIVISION, UnitLevel.VILLAGE, code, None, callable=called)


def holder(unit: Unit, role: Role = Role.PRIMARY, phone: int | None = 1) -> ReceiverEntry:
    """Someone who answers for it, by phone or (None) by mail only."""
    mail = EndpointEntry(Channel.EMAIL, sample_mail("a"))
    endpoints = (mail,) if phone is None else (EndpointEntry(Channel.VOICE, sample_mobile(phone)),)
    return ReceiverEntry(unit.code, role, "样本甲0001", "", "zh_CN", endpoints, sample=True)


FIRST, SECOND = village("141124100201"), village("141124100202")


def test_a_good_register_has_no_findings() -> None:
    """Silence means ready."""
    assert register_findings([FIRST, SECOND], [holder(FIRST), holder(SECOND, phone=2)]) == []


def test_a_unit_without_receiver_a_or_phone_is_found() -> None:
    """Each of them would be a village that sleeps through the storm."""
    assert "没有接收责任人" in register_findings([FIRST], [])[0].what
    assert "没有 A 岗" in register_findings([FIRST], [holder(FIRST, Role.DEPUTY)])[0].what
    assert "没有任何电话" in register_findings([FIRST], [holder(FIRST, phone=None)])[0].what


def test_a_unit_that_is_not_called_needs_nobody() -> None:
    """An industrial zone's 虚拟社区 is no gap; a receiver there is one who will never be called."""
    quiet = village("141122400498", called=False)
    assert register_findings([quiet], []) == []
    assert register_findings([quiet], [holder(quiet)])[0].what.startswith(INFORMATION)


def test_a_number_of_several_units_is_told_as_information_and_masked() -> None:
    """It is life, not an error; the number stays private."""
    (finding,) = register_findings([FIRST, SECOND], [holder(FIRST), holder(FIRST, Role.DEPUTY), holder(SECOND)])
    assert finding.what.startswith(f"{INFORMATION}2 ")
    assert FIRST.code in finding.what
    assert sample_mobile(1)[3:] not in str(finding)
    assert "****" in finding.where
