"""Pairs of texts in two languages: dates, numbers and names from CLDR, and interface strings."""

import datetime
import json
from collections.abc import Callable, Iterator
from importlib import resources

import babel
import numpy as np
from babel import dates, numbers, units

from utils.data.kinds import Translations

STYLES = ("full", "long", "medium")  # the short one leaves the century out
FIRST_DAY, DAYS = datetime.date(1900, 1, 1), 73_049  # to the end of 2099
UNITS = (
    "length-kilometer", "length-meter", "length-centimeter", "mass-kilogram", "mass-gram",
    "volume-liter", "duration-year", "duration-month", "duration-week", "duration-day",
    "duration-hour", "duration-minute", "duration-second", "temperature-celsius",
    "speed-kilometer-per-hour", "power-kilowatt", "energy-kilowatt-hour", "digital-gigabyte",
    "digital-megabyte", "area-square-kilometer",
)  # fmt: skip
FORMS = ("long", "short", "narrow")
PACK = "jupyterlab_language_pack_zh_CN"


def translations(
    kind: str = "dates", target: str = "zh", *, n: int = 10_000, source: str = "en", seed: int = 0
) -> Translations:
    """Texts of one kind in two languages.

    "dates" and "numbers" (large ones in words, and amounts with a unit) are drawn, each source
    text once; "territories", "languages" and "interface" are all there are, and `n` and `seed`
    do not change them. A text equal in both languages is kept: it is part of the task.

    Raises:
        ValueError: an unknown kind or language, more texts than there are, interface strings
            other than from English to Chinese.

    Source: Unicode CLDR as in Babel, Unicode licence; JupyterLab's Chinese language pack, BSD
        licence.
    """
    kinds = {
        "dates": lambda: _draw(_date, n, seed, from_, to),
        "numbers": lambda: _draw(_number, n, seed, from_, to),
        "territories": lambda: _names(from_.territories, to.territories),
        "languages": lambda: _names(from_.languages, to.languages),
        "interface": lambda: _interface(source, target),
    }
    if kind not in kinds:
        raise ValueError(f"No translations of kind {kind!r}; there are {', '.join(kinds)}.")
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= 100_000:
        raise ValueError(f"n is a whole number from 1 to 100000; not {n!r}.")
    from_, to = _locale(source), _locale(target)
    pairs = kinds[kind]()
    return Translations(*(tuple(side) for side in zip(*pairs)), (source, target))


def _locale(language: str) -> babel.Locale:
    try:
        return babel.Locale.parse(language)
    except (babel.UnknownLocaleError, ValueError, TypeError, AttributeError):
        message = f"No language {language!r} in CLDR; write a code such as 'en', 'zh' or 'de'."
        raise ValueError(message) from None


def _draw(make: Callable, n: int, seed: int, from_, to) -> list[tuple[str, str]]:
    """`n` pairs with different source texts, in the order they were drawn."""
    rng = np.random.default_rng(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < n:
        text = make(rng)
        pairs.setdefault(text(from_), text(to))
    return list(pairs.items())


def _date(rng) -> Callable[[babel.Locale], str]:
    day = FIRST_DAY + datetime.timedelta(days=int(rng.integers(DAYS)))
    style = STYLES[rng.integers(len(STYLES))]
    return lambda locale: dates.format_date(day, style, locale)


def _number(rng) -> Callable[[babel.Locale], str]:
    """Half of them two or three digits with a power of ten in words, half amounts with a unit."""
    if rng.integers(2):
        size = int(rng.integers(10, 1000)) * 10 ** int(rng.integers(2, 10))
        return lambda locale: _in_words(size, locale)
    amount, unit = int(rng.integers(1, 10_000)), UNITS[rng.integers(len(UNITS))]
    return lambda locale: _amount(amount, unit, locale)


def _in_words(size: int, locale: babel.Locale) -> str:
    """ "1.2 million" or 120万: the long form, where a language has one besides the short one."""
    form = "long" if "long" in locale.compact_decimal_formats else "short"
    return numbers.format_compact_decimal(size, format_type=form, locale=locale, fraction_digits=2)


def _amount(amount: int, unit: str, locale: babel.Locale) -> str:
    """ "12 kilometers" or 12公里, in the longest form that a language has."""
    texts = (units.format_unit(amount, unit, form, locale=locale) for form in FORMS)
    for text in texts:
        if unit not in text:  # Babel writes the unit's code where there is no pattern
            return text
    raise ValueError(f"CLDR, as Babel has it, does not name {unit!r} in {locale.language!r}.")


def _names(source, target) -> list[tuple[str, str]]:
    """Names that both languages have, in the order of their codes, each source name once."""
    pairs: dict[str, str] = {}
    for code in sorted(set(source) & set(target)):
        pairs.setdefault(source[code], target[code])
    return list(pairs.items())


def _interface(source: str, target: str) -> list[tuple[str, str]]:
    if (source, target) != ("en", "zh"):
        raise ValueError("Interface strings go from 'en' to 'zh' only.")
    pairs: dict[str, str] = {}
    for english, chinese in _catalogue_entries():
        if chinese:
            pairs.setdefault(english, chinese)
    return list(pairs.items())


def _catalogue_entries() -> Iterator[tuple[str, str]]:
    """Entries of all catalogues by name and key, without their contexts and plural forms."""
    try:
        folder = resources.files(PACK) / "locale" / "zh_CN" / "LC_MESSAGES"
        catalogues = [file for file in folder.iterdir() if file.name.endswith(".json")]
    except (ModuleNotFoundError, FileNotFoundError):
        raise FileNotFoundError(f"{PACK} is not installed here; run `make setup`.") from None
    for file in sorted(catalogues, key=lambda file: file.name):
        entries = json.loads(file.read_text(encoding="utf-8"))
        for key in sorted(entries):
            if key:  # the empty key is the catalogue's head
                yield key.rpartition("\x04")[2], entries[key][0]
