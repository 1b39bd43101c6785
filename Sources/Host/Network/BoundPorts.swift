internal import CLinux
internal import Glibc
package import PacketDissector

/// The UDP ports that sockets of this network namespace are bound to, by /proc/net/udp and udp6 (proc(5)).
package struct BoundPorts: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package var address: IPAddress
    package var port: UInt16
    /// The number of the user that made the socket.
    package var user: UInt32
    /// The socket's number in the file system, by which a process is found to have it.
    package var inode: UInt64

    package init(address: IPAddress, port: UInt16, user: UInt32, inode: UInt64) {
      self.address = address
      self.port = port
      self.user = user
      self.inode = inode
    }
  }

  package private(set) var entries: [Entry] = []

  package init() {}

  /// As they stand now.
  package static func read() -> BoundPorts {
    var ports = BoundPorts()
    for path in ["/proc/net/udp", "/proc/net/udp6"] {
      if let text = SystemFile.read(path) { ports.add(table: text) }
    }
    return ports
  }

  /// Whether a socket has UDP port `port` of this machine now, on any address.
  package static func isBound(_ port: UInt16) -> Bool {
    read().entries.contains { $0.port == port }
  }

  /// Adds the sockets of one of the two tables. Lines that are none are passed over.
  package mutating func add(table: [UInt8]) {
    for line in table.split(separator: UInt8(ascii: "\n")) {
      if let entry = Entry(line: line) { entries.append(entry) }
    }
  }
}

extension BoundPorts.Entry {
  /// "sl: local remote state queues timer retransmits user timeout inode …"
  fileprivate init?(line: ArraySlice<UInt8>) {
    let words = line.split(separator: UInt8(ascii: " "))
    guard words.count > 9 else { return nil }
    let local = words[1].split(separator: UInt8(ascii: ":"))
    guard local.count == 2, let address = IPAddress(kernelHex: local[0]),
      local[1].count == 4, let port = UInt16(Self.text(local[1]), radix: 16),
      let user = UInt32(Self.text(words[7])), let inode = UInt64(Self.text(words[9]))
    else { return nil }
    self.init(address: address, port: port, user: user, inode: inode)
  }

  private static func text(_ word: ArraySlice<UInt8>) -> String {
    String(decoding: word, as: UTF8.self)
  }
}

extension IPAddress {
  /// One or four words of eight digits, each the number that the address's bytes are in this machine's
  /// order.
  fileprivate init?(kernelHex digits: ArraySlice<UInt8>) {
    guard digits.count == 8 || digits.count == 32 else { return nil }
    var octets: [UInt8] = []
    for start in stride(from: digits.startIndex, to: digits.endIndex, by: 8) {
      let word = String(decoding: digits[start..<start + 8], as: UTF8.self)
      guard let number = UInt32(word, radix: 16) else { return nil }
      var writer = ByteWriter()
      writer.u32(number.bigEndian)
      octets += writer.bytes
    }
    self.init(octets: octets)
  }
}
