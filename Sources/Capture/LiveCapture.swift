import CPcap
import Glibc
package import PacketDissector

/// Packets off an interface, through libpcap.
@safe
package final class LiveCapture: PacketSource {
  package struct Statistics: Equatable, Sendable {
    /// Packets that the filter let through.
    package var received: UInt32
    /// Packets lost as this program did not read fast enough.
    package var droppedByKernel: UInt32
    /// Packets lost by the interface or its driver, where it tells.
    package var droppedByInterface: UInt32
  }

  package let interface: String
  package let linkType: LinkType
  private let snapshotLength: Int
  private let handle: OpaquePointer
  private let descriptor: Int32
  private let nanosecondsPerUnit: Int64
  private let isStopped: () -> Bool
  private let onWait: (() -> Void)?
  /// The last packet: libpcap's memory, which stays until its next call.
  private var packet = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

  /// How long the kernel may gather packets before it hands them over, and how long a stop may take.
  private static let patience: Int32 = 50
  /// The kernel's buffer: about a tenth of a second at 1 Gbit/s.
  private static let bufferSize: Int32 = 16 << 20

  /// Opens the interface.
  ///
  /// - Parameters:
  ///   - interface: Its name; "any" is all of them.
  ///   - snapshotLength: The most bytes of a packet to keep.
  ///   - promiscuous: Take packets for others, too.
  ///   - filter: An expression in libpcap's language; the kernel applies it.
  ///   - onWait: Called before waiting for packets, for the caller to flush.
  ///   - isStopped: Asked between packets and at least 20 times a second; true ends the capture.
  /// - Throws: Why the interface cannot be captured on, or what is wrong with the filter.
  package init(
    interface: String, snapshotLength: Int = 262_144, promiscuous: Bool = false,
    filter: String? = nil, onWait: (() -> Void)? = nil, isStopped: @escaping () -> Bool
  ) throws(CaptureError) {
    let handle = try unsafe Self.activate(
      interface, snapshotLength: Int32(clamping: snapshotLength), promiscuous: promiscuous)
    do throws(CaptureError) {
      if let filter { try unsafe Self.set(filter, on: handle, interface: interface) }
      let descriptor = unsafe pcap_get_selectable_fd(handle)
      let failed = unsafe Self.withMessage { unsafe pcap_setnonblock(handle, 1, $0) }
      guard descriptor >= 0, failed.code == 0 else {
        throw CaptureError.liveCapture(
          interface: interface,
          reason: descriptor < 0 ? "it cannot be waited for" : failed.message)
      }
      self.descriptor = descriptor
    } catch {
      unsafe pcap_close(handle)
      throw error
    }
    unsafe self.handle = handle
    self.interface = interface
    self.snapshotLength = snapshotLength
    self.onWait = onWait
    self.isStopped = isStopped
    nanosecondsPerUnit =
      unsafe pcap_get_tstamp_precision(handle) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000
    let number = unsafe pcap_datalink(handle)
    linkType = LinkType(inFile: UInt32(truncatingIfNeeded: number))
  }

  deinit {
    unsafe pcap_close(handle)
  }

  /// The next packet, when it comes; nil once stopped.
  package func next() throws(CaptureError) -> PacketHeader? {
    unsafe packet = UnsafeRawBufferPointer(start: nil, count: 0)
    while !isStopped() {
      var record: UnsafeMutablePointer<pcap_pkthdr>?
      var data: UnsafePointer<UInt8>?
      let code = unsafe pcap_next_ex(handle, &record, &data)
      if code == 1, let record = unsafe record?.pointee {
        unsafe packet = UnsafeRawBufferPointer(start: data, count: Int(record.caplen))
        let nanoseconds =
          Int64(record.ts.tv_sec) &* 1_000_000_000 &+ Int64(record.ts.tv_usec)
          &* nanosecondsPerUnit
        return PacketHeader(
          timestamp: Timestamp(nanoseconds: nanoseconds), capturedLength: Int(record.caplen),
          originalLength: Int(record.len), linkType: linkType, interface: 0)
      }
      guard code == 0 else {
        throw .liveCapture(
          interface: interface, reason: unsafe String(cString: pcap_geterr(handle)))
      }
      onWait?()
      // A signal ends the wait early: `isStopped` is asked again.
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      unsafe _ = poll(&request, 1, Self.patience)
    }
    return nil
  }

  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // The memory stays until the next `pcap_next_ex`, which only `next()` calls.
      let bytes = unsafe RawSpan(_unsafeBytes: packet)
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }

  package var interfaces: [CaptureInterface] {
    [CaptureInterface(linkType: linkType, name: interface, snapshotLength: snapshotLength)]
  }

  /// Counts since the beginning; nil if the system does not tell.
  package var statistics: Statistics? {
    var counts = pcap_stat()
    guard unsafe pcap_stats(handle, &counts) == 0 else { return nil }
    return Statistics(
      received: counts.ps_recv, droppedByKernel: counts.ps_drop,
      droppedByInterface: counts.ps_ifdrop)
  }

  // MARK: Opening

  private static func activate(
    _ interface: String, snapshotLength: Int32, promiscuous: Bool
  ) throws(CaptureError) -> OpaquePointer {
    var created: OpaquePointer?
    let message = unsafe withMessage { message in
      unsafe created = pcap_create(interface, message)
      return 0
    }.message
    guard let handle = unsafe created else {
      throw .liveCapture(interface: interface, reason: message)
    }
    unsafe pcap_set_snaplen(handle, snapshotLength)
    unsafe pcap_set_promisc(handle, promiscuous ? 1 : 0)
    unsafe pcap_set_timeout(handle, patience)
    unsafe pcap_set_buffer_size(handle, bufferSize)
    // Refused where only microseconds are to be had; the precision in force is asked for later.
    unsafe pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO)
    let code = unsafe pcap_activate(handle)
    // Above 0 are warnings.
    if code >= 0 { return unsafe handle }
    let reason = unsafe String(cString: pcap_geterr(handle))
    unsafe pcap_close(handle)
    switch code {
    case PCAP_ERROR_NO_SUCH_DEVICE: throw .noSuchInterface(name: interface)
    case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED:
      throw .captureNotPermitted(interface: interface)
    case PCAP_ERROR_IFACE_NOT_UP:
      throw .liveCapture(interface: interface, reason: "it is down")
    default:
      throw .liveCapture(
        interface: interface,
        reason: reason.isEmpty ? unsafe String(cString: pcap_statustostr(code)) : reason)
    }
  }

  private static func set(
    _ filter: String, on handle: OpaquePointer, interface: String
  ) throws(CaptureError) {
    var program = unsafe bpf_program()
    guard unsafe pcap_compile(handle, &program, filter, 1, 0xFFFF_FFFF) == 0 else {
      throw .badFilter(expression: filter, reason: unsafe String(cString: pcap_geterr(handle)))
    }
    defer { unsafe pcap_freecode(&program) }
    guard unsafe pcap_setfilter(handle, &program) == 0 else {
      throw .liveCapture(interface: interface, reason: unsafe String(cString: pcap_geterr(handle)))
    }
  }

  /// Lends the 256 bytes that libpcap writes its messages to.
  private static func withMessage(
    _ body: (UnsafeMutablePointer<CChar>) -> Int32
  ) -> (code: Int32, message: String) {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PCAP_ERRBUF_SIZE)) { space in
      unsafe space.initialize(repeating: 0)
      guard let base = space.baseAddress else { return (-1, "out of memory") }
      let code = unsafe body(base)
      return unsafe (code, String(cString: base))
    }
  }
}
