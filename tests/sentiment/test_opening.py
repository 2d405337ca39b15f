"""Opening files: their encoding, compression and line endings."""

import bz2
import codecs
import gzip
import lzma
from pathlib import Path

import pytest

from sentiment.errors import CommandError
from sentiment.opening import count_lines, opened

TEXT = "Gr\u00fc\u00dfe, caf\u00e9\n\u305d\u308c\u306f\u826f\u3044\n\U0001f600 \u2028 \x85\n"


def read(path: Path, content: bytes, encoding: str | None = None) -> list[str]:
    path.write_bytes(content)
    with opened(path, encoding) as file:
        return list(file)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-8"),
    ],
)
def test_a_byte_order_mark_sets_the_encoding_and_is_stripped(
    tmp_path: Path, mark: bytes, encoding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(tmp_path / "f", mark + TEXT.encode(encoding)) == [
        *TEXT.splitlines(keepends=True)[:2],
        "\U0001f600 \u2028 \x85\n",
    ]
    assert (f"read as {encoding}" in "".join(capsys.readouterr().err)) == (encoding != "utf-8")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["Great hotel\nAwful food\n", "\u305d\u308c\u306f\u826f\u3044 1\n" * 20])
def test_utf_16_without_a_mark_is_refused_until_the_option_names_it(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "f"
    with pytest.raises(CommandError, match=f"looks like {encoding} without .* --encoding {encoding} reads it"):
        read(path, text.encode(encoding))
    assert read(path, text.encode(encoding), encoding) == text.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("cp1252", "caf\u00e9 \u20ac\n".encode("cp1252")),
        ("mac-roman", "caf\u00e9\n".encode("mac-roman")),
        ("UTF-16", "caf\u00e9\n".encode("utf-16")),
        ("utf-8", codecs.BOM_UTF8 + "caf\u00e9\n".encode()),
    ],
)
def test_the_given_encoding_is_used(tmp_path: Path, encoding: str, content: bytes) -> None:
    (line,) = read(tmp_path / "f", content, encoding)
    assert line.startswith("caf\u00e9")


@pytest.mark.parametrize("name", ["nonsense", "zip", "base64", "cp\x001252"])
def test_an_unknown_encoding_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match=r"--encoding: .* is unknown"):
        read(tmp_path / "f", b"x", name)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a\nb\rc\r\nd\n", ["a\n", "b\rc\r\n", "d\n"]),
        (b"a\rb\rc\nd\re\r", ["a\r", "b\r", "c\n", "d\r", "e\r"]),
        ("a\u2028b\x85c\n".encode(), ["a\u2028b\x85c\n"]),
    ],
    ids=["a lone CR is content", "a lone CR ends lines", "others never end a line"],
)
def test_a_lone_cr_ends_lines_only_where_most_lines_end_with_one(
    tmp_path: Path, content: bytes, lines: list[str]
) -> None:
    assert read(tmp_path / "f", content) == lines


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_read_and_a_damaged_one_is_refused(tmp_path: Path, pack: object) -> None:
    packed = pack(TEXT.encode() * 5_000)  # type: ignore[operator]
    path = tmp_path / "f.gz"
    assert len(read(path, packed)) == 15_000
    assert count_lines(path) is None
    with pytest.raises(CommandError, match=r"f\.gz: is damaged: .+"):
        read(path, packed[:-20])


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"PK\x03\x04", 'save the sheet as "CSV UTF-8"'),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"PAR1", "a Parquet file"),
        (b"\x28\xb5\x2f\xfd", "decompress it"),
    ],
)
def test_a_file_that_is_not_text_is_refused_with_advice(tmp_path: Path, head: bytes, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        read(tmp_path / "f", head + bytes(100))
