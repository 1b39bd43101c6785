"""What a capture would hold had it begun later."""

import struct


class Part:
    """The frames of a capture from so many seconds after its first on."""

    def __init__(self, capture, second):
        capture.stop()
        data = capture.path.read_bytes()
        self.path = capture.path.with_suffix(f".from-{second:.0f}.pcap")
        kept, first, offset = [data[:24]], None, 24
        while offset < len(data):
            seconds, microseconds, length = struct.unpack_from("<III", data, offset)
            moment = seconds + microseconds / 1e6
            first = moment if first is None else first
            if moment - first >= second:
                kept.append(data[offset:offset + 16 + length])
            offset += 16 + length
        self.path.write_bytes(b"".join(kept))

    def stop(self):
        """It is whole already."""
