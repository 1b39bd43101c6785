internal import Capture
internal import Diagnosis
internal import Glibc
internal import PacketDissector
internal import Report

/// What a command wants of a live capture while it runs.
struct LiveWatch {
  var options: LiveOptions?
  var naming = Naming()
  var ascii = false
  /// Whether findings are told when they first show.
  var announces = false
  /// What an interface took is given up once it is open.
  var dropsPrivileges = true
  var style = ProgressStyle.none

  init() {}

  init(_ options: LiveOptions, _ verdict: VerdictOptions, announces: Bool = false) {
    self.options = options
    naming = verdict.naming
    ascii = verdict.ascii || !Terminal.isUTF8
    self.announces = announces
    if !verdict.quiet { style = options.progress }
  }
}

/// Says on standard error how a live capture goes: lines redrawn in place on a terminal, or one every ten
/// seconds.
struct LiveProgress {
  private let isWanted: Bool
  private let announces: Bool
  private let text: LiveStatusText
  private var mark: LiveStatus.Mark?
  private var drawing: ProgressLine
  private var nextLine = Self.lineInterval
  private var nextRules = Self.ruleInterval
  /// What was told already.
  private var told: Set<Told> = []

  private struct Told: Hashable {
    let id: FindingID
    let subject: Finding.Subject
  }

  private static let lineInterval = Nanoseconds.seconds(10)
  private static let ruleInterval = Nanoseconds.seconds(5)
  /// Rules may take so small a part of the time, one in so many.
  private static let ruleShare: Int64 = 20
  /// Findings that are told as they show; the report has them all.
  private static let tellingLimit = 1000

  init(_ watch: LiveWatch) {
    drawing = ProgressLine(isWanted: watch.style == .auto && Self.canRedraw)
    isWanted = watch.style == .plain || drawing.isWanted
    announces = watch.announces
    text = LiveStatusText(watch.naming, ascii: watch.ascii)
  }

  private static var canRedraw: Bool {
    let terminal = unsafe getenv("TERM").map { unsafe String(cString: $0) }
    return isatty(STDERR_FILENO) == 1 && terminal != "dumb"
  }

  /// To be called once a second or so.
  mutating func update(
    _ evidence: CaptureEvidence, _ writer: CaptureWriter?, elapsed: Nanoseconds
  ) {
    guard isWanted else { return }
    if announces, elapsed >= nextRules { announce(evidence, elapsed: elapsed) }
    guard drawing.isWanted || elapsed >= nextLine else { return }
    nextLine = Nanoseconds(elapsed.count &+ Self.lineInterval.count)
    let status = LiveStatus(evidence, elapsed: elapsed, before: mark)
    mark = LiveStatus.Mark(evidence, elapsed: elapsed)
    let written = writer.map {
      "\($0.path): \(Verdict.counted($0.packets, "packet")), "
        + Verdict.counted($0.bytes, "byte")
    }
    if drawing.isWanted {
      drawing.show(text.lines(status, written: written, width: Self.width))
    } else {
      StandardError.write(text.line(status, written: written))
    }
  }

  /// Tells which findings are new, and runs the rules later the longer they take.
  private mutating func announce(_ evidence: CaptureEvidence, elapsed: Nanoseconds) {
    let began = IntervalClock.now()
    let findings = CaptureDiagnosis(evidence).findings
    let pause = max(Self.ruleInterval.count, (IntervalClock.now() &- began) &* Self.ruleShare)
    nextRules = Nanoseconds(elapsed.count &+ pause)
    for finding in findings where told.count < Self.tellingLimit {
      guard told.insert(Told(id: finding.id, subject: finding.subject)).inserted else { continue }
      clear()
      StandardError.write(text.line(finding, elapsed: elapsed))
    }
  }

  /// Takes the lines away before anything else is written.
  mutating func clear() { drawing.clear() }

  /// One column less than the terminal has, as the cursor would wrap in the last one.
  private static var width: Int { (Terminal.columns(of: STDERR_FILENO) ?? 80) - 1 }
}

/// Tells once a second that it is time to look up from the reading.
final class IntervalClock {
  private var started: Int64 = 0
  private var due = Int64.max

  private static let interval: Int64 = 1_000_000_000

  func start() { started = Self.now() }

  /// The next interval; none where it was not started.
  func next() {
    if started > 0 { due = Self.now() &+ Self.interval }
  }

  var isDue: Bool { due != .max && Self.now() >= due }

  var elapsed: Nanoseconds { Nanoseconds(Self.now() &- started) }

  /// Nanoseconds of the coarse clock, which is asked for each packet: four milliseconds are enough.
  static func now() -> Int64 {
    var time = timespec()
    unsafe _ = clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
