"""A small lab: initiator A, router R and responder B in network namespaces, with real daemons."""

from .capture import Capture
from .certificates import authority, certificate
from .charon import Charon, tunnel
from .host import Host
from .network import ADDRESS, INNER, Lab
from .pluto import Pluto, connection
from .recording import recording

__all__ = [
    "ADDRESS",
    "Capture",
    "Charon",
    "Host",
    "INNER",
    "Lab",
    "Pluto",
    "authority",
    "certificate",
    "connection",
    "recording",
    "tunnel",
]
