"""Full-scale data sets: files from the network, or from a folder that has them already.

A file is looked for in the folder that `LARGE_MODELS_DATA` names, then in the cache, then at
its address. Whatever it comes from, its content must have the SHA-256 of the registry; what a
download brings is checked before it takes its name, and removed if it is wrong. Nothing is
unpickled.
"""

import hashlib
import io
import os
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pooch
import requests
import torch

from utils.data.kinds import Images, Sentences

FOLDER = "LARGE_MODELS_DATA"
CACHE = Path(pooch.os_cache("large-models"))
TIMEOUT = 30  # seconds without an answer


@dataclass(frozen=True)
class File:
    """One file of a full-scale set.

    `sha256` is of the content, unpacked if `path` ends with .gz, since the same content can be
    packed in several ways; two hashes mean that two encodings of it are known. `size` is its
    largest length in bytes.
    """

    path: str
    address: str
    sha256: tuple[str, ...]
    size: int
    licence: str


def _mnist(name: str, size: int, sha256: str) -> File:
    address = f"https://ossci-datasets.s3.amazonaws.com/mnist/{name}.gz"
    return File(f"mnist/{name}.gz", address, (sha256,), size, "CC BY-SA 3.0, LeCun, Cortes, Burges")


def _reviews(name: str, size: int, sha256: str) -> File:
    address = f"https://raw.githubusercontent.com/yoonkim/CNN_sentence/master/{name}"
    return File(name, address, (sha256,), size, "for research, Pang and Lee 2005")


