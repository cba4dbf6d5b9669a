"""Years as catalogues write them: the right range or none, never another age."""

import pytest

from stylesim_app import years as public
from stylesim_app.collection.years import LONGEST_TEXT, parse_year, parse_years


def years_of(text):
    years = parse_years(text)
    return None if years is None else (years.earliest, years.latest)


RANGES: dict[str, dict[str, tuple[int | None, int | None]]] = {
    "before Christ": {
        "5th century BC": (-500, -401),
        "c. 12,000 BC": (-12000, -12000),
        "12 000 av. J.-C.": (-12000, -12000),
        "1500 v. Chr.": (-1500, -1500),
        "1500 vor Christus": (-1500, -1500),
        "50 av. J.-C.": (-50, -50),
        "ca. 450 a.C.": (-450, -450),
        "450 до н.э.": (-450, -450),
        "V в. до н. э.": (-500, -401),
        "VI sec. a.C.": (-600, -501),
        "公元前5世纪": (-500, -401),
        "公元前500年": (-500, -500),
        "前5世紀": (-500, -401),
        "紀元前300年頃": (-300, -300),
        "1500 to 1200 BC": (-1500, -1200),
        "300–200 BC": (-300, -200),
        "Dynasty 18, ca. 1479–1458 B.C.": (-1479, -1458),
        "1479–58 BC": (-1479, -1458),
        "公元前300-200年": (-300, -200),
        "100 BC–AD 100": (-100, 100),
        "5th–4th century BC": (-500, -301),
        "1st century BC–1st century AD": (-100, 100),
        "3rd millennium BC": (-3000, -2001),
        "紀元前4千年紀": (-4000, -3001),
        "1st half 2nd century BC": (-200, -151),
        "12,000 BP": (-10051, -10051),
        "-0450": (-451, -451),
        "-500": (-500, -500),
    },
    "in digits": {
        "1889": (1889, 1889),
        "850": (850, 850),
        "AD 79": (79, 79),
        "1066 AD": (1066, 1066),
        "c.1500": (1500, 1500),
        "[1889?]": (1889, 1889),
        "1886/87": (1886, 1887),
        "c. 1889–90": (1889, 1890),
        "1901–05": (1901, 1905),
        "1901–5": (1901, 1905),
        "1898–02": (1898, 1902),
        "1889 - 1890": (1889, 1890),
        "um 1500 bis 1510": (1500, 1510),
        "c. 1480–c. 1490": (1480, 1490),
        "between 1500 and 1520": (1500, 1520),
        "entre 1500 et 1520": (1500, 1520),
        "AD 100–300": (100, 300),
        "MDCCCLXXXIX": (1889, 1889),
        "一八八九年": (1889, 1889),
        "1889年5月12日": (1889, 1889),
        "1889-05-12": (1889, 1889),
        "1901-05": (1901, 1901),
        "12.05.1889": (1889, 1889),
        "1889/05/12": (1889, 1889),
        "May 12, 1889": (1889, 1889),
        "1889, printed 1950": (1889, 1889),
        "1889 and 1901": (1889, 1889),
        "Inv. 1234, 1889": (1889, 1889),
        "AH 1250/AD 1834–35": (1834, 1835),
        "1252/1836": (1836, 1836),
    },
    "open": {
        "after 1650": (1650, None),
        "1650-": (1650, None),
        "1650 onwards": (1650, None),
        "not before 1650": (1650, None),
        "nach 1650": (1650, None),
        "1650年以后": (1650, None),
        "before 1650": (None, 1650),
        "no later than 1650": (None, 1650),
        "до 1650": (None, 1650),
        "1650以前": (None, 1650),
    },
    "EDTF and libraries": {
        "1850/1860": (1850, 1860),
        "185X": (1850, 1859),
        "18XX": (1800, 1899),
        "1850~": (1850, 1850),
        "1850-05": (1850, 1850),
        "1850/..": (1850, None),
        "../1850": (None, 1850),
        "[185-?]": (1850, 1859),
        "18--": (1800, 1899),
    },
    "centuries and decades": {
        "17th century": (1601, 1700),
        "18th c.": (1701, 1800),
        "19. Jh.": (1801, 1900),
        "16.-17. Jahrhundert": (1501, 1700),
        "XIXe siècle": (1801, 1900),
        "XVIII век": (1701, 1800),
        "XVII–XVIII вв.": (1601, 1800),
        "XV secolo": (1401, 1500),
        "siglo XVI": (1501, 1600),
        "séc. XVIII": (1701, 1800),
        "18e eeuw": (1701, 1800),
        "1800-talet": (1800, 1899),
        "19世紀": (1801, 1900),
        "十九世纪": (1801, 1900),
        "19세기": (1801, 1900),
        "early 19th century": (1801, 1833),
        "late 15th–early 16th century": (1468, 1533),
        "2nd half of the 19th century": (1851, 1900),
        "1. Hälfte 16. Jh.": (1501, 1550),
        "fin du XVIIIe siècle": (1768, 1800),
        "вторая половина XIX века": (1851, 1900),
        "first quarter of 17th century": (1601, 1625),
        "19世紀後半": (1851, 1900),
        "17th century (1612)": (1612, 1612),
        "1920s": (1920, 1929),
        "1960s–70s": (1960, 1979),
        "1920er Jahre": (1920, 1929),
        "années 1920": (1920, 1929),
        "1830-е годы": (1830, 1839),
        "1920年代": (1920, 1929),
        "20世纪20年代": (1920, 1929),
    },
    "dynasties and reigns": {
        "明代": (1368, 1644),
        "清": (1644, 1911),
        "南宋": (1127, 1279),
        "Ming dynasty": (1368, 1644),
        "晚清": (1822, 1911),
        "明末清初": (1552, 1733),
        "清乾隆": (1736, 1795),
        "清代乾隆年间": (1736, 1795),
        "大明宣德年製": (1426, 1435),
        "Qing dynasty, Qianlong period (1736–95)": (1736, 1795),
        "康熙十二年": (1673, 1673),
        "光緒元年": (1875, 1875),
        "民国二十三年": (1934, 1934),
        "民國": (1912, 1949),
        "明弘治": (1488, 1505),
        "昭和55年": (1980, 1980),
        "昭和50年-55年": (1975, 1980),
        "明治20〜22年": (1887, 1889),
        "Meiji 20": (1887, 1887),
        "文化3年": (1806, 1806),
        "元禄年間": (1688, 1704),
        "江戸時代": (1603, 1868),
        "江戸時代 19世紀": (1801, 1900),
        "Edo period (1615–1868)": (1615, 1868),
        "조선시대": (1392, 1910),
    },
}
#: No year, or none that is certain.
UNREADABLE = [
    *("", "n.d.", "undated", "unknown", "s.d.", "o. J.", "不详", "50 x 60 cm", "20th", "3456"),
    # Ages, other calendars, and marks that mean different things in two languages.
    *("40,000 years ago", "2000 years ago", "5000年前", "2530", "۱۲۵۰", "500 e.Kr."),
    # Years that the era did not have, and names that are shared or also common words.
    *("昭和99年", "弘治", "马家窑文化"),
    # Either before Christ, or a range without its start.
    *("-1650", "'89", "1" * 25, "99999999999"),
]


@pytest.mark.parametrize(
    ("text", "years"), [pair for kind in RANGES.values() for pair in kind.items()]
)
def test_a_text_gives_the_years_it_means(text, years):
    assert years_of(text) == years


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_text_without_a_certain_year_gives_none(text):
    assert years_of(text) is None


@pytest.mark.parametrize(
    ("text", "year"),
    [
        *(("17th century", 1650), ("5th century BC", -450), ("1st century AD", 50)),
        *(("1500 to 1200 BC", -1500), ("1920s", 1920), ("before 1650", 1650), ("undated", None)),
    ],
)
def test_one_year_stands_for_a_range(text, year):
    assert parse_year(text) == year
    assert public.parse_year(text) == year


@pytest.mark.parametrize(
    "text", ["1889 " * 1000, "9" * 5000, "xi" * 2000, "1-" * 2000, "前" * 2000]
)
def test_a_long_text_is_read_no_further_than_a_date_is_long(text):
    assert years_of(text) == years_of(text[:LONGEST_TEXT])
