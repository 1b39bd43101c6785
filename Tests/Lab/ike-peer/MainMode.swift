import ArgumentParser
import Glibc
import IKE
import Measurement
import PacketDissector

/// The lab's initiator of IKEv1: main mode, so many R-U-THERE, and the end.
enum MainMode {
  static func run(
    _ configuration: PeerConfiguration, _ options: IKEPeer, _ here: IPAddress, _ there: IPAddress
  ) throws {
    var mainMode = try MainModeConfiguration(configuration)
    mainMode.retransmission = .quick
    mainMode.livenessRetransmission = .quick
    let session = MainModeSession(
      initiatingTo: Endpoint(there, 500), from: Endpoint(here, 500), mainMode, random: .system)
    let driver = try MachineDriver(
      session, listeningOn: [Endpoint(here, 500), Endpoint(here, 4500)], isIPv6: here.isIPv6)
    session.start(at: now)
    var start: Instant?
    var answers = 0
    var hasFailed = false
    while !session.hasEnded {
      try driver.step(until: now + .milliseconds(50)) { event in
        Report.write(event)
        switch event {
        case .established: start = now
        case .alive, .silent: answers += 1
        case .failed: hasFailed = true
        default: break
        }
      }
      guard let start else { continue }
      if answers < options.checks { session.checkLiveness(at: now) }
      let end = start + .seconds(options.deleteAfter ?? 0)
      if options.deleteAfter != nil, answers >= options.checks, now >= end {
        session.close(at: now)
      }
    }
    // What the end has to say goes out first.
    try driver.step(until: now) { Report.write($0) }
    if hasFailed { throw ExitCode.failure }
  }

  private static var now: Instant { Instant.now }
}

extension Report {
  static func write(_ event: MainModeEvent) {
    switch event {
    case .natDetected(let local, let remote):
      write("nat", [("local", "\(local)"), ("remote", "\(remote)")])
    case .established(let sa):
      write(
        "established",
        [
          ("peer", "\(sa.peerIdentity)"), ("suite", "\(sa.proposal)"),
          ("lifetime", "\(sa.lifetime)"), ("dpd", "\(sa.answersLiveness)"),
        ])
    case .alive(let roundTrip, let transmission, _):
      write("alive", [("round_trip", "\(roundTrip)"), ("transmission", "\(transmission)")])
    case .silent(let transmissions): write("silent", [("transmissions", "\(transmissions)")])
    case .answeredPeer(let sequence): write("answered-peer", [("sequence", "\(sequence)")])
    case .notified(let type, let isProtected):
      write("notified", [("type", "\(type)"), ("protected", "\(isProtected)")])
    case .expired: write("expired", [])
    case .deleted(let party): write("deleted", [("by", "\(party)")])
    case .failed(let failure):
      write(
        "failed",
        [("why", "\(failure)"), ("wrong_secret", "\(failure.suggestsWrongSecret)")])
    }
  }
}
