"""Every data set by name: the environment is the dataset.

The default sets come with the pinned packages, so that nothing is downloaded and every machine
has the same bytes; `verify` proves it by their SHA-256. The full-scale ones are files, see
`full_scale`. `kinds` says what sets come as; training and test parts are made by `split`.
"""

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass

from utils.data.composed import caption, scenes
from utils.data.full_scale import faces, mnist, reviews, shakespeare
from utils.data.images import digits, photos
from utils.data.kinds import (
    Docs,
    Images,
    Imports,
    Opinions,
    Portraits,
    Scenes,
    Sentences,
    Sequences,
    Series,
    Source,
    Table,
    Translations,
    fingerprint,
)
from utils.data.languages import translations
from utils.data.opinions import opinions
from utils.data.portraits import portraits
from utils.data.sequences import recall
from utils.data.splitting import Split, split
from utils.data.tabular import cancer, co2, diabetes, sunspots, wine
from utils.data.text import docs, imports, source

__all__ = [
    "Docs",
    "Images",
    "Imports",
    "Opinions",
    "Portraits",
    "Scenes",
    "Sentences",
    "Sequences",
    "Series",
    "Source",
    "Split",
    "Table",
    "Translations",
    "cancer",
    "caption",
    "co2",
    "describe",
    "diabetes",
    "digits",
    "docs",
    "faces",
    "fingerprint",
    "imports",
    "load",
    "mnist",
    "names",
    "opinions",
    "photos",
    "portraits",
    "recall",
    "reviews",
    "scenes",
    "shakespeare",
    "source",
    "split",
    "sunspots",
    "translations",
    "verify",
    "wine",
]


@dataclass(frozen=True)
class _Set:
    """How a set is made, where it comes from, and its hash with all options left as they are."""

    make: Callable
    origin: str
    sha256: str


_SETS = {
    "digits": _Set(
        digits, "scikit-learn", "ea775748d0ed5417499c0b07adb48457c3e0d252e309353e1d9c2fca771916cc"
    ),
    "scenes": _Set(
        scenes,
        "composed of digits",
        "89d9389378bd8daf3b6ecdd7550dc09e656e6a887988857e6387ddc5233e21c6",
    ),
    "portraits": _Set(
        portraits,
        "drawn by a program",
        "5c7d61b3e23d88cd7111a7d9da8bb6b0f89a72b47bd28d7c30187f99db66c04d",
    ),
    "recall": _Set(
        recall,
        "drawn at random",
        "2c08ec81b6854c358f772b7d81d1afe33167b89cbe3b0853ac40af87b07808b2",
    ),
    "opinions": _Set(
        opinions,
        "written by a grammar",
        "eefb50a1fe1f17e4fadd7d23b6274a4b5e53ce78c1a8c95bc93ff034024982d9",
    ),
    "cancer": _Set(
        cancer, "scikit-learn", "6bcbf322cb4368a060120cc5ce525a0c2c0501d4d044031c23f35e598d82500c"
    ),
    "diabetes": _Set(
        diabetes, "scikit-learn", "1d21fc1e7c0b18a2adcb7577078980c0fabc9b061b34fd94820a5c5372296508"
    ),
    "wine": _Set(
        wine, "scikit-learn", "c63292f614bdcc97c6d46d4b4d2015579412f09cb59e43ca234df65747a0a66d"
    ),
    "co2": _Set(
        co2, "statsmodels", "3bfcd6e7a4c9763ae9ed6639e30306278111f6a1fe3e66d827b1073d1edbf651"
    ),
    "sunspots": _Set(
        sunspots, "statsmodels", "cc76dbaa51d670e71723dd32257e5df22b9f122573e2bcef639aa1f895e9e1b7"
    ),
    "photos": _Set(
        photos, "scikit-learn", "3fe40c5b261a9a0d608e42fe7351962b899738a8b4a02a97d9ef86e768dfe3fd"
    ),
    "source": _Set(
        source,
        "pure-Python packages",
        "df748848d514fdaffe9ae7d243ec5ec806eca24acf5c7d052751990ae773b90e",
    ),
    "docs": _Set(
        docs,
        "pure-Python packages",
        "8b84e7b41183e333281cc808455bfb35cd395a7eee139c3cf7bc5b152d5e8828",
    ),
    "imports": _Set(
        imports,
        "pure-Python packages",
        "44b77b952ac85c37a001d0818a23b4a3d4be3b954f89b74a17e6319faff09d32",
    ),
    "translations": _Set(
        translations,
        "Babel, JupyterLab",
        "0d663a3ae02794a66a8e11d683b115ec0711b035fca7f9d6d838809a0c11a2fd",
    ),
    "mnist": _Set(
        mnist, "full scale", "ff7fb3ac62b21a63bee0e515493e5a747a376b9d665754b52797a856676866bb"
    ),
    "reviews": _Set(
        reviews, "full scale", "caaddd72526eddc5389d866485b8e9b68ceeb839071839dce8374d582a72f73e"
    ),
    "shakespeare": _Set(
        shakespeare,
        "full scale",
        "08f47e35825e09d6d375f36e7b8c1028bc9fdb00b568287f4b6b2d853cafb5a8",
    ),
    "faces": _Set(
        faces, "full scale", "a89a9fb17690e1a8f040aaeb244130e9be72818e194b925f0e527a60fe4c3ec8"
    ),
}


def names(full_scale: bool = True) -> tuple[str, ...]:
    """Names of the data sets, with or without those that need a download."""
    return tuple(n for n, entry in _SETS.items() if full_scale or entry.origin != "full scale")


def load(name: str, **options):
    """A data set by name, with the options of the function of that name.

    Raises:
        ValueError: an unknown name, with the nearest known one.
        TypeError: an option that the set does not have, with those it has.
    """
    make = _entry(name).make
    known = inspect.signature(make).parameters
    for option in options:
        if option not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise TypeError(f"The set {name!r} has no option {option!r}; {has}.")
    return make(**options)


def describe(name: str | None = None) -> str:
    """What there is: one line for each set, or all about one."""
    if name is not None:
        return inspect.getdoc(_entry(name).make)
    lines = ((n, entry.origin, _first_line(entry.make)) for n, entry in _SETS.items())
    return "\n".join(f"{n:<13} {origin:<21} {what}" for n, origin, what in lines)


def verify(name: str) -> str:
    """Load a set as it is by default and return its SHA-256, which is the same everywhere.

    Raises:
        ValueError: if it differs from the one stored here.
    """
    entry = _entry(name)
    found = fingerprint(entry.make())
    if found != entry.sha256:
        raise ValueError(
            f"{name!r} has other bytes than it should (SHA-256 {found[:12]}…, not "
            f"{entry.sha256[:12]}…); are the packages those of constraints.txt?"
        )
    return found


def _entry(name) -> _Set:
    if name not in _SETS:
        nearest = difflib.get_close_matches(str(name), _SETS, n=1, cutoff=0)[0]
        raise ValueError(f"No data set {name!r}; the nearest is {nearest!r} of {', '.join(_SETS)}.")
    return _SETS[name]


def _first_line(make: Callable) -> str:
    return inspect.getdoc(make).partition("\n")[0]
