"""A browser's offer, judged before a peer is made for it. Runs in the worker: hostile text stays there."""

from __future__ import annotations

from aiortc.sdp import SessionDescription

LARGEST_OFFER_CHARS = 32 * 1024
MOST_CANDIDATES = 24
# Names as in SDP, those heard at 16 kHz first.
WIDEBAND = frozenset({"g722", "opus"})
NARROWBAND = frozenset({"pcmu", "pcma"})


class OfferRefused(Exception):
    """The offer cannot be taken; the message is one sentence."""


def read_offer(sdp: str) -> str:
    """The offer without candidates that must not be followed. Raises OfferRefused.

    Only the browser's own addresses are kept: names (mDNS) would make us ask the network, and other kinds
    of candidate lead to servers elsewhere.
    """
    if len(sdp) > LARGEST_OFFER_CHARS:
        raise OfferRefused(f"The offer is longer than {LARGEST_OFFER_CHARS // 1024} kB; offer audio only.")
    try:
        media = SessionDescription.parse(sdp).media
    except Exception as error:  # the parser fails in as many ways as text can be wrong
        raise OfferRefused("The offer is not valid SDP.") from error
    if len(media) != 1 or media[0].kind != "audio":
        raise OfferRefused("The offer must have exactly one audio part.")
    names = {codec.name.lower() for codec in media[0].rtp.codecs}
    if not names & (WIDEBAND | NARROWBAND):
        raise OfferRefused("The offer has no codec that is known here: G.722, PCMU, PCMA or Opus.")
    ice, dtls = media[0].ice, media[0].dtls
    if dtls is None or not dtls.fingerprints or ice is None or ice.usernameFragment is None:
        raise OfferRefused("The offer lacks its ICE or DTLS parameters.")
    kept: list[str] = []
    candidates = 0
    for line in sdp.splitlines():
        if line.startswith("a=candidate:"):
            candidates += 1
            if candidates > MOST_CANDIDATES or not _followed(line):
                continue
        kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def _followed(candidate: str) -> bool:
    """a=candidate:FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE ..."""
    parts = candidate.split()
    return len(parts) >= 8 and parts[7] == "host" and not parts[4].endswith(".local")


def is_wideband(answer: str) -> bool:
    """Whether the answer's first codec carries 16 kHz."""
    codecs = SessionDescription.parse(answer).media[0].rtp.codecs
    return bool(codecs) and codecs[0].name.lower() in WIDEBAND
