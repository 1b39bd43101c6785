internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report

/// Answers until it is told to end, and writes what happens.
struct RespondRun {
  private let service: ResponderService
  private let writer: RespondWriter
  private let endsWithPeer: Bool
  private let end: Instant?
  private var hasEndedPeer = false
  /// The first failure to write.
  private var failure: Failure?

  init(
    _ service: ResponderService, _ writer: RespondWriter, endsWithPeer: Bool, for span: Seconds?
  ) {
    self.service = service
    self.writer = writer
    self.endsWithPeer = endsWithPeer
    end = span.map { Instant.now + .seconds($0.value) }
  }

  mutating func run(_ address: IPAddress, _ ports: IKEPorts) throws {
    Interruption.watch()
    SilenceSignal.watch()
    try writer.listening(
      address, ports, hearsPlainESP: service.rawFailure == nil,
      replayWindow: service.responding.options.replayWindow)
    var stopped: SocketError?
    while !isOver {
      do throws(SocketError) {
        try service.step(until: Instant.now + .milliseconds(200)) { note($0) }
      } catch {
        stopped = error
        break
      }
      if SilenceSignal.take() {
        service.responding.setSilent(!service.responding.isSilent, at: Instant.now)
      }
    }
    service.close { note($0) }
    if let failure { throw failure }
    try writer.summary(service.responding.answers, service.responding.unanswered)
    if let stopped { throw Failure("\(stopped)", exitCode: ExitCodes.unknown) }
    if Interruption.isRequested { throw Failure(nil, exitCode: ExitCodes.interrupted) }
  }

  private var isOver: Bool {
    if Interruption.isRequested || failure != nil { return true }
    if let end, Instant.now >= end { return true }
    return endsWithPeer && hasEndedPeer
  }

  private mutating func note(_ event: RespondingEvent) {
    do throws(Failure) {
      try writer.write(event)
    } catch {
      failure = failure ?? error
    }
    switch event {
    case .session(.deleted, _): hasEndedPeer = true
    case .session(.failed, let peer): if peer.identity != nil { hasEndedPeer = true }
    default: break
    }
  }
}
