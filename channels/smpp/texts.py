"""Texts on their way out and in: which alphabet, how many parts, and the bytes of each."""

from __future__ import annotations

from codecs import CodecInfo
from dataclasses import dataclass

from aiosmpplib import GSM7BitCodec, UCS2Codec
from aiosmpplib.codec import GSM_BASIC_ENCODE_MAP
from aiosmpplib.codec import find_codec_info as find_codec

from channels.smpp.settings import Alphabet, LongMessages

# In the alphabet's own units: septets, or 16-bit units.
_ALONE = {"gsm0338": 160, "ucs2": 70}
_IN_PART = {
    LongMessages.UDH_8: {"gsm0338": 153, "ucs2": 67},
    LongMessages.UDH_16: {"gsm0338": 152, "ucs2": 66},
    # The SMSC puts a header of 8 bits before these.
    LongMessages.SAR: {"gsm0338": 153, "ucs2": 67},
}
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
    """The parts of a text. Neither an escape nor a surrogate pair is cut in two. Raises TextRefused."""
    if not text:
        raise TextRefused("the text is empty")
    encoding = _encoding(text, alphabet)
    units = _units(text, encoding)
    if sum(units) <= _ALONE[encoding]:
        return Written(encoding, (text,))
    limit = _IN_PART.get(long_messages, _IN_PART[LongMessages.UDH_8])[encoding]
    parts = _cut(text, units, limit)
    if len(parts) > most_parts:
        raise TextRefused(f"the text takes {len(parts)} parts, and {most_parts} are allowed")
    return Written(encoding, (text,) if long_messages is LongMessages.PAYLOAD else tuple(parts))


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
    if name == "ucs2" and len(content) % 2:
        content = content[:-1]
    text: str = find_codec(name).decode(content, "replace")[0]
    # No database takes these.
    return text.replace("\0", "")


def _encoding(text: str, alphabet: Alphabet) -> str:
    if GSM7BitCodec.is_gsm_text(text):
        try:
            encoded(text, "gsm0338", alphabet)
        except UnicodeEncodeError:
            return "ucs2"
        return "gsm0338"
    try:
        encoded(text, "ucs2", alphabet)
    except UnicodeEncodeError:
        raise TextRefused("the text holds half of a surrogate pair") from None
    return "ucs2"


def _units(text: str, encoding: str) -> list[int]:
    if encoding == "ucs2":
        return [2 if ord(character) > 0xFFFF else 1 for character in text]
    return [1 if character in GSM_BASIC_ENCODE_MAP else 2 for character in text]


def _cut(text: str, units: list[int], limit: int) -> list[str]:
    parts, start, used = [], 0, 0
    for index, count in enumerate(units):
        if used + count > limit:
            parts.append(text[start:index])
            start, used = index, 0
        used += count
    return [*parts, text[start:]]
