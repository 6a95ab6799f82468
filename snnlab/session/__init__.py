"""One running network: the simulation thread, edits while it runs, frames, recording, messages."""

from snnlab.session.conditions import RateBeyond, SampleBeyond, SpikeOf
from snnlab.session.messages import Message, MessageLog
from snnlab.session.session import Session
from snnlab.session.state import SessionState
from snnlab.session.watch import Watch

__all__ = [
    "Message",
    "MessageLog",
    "RateBeyond",
    "SampleBeyond",
    "Session",
    "SessionState",
    "SpikeOf",
    "Watch",
]
