"""The one check that several makers of data share."""


def in_range(**checks: tuple[object, int, int]) -> None:
    """Raises ValueError unless each value is a whole number from its lowest to its highest."""
    for name, (value, low, high) in checks.items():
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{name} is a whole number from {low} to {high}; not {value!r}.")
