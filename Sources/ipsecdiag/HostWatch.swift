internal import Diagnosis
internal import Glibc
internal import Host
internal import PacketDissector
internal import Report

/// `replay --local --watch`: reads the machine again and again, and tells what has changed between.
struct HostWatch {
  let parts: Set<HostSnapshot.Part>
  let capture: CaptureOptions
  let vici: String?
  let verdict: VerdictOptions
  let interval: Duration
  /// How many intervals; until Ctrl-C where it is nil.
  let count: UInt64?
  let isNDJSON: Bool

  /// A log without changes says each minute that all is watched still.
  private static let heartbeat: Int64 = 60_000_000_000

  /// Returns what the whole time came to, with the findings of all intervals.
  func run() throws -> HostVerdict {
    Interruption.watch()
    let first = try HostSnapshot.read(parts, of: capture, vici: vici)
    var before = first
    var departures: [Departure] = []
    var quietSince = first.time
    var beats: Int64 = 0
    var worst: [Finding] = []
    let naming = verdict.naming
    let text = HostWatchText(verdict.textOptions, naming)
    let isDrawn = !isNDJSON && isatty(STDOUT_FILENO) == 1 && Terminal.canRedraw
    var drawing = ProgressLine(isWanted: isDrawn, to: STDOUT_FILENO)
    let began = ContinuousClock.now
    var intervals: UInt64 = 0
    while intervals < count ?? .max, !Interruption.isRequested {
      intervals += 1
      // By the clock of the start, so that readings that take long do not add up.
      Pause.wait(began + interval * Int(clamping: intervals) - .now)
      let now = try HostSnapshot.read(parts, of: capture, vici: vici)
      let diagnosis = HostDiagnosis(now, since: before, departures: departures)
      before = now
      departures = diagnosis.departures
      keep(diagnosis.replayFindings, in: &worst)
      if isNDJSON {
        try write { output in
          HostJSON(HostReport(diagnosis, .replay, naming), toolVersion: Ipsecdiag.version)
            .write(to: &output)
        }
      } else if isDrawn {
        let size = Terminal.size(of: STDOUT_FILENO) ?? (80, 24)
        drawing.show(
          text.screen(
            diagnosis, whole: HostDiagnosis(now, since: first, departures: departures),
            width: size.columns - 1,
            height: size.rows - 1))
      } else {
        var lines = text.lines(diagnosis)
        let quiet = Nanoseconds(from: quietSince, to: now.time)
        if !lines.isEmpty {
          quietSince = now.time
          beats = 0
        } else if quiet.count / Self.heartbeat > beats {
          beats = quiet.count / Self.heartbeat
          lines = [text.heartbeat(diagnosis, quiet: quiet)]
        }
        if !lines.isEmpty { try write { $0.put(lines.joined(separator: "\n") + "\n") } }
      }
    }
    drawing.clear()
    let report = HostReport(
      HostDiagnosis(before, since: first, departures: departures), .replay, naming)
    keep(report.findings, in: &worst)
    if !isNDJSON { try write { report.write(verdict.textOptions, to: &$0) } }
    return HostVerdict(report, findings: worst)
  }

  /// The worst finding decides the exit code.
  private func keep(_ findings: [Finding], in worst: inout [Finding]) {
    guard let finding = findings.max(by: { $0.severity < $1.severity }) else { return }
    if let known = worst.first, known.severity >= finding.severity { return }
    worst = [finding]
  }

  private func write(_ body: (inout TextBuffer) -> Void) throws {
    let output = Output()
    body(&output.text)
    do throws(Output.Failure) {
      try output.flush()
    } catch .brokenPipe {
      // Nobody reads the rest.
      Interruption.request()
    } catch {
      if let failure = Failure(.output(error)) { throw failure }
    }
  }
}

extension HostVerdict {
  init(_ report: HostReport, findings: [Finding]? = nil) {
    self.findings = findings ?? report.findings
    lacksPermission = report.lacksPermission
    hasNothing = report.hasNothing
  }
}
