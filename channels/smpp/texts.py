"""Texts on their way out and in: which alphabet, how many parts, and the bytes of each."""

from __future__ import annotations

from codecs import CodecInfo
from dataclasses import dataclass

from aiosmpplib import GSM7BitCodec, UCS2Codec
from aiosmpplib.codec import find_codec_info as find_codec

from channels.smpp.settings import Alphabet, LongMessages
from messaging.parts import HEADER_OCTETS, LONG_HEADER_OCTETS, Encoding, NotText, TooLong, parts_of

_UCS2_ALONE, _UCS2_IN_PART = 70, 66
_GSM = GSM7BitCodec.get_codec_info()
_UCS2 = UCS2Codec.get_codec_info()
_DATA_CODINGS = {1: "ascii", 3: "latin_1", 6: "iso8859_5", 7: "iso8859_8", 8: "ucs2"}


class TextRefused(Exception):
    """The text cannot be sent; the message says why, without the text."""


@dataclass(frozen=True, slots=True)
class Written:
    """`encoding`: gsm0338 (data coding 0, in the SMSC's own alphabet) or ucs2."""

    encoding: str
    parts: tuple[str, ...]


def codecs_of(alphabet: Alphabet) -> dict[str, CodecInfo]:
    """What aiosmpplib is told to write for each of our two encodings."""
    default = _GSM if alphabet is Alphabet.GSM else find_codec("latin_1")
    return {"gsm0338": default, "ucs2": _UCS2}


def written(text: str, alphabet: Alphabet, long_messages: LongMessages, most_parts: int) -> Written:
    """The parts of a text, cut as its cost was estimated. Raises TextRefused."""
    if not text:
        raise TextRefused("the text is empty")
    header_octets = LONG_HEADER_OCTETS if long_messages is LongMessages.UDH_16 else HEADER_OCTETS
    try:
        found = parts_of(text, most=most_parts, header_octets=header_octets)
    except (TooLong, NotText) as refusal:
        raise TextRefused(str(refusal)) from None
    encoding, parts = "gsm0338" if found.encoding is Encoding.GSM7 else "ucs2", found.texts
    if encoding == "gsm0338" and not _is_in(text, alphabet):
        encoding, parts = "ucs2", _in_ucs2(text)
        if len(parts) > most_parts:
            raise TextRefused(f"the text takes {len(parts)} parts, and {most_parts} are allowed")
    return Written(encoding, (text,) if long_messages is LongMessages.PAYLOAD else parts)


def encoded(part: str, encoding: str, alphabet: Alphabet) -> bytes:
    content: bytes = codecs_of(alphabet)[encoding].encode(part, "strict")[0]
    return content


def decoded(content: bytes, data_coding: int, alphabet: Alphabet) -> str:
    """What somebody wrote. What does not belong to the alphabet becomes a replacement character."""
    match data_coding:
        case 0:
            name = str(alphabet)
        case _ if data_coding in _DATA_CODINGS:
            name = _DATA_CODINGS[data_coding]
        # Of GSM 03.38: message classes and waiting groups, whose alphabet two bits tell.
        case _ if data_coding >= 0xF0:
            name = "latin_1" if data_coding & 0x04 else "gsm0338"
        case _ if data_coding >= 0xC0:
            name = "ucs2" if data_coding >= 0xE0 else "gsm0338"
        case _ if 0x10 <= data_coding < 0x80:
            name = {0x00: "gsm0338", 0x08: "ucs2"}.get(data_coding & 0x0C, "latin_1")
        case _:
            name = "latin_1"
    if name == "ucs2":
        # Python's own: the library's leaves half a pair at the end out without a word.
        text = content[: len(content) // 2 * 2].decode("utf-16-be", "replace")
    else:
        text = find_codec(name).decode(content, "replace")[0]
    # No database takes these.
    return text.replace("\0", "")


def _is_in(text: str, alphabet: Alphabet) -> bool:
    if alphabet is Alphabet.GSM:
        return True
    try:
        encoded(text, "gsm0338", alphabet)
    except UnicodeEncodeError:
        return False
    return True


def _in_ucs2(text: str) -> tuple[str, ...]:
    """A text of the GSM alphabet that the SMSC's own lacks a letter of; none takes two units."""
    if len(text) <= _UCS2_ALONE:
        return (text,)
    return tuple(text[start : start + _UCS2_IN_PART] for start in range(0, len(text), _UCS2_IN_PART))
