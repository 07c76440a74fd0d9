"""Every data set by name: the environment is the dataset.

The default sets come with the pinned packages, so that nothing is downloaded and every machine
has the same bytes; `verify(name)` proves it by their SHA-256. Training and test parts are made
by `split`.
"""

from utils.data.images import digits, photos
from utils.data.kinds import Images, Series, Table, fingerprint
from utils.data.splitting import Split, split

__all__ = ["Images", "Series", "Split", "Table", "digits", "fingerprint", "photos", "split"]
