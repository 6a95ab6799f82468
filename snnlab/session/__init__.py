"""One running network: the simulation thread, edits while it runs, frames, recording, messages."""

from snnlab.session.conditions import (
    CvBeyond,
    RateBeyond,
    SampleBeyond,
    SpikeOf,
    WeightBeyond,
)
from snnlab.session.formula import Holds
from snnlab.session.messages import Message, MessageLog
from snnlab.session.session import Session
from snnlab.session.state import SessionState
from snnlab.session.watch import Watch

__all__ = [
    "CvBeyond",
    "Holds",
    "Message",
    "MessageLog",
    "RateBeyond",
    "SampleBeyond",
    "Session",
    "SessionState",
    "SpikeOf",
    "Watch",
    "WeightBeyond",
]
