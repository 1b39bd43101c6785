import CPcap
import PacketDissector

/// A filter in libpcap's language ("udp port 4500 and host 192.0.2.1"), applied to packets read.
///
/// An expression means other code on every link type; each is compiled when the first packet of it
/// comes.
@safe
package struct PacketFilter: ~Copyable {
  @safe
  private enum Program {
    case code(bpf_program)
    /// libpcap found that no packet of this link type can match.
    case matchesNothing
  }

  package let expression: String
  private var programs: [(linkType: UInt32, program: Program)] = []
  /// An expression that none of these understands is refused at once.
  private static let common: [LinkType] = [.ethernet, .raw, .ieee80211Radiotap, .linuxSLL]

  package init(expression: String) throws(CaptureError) {
    self.expression = expression
    var first: CaptureError?
    for linkType in Self.common {
      do {
        let program = try Self.compile(expression, for: linkType.rawValue)
        programs.append((linkType.rawValue, program))
        return
      } catch {
        first = first ?? error
      }
    }
    if let first { throw first }
  }

  deinit {
    for (_, program) in programs {
      if case .code(var code) = program { unsafe pcap_freecode(&code) }
    }
  }

  /// Whether the packet matches; throws if the expression has no meaning on its link type.
  package mutating func matches(
    _ header: PacketHeader, _ bytes: RawSpan
  ) throws(CaptureError) -> Bool {
    let wanted = header.linkType.rawValue
    for index in programs.indices where programs[index].linkType == wanted {
      return Self.run(programs[index].program, header, bytes)
    }
    let program = try Self.compile(expression, for: wanted)
    programs.append((wanted, program))
    return Self.run(program, header, bytes)
  }

  private static func run(_ program: Program, _ header: PacketHeader, _ bytes: RawSpan) -> Bool {
    guard case .code(var code) = program else { return false }
    return unsafe bytes.withUnsafeBytes { data in
      guard let base = unsafe data.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
        return false
      }
      var record = pcap_pkthdr()
      record.caplen = UInt32(clamping: data.count)
      record.len = UInt32(clamping: header.originalLength)
      return unsafe pcap_offline_filter(&code, &record, base) != 0
    }
  }

  private static func compile(
    _ expression: String, for linkType: UInt32
  ) throws(CaptureError) -> Program {
    // libpcap's own number for raw IP differs from the one in files.
    let number = linkType == LinkType.raw.rawValue ? DLT_RAW : Int32(truncatingIfNeeded: linkType)
    guard let handle = unsafe pcap_open_dead(number, 262_144) else {
      throw .badFilter(expression: expression, reason: "out of memory")
    }
    defer { unsafe pcap_close(handle) }
    var code = unsafe bpf_program()
    // PCAP_NETMASK_UNKNOWN is a macro that Swift does not import.
    if unsafe pcap_compile(handle, &code, expression, 1, 0xFFFF_FFFF) == 0 {
      return unsafe .code(code)
    }
    let reason = unsafe String(cString: pcap_geterr(handle))
    if reason == "expression rejects all packets" { return .matchesNothing }
    throw .badFilter(expression: expression, reason: reason)
  }
}
