"""What people type into a number column."""

from __future__ import annotations

import phonenumbers
import pytest

from warning_dispatch.registry.addresses import AddressRefusedError, read_landline, read_mail, read_mobile

# No number that could reach anybody stands here: the mobile is the library's own example, subscriber numbers
# of landlines never begin with 0, and 555-01xx is kept for fiction.
MOBILE = str(phonenumbers.example_number_for_type("CN", phonenumbers.PhoneNumberType.MOBILE).national_number)
GROUPS = (MOBILE[:3], MOBILE[3:7], MOBILE[7:])
FULL_WIDTH = MOBILE.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


@pytest.mark.parametrize(
    "written",
    [
        MOBILE,
        " ".join(GROUPS),
        "-".join(GROUPS),
        "–".join(GROUPS),
        FULL_WIDTH,
        f"＋８６ {FULL_WIDTH}",
        f"+86{MOBILE}",
        f"0086{MOBILE}",
        f"{MOBILE}.0",
    ],
)
def test_a_mobile_in_any_usual_dress_is_the_same_number(written: str) -> None:
    """One number has one form, or it would be called twice."""
    assert read_mobile(written) == f"+86{MOBILE}"


@pytest.mark.parametrize(
    "written", ["0358-0000000", "03580000000", "(0358)0000000", "（0358）000-0000", "+863580000000"]
)
def test_a_landline_in_any_usual_dress_is_the_same_number(written: str) -> None:
    """The area code may stand in brackets, as on a letterhead."""
    assert read_landline(written) == "+863580000000"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0358-0000000转8", "分机"),
        ("0358-0000000-801", "分机"),
        ("03580000000 ext 8", "分机"),
        ("0358-0000000 分机 12", "分机"),
        ("0358-0000000/0000001", "多个"),
        ("0358-0000000、0000001", "多个"),
        ("0000000", "无效"),
        ("12379", "无效"),
        ("110", "无效"),
        ("400-0000000", "服务号码"),
        (MOBILE, "手机"),
        ("+12025550123", "内地"),
        ("电话", "字符"),
        ("+", "字符"),
    ],
)
def test_a_landline_that_a_machine_cannot_dial_is_refused_with_a_hint(written: str, said: str) -> None:
    """The hint says what to write instead."""
    with pytest.raises(AddressRefusedError, match=said) as caught:
        read_landline(written)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (MOBILE[:-1], "10 位"),
        (MOBILE + "1", "12 位"),
        ("12000000000", "无效"),
        ("1.38E+10", "科学计数"),
        ("0358-0000000", "座机"),
        (f"{MOBILE};{MOBILE}", "多个"),
        ("+86260100000", "样本"),
    ],
)
def test_a_bad_mobile_is_refused_with_a_hint(written: str, said: str) -> None:
    """A digit too few, a spreadsheet's mangling, a landline in the wrong column."""
    with pytest.raises(AddressRefusedError, match=said):
        read_mobile(written)


@pytest.mark.parametrize("written", ["duty.room@host.gov.example", "DUTY@HOST.example", "duty＠host.example"])
def test_mail_addresses_are_taken(written: str) -> None:
    """Full-width signs are what a Chinese keyboard gives."""
    assert "@host." in read_mail(written)


@pytest.mark.parametrize(
    "written", ["duty", "a@b", "a@@host.cn", "值班 <a@host.cn>", "a b@host.cn", "a@host..cn", "a@-host.cn"]
)
def test_bad_mail_addresses_are_refused(written: str) -> None:
    """A name around the address or a typing error would bounce in the storm."""
    with pytest.raises(AddressRefusedError):
        read_mail(written)
