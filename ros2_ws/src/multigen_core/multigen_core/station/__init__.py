"""What a policy may know about its station, and the path that pours there."""

from multigen_core.station.station import HeldVessel, Station, Told, UntoldError

__all__ = ["HeldVessel", "Station", "Told", "UntoldError"]
