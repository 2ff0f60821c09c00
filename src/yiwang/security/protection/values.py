"""What values look like: how many of a column's values each detector knows. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from yiwang.kernel import identifiers
from yiwang.kernel.identifiers import tidied, valid

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"
    "温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟申殷詹欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍"
    "涂成苗谷曲盛冉翁蓝骆路游辛靳管柴蒙鲍华喻祁房滕屈饶解牟艾尤时穆农司古吉缪车项连芦麦褚娄窦戚岑党宫景费卜"
    "冷晏席卫柏宗桂全应臧闵苟邬边卞姬邝仇栾刁沙寇桑隆阳"
)
_TWO_SURNAMES = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "司徒",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "令狐",
    "慕容",
)
_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff]{2,8}·[\u4e00-\u9fff]{2,8}")
_NO_NAME = re.compile(
    r"[省市区县镇乡村街路巷局厅部委处科站所院校店厂司桥河湖山港湾园桩井管机器车类型级项]$"
)
_ORGANISATION = re.compile(
    r"^[\u4e00-\u9fff（）()A-Za-z0-9]{4,}"
    r"(公司|委员会|管理局|[局厅院校所站社厂店]|中心|医院|银行|大学|协会|学会|合作社|事务所|支队|大队|办公室|人民政府)$"
)
_ADDRESS = re.compile(
    r"[省市区县州镇乡街道村].*(路|街|巷|弄|胡同|大道|里|村|社区|小区|组|队).*\d+.*(号|弄|栋|幢|座|室|组|单元|楼|户)?"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_IP = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_DATE = re.compile(
    r"(?:18|19|20)\d\d[-/.年]?(?:0?[1-9]|1[0-2])(?:[-/.月]?(?:0?[1-9]|[12]\d|3[01])日?)?.*"
)
_WITHIN = re.compile(
    r"(?<![0-9A-Za-z])(?:\d{17}[0-9Xx]|1[3-9]\d{9}|\d{16,19})(?![0-9A-Za-z])", re.ASCII
)
_NUMBER = re.compile(r"-?\d+\.\d{2,}")


@dataclass(frozen=True)
class Detector:
    """One way to know what values are. ``chance``: the share of values of the same form that it
    takes for what they are not; ``strength``: how sure it makes when it knows all of them."""

    knows: Callable[[str], bool]
    strength: float
    chance: float
    shape: re.Pattern[str] = re.compile(r".+", re.DOTALL)


def _identifier(kind: str, strength: float, chance: float, shape: str) -> Detector:
    tidy, judge = identifiers.KINDS[kind].tidy, identifiers.KINDS[kind].fault
    return Detector(lambda text: judge(tidy(text)) is None, strength, chance, re.compile(shape))


def _name(text: str) -> bool:
    text = text.strip()
    if not _NAME.fullmatch(text) or _NO_NAME.search(text):
        return False
    return "·" in text or (len(text) <= 3 and text[0] in _SURNAMES) or text[:2] in _TWO_SURNAMES


def _personal(text: str) -> bool:
    """A longer text in which a valid identifier of a person stands."""
    return len(text) > 20 and any(
        valid("resident_id", tidied("resident_id", one)) or valid("mobile", one)
        for one in _WITHIN.findall(text)
    )


def _between(least: float, most: float) -> Callable[[str], bool]:
    return lambda text: bool(_NUMBER.fullmatch(text)) and least <= float(text) <= most


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: bool(pattern.fullmatch(text.strip()))


_GROUPED = r"[\d０-９ -]"
DETECTORS: Mapping[str, Detector] = {
    "resident_id": _identifier("resident_id", 0.99, 0.002, r"[\d０-９ xXｘＸ-]{18,24}"),
    "resident_id_15": _identifier("resident_id_15", 0.8, 0.1, r"\d{15}"),
    "permanent_residence": _identifier("permanent_residence", 0.98, 0.002, r"9[\dxX]{17}"),
    "credit_code": _identifier("credit_code", 0.99, 0.001, r"[\w０-９Ａ-Ｚ-]{18,22}"),
    "organisation_code": _identifier("organisation_code", 0.7, 0.1, r"[0-9A-Za-z]{8}-?[0-9Xx]"),
    "bank_card": _identifier("bank_card", 0.9, 0.1, _GROUPED + r"{13,23}"),
    "mobile": _identifier("mobile", 0.9, 0.05, r"[\d０-９+() -]{11,18}"),
    "landline": _identifier("landline", 0.75, 0.05, r"[\d０-９+()（）转extEXT# -]{10,24}"),
    "passport": _identifier("passport", 0.6, 0.1, r"[A-Z]{1,2}\d{7,8}"),
    "plate": _identifier("plate", 0.95, 0.01, r"\w[\w·.\- ]{5,10}"),
    "division": _identifier("division", 0.5, 0.3, r"\d{6}|\d{9}|\d{12}"),
    "email": Detector(_matches(_EMAIL), 0.97, 0.0),
    "ip_address": Detector(_matches(_IP), 0.95, 0.0),
    "mac_address": Detector(_matches(_MAC), 0.95, 0.0),
    "person_name": Detector(_name, 0.75, 0.25),
    "organisation_name": Detector(_matches(_ORGANISATION), 0.8, 0.02),
    "address": Detector(lambda text: bool(_ADDRESS.search(text)), 0.85, 0.02),
    "date": Detector(_matches(_DATE), 0.2, 0.02),
    "personal_text": Detector(_personal, 0.9, 0.0),
    "longitude": Detector(_between(73.0, 136.0), 0.45, 0.2),
    "latitude": Detector(_between(3.0, 54.0), 0.3, 0.2),
}

CHECKED = frozenset(
    {"resident_id", "permanent_residence", "credit_code", "organisation_code", "bank_card"}
)
"""Those that a check sign bears out."""
RARE = 3
"""So many of these in a column are a finding, however many other values there are."""


@dataclass(frozen=True)
class Count:
    """``hits`` of ``total`` distinct values."""

    hits: int
    total: int

    @property
    def rate(self) -> float:
        return self.hits / self.total if self.total else 0.0


def counted(values: Sequence[str]) -> dict[str, Count]:
    """How many of the distinct values each detector knows; those that know none are left out."""
    found = {}
    for name, one in DETECTORS.items():
        hits = sum(1 for text in values if one.shape.fullmatch(text) and one.knows(text))
        if hits:
            found[name] = Count(hits, len(values))
    return found


def sureness(name: str, count: Count) -> float:
    """How sure the values make: none for what chance explains; a dirty column counts too. A weak
    detector needs more distinct values than a strong one."""
    one = DETECTORS[name]
    beyond = (count.rate - one.chance) / (1 - one.chance)
    if beyond <= 0:
        return 0.0
    few = min(1.0, count.total / (5 + 60 * one.chance))
    sure = one.strength * float(beyond**0.5) * few
    if count.hits >= RARE and one.chance <= 0.002:
        sure = max(sure, 0.6)
    return float(sure)
