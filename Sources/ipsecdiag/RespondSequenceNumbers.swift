internal import ArgumentParser
internal import Diagnosis
internal import IKE
internal import Measurement
internal import PacketDissector

/// Which sequence numbers `respond` takes, whether it checks them for replays, and what it tells of that.
struct RespondSequenceNumbers: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How many sequence numbers of a Child SA are told apart (1024 by default); 0 takes any packet.",
      valueName: "packets"))
  var replayWindow: Int?

  @Flag(help: "Take any packet, as --replay-window 0.")
  var noAntiReplay = false

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Take 64-bit sequence numbers (ESN) alone, or 32-bit ones alone. By default both, or what --esp says."
    ))
  var esn: Bool?

  @Flag(
    help: ArgumentHelp(
      "Tell peers whether replays are checked for, and that ESN can be followed without (experimental: notify type 50800, which no registry has; the configuration file can change it)."
    ))
  var announceAntiReplay = false

  @Option(
    help: ArgumentHelp(
      "Tell this instead, be it true or not: on, off, or off-no-esn (off, and ESN cannot be followed so).",
      valueName: "status"))
  var announceAs: AnnouncedStatus?

  mutating func validate() throws {
    guard (0...65_536).contains(window) else {
      throw ValidationError("--replay-window is 0 to 65536.")
    }
    if noAntiReplay, window > 0, replayWindow != nil {
      throw ValidationError("--no-anti-replay is --replay-window 0: give one of them.")
    }
  }

  private var window: Int { replayWindow ?? (noAntiReplay ? 0 : 1024) }

  func apply(to configuration: inout PeerConfiguration, _ options: inout RespondingOptions) {
    options.replayWindow = window
    switch esn {
    case true?: configuration.take([.partiallyTransmitted64])
    case false?: configuration.take([.sequential32])
    case nil:
      // Proposals that somebody wrote mean what they say.
      let usual = try? ProposalNotation.parse(PeerPlan.usualESP, for: .esp)
      if configuration.childProposals == usual {
        configuration.take([.partiallyTransmitted64, .sequential32])
      }
    }
    if let announceAs {
      configuration.replayStatus.announced = announceAs.status
    } else if announceAntiReplay {
      configuration.replayStatus.announced = AntiReplayStatus(
        isProtected: window > 0, followsESNUnprotected: true)
    }
  }
}

/// A word for what is told of anti-replay protection.
enum AnnouncedStatus: String, ExpressibleByArgument, CaseIterable {
  case on, off
  case offWithoutESN = "off-no-esn"

  var status: AntiReplayStatus {
    switch self {
    case .on: AntiReplayStatus(isProtected: true, followsESNUnprotected: true)
    case .off: AntiReplayStatus(isProtected: false, followsESNUnprotected: true)
    case .offWithoutESN: AntiReplayStatus(isProtected: false)
    }
  }
}
