internal import CLinux
internal import Glibc
package import PacketDissector

/// The addresses of a name, by whatever this machine asks: /etc/hosts, DNS.
package enum NameResolution {
  package enum Family: Equatable, Sendable {
    case any, ipv4, ipv6

    /// Nil is for both.
    package init(isIPv6Wanted: Bool?) {
      self = isIPv6Wanted.map { $0 ? .ipv6 : .ipv4 } ?? .any
    }
  }

  /// All addresses of `name`, which may be one itself, in the order in which RFC 6724 would try them.
  ///
  /// It waits for the answer, as long as this machine's resolver does; never for a numeric address.
  package static func addresses(
    of name: String, family: Family = .any
  ) throws(ResolutionError) -> [ResolvedAddress] {
    guard !name.isEmpty, !name.utf8.contains(0) else {
      throw ResolutionError(name: name, family: family, reason: .noSuchName)
    }
    var hints = unsafe addrinfo()
    unsafe hints.ai_family =
      switch family {
      case .any: AF_UNSPEC
      case .ipv4: AF_INET
      case .ipv6: AF_INET6
      }
    // Else each address would come once for each kind of socket.
    unsafe hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>? = nil
    let code = unsafe getaddrinfo(name, nil, &hints, &list)
    let systemCode = errno
    // The list is the library's, and freed whatever became of it.
    defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
    guard code == 0 else {
      throw ResolutionError(
        name: name, family: family, reason: .init(code, systemCode: systemCode))
    }
    var found: [ResolvedAddress] = []
    var entry = unsafe list
    while let current = unsafe entry {
      if let address = unsafe ResolvedAddress(current.pointee), !found.contains(address) {
        found.append(address)
      }
      unsafe entry = current.pointee.ai_next
    }
    guard !found.isEmpty else {
      throw ResolutionError(name: name, family: family, reason: .noAddress)
    }
    return found
  }
}

/// An address, and the interface that it belongs to where it is link-local (RFC 4007: "fe80::1%eth0").
package struct ResolvedAddress: Hashable, Sendable {
  package var address: IPAddress
  /// Its index; 0 where the address holds for all.
  package var interface: UInt32

  package init(_ address: IPAddress, interface: UInt32 = 0) {
    self.address = address
    self.interface = interface
  }

  fileprivate init?(_ entry: addrinfo) {
    guard let start = unsafe entry.ai_addr else { return nil }
    // The library's memory, with the size that it gives.
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: Int(entry.ai_addrlen))
    var reader = unsafe ByteReader(RawSpan(_unsafeBytes: bytes))
    guard let endpoint = Endpoint(socketAddress: &reader) else { return nil }
    address = endpoint.address
    // The scope comes last in a sockaddr_in6.
    interface = endpoint.address.isIPv6 ? (try? reader.host32()) ?? 0 : 0
  }
}

/// Why a name has no address: one line for a person.
package struct ResolutionError: Error, Equatable, Sendable {
  package enum Reason: Equatable, Sendable {
    case noSuchName
    /// The name is there, without an address of the family.
    case noAddress
    /// The name server does not answer, or not now.
    case serverSilent
    /// The name server answers that it failed.
    case serverFailed
    /// An `errno`.
    case system(Int32)
    /// A number of getaddrinfo(3).
    case other(Int32)
  }

  package var name: String
  package var family: NameResolution.Family
  package var reason: Reason

  package init(name: String, family: NameResolution.Family, reason: Reason) {
    self.name = name
    self.family = family
    self.reason = reason
  }
}

extension ResolutionError.Reason {
  /// From the numbers of getaddrinfo(3).
  package init(_ code: Int32, systemCode: Int32) {
    switch code {
    case EAI_NONAME: self = .noSuchName
    // A GNU extension that the headers hide: a name without addresses; and one of the other family.
    case -5, -9: self = .noAddress
    case EAI_AGAIN: self = .serverSilent
    case EAI_FAIL: self = .serverFailed
    case EAI_SYSTEM: self = .system(systemCode)
    default: self = .other(code)
    }
  }
}

extension ResolutionError: CustomStringConvertible {
  package var description: String {
    let kind =
      switch family {
      case .any: "address"
      case .ipv4: "IPv4 address"
      case .ipv6: "IPv6 address"
      }
    let text =
      switch reason {
      case .noSuchName: "no such name, or none with an \(kind)"
      case .noAddress: "the name has no \(kind)"
      case .serverSilent: "the name server does not answer; try again later"
      case .serverFailed: "the name server failed"
      case .system(let code): SystemText.of(code)
      case .other(let code): ResolutionError.text(of: code)
      }
    return "cannot resolve \(name): \(text)"
  }

  private static func text(of code: Int32) -> String {
    // gai_strerror returns a constant string, or nothing.
    guard let text = unsafe gai_strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
