"""Real tables and time series that come with scikit-learn and statsmodels.

Both are imported where a set is loaded: they take seconds, and most chapters need neither.
"""

import numpy as np
import torch

from utils.data.kinds import Series, Table


def cancer() -> Table:
    """569 breast tumours, each by 30 measurements of its cell nuclei: malignant or benign.

    Units: lengths and areas in pixels of the microscope's picture.

    Source: Wolberg, Street and Mangasarian 1993, UCI repository, CC BY 4.0, as in scikit-learn.
    """
    from sklearn.datasets import load_breast_cancer

    return _classes(load_breast_cancer(), "diagnosis")


def wine() -> Table:
    """178 Italian wines by 13 chemical measurements: which of three cultivars they come from.

    Source: Aeberhard and Forina 1992, UCI repository, CC BY 4.0, as in scikit-learn.
    """
    from sklearn.datasets import load_wine

    return _classes(load_wine(), "cultivar")


def diabetes() -> Table:
    """442 patients by 10 measurements, and how far their diabetes went in the following year.

    Units: as measured, not standardised: `age` in years, `bmi` in kg/m², `bp` (mean blood
        pressure) in mmHg, `s1` to `s6` blood values; the target is a score from 25 to 346.

    Source: Efron, Hastie, Johnstone and Tibshirani 2004, "Least Angle Regression", as in
        scikit-learn.
    """
    from sklearn.datasets import load_diabetes

    raw = load_diabetes(scaled=False)
    x, y = torch.from_numpy(raw.data).float(), torch.from_numpy(raw.target).float()
    return Table(x, y, tuple(raw.feature_names), "disease progression after one year")


def co2(step: str = "month") -> Series:
    """Carbon dioxide in the air over Mauna Loa, Hawaii, March 1958 to December 2001.

    Shapes:
        values: (526,) monthly means, or (2284,) with `step="week"`; NaN where nothing was
        measured.

    Units: parts per million by volume.

    Raises:
        ValueError: if `step` is neither "month" nor "week".

    Source: Keeling and Whorf 2004, Scripps Institution, public domain, as in statsmodels.
    """
    from statsmodels.datasets import co2 as mauna_loa

    weekly = mauna_loa.load_pandas().data["co2"]
    if step == "week":
        start = weekly.index[0]
        years = start.year + (start.day_of_year - 1) / 365.25
        t = years + np.arange(len(weekly)) * 7 / 365.25
        return Series(t, torch.tensor(weekly.to_numpy(), dtype=torch.float32), "ppm", 52)
    if step != "month":
        raise ValueError(f"co2 comes by 'month' or by 'week'; not by {step!r}.")
    return _monthly(weekly)


def sunspots() -> Series:
    """Sunspots on the sun's disc, the mean of each year from 1700 to 2008.

    Units: relative sunspot number; the cycle of about 11 years is not quite regular.

    Source: National Geophysical Data Center, public domain, as in statsmodels.
    """
    from statsmodels.datasets import sunspots as solar

    table = solar.load_pandas().data
    values = torch.tensor(table["SUNACTIVITY"].to_numpy(), dtype=torch.float32)
    return Series(table["YEAR"].to_numpy(dtype=float), values, "sunspot number", 11)


def _classes(raw, target: str) -> Table:
    names = tuple(str(name) for name in raw.target_names)
    features = tuple(str(name) for name in raw.feature_names)
    x, y = torch.from_numpy(raw.data).float(), torch.from_numpy(raw.target.astype(np.int64))
    return Table(x, y, features, target, names)


def _monthly(weekly) -> Series:
    """Means of whole tenths, divided once, so that every machine rounds alike."""
    months = (weekly.index.year * 12 + weekly.index.month - 1).to_numpy()
    at, known = months - months[0], weekly.notna().to_numpy()
    tenths = np.rint(weekly.to_numpy()[known] * 10).astype(np.int64)
    count = np.bincount(at[known], minlength=at[-1] + 1)
    total = np.zeros(len(count), dtype=np.int64)
    np.add.at(total, at[known], tenths)
    means = np.where(count > 0, total / (10 * np.maximum(count, 1)), np.nan)
    t = (months[0] + np.arange(len(count))) / 12
    return Series(t, torch.from_numpy(means).float(), "ppm", 12)
