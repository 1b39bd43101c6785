internal import Capture
internal import Decryption
internal import Diagnosis
internal import Report

/// What a capture shows, read to its end: for commands that judge it as a whole.
struct CaptureReading {
  let evidence: CaptureEvidence
  /// What was wrong with the capture, each said on standard error.
  let problems: [CaptureError]
  /// Whether Ctrl-C ended the reading of a file. For a live capture that is how it ends.
  let isInterrupted: Bool

  /// Reads all that the options ask for.
  ///
  /// - Throws: ``Failure`` where nothing at all could be read.
  init(
    _ capture: CaptureOptions, _ keys: KeyOptions, withPlots: Bool = false
  ) throws {
    try self.init(capture, keys.read(), CaptureEvidence(withPlots: withPlots))
  }

  /// The same with keys that are read already, into `empty` evidence. A live capture is read under `watch`.
  init(
    _ capture: CaptureOptions, _ keys: [KeyFile], _ empty: CaptureEvidence,
    _ watch: LiveWatch = LiveWatch()
  ) throws {
    Interruption.watch()
    var evidence = empty
    do {
      let clock = IntervalClock(limit: watch.timeLimit)
      let isStopped = { Interruption.isRequested || clock.isDue }
      let source = try LiveReading(
        capture, watch.options, dropsPrivileges: watch.dropsPrivileges, onWait: {},
        isStopped: isStopped)
      problems = Self.read(
        source, Decryptor(given: keys), capture, into: &evidence, watch, clock, isStopped)
      capture.note(source.reader.statistics)
    } catch let error as CaptureError {
      throw Failure(error)
    }
    let hasNothing = evidence.quality.frames == 0
    for problem in problems.dropFirst(hasNothing ? 1 : 0) {
      StandardError.write("error: \(problem)")
    }
    if hasNothing, let first = problems.first { throw Failure(first) }
    isInterrupted = Interruption.isRequested && capture.interface == nil
    self.evidence = evidence
  }

  /// Reads to the end; of a live capture interval by interval, to say between them how it goes.
  private static func read(
    _ source: LiveReading, _ decryptor: Decryptor?, _ capture: CaptureOptions,
    into evidence: inout CaptureEvidence, _ watch: LiveWatch, _ clock: IntervalClock,
    _ isStopped: () -> Bool
  ) -> [CaptureError] {
    let isLive = capture.interface != nil
    let limit = capture.count ?? .max
    var progress = LiveProgress(watch)
    var problems: [CaptureError] = []
    var link = capture.interface.map(InterfaceWatch.init)
    if isLive { clock.start() }
    repeat {
      clock.next()
      problems += evidence.read(
        source.reader, decryptor, selection: capture.selection,
        limit: limit - evidence.quality.frames, writer: source.writer, isStopped: isStopped)
      guard isLive else { break }
      if let statistics = source.reader.statistics { evidence.note(statistics) }
      if let words = link?.change() {
        progress.clear()
        StandardError.write("warning: \(words)")
      }
      progress.update(evidence, source.writer, elapsed: clock.elapsed)
    } while problems.isEmpty && !Interruption.isRequested && !clock.isOver
      && evidence.quality.frames < limit
    progress.clear()
    do {
      try source.writer?.flush()
    } catch {
      if !problems.contains(error) { problems.append(error) }
    }
    return problems
  }

  /// This capture, with what went wrong while another was read besides.
  func noting(_ other: CaptureReading?) -> CaptureReading {
    guard let other else { return self }
    return CaptureReading(
      evidence: evidence, problems: problems + other.problems,
      isInterrupted: isInterrupted || other.isInterrupted)
  }

  private init(evidence: CaptureEvidence, problems: [CaptureError], isInterrupted: Bool) {
    self.evidence = evidence
    self.problems = problems
    self.isInterrupted = isInterrupted
  }
}
