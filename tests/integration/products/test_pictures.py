"""Uploads are checked for what they are, and come out harmless."""

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image

from models.products.errors import MediaRefused
from tests.integration.products.catalogue import NOW, Catalogue, media_id, picture


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_a_picture_is_kept_in_two_sizes(catalogue: Catalogue, kind: str) -> None:
    kept = await catalogue.media.keep(picture(2400, 1200, kind), media_id("a"), NOW)
    assert (kept.width, kept.height) == (1200, 600)
    sizes = []
    for url in (kept.url, kept.small_url):
        content = await catalogue.media.read(url.removeprefix("/media/"))
        assert content is not None
        with Image.open(io.BytesIO(content)) as image:
            sizes.append((image.format, image.size))
    assert sizes == [("WEBP", (1200, 600)), ("WEBP", (320, 160))]


async def test_the_same_upload_twice_is_one_picture(catalogue: Catalogue) -> None:
    first = await catalogue.media.keep(picture(), media_id("a"), NOW)
    again = await catalogue.media.keep(picture(), media_id("b"), NOW)
    assert again == first


async def test_metadata_is_stripped_and_the_picture_turned_upright(catalogue: Catalogue) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees
    exif[0x010E] = "taken at home, 31.2N 121.5E"
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "JPEG", exif=exif)
    kept = await catalogue.media.keep(out.getvalue(), media_id("a"), NOW)
    content = await catalogue.media.read(kept.url.removeprefix("/media/"))
    assert content is not None
    assert (kept.width, kept.height) == (30, 40)
    assert b"at home" not in content
    with Image.open(io.BytesIO(content)) as image:
        assert not image.getexif()


@pytest.mark.parametrize(
    "upload",
    [b"MZ\x90\x00" + bytes(500), b"%PDF-1.7 ...", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", b"GIF89a"],
    ids=["renamed executable", "pdf", "svg", "nothing", "only a header"],
)
async def test_what_is_not_a_picture_is_refused_whatever_it_is_called(catalogue: Catalogue, upload: bytes) -> None:
    with pytest.raises(MediaRefused):
        await catalogue.media.keep(upload, media_id("a"), NOW)


async def test_a_cut_off_picture_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(MediaRefused, match="damaged"):
        await catalogue.media.keep(picture(400, 400, "JPEG")[:-500], media_id("a"), NOW)


async def test_a_picture_of_too_many_bytes_or_pixels_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(MediaRefused, match="5 MB"):
        await catalogue.media.keep(picture() + bytes(5 * 1024 * 1024), media_id("a"), NOW)
    with pytest.raises(MediaRefused, match="6001 × 1"):
        await catalogue.media.keep(picture(6001, 1), media_id("a"), NOW)


async def test_a_decompression_bomb_is_refused_without_being_unpacked(catalogue: Catalogue) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = (50_000).to_bytes(4) + (50_000).to_bytes(4) + b"\x08\x02\x00\x00\x00"
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(MediaRefused):
        await catalogue.media.keep(bomb, media_id("a"), NOW)


@pytest.mark.parametrize("name", ["../secret", "../../etc/passwd", "a" * 64 + ".webp", "", "/etc/passwd", "..\\x.webp"])
async def test_a_name_that_names_no_picture_reads_nothing(catalogue: Catalogue, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    assert await catalogue.media.read(name) is None
