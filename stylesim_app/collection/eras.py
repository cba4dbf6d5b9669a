"""Dynasties, reigns and periods of East Asia that catalogues write instead of a year.

Dates of China follow Wilkinson, "Chinese History: A New Manual" (2018), and the timeline of the
Metropolitan Museum of Art; those of Japan follow the National Diet Library's list of era names,
whose years are counted as the lunar year that begins in them; those of Korea follow the National
Museum of Korea. Where sources differ by a few years, the wider range is taken.
"""

from __future__ import annotations

#: First and last year of each dynasty or period, by its names, all folded as texts are.
PERIODS: dict[str, tuple[int, int]] = {
    # China. A name of one character needs a sign that it is a dynasty; see ``named_periods``.
    **dict.fromkeys(("商", "shang dynasty"), (-1600, -1046)),
    **dict.fromkeys(("西周", "western zhou"), (-1046, -771)),
    **dict.fromkeys(("东周", "東周", "eastern zhou"), (-770, -256)),
    **dict.fromkeys(("春秋", "spring and autumn"), (-770, -476)),
    **dict.fromkeys(("战国", "戰國", "戦国", "warring states"), (-475, -221)),
    **dict.fromkeys(("秦", "qin dynasty"), (-221, -206)),
    **dict.fromkeys(("西汉", "西漢", "western han"), (-206, 9)),
    **dict.fromkeys(("东汉", "東漢", "eastern han"), (25, 220)),
    **dict.fromkeys(("汉", "漢", "han dynasty"), (-206, 220)),
    **dict.fromkeys(("三国", "三國"), (220, 280)),
    **dict.fromkeys(("西晋", "西晉", "western jin"), (266, 316)),
    **dict.fromkeys(("东晋", "東晉", "eastern jin"), (317, 420)),
    **dict.fromkeys(("南北朝",), (420, 589)),
    **dict.fromkeys(("北魏", "northern wei"), (386, 534)),
    **dict.fromkeys(("北齐", "北齊", "northern qi"), (550, 577)),
    **dict.fromkeys(("北周", "northern zhou"), (557, 581)),
    **dict.fromkeys(("隋", "sui dynasty"), (581, 618)),
    **dict.fromkeys(("唐", "tang dynasty"), (618, 907)),
    **dict.fromkeys(("五代", "five dynasties"), (907, 960)),
    **dict.fromkeys(("辽", "遼", "liao dynasty"), (907, 1125)),
    **dict.fromkeys(("北宋", "northern song"), (960, 1127)),
    **dict.fromkeys(("南宋", "southern song"), (1127, 1279)),
    **dict.fromkeys(("宋", "song dynasty"), (960, 1279)),
    **dict.fromkeys(("金", "jin dynasty (1115-1234)"), (1115, 1234)),
    **dict.fromkeys(("西夏",), (1038, 1227)),
    **dict.fromkeys(("元", "yuan dynasty"), (1271, 1368)),
    **dict.fromkeys(("明", "ming dynasty"), (1368, 1644)),
    **dict.fromkeys(("清", "qing dynasty"), (1644, 1911)),
    **dict.fromkeys(("民国", "民國", "republic of china", "republican period"), (1912, 1949)),
    # Japan.
    **dict.fromkeys(("飛鳥時代", "asuka period"), (538, 710)),
    **dict.fromkeys(("奈良時代", "nara period"), (710, 794)),
    **dict.fromkeys(("平安時代", "heian period"), (794, 1185)),
    **dict.fromkeys(("鎌倉時代", "kamakura period"), (1185, 1333)),
    **dict.fromkeys(("南北朝時代", "nanbokucho period"), (1336, 1392)),
    **dict.fromkeys(("室町時代", "muromachi period"), (1336, 1573)),
    **dict.fromkeys(("桃山時代", "安土桃山時代", "momoyama period"), (1573, 1615)),
    **dict.fromkeys(("江戸時代", "江户时代", "edo period", "tokugawa period"), (1603, 1868)),
    **dict.fromkeys(("明治時代", "meiji period", "meiji era"), (1868, 1912)),
    **dict.fromkeys(("大正時代", "taisho period", "taisho era"), (1912, 1926)),
    **dict.fromkeys(("昭和時代", "showa period", "showa era"), (1926, 1989)),
    **dict.fromkeys(("平成時代", "heisei period", "heisei era"), (1989, 2019)),
    # Korea.
    **dict.fromkeys(("고려", "고려시대", "高麗", "高麗時代", "goryeo dynasty"), (918, 1392)),
    **dict.fromkeys(
        ("조선", "조선시대", "朝鮮時代", "joseon dynasty", "joseon period"), (1392, 1910)
    ),
}

