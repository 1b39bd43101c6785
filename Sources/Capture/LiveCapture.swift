import CPcap
import Glibc
package import PacketDissector

/// Packets off an interface, through libpcap.
@safe
package final class LiveCapture: PacketSource {
  package struct Statistics: Equatable, Sendable {
    /// Packets that the filter let through, lost ones included.
    package var received: UInt64
    /// Packets lost as this program did not read fast enough.
    package var droppedByKernel: UInt64
    /// Packets lost by the interface or its driver, where it tells.
    package var droppedByInterface: UInt64

    package init(
      received: UInt64 = 0, droppedByKernel: UInt64 = 0, droppedByInterface: UInt64 = 0
    ) {
      self.received = received
      self.droppedByKernel = droppedByKernel
      self.droppedByInterface = droppedByInterface
    }

    /// Packets that passed and that nobody looked at.
    package var dropped: UInt64 { droppedByKernel &+ droppedByInterface }
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
  /// Nothing more will come: the interface went away.
  package private(set) var isFinished = false
  /// Frames that ``next()`` returned.
  private var frames: UInt64 = 0
  private var counts = Statistics()

  /// How long the kernel may gather packets before it hands them over, and how long a stop may take.
  private static let patience: Int32 = 50
  /// The kernel's buffer in bytes: half a second at 1 Gbit/s, which rules and slow disks may take.
  package static let bufferSize = 64 << 20
  package static let wholeFrames = 262_144
  /// libpcap counts in 32 bits; asked so often, in frames, none of its turns is missed.
  private static let countingPeriod: UInt64 = 1 << 24

  /// Opens the interface.
  ///
  /// - Parameters:
  ///   - interface: Its name; "any" is all of them.
  ///   - snapshotLength: The most bytes of a packet to keep.
  ///   - promiscuous: Take packets for others, too.
  ///   - bufferSize: How many bytes the kernel may hold until they are read; less where it has no more.
  ///   - filter: An expression in libpcap's language; the kernel applies it.
  ///   - onWait: Called before waiting for packets, for the caller to flush.
  ///   - isStopped: Asked between packets and at least 20 times a second; true ends the wait for the next.
  /// - Throws: Why the interface cannot be captured on, or what is wrong with the filter.
  package init(
    interface: String, snapshotLength: Int = wholeFrames, promiscuous: Bool = false,
    bufferSize: Int = bufferSize, filter: String? = nil, onWait: (() -> Void)? = nil,
    isStopped: @escaping () -> Bool
  ) throws(CaptureError) {
    let handle = try unsafe Self.activate(
      interface, snapshotLength: Int32(clamping: snapshotLength), promiscuous: promiscuous,
      bufferSize: Int32(clamping: bufferSize))
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

  /// The next packet, when it comes; nil where a stop came first. A further call waits again.
  package func next() throws(CaptureError) -> PacketHeader? {
    unsafe packet = UnsafeRawBufferPointer(start: nil, count: 0)
    while !isFinished, !isStopped() {
      var record: UnsafeMutablePointer<pcap_pkthdr>?
      var data: UnsafePointer<UInt8>?
      let code = unsafe pcap_next_ex(handle, &record, &data)
      if code == 1, let record = unsafe record?.pointee {
        unsafe packet = UnsafeRawBufferPointer(start: data, count: Int(record.caplen))
        frames &+= 1
        if frames % Self.countingPeriod == 0 { _ = statistics }
        let nanoseconds =
          Int64(record.ts.tv_sec) &* 1_000_000_000 &+ Int64(record.ts.tv_usec)
          &* nanosecondsPerUnit
        return PacketHeader(
          timestamp: Timestamp(nanoseconds: nanoseconds), capturedLength: Int(record.caplen),
          originalLength: Int(record.len), linkType: linkType, interface: 0)
      }
      guard code == 0 else {
        isFinished = true
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

  /// Counts since the beginning; those of the last time where the interface is gone.
  package var statistics: Statistics {
    var latest = pcap_stat()
    guard unsafe pcap_stats(handle, &latest) == 0 else { return counts }
    Self.follow(&counts.received, latest.ps_recv)
    Self.follow(&counts.droppedByKernel, latest.ps_drop)
    Self.follow(&counts.droppedByInterface, latest.ps_ifdrop)
    return counts
  }

  /// Takes `count` on to what its lower 32 bits are now.
  private static func follow(_ count: inout UInt64, _ now: UInt32) {
    count &+= UInt64(now &- UInt32(truncatingIfNeeded: count))
  }

  // MARK: Opening

  private static func activate(
    _ interface: String, snapshotLength: Int32, promiscuous: Bool, bufferSize: Int32
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
    if code >= 0 {
      // All interfaces together: version 2 of the cooked header says which one it was. Where libpcap has it
      // not, the first version stays.
      if interface == "any" { unsafe pcap_set_datalink(handle, DLT_LINUX_SLL2) }
      return unsafe handle
    }
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
