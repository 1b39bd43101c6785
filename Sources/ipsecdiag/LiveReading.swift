internal import Capture
internal import Host

/// A source of frames that is open, and where they are written besides.
///
/// For an interface, privileges go as soon as all is open that takes them: the file of -w is made before, with the
/// rights of who runs this. The files of a ring come later, so that it becomes the owner of their folder
/// instead of nobody, and its first file is made then: what will not work later does not work at once.
struct LiveReading {
  let reader: FrameReader
  let writer: CaptureWriter?

  /// - Parameters:
  ///   - capture: What to read.
  ///   - live: How to capture it, and where to write it; nil where the command has no such options.
  ///   - dropsPrivileges: Whether what an interface took is given up then.
  ///   - onWait: Called before waiting for more packets.
  ///   - isStopped: Ends the wait for the next packet.
  /// - Throws: ``CaptureError``, or a ``Failure`` where privileges cannot be given up.
  init(
    _ capture: CaptureOptions, _ live: LiveOptions?, dropsPrivileges: Bool = true,
    onWait: @escaping () -> Void, isStopped: @escaping () -> Bool
  ) throws {
    var writer: CaptureWriter?
    var ring: RingFiles?
    let application = "ipsecdiag \(Ipsecdiag.version)"
    if let path = live?.output {
      if let limits = live?.ring {
        ring = try RingFiles(path: path, limits: limits)
      } else {
        writer = try CaptureWriter(path: path, application: application)
      }
    }
    let reader = try capture.open(
      live,
      onWait: {
        onWait()
        // The next write says what failed.
        try? writer?.flush()
      }, isStopped: isStopped)
    if capture.interface != nil, dropsPrivileges {
      do throws(SocketError) {
        try Privileges.drop(becoming: ring?.owner)
      } catch {
        throw Failure("\(error)", exitCode: ExitCodes.noPermission)
      }
    }
    if let files = ring.take() { writer = try CaptureWriter(files, application: application) }
    self.reader = reader
    self.writer = writer
  }
}

/// Notices that an interface goes down, which libpcap waits out in silence, and that it is up again.
struct InterfaceWatch {
  private let name: String
  private var isUp = true

  init(_ name: String) { self.name = name }

  /// What has changed since the last call, in words. Of "any" nothing does.
  mutating func change() -> String? {
    guard let interface = try? NetworkInterface(named: name), interface.isUp != isUp else {
      return nil
    }
    isUp = interface.isUp
    return isUp ? "\(name) is up again" : "\(name) is down; the capture goes on when it is up"
  }
}