REGISTRY = {
    "mnist train images": _mnist(
        "train-images-idx3-ubyte",
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "mnist train labels": _mnist(
        "train-labels-idx1-ubyte",
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "mnist test images": _mnist(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "mnist test labels": _mnist(
        "t10k-labels-idx1-ubyte",
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "reviews negative": _reviews(
        "rt-polarity.neg",
        612_256,
        "4ace77d558c3714723843f1d65b60c01e3417b208180f0728808d76ad0eeeaca",
    ),
    "reviews positive": _reviews(
        "rt-polarity.pos",
        626_139,
        "2da124ec187a9d5a29c9f04e91c540e02baed5af8868f550a26bd6fd4dbf8bf0",
    ),
    "shakespeare": File(
        "tinyshakespeare.txt",
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        ("86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",),
        1_115_394,
        "public domain",
    ),
    "faces": File(
        "olivettifaces.mat",
        "https://ndownloader.figshare.com/files/5976027",
        (
            "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794",  # scikit-learn's
            "b1988d02c72fe5b8ee82b5ef3bb7982eafc74f1e1ff0ae0ade35061ad0af534d",
        ),
        1_600_000,
        "for research, AT&T Laboratories Cambridge, to be credited",
    ),
}
"""Every file of the full-scale sets: where it is, what it must contain, on which terms."""


def mnist(part: str = "train") -> Images:
    """Handwritten digits: 60,000 to train on, 10,000 to test.

    Shapes:
        x: (60000, 1, 28, 28) or (10000, 1, 28, 28), share of ink, 0 to 1; y: the digit.

    Raises:
        ValueError: another part, or a file with the wrong content.
        FileNotFoundError: if a file is neither here nor to be had.

    Source: LeCun, Bottou, Bengio and Haffner 1998; CC BY-SA 3.0.
    """
    if part not in ("train", "test"):
        raise ValueError(f"mnist has the parts 'train' and 'test'; not {part!r}.")
    pixels = np.frombuffer(content(f"mnist {part} images"), np.uint8, offset=16)
    labels = np.frombuffer(content(f"mnist {part} labels"), np.uint8, offset=8)
    x = torch.from_numpy(pixels.reshape(-1, 1, 28, 28).astype(np.float32)) / 255
    return Images(x, torch.from_numpy(labels.astype(np.int64)), tuple("0123456789"))


def reviews() -> Sentences:
    """10,662 sentences from film reviews, half of them for the film and half against it.

    Shapes:
        texts: 5,331 negative ones, then 5,331 positive ones, in lower case, words apart.

    Raises:
        FileNotFoundError, ValueError: as `mnist`.

    Source: Pang and Lee 2005, "Seeing stars".
    """
    sides = [_lines(content(f"reviews {side}")) for side in ("negative", "positive")]
    y = torch.tensor([0] * len(sides[0]) + [1] * len(sides[1]))
    return Sentences((*sides[0], *sides[1]), y, ("negative", "positive"))


def shakespeare() -> str:
    """A good megabyte of Shakespeare's plays, in one text.

    Raises:
        FileNotFoundError, ValueError: as `mnist`.

    Source: Karpathy 2015, char-rnn; public domain.
    """
    return content("shakespeare").decode("utf-8")


def faces() -> Images:
    """400 photographs of 40 people, ten of each in order, taken from 1992 to 1994.

    Shapes:
        x: (400, 1, 64, 64), 0 (black) to 1 (white); y: (400,), the person.

    Raises:
        FileNotFoundError, ValueError: as `mnist`.

    Source: AT&T Laboratories Cambridge, Samaria and Harter 1994; "Olivetti faces".
    """
    from scipy.io import loadmat  # only here: no other set needs it

    columns = loadmat(io.BytesIO(content("faces")))["faces"]  # (64 * 64, 400), down each column
    pictures = columns.T.reshape(400, 64, 64).transpose(0, 2, 1).astype(np.float32)
    if pictures.max() > 1:
        pictures /= 255
    x = torch.from_numpy(np.ascontiguousarray(pictures))[:, None]
    names = tuple(f"person {number}" for number in range(1, 41))
    return Images(x, torch.arange(40).repeat_interleave(10), names)


def content(name: str) -> bytes:
    """The checked content of a file of `REGISTRY`, from the folder, the cache or the network.

    Raises:
        ValueError: if a file here, or the one downloaded, has the wrong content.
        FileNotFoundError: if it is nowhere here and cannot be downloaded.
    """
    file = REGISTRY[name]
    for path in places(name):
        if path.is_file():
            return _checked(path.read_bytes(), file, path)
    return _download(name)


def places(name: str) -> tuple[Path, ...]:
    """Where on this machine the file is looked for, in order."""
    path = Path(REGISTRY[name].path)
    own = os.environ.get(FOLDER)
    folder = Path(own).expanduser() if own else None
    inside = (folder / path, folder / path.name) if folder else ()
    return (*inside, CACHE / path)


def _checked(raw: bytes, file: File, path: Path) -> bytes:
    unpacked = _unpack(raw, file.size) if file.path.endswith(".gz") else raw
    found = hashlib.sha256(unpacked).hexdigest()
    if found not in file.sha256:
        raise ValueError(
            f"{path} has the wrong content (SHA-256 {found[:12]}…, not {file.sha256[0][:12]}…); "
            f"remove it, and it will be taken from {file.address}."
        )
    return unpacked


def _unpack(raw: bytes, size: int) -> bytes:
    """Up to `size` bytes and one, whatever a packed file claims; nothing if it is no such file."""
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, size + 1)
    except zlib.error:
        return b""


def _download(name: str) -> bytes:
    """Fetch a file beside its place in the cache, check it, and only then give it its name."""
    file, target = REGISTRY[name], CACHE / REGISTRY[name].path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        os.close(handle)
    except OSError as reason:
        raise FileNotFoundError(_how_to_get(name, f"{CACHE} cannot be written: {reason}")) from None
    part = Path(temporary)
    try:
        shown = os.environ.get("LARGE_MODELS_PROGRESS", "1") != "0"
        pooch.HTTPDownloader(progressbar=shown, timeout=TIMEOUT)(file.address, temporary, None)
        unpacked = _checked(part.read_bytes(), file, part)
        part.replace(target)
    except (requests.RequestException, OSError) as reason:
        raise FileNotFoundError(_how_to_get(name, type(reason).__name__)) from None
    except ValueError:
        raise ValueError(
            f"{file.address} sent the wrong content for {name!r}, and it was removed; try again, "
            f"or put the right file at {target}."
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return unpacked


def _how_to_get(name: str, reason: str) -> str:
    file = REGISTRY[name]
    return (
        f"The file {file.path} of {name.split()[0]!r} is not here and could not be fetched "
        f"({reason}); get it from {file.address} and put it into {CACHE / file.path}, "
        f"or into the folder that {FOLDER} names."
    )


def _lines(raw: bytes) -> tuple[str, ...]:
    """Lines of a file in which some are UTF-8 and some Latin-1."""
    return tuple(_decoded(line).strip() for line in raw.split(b"\n") if line.strip())


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
