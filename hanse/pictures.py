"""Uploaded pictures made harmless: checked for what they really are, scaled, re-encoded without metadata."""

import asyncio
import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

from hanse.blobs import Blobs

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 6000
"""Pixels; checked from the header, before anything is decoded, so a decompression bomb is never unpacked."""
LARGE_SIDE = 1200
SMALL_SIDE = 320
_AT_ONCE = 2
"""Uploads that are unpacked at the same time: the largest one allowed takes 300 MB of memory meanwhile."""
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


class PictureRefused(ValueError):
    """The bytes are not a picture that can be used; the message is a sentence for the person who sent them."""


@dataclass(frozen=True)
class EncodedPicture:
    """One size of a picture as WebP, named by the hash of its bytes."""

    name: str
    content: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """An upload in the two sizes that are kept."""

    source_sha256: str
    large: EncodedPicture
    small: EncodedPicture


class PictureIntake:
    """Takes uploads into the blob storage."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._few = asyncio.Semaphore(_AT_ONCE)

    async def keep(self, upload: bytes) -> Picture:
        """Check, re-encode and keep both sizes; `PictureRefused` says why not. What this answers is durable: a row that names it
        never points at nothing, and a blob without a row does no harm."""
        async with self._few:
            picture = await asyncio.to_thread(encode_picture, upload)
        await asyncio.gather(*(self._blobs.put(size.name, size.content) for size in (picture.large, picture.small)))
        return picture


def encode_picture(upload: bytes) -> Picture:
    """Check and re-encode an upload; `PictureRefused` says what is wrong with it.

    Takes up to a second and 300 MB at the allowed size: call it in a thread, few at once.

    The declared type and the file name are not asked: only what the bytes really are. An animation keeps its first frame.
    """
    if len(upload) > MAX_BYTES:
        raise PictureRefused(
            f"The picture has {len(upload)} bytes; at most {MAX_BYTES} (5 MB) are taken. Scale it down."
        )
    image = _decode(upload)
    return Picture(
        source_sha256=hashlib.sha256(upload).hexdigest(),
        large=_encode(image, LARGE_SIDE),
        small=_encode(image, SMALL_SIDE),
    )


def _decode(upload: bytes) -> "Image.Image":
    from PIL import Image, ImageOps, UnidentifiedImageError  # loaded by the first upload, not by every process

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(upload), formats=_FORMATS)
            if max(opened.size) > MAX_SIDE:
                raise PictureRefused(
                    f"The picture is {opened.width} × {opened.height} pixels; at most {MAX_SIDE} a side are taken. Scale it"
                    " down."
                )
            opened.draft("RGB", (LARGE_SIDE, LARGE_SIDE))  # a JPEG is unpacked at a fraction of its size
            kind = "RGBA" if opened.has_transparency_data else "RGB"
            image: Image.Image = opened if opened.mode == kind else opened.convert(kind)
            image.thumbnail((LARGE_SIDE, LARGE_SIDE), Image.Resampling.LANCZOS)
            return ImageOps.exif_transpose(image)
    except UnidentifiedImageError as error:
        raise PictureRefused(
            "The file is not a JPEG, PNG, WebP or GIF picture, whatever its name says. Save it as one of these."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused("The picture unpacks to far more pixels than are taken. Scale it down.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, PictureRefused):
            raise
        raise PictureRefused(
            "The picture is damaged and cannot be read to its end. Save and upload it again."
        ) from error


def _encode(image: "Image.Image", side: int) -> EncodedPicture:
    from PIL import Image

    scaled = image.copy()
    scaled.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    scaled.save(out, "WEBP", quality=84, method=2)
    content = out.getvalue()
    return EncodedPicture(f"{hashlib.sha256(content).hexdigest()}.webp", content, scaled.width, scaled.height)
