"""What clients are told of clips, of dreams and of the beat: plain values to packets."""

from __future__ import annotations

from .packets import bundle, encode


def ready(clip: int, sha256: str, url: str, path: str, rate: int, frames: int, channels: int, score: float) -> bytes:
    """The file is complete and will never change. url, path: of the file as this client reaches it, path "" if it is
    on another machine; rate: Hz; frames: samples of one channel."""
    return encode("/ear/clip/ready", clip, sha256, url, path, rate, frames, channels, float(score))


def held(
    clip: int, name: str, sha256: str, url: str, path: str, rate: int, frames: int, channels: int, score: float,
    made_unix_s: int,
) -> bytes:  # fmt: skip
    """One of the clips that are kept. name: "" unless it has one; all else as in `ready`."""
    return encode("/ear/clip/held", clip, name, sha256, url, path, rate, frames, channels, float(score), made_unix_s)


def activate(clip: int, unix_ns: int, in_seconds: float, beat: float) -> bytes:
    """A bundle for the moment unix_ns of the wall clock, with the message that tells it thrice: for hosts that heed
    timetags, for those whose clock agrees with ours, and for all others as seconds from now on."""
    seconds, microseconds = divmod(unix_ns // 1_000, 1_000_000)
    message = encode("/ear/clip/activate", clip, seconds, microseconds, max(0.0, float(in_seconds)), float(beat))
    return bundle(unix_ns, message)


def beat(bar: int, beat: int, bpm: float, phase: float) -> bytes:
    """bar and beat count from 1 on; phase: how much of the loop is over, 0 to 1."""
    return encode("/ear/beat", bar, beat, float(bpm), float(phase))


def progress(clip: int, step: int, steps_per_s: float, score: float, loss: float) -> bytes:
    """A step of a dream. clip: the newest one made of it, 0 before that; score: in standard deviations over music."""
    return encode("/ear/dream/progress", clip, step, float(steps_per_s), float(score), float(loss))
