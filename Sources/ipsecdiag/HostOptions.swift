internal import ArgumentParser
internal import Diagnosis
internal import Glibc
internal import Host
internal import PacketDissector
internal import Report

/// What a machine knows of its IPsec as the source of a command: this one's kernel and daemon.
struct HostOptions: ParsableArguments {
  @Flag(
    help:
      "What this machine knows: the kernel's SAs and counters, and the IKE daemon. The default without a capture. Needs CAP_NET_ADMIN."
  )
  var local = false

  @Option(
    help: ArgumentHelp(
      "With --local: where charon listens for VICI, as `daemon --vici` takes it.",
      valueName: "address"))
  var vici: String?

  @Option(
    help: ArgumentHelp(
      "The same from a folder: what `ipsecdiag collect` has written on a machine, or the saved output of `ip -s -d xfrm state`, `ip -s xfrm policy`, /proc/net/xfrm_stat, `setkey -D`, `ip addr`, `ip link` and `ip route` under any names.",
      valueName: "folder"))
  var root: String?

  @Option(
    help: ArgumentHelp(
      "With --local: read twice, this far apart, so that rates are measured and drops are those between; with -i, how long to capture (10 s).",
      valueName: "seconds"))
  var sample: Seconds?

  /// Whether a command is to read the machine: it was asked to, or was given nothing else.
  func isWanted(_ capture: CaptureOptions) -> Bool {
    local || root != nil
      || capture.files.isEmpty && capture.interface == nil && capture.filter.isEmpty
  }

  /// What a command calls from its `validate`.
  func requireSense(_ capture: CaptureOptions, _ keys: KeyOptions) throws {
    if let sample, !(0.1...86_400).contains(sample.value) {
      throw ValidationError("--sample takes 0.1 to 86400 seconds.")
    }
    try VICIAddress.requireSense(vici)
    guard isWanted(capture), root == nil || vici == nil else {
      if vici != nil { throw ValidationError("--vici goes with --local.") }
      if sample != nil { throw ValidationError("--sample goes with --local.") }
      return
    }
    if root != nil, local || sample != nil || capture.interface != nil {
      throw ValidationError("--root takes no --local, --sample and -i: it is what was saved.")
    }
    if !capture.files.isEmpty {
      throw ValidationError("Give one of --local and -r: a capture tells nothing of a kernel.")
    }
    if !capture.filter.isEmpty, capture.interface == nil {
      throw ValidationError("--local takes a filter only beside -i NAME.")
    }
    if capture.interface == nil, capture.timeFrom != nil || capture.timeTo != nil {
      throw ValidationError("--time-from and --time-to go with a capture.")
    }
    if !capture.exchange.isEmpty || !keys.files.isEmpty {
      throw ValidationError("--exchange and --keys go with a capture alone.")
    }
  }
}

/// What a machine knows: one reading, or two with a capture between them.
struct HostReading {
  let now: HostSnapshot
  let earlier: HostSnapshot?
  let capture: CaptureReading?

  /// How long an interface is captured on where neither a time nor a number of frames is given.
  private static let captureTime = Seconds(10)

  init(
    _ parts: Set<HostSnapshot.Part>, _ options: HostOptions, _ capture: CaptureOptions,
    _ live: LiveWatch
  ) throws {
    if let root = options.root {
      guard var saved = HostSnapshot(savedIn: root) else {
        throw Failure("cannot read the folder \(root)", exitCode: ExitCodes.inputMissing)
      }
      saved.select(capture)
      now = saved
      earlier = nil
      self.capture = nil
      return
    }
    Interruption.watch()
    let first = try HostSnapshot.read(parts, of: capture, vici: options.vici)
    if capture.interface != nil {
      var watch = live
      // The kernel's SAs are read once more.
      watch.dropsPrivileges = false
      watch.timeLimit =
        (options.sample ?? (capture.count == nil ? Self.captureTime : nil))?.duration
      self.capture = try CaptureReading(capture, [], CaptureEvidence(.flows), watch)
    } else if let sample = options.sample {
      Pause.wait(sample.duration)
      self.capture = nil
    } else {
      now = first
      earlier = nil
      self.capture = nil
      return
    }
    now = try HostSnapshot.read(parts, of: capture, vici: options.vici)
    earlier = first
  }

  var diagnosis: HostDiagnosis {
    HostDiagnosis(now, since: earlier, with: capture?.evidence)
  }
}

extension HostSnapshot {
  /// What the machine says now of the SAs that are selected, with what charon's configuration says of windows
  /// and wishes.
  static func read(
    _ parts: Set<Part>, of capture: CaptureOptions, vici: String?
  ) throws -> HostSnapshot {
    var snapshot = read(parts, vici: vici)
    snapshot.select(capture)
    for index in snapshot.daemons.indices where snapshot.daemons[index].kind == .strongSwan {
      var daemon = DaemonReport.Daemon(snapshot.daemons[index])
      try DaemonConfiguration(nil, isUsual: vici == nil)?.complete(&daemon)
      snapshot.daemons[index] = daemon.state
    }
    return snapshot
  }

  /// Keeps the SAs of --spi and --peer.
  mutating func select(_ capture: CaptureOptions) {
    let spis = Set(capture.spi.map(\.value))
    let peers = Set(capture.peer)
    if spis.isEmpty, peers.isEmpty { return }
    sas.removeAll { sa in
      !spis.isEmpty && !spis.contains(UInt64(sa.spi))
        || !peers.isEmpty && !peers.contains(sa.source) && !peers.contains(sa.destination)
    }
  }
}

/// Waits that Ctrl-C ends.
enum Pause {
  static func wait(_ duration: Duration) {
    let end = ContinuousClock.now + duration
    while !Interruption.isRequested {
      let left = end - .now
      if left <= .zero { return }
      // A signal that comes between the question and the wait costs this much.
      _ = poll(nil, 0, Int32(min(200, max(1, left / .milliseconds(1)))))
    }
  }
}

extension VerdictOptions {
  /// Ends a command about a machine with the code of its findings; without one, 77 where rights were lacking, 3
  /// where there was nothing to judge.
  func end(_ report: HostVerdict) throws {
    let code = exitCode(of: report.findings)
    if code != 0 { throw Failure(nil, exitCode: code) }
    if report.lacksPermission { throw Failure(nil, exitCode: ExitCodes.noPermission) }
    if report.hasNothing { throw Failure(nil, exitCode: ExitCodes.unknown) }
  }
}

/// What decides the exit code of a command about a machine.
struct HostVerdict {
  var findings: [Finding]
  /// The SAs could not be read for want of a capability.
  var lacksPermission: Bool
  var hasNothing: Bool
}
