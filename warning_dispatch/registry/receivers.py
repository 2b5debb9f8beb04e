"""接收责任人的写法: the words that people write for roles and languages, in files, forms and commands alike."""

from __future__ import annotations

from warning_dispatch.model.unit import Role

ROLES_BY_WORD = {
    **dict.fromkeys(("a", "a岗", "primary"), Role.PRIMARY),
    **dict.fromkeys(("b", "b岗", "deputy"), Role.DEPUTY),
    **dict.fromkeys(("值班", "值班电话", "duty"), Role.DUTY),
}
"""What people write for a role, in lower case."""
LANGUAGES_BY_WORD = {"": "zh_CN", "zh_cn": "zh_CN", "zh-cn": "zh_CN", "中文": "zh_CN", "en": "en", "英文": "en"}
"""What people write for a language."""
LONGEST_NAME = 40
"""Characters of a name."""
