"""Names of scan points: real where the place is public and named after its commune, plain inventions elsewhere."""

import numpy as np

from ksdb.simulation.sources import Commune

OWNERS = (
    "Hạnh|Bình|Lan|Minh|Hoa|Tâm|Phước|Lộc|Thủy|Hương|Dũng|Sơn|Nga|Liên|Tuấn|Hùng|Mai|Thanh|Hồng|Quang|Bé|Gái|Thu|"
    "Vân|Châu|Lợi|Hải|Cúc|Loan|Đức|Tý|Rớt|Mụ Đỏ|O Bé|O Gái|Mệ Kéo|Chị Tuyết|Anh Tư|Nhi|Trang"
)
DISHES = (
    "Bún bò|Cơm hến|Bánh canh|Bánh bèo|Cơm bình dân|Bún hến|Bánh khoái|Phở|Cháo|Chè|Bún thịt nướng|Cơm gà|Lẩu|Bánh ướt"
)
FANCIES = (
    "Sông Hương|Ngự Bình|Vỹ Dạ Xưa|Gió Chiều|Hoàng Cung|Góc Phố|Sen|Hoa Giấy|Mưa Huế|Kim Long|Phượng Hồng|An Nhiên|"
    "Bến Xuân|Đồng Quê|Ven Sông|Cội Nguồn|Mộc|Thanh Trà|Tràng Tiền|Phố Cổ|Lối Nhỏ|Bằng Lăng|Cây Đa|Nắng Mới|Ký Ức"
)
HEROES = "Đặng Huy Trứ|Nguyễn Huệ|Phan Đăng Lưu|Nguyễn Đình Chiểu|Hai Bà Trưng|Đặng Trần Côn|Gia Hội|Nguyễn Trường Tộ"
BLESSINGS = "Phước|Thiên|Từ|Bảo|Linh|Long|Diệu|Quảng|Viên|Kim|Đông|Pháp"
TEMPLES = "Lâm|Quang|Hưng|An|Đế|Duyên|Thọ|Sơn|Vân|Thành|Đức|Hải"
TRADES = "may|chế biến thủy sản|gạch|xi măng|dệt sợi|chế biến gỗ|nước đá|đóng tàu thuyền|bao bì"
BANKS = "Nông nghiệp|Công Thương|Đầu tư|Ngoại thương|Chính sách xã hội|Quỹ tín dụng"

FIRST = {
    "market": "Chợ {place}",
    "clinic": "Trạm Y tế {kind} {place}",
    "office": "UBND {kind} {place}",
    "school": "Trường Tiểu học {place}",
    "pagoda": "Đình làng {place}",
    "bus_station": "Bến xe {place}",
    "hospital": "Trung tâm Y tế {district}",
    "supermarket": "Siêu thị {place}",
}
"""The first of its kind in a commune bears the commune's name."""

LATER = {
    "market": ("Chợ {temple} {place}", "Chợ chiều {owner}", "Chợ {blessing} {temple}"),
    "supermarket": ("Siêu thị mini {owner}", "Cửa hàng tiện lợi {fancy}"),
    "shop": ("Tạp hóa {owner}", "Cửa hàng {owner}", "Vật liệu xây dựng {owner}", "Điện máy {owner}", "Tóc {owner}"),
    "restaurant": ("{dish} {owner}", "Quán {dish} {owner}", "Nhà hàng {fancy}"),
    "cafe": ("Cà phê {fancy}", "Cà phê {owner}", "Quán nước {owner}"),
    "school": ("Trường THCS {place}", "Trường Mầm non {place}", "Trường Tiểu học số {n} {place}", "Trường THPT {hero}"),
    "hospital": ("Bệnh viện đa khoa {fancy}", "Bệnh viện {blessing} {temple}"),
    "clinic": ("Phòng khám {owner}", "Nha khoa {owner}", "Phòng khám đông y {blessing} {temple}"),
    "pharmacy": ("Nhà thuốc {owner}", "Quầy thuốc {owner}"),
    "office": ("Công an {kind} {place}", "Bưu điện {place}", "Nhà văn hóa {group} {n}", "Hợp tác xã {place} {n}"),
    "workplace": ("Công ty TNHH {blessing} {temple}", "Xưởng mộc {owner}", "Gara {owner}", "Công ty CP {fancy}"),
    "factory": ("Nhà máy {trade} {place}", "Xí nghiệp {trade} {blessing} {temple}"),
    "pagoda": ("Chùa {blessing} {temple}", "Niệm Phật đường {place}", "Nhà thờ {place}"),
    "bus_station": ("Điểm dừng xe buýt {place} {n}",),
    "hotel": ("Khách sạn {fancy}", "Nhà nghỉ {owner}", "Homestay {fancy}"),
    "bank": ("Ngân hàng {bank} – PGD {place}",),
}

SENSITIVE = (
    "Cơ sở điều trị Methadone {place}",
    "Nhà tạm lánh {fancy}",
    "Phòng tham vấn HIV {place}",
    "Trung tâm cai nghiện {place}",
)

WORDS = {
    "owner": OWNERS.split("|"),
    "dish": DISHES.split("|"),
    "fancy": FANCIES.split("|"),
    "hero": HEROES.split("|"),
    "blessing": BLESSINGS.split("|"),
    "temple": TEMPLES.split("|"),
    "trade": TRADES.split("|"),
    "bank": BANKS.split("|"),
}


class Namer:
    """Names the points of one commune, none of them twice."""

    def __init__(self, rng: np.random.Generator, commune: Commune) -> None:
        self.rng = rng
        self.commune = commune
        self.used: set[str] = set()
        self.counts: dict[str, int] = {}

    def name(self, kind: str) -> str:
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        choices = LATER[kind]
        pattern = FIRST.get(kind, "") if count == 1 else ""
        return self._unused(pattern or choices[(count - 2) % len(choices)], count)

    def sensitive_name(self) -> str:
        return self._unused(SENSITIVE[int(self.rng.integers(len(SENSITIVE)))], 1)

    def _unused(self, pattern: str, count: int) -> str:
        written = self._filled(pattern, count)
        tries = 1
        while written in self.used:
            tries += 1
            again = self._filled(pattern, count)
            written = again if tries < 4 else f"{again} {tries - 2}"
        self.used.add(written)
        return written

    def _filled(self, pattern: str, count: int) -> str:
        drawn = {
            key: words[int(self.rng.integers(len(words)))] for key, words in WORDS.items() if f"{{{key}}}" in pattern
        }
        commune = self.commune
        district = (
            commune.district.replace("Huyện", "huyện").replace("Thị xã", "thị xã").replace("Thành phố", "thành phố")
        )
        return pattern.format(
            place=commune.short_name,
            kind=commune.kind.lower(),
            district=district,
            group="Tổ dân phố" if commune.is_urban else "Thôn",
            n=count // 2 + 1,
            **drawn,
        )
