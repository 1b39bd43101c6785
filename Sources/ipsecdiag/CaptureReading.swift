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

  /// The same with keys that are read already, into `empty` evidence.
  init(
    _ capture: CaptureOptions, _ keys: [KeyFile], _ empty: CaptureEvidence
  ) throws {
    Interruption.watch()
    var evidence = empty
    do {
      let decryptor = Decryptor(given: keys)
      let reader = try capture.open(onWait: {})
      problems = evidence.read(
        reader, decryptor, selection: capture.selection, limit: capture.count,
        isStopped: { Interruption.isRequested })
      capture.note(reader.statistics)
    } catch {
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
