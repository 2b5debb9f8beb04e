"""联系方式的写法: what people type into a number or mail column, made canonical or refused with a hint.

Numbers become E.164 (+86 and 10 or 11 digits). Full-width digits, spaces, hyphens, brackets, 0086 and +86 are taken.
What a machine cannot dial is refused: extensions, short codes, service numbers, two numbers in one cell.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from warning_dispatch.registry.sample_block import SAMPLE_DIGITS, SAMPLE_LANDLINE, SAMPLE_MOBILE, is_sample

_EXTENSION = re.compile(r"转|分机|ext|[#x*]|(?<=\d{7})\s*[-—]\s*\d{1,6}$", re.IGNORECASE)
_SEVERAL = re.compile(r"[/、;；,，|]|(?<=\d{7})\s*或")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?E\+?\d+$", re.IGNORECASE)
_DECIMAL = re.compile(r"^(\d{7,})\.0$")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_DIALLED = re.compile(r"^\+?[\d\s().-]+$")
_MAIL = re.compile(r"^[A-Za-z0-9._%+'-]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]+$")
_LONGEST_MAIL = 254
_CHINA = 86


class AddressRefusedError(ValueError):
    """The address cannot be used; `remedy` says what to write instead."""

    def __init__(self, what: str, remedy: str) -> None:
        """Both in words for a person."""
        super().__init__(what)
        self.remedy = remedy


def read_mobile(text: str) -> str:
    """A mobile number as E.164; raises AddressRefusedError."""
    return _read_phone(text, mobile=True)


def read_landline(text: str) -> str:
    """A landline as E.164; raises AddressRefusedError."""
    return _read_phone(text, mobile=False)


def read_phone(text: str) -> tuple[str, bool]:
    """A mobile or a landline as E.164, and whether it takes text messages; raises AddressRefusedError."""
    try:
        return read_mobile(text), True
    except AddressRefusedError as refused:
        try:
            return read_landline(text), False
        except AddressRefusedError:
            raise refused from None


def read_mail(text: str) -> str:
    """A mail address with its host in lower case; raises AddressRefusedError."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not _MAIL.match(plain) or ".." in plain or len(plain) > _LONGEST_MAIL:
        raise AddressRefusedError(
            "邮箱地址不正确 / not a mail address",
            "只写一个地址，如 name@host.cn，不带姓名 / one bare address such as name@host.cn",
        )
    local, _, host = plain.rpartition("@")
    return f"{local}@{host.lower()}"


def _read_phone(text: str, *, mobile: bool) -> str:
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
    whole = _DECIMAL.match(plain)
    plain = whole.group(1) if whole else plain
    _refuse_undialable(plain)
    digits = re.sub(r"[^\d+]", "", plain)
    digits = re.sub(r"^00", "+", digits)
    if is_sample(digits):
        return _read_sample(digits, mobile=mobile)
    return _read_real(digits, mobile=mobile)


def _refuse_undialable(plain: str) -> None:
    if _SCIENTIFIC.match(plain):
        raise AddressRefusedError(
            "号码被表格软件改成了科学计数 / the spreadsheet turned the number into scientific notation",
            "把该列设为“文本”后重新填写 / format the column as text and enter it again",
        )
    if _SEVERAL.search(plain):
        raise AddressRefusedError(
            "一格内有多个号码 / several numbers in one cell",
            "一格一个号码，另一个号码另起一行 / one number a cell; put the other into a row of its own",
        )
    # Of a number written in groups (XXX-XXXX-XXXX) the last group is no extension; of a complete one it is.
    if _EXTENSION.search(plain) and not _complete_in_groups(plain):
        raise AddressRefusedError(
            "带分机号，机器无法拨打 / has an extension, which a machine cannot dial",
            "填写直拨号码 / enter a direct number",
        )
    if not _DIALLED.match(plain):
        raise AddressRefusedError(
            "含有不属于号码的字符 / holds characters that are no part of a number",
            "只写数字 / write digits only",
        )


def _complete_in_groups(plain: str) -> bool:
    if not _DIALLED.match(plain):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(plain, "CN"))
    except NumberParseException:
        return False


def _read_sample(digits: str, *, mobile: bool) -> str:
    block = SAMPLE_MOBILE if mobile else SAMPLE_LANDLINE
    if digits.startswith(block) and len(digits) == len(block) + SAMPLE_DIGITS:
        return digits
    raise AddressRefusedError(
        "不是完整的样本号码 / not a whole sample number", f"{block} + {SAMPLE_DIGITS} 位数字 / digits"
    )


def _read_real(digits: str, *, mobile: bool) -> str:
    try:
        number = phonenumbers.parse(digits, "CN")
    except NumberParseException:
        number = phonenumbers.PhoneNumber()
    if number.country_code and number.country_code != _CHINA:
        raise AddressRefusedError(
            "不是中国内地号码 / not a number of mainland China", "填写内地号码 / enter a mainland number"
        )
    if not phonenumbers.is_valid_number(number):
        raise AddressRefusedError(
            f"号码无效（{len(digits.removeprefix('+86'))} 位） / no valid number",
            "手机 11 位；座机带区号，如 0358-XXXXXXX / a mobile has 11 digits; a landline needs its area code",
        )
    _refuse_other_kind(phonenumbers.number_type(number), mobile=mobile)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _refuse_other_kind(kind: int, *, mobile: bool) -> None:
    wanted = PhoneNumberType.MOBILE if mobile else PhoneNumberType.FIXED_LINE
    if kind == wanted:
        return
    if kind == PhoneNumberType.MOBILE:
        raise AddressRefusedError(
            "这是手机号 / this is a mobile", "移到 mobile（手机）列 / move it to the mobile column"
        )
    if kind == PhoneNumberType.FIXED_LINE:
        raise AddressRefusedError(
            "这是座机，收不到短信 / this is a landline, which takes no SMS",
            "移到 landline（座机）列 / move it to the landline column",
        )
    raise AddressRefusedError(
        "是服务号码（400、800 等） / a service number (400, 800 …)", "填写直拨号码 / enter a direct number"
    )
