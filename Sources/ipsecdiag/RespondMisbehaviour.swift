internal import ArgumentParser
internal import Diagnosis
internal import IKE
internal import Measurement
internal import PacketDissector

/// What `respond` does wrong on request.
struct RespondMisbehaviour: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Answer nothing any more, so long after the first IKE SA was made (30s), or from the answer to that many liveness checks on (3checks), and time how the peer finds out. SIGUSR1 does so at once, and once more ends it.",
      valueName: "after"))
  var goSilent: SilenceStart?

  @Flag(help: "Lose IKE messages that come in fragments (RFC 7383).")
  var dropFragments = false

  @Option(help: ArgumentHelp("Wait so long with all that is sent.", valueName: "time"))
  var delay: Seconds?

  @Option(help: ArgumentHelp("Lose this share of datagrams, each way.", valueName: "percent"))
  var loss: Double?

  @Option(
    help: ArgumentHelp(
      "Act as if these algorithms were lacking (aes256-sha256-modp2048, x25519): who offers nothing else gets NO_PROPOSAL_CHOSEN.",
      valueName: "proposal"))
  var refuse: String?

  @Flag(help: "Ask every initiator for a cookie.")
  var cookie = false

  mutating func validate() throws {
    if let loss, !(0...100).contains(loss) {
      throw ValidationError("--loss is a number of percent, 0 to 100.")
    }
    if let delay, delay.value > 60 { throw ValidationError("--delay is 60 s at most.") }
  }

  func apply(
    to configuration: inout PeerConfiguration, _ options: inout RespondingOptions
  ) throws {
    options.misbehaviour.silence = goSilent?.silence
    options.misbehaviour.dropsFragments = dropFragments
    options.misbehaviour.delay = .seconds(delay?.value ?? 0)
    options.misbehaviour.loss = (loss ?? 0) / 100
    if cookie { options.policy.cookieThreshold = 0 }
    guard let refuse else { return }
    do throws(ProposalParsingError) {
      var algorithms: [Transform] = []
      for word in refuse.split(whereSeparator: { "-,".contains($0) }) {
        algorithms += try ProposalNotation.algorithm(String(word))
      }
      configuration.refuse(algorithms)
    } catch {
      throw ValidationError("--refuse: \(error)")
    }
    guard !configuration.ikeProposals.isEmpty else {
      throw ValidationError("--refuse leaves no IKE proposal at all.")
    }
  }
}

/// "30s", or "3checks".
struct SilenceStart: ExpressibleByArgument {
  let silence: Misbehaviour.Silence

  init?(argument: String) {
    for suffix in ["checks", "check"] where argument.hasSuffix(suffix) {
      guard let count = Int(argument.dropLast(suffix.count)), count > 0 else { return nil }
      silence = .checks(count)
      return
    }
    guard let seconds = ConfigurationDuration.seconds(argument) else { return nil }
    silence = .after(.seconds(seconds))
  }
}
