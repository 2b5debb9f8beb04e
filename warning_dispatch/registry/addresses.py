"""联系方式的写法: what people type into a number or mail column, made canonical or refused with a hint.

Numbers become E.164 (+86 and 10 or 11 digits). Full-width digits, spaces, hyphens, brackets, 0086 and +86 are taken.
What a machine cannot dial is refused: extensions, service numbers, short codes that no list allows. `read_mobile`,
`read_landline` and `read_phone` take one number; `read_cell` takes a cell as offices fill it, with several in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

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
_ELEVEN = re.compile(r"1\d{10}")
_LABEL = re.compile(r"(?:手机|电话|座机|办公室?|办|宅|固话|移动)(?:电话|号码?)?\s*[:：]?\s*(?=[+(（0-9])")
_BETWEEN = re.compile(r"[/、;；,，|\n\r]|(?<=\d)\s*(?:或|和|及)\s*(?=[+(（0-9])")
_APART = re.compile(r"(?<=\d)\s+(?=(?:\+|0\d{2,3}|1\d))")
_WITH_EXTENSION = re.compile(r"^(?P<main>.*?\d)\s*(?:转|分机|ext\.?|x|[#*])[^\d]*(?P<ext>\d{1,6})$", re.IGNORECASE)
_DASHED_EXTENSION = re.compile(r"^(?P<main>\(?0\d{2,3}\)?[- ]?\d{7,8})\s*-\s*(?P<ext>\d{1,6})$")
_LOCAL = re.compile(r"\d{7,8}")
_SHORT = re.compile(r"\d{3,8}")


class AddressRefusedError(ValueError):
    """The address cannot be used; `remedy` says what to write instead."""

    def __init__(self, what: str, remedy: str, *, main: str = "") -> None:
        """Both in words for a person. `main`: the number without its extension, where that is all that is wrong."""
        super().__init__(what)
        self.remedy = remedy
        self.main = main


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


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A number as it was read. `mobile`: it takes text messages. `mended`: a landline got its leading zero back."""

    address: str
    mobile: bool
    mended: bool = False


def read_cell(
    text: str, short_codes: Collection[str] = (), *, was_number: bool = False
) -> Iterator[ReadNumber | AddressRefusedError]:
    """Every number of a cell, or why it is none. An empty cell gives nothing.

    Several numbers are taken apart at `/ 、 ; ,`, line breaks, 或, or blanks between whole numbers; the second of
    "0358-XXXXXXX/XXXXXXX" has the area code of the first. `short_codes`: numbers (or patterns such as 66*) that the
    bureau's lines can dial as they are. `was_number`: the cell held a number, so a leading zero is gone.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
    if _ELEVEN.fullmatch(plain) and (fast := _mobile(plain)):
        yield ReadNumber(fast, mobile=True)
        return
    area = ""
    for part in _parts(plain):
        area, found = _read_part(part, area, short_codes, was_number=was_number)
        yield found


def _parts(plain: str) -> list[str]:
    parts = []
    for piece in _BETWEEN.split(_LABEL.sub("", plain)):
        apart = _APART.split(piece.strip())
        whole = len(apart) > 1 and all(len(re.sub(r"\D", "", one)) >= len("1234567") for one in apart)
        parts += apart if whole else [piece]
    return [part.strip() for part in parts if part.strip()]


def _read_part(
    part: str, area: str, short_codes: Collection[str], *, was_number: bool
) -> tuple[str, ReadNumber | AddressRefusedError]:
    """The area code for the numbers that follow, and what the part is."""
    if _SHORT.fullmatch(part) and any(fnmatchcase(part, one) for one in short_codes):
        return area, ReadNumber(part, mobile=False)
    if area and _LOCAL.fullmatch(part):
        part = area + part
    cut = _WITH_EXTENSION.match(part) or _DASHED_EXTENSION.match(part)
    try:
        address, mobile = read_phone(part)
    except AddressRefusedError as refused:
        mended = _with_zero(part) if was_number else None
        if mended is not None:
            return area, ReadNumber(mended, mobile=False, mended=True)
        if cut is not None:
            refused = _with_main(refused, cut["main"])
        return area, refused
    return ("" if mobile else _area_code(address)), ReadNumber(address, mobile)


def _with_main(refused: AddressRefusedError, main: str) -> AddressRefusedError:
    try:
        address, _ = read_phone(main)
    except AddressRefusedError:
        return refused
    return AddressRefusedError(str(refused), refused.remedy, main=address)


def _with_zero(part: str) -> str | None:
    """A landline whose area code lost its zero when a spreadsheet took it for a number."""
    digits = _DECIMAL.sub(r"\1", part)
    if not digits.isdigit() or digits.startswith(("0", "1")):
        return None
    try:
        return read_landline("0" + digits)
    except AddressRefusedError:
        return None


def _area_code(address: str) -> str:
    if is_sample(address):
        return ""
    number = phonenumbers.parse(address)
    length = phonenumbers.length_of_geographical_area_code(number)
    return "0" + str(number.national_number)[:length] if length else ""


def _mobile(digits: str) -> str:
    """The quick way for the usual case: eleven digits that begin with 1. Empty when they are no mobile."""
    number = PhoneNumber(country_code=_CHINA, national_number=int(digits))
    return f"+{_CHINA}{digits}" if phonenumbers.number_type(number) == PhoneNumberType.MOBILE else ""


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
