/// A process that has a socket.
package struct PortOwner: Equatable, Sendable {
  package var processID: Int32
  /// Its first fifteen bytes, as the kernel keeps them.
  package var name: String

  package init(processID: Int32, name: String) {
    self.processID = processID
    self.name = name
  }
}

extension BoundPorts {
  /// A process that has UDP port `port`, such as charon or pluto; nil where there is none, or none that
  /// this user may look into: for other users' processes it takes root.
  package func owner(of port: UInt16) -> PortOwner? {
    // Sockets that the kernel keeps for itself have none.
    let links = entries.filter { $0.port == port && $0.inode != 0 }.map { "socket:[\($0.inode)]" }
    guard !links.isEmpty else { return nil }
    for process in SystemFile.names(in: "/proc") {
      guard let processID = Int32(process) else { continue }
      let folder = "/proc/\(process)/fd"
      let hasOne = SystemFile.names(in: folder).contains { number in
        SystemFile.link("\(folder)/\(number)").map(links.contains) ?? false
      }
      guard hasOne, let name = SystemFile.read("/proc/\(process)/comm") else { continue }
      return PortOwner(
        processID: processID,
        name: String(decoding: name.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
    return nil
  }
}