#: First and last year of each reign or era, whose years are counted from one.
REIGNS: dict[str, tuple[int, int]] = {
    # Tang.
    **dict.fromkeys(("贞观", "貞觀"), (627, 649)),
    **dict.fromkeys(("开元", "開元"), (713, 741)),
    **dict.fromkeys(("天宝", "天寶"), (742, 756)),
    "大中": (847, 860),
    "咸通": (860, 874),
    # Song.
    **dict.fromkeys(("庆历", "慶曆"), (1041, 1048)),
    "嘉祐": (1056, 1063),
    **dict.fromkeys(("熙宁", "熙寧"), (1068, 1077)),
    **dict.fromkeys(("元丰", "元豐"), (1078, 1085)),
    "元祐": (1086, 1094),
    **dict.fromkeys(("崇宁", "崇寧"), (1102, 1106)),
    **dict.fromkeys(("大观", "大觀"), (1107, 1110)),
    "政和": (1111, 1118),
    "宣和": (1119, 1125),
    **dict.fromkeys(("绍兴", "紹興"), (1131, 1162)),
    "淳熙": (1174, 1189),
    "淳祐": (1241, 1252),
    "咸淳": (1265, 1274),
    # Yuan.
    "大德": (1297, 1307),
    "延祐": (1314, 1320),
    "至正": (1341, 1370),
    # Ming.
    **dict.fromkeys(("洪武", "hongwu"), (1368, 1398)),
    "建文": (1399, 1402),
    **dict.fromkeys(("永乐", "永樂", "yongle"), (1403, 1424)),
    "洪熙": (1425, 1425),
    **dict.fromkeys(("宣德", "xuande"), (1426, 1435)),
    **dict.fromkeys(("正统", "正統"), (1436, 1449)),
    "景泰": (1450, 1457),
    **dict.fromkeys(("天顺", "天順"), (1457, 1464)),
    **dict.fromkeys(("成化", "chenghua"), (1465, 1487)),
    **dict.fromkeys(("正德", "zhengde"), (1506, 1521)),
    **dict.fromkeys(("嘉靖", "jiajing"), (1522, 1566)),
    **dict.fromkeys(("隆庆", "隆慶", "longqing"), (1567, 1572)),
    **dict.fromkeys(("万历", "萬曆", "wanli"), (1573, 1620)),
    **dict.fromkeys(("泰昌",), (1620, 1620)),
    **dict.fromkeys(("天启", "天啟", "天啓", "tianqi"), (1621, 1627)),
    **dict.fromkeys(("崇祯", "崇禎", "chongzhen"), (1628, 1644)),
    # Qing.
    **dict.fromkeys(("顺治", "順治", "shunzhi"), (1644, 1661)),
    **dict.fromkeys(("康熙", "kangxi"), (1662, 1722)),
    **dict.fromkeys(("雍正", "yongzheng"), (1723, 1735)),
    **dict.fromkeys(("乾隆", "qianlong"), (1736, 1795)),
    **dict.fromkeys(("嘉庆", "嘉慶", "jiaqing"), (1796, 1820)),
    **dict.fromkeys(("道光", "daoguang"), (1821, 1850)),
    **dict.fromkeys(("咸丰", "咸豐", "xianfeng"), (1851, 1861)),
    **dict.fromkeys(("同治", "tongzhi"), (1862, 1874)),
    **dict.fromkeys(("光绪", "光緒", "guangxu"), (1875, 1908)),
    **dict.fromkeys(("宣统", "宣統", "xuantong"), (1909, 1911)),
    **dict.fromkeys(("民国", "民國", "중화민국"), (1912, 2100)),
    # Japan, from the Tensho era on.
    "天正": (1573, 1592),
    **dict.fromkeys(("文禄", "文祿"), (1592, 1596)),
    **dict.fromkeys(("慶長",), (1596, 1615)),
    "寛永": (1624, 1644),
    "正保": (1644, 1648),
    "慶安": (1648, 1652),
    "承応": (1652, 1655),
    "明暦": (1655, 1658),
    "万治": (1658, 1661),
    "寛文": (1661, 1673),
    "延宝": (1673, 1681),
    "天和": (1681, 1684),
    "貞享": (1684, 1688),
    "元禄": (1688, 1704),
    "宝永": (1704, 1711),
    "正徳": (1711, 1716),
    "享保": (1716, 1736),
    "元文": (1736, 1741),
    "寛保": (1741, 1744),
    "延享": (1744, 1748),
    "寛延": (1748, 1751),
    "宝暦": (1751, 1764),
    "明和": (1764, 1772),
    "安永": (1772, 1781),
    "天明": (1781, 1789),
    "寛政": (1789, 1801),
    "享和": (1801, 1804),
    "文化": (1804, 1818),
    "文政": (1818, 1830),
    "天保": (1830, 1844),
    "弘化": (1844, 1848),
    "嘉永": (1848, 1854),
    "安政": (1854, 1860),
    "万延": (1860, 1861),
    "文久": (1861, 1864),
    "元治": (1864, 1865),
    "慶応": (1865, 1868),
    **dict.fromkeys(("明治", "meiji"), (1868, 1912)),
    **dict.fromkeys(("大正", "taisho"), (1912, 1926)),
    **dict.fromkeys(("昭和", "showa"), (1926, 1989)),
    **dict.fromkeys(("平成", "heisei"), (1989, 2019)),
    **dict.fromkeys(("令和", "reiwa"), (2019, 2100)),
}

#: Names that two countries gave to different years, with the sign by which each is known.
AMBIGUOUS: dict[str, dict[str, tuple[int, int]]] = {
    "弘治": {"明": (1488, 1505), "室町": (1555, 1558)},
    "元和": {"唐": (806, 820), "江戸": (1615, 1624)},
    "至元": {"元世祖": (1264, 1294), "元惠宗": (1335, 1340)},
}

#: Era names that are common words too, and so need a year: 马家窑文化 is a culture.
WORDS = frozenset({"文化", "天和", "政和", "大中"})
