internal import ArgumentParser
internal import Diagnosis
internal import Glibc
internal import IKE
internal import IPsecCrypto
internal import Measurement
internal import PacketDissector
internal import Report

/// The path of `handshake --loss-model`, and what is done on it.
struct HandshakeModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "--loss-model: the round trip without anyone's computing (40ms).", valueName: "time"))
  var rtt: Seconds?

  @Option(
    help: ArgumentHelp(
      "--loss-model: of 100 IP packets, so many are lost, each way (1).", valueName: "percent"))
  var loss: Double?

  @Option(
    help: ArgumentHelp(
      "--loss-model: what is larger, IP cuts up, and one lost fragment loses all (1500).",
      valueName: "octets"))
  var mtu: Int?

  @Option(
    help: ArgumentHelp("--loss-model: handshakes of each proposal (1000).", valueName: "number"))
  var runs: Int?

  @Option(
    help: ArgumentHelp(
      "--loss-model: the same seed and --cpu, the same result.", valueName: "number"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "--loss-model: what a side computes at each step; by default as measured on this machine.",
      valueName: "time"))
  var cpu: Seconds?

  mutating func validate() throws {
    if let rtt, !(0...60).contains(rtt.value) { throw ValidationError("--rtt is 0 to 60 s.") }
    if let loss, !(0...100).contains(loss) { throw ValidationError("--loss is 0 to 100 percent.") }
    if let mtu, !(68...65_535).contains(mtu) {
      throw ValidationError("--mtu is 68 to 65535 octets.")
    }
    if let runs, !(1...1_000_000).contains(runs) {
      throw ValidationError("--runs is 1 to 1000000.")
    }
    if let cpu, !(0...60).contains(cpu.value) { throw ValidationError("--cpu is 0 to 60 s.") }
  }

  var isGiven: Bool {
    [rtt?.value, loss, mtu.map(Double.init), runs.map(Double.init), cpu?.value].contains {
      $0 != nil
    }
      || seed != nil
  }

  /// The model between an initiator and its mirror image.
  func model(_ initiator: PeerConfiguration) -> LossModel {
    let sizes = PathSizeModel(mtu: mtu ?? 1500)
    let path = PathModel(
      roundTrip: .seconds(rtt?.value ?? 0.04), loss: (loss ?? 1) / 100, sizes: sizes)
    return LossModel(
      initiator, initiator, over: path, runs: runs ?? 1000,
      seed: seed ?? UInt64.random(in: 0..<1_000_000),
      times: cpu.map { ProcessingTimes(each: .seconds($0.value)) })
  }
}

/// Runs the model for each proposal, and writes what comes of it.
struct HandshakeModel {
  /// Both halves of what is asked today: what everyone has, and the same with ML-KEM-768 behind it (RFC 9370).
  static let usualProposals =
    "aes256gcm16-prfsha384-x25519,aes256gcm16-prfsha384-x25519-ke1_mlkem768"

  let model: LossModel
  let proposals: [Proposal]
  let isQuiet: Bool

  static let everything = [TrafficSelector(text: "0.0.0.0/0")].compactMap(\.self)

  /// Without credentials, a pre-shared key: no payload depends on what it is.
  static func initiator(_ secret: Secret) throws -> PeerConfiguration {
    let identity = Identity(type: .idFQDN, data: Array("ipsecdiag.example".utf8))
    return PeerConfiguration(
      ikeProposals: [], childProposals: try ProposalNotation.parse("aes256gcm16-noesn", for: .esp),
      localIdentity: identity, credential: .preSharedKey(secret),
      requirement: .preSharedKey(secret),
      localSelectors: everything, remoteSelectors: everything)
  }

  func run() throws -> [LossModel.Result] {
    var progress = ProgressLine(isQuiet: isQuiet)
    defer { progress.clear() }
    var results: [LossModel.Result] = []
    for (index, proposal) in proposals.enumerated() where !Interruption.isRequested {
      if progress.isWanted { progress.show("proposal \(index + 1) of \(proposals.count)") }
      do throws(LossModel.Problem) {
        results.append(try model.run(proposal) { Interruption.isRequested })
      } catch {
        progress.clear()
        throw Failure(Self.words(error, proposal), exitCode: ExitCodes.unknown)
      }
    }
    return results
  }

  private static func words(_ problem: LossModel.Problem, _ proposal: Proposal) -> String {
    let name = ProposalNotation.strongSwan(proposal) ?? ProposalNotation.readable(proposal)
    return switch problem {
    case .failed(let failure): "\(name) makes no SA on any path: \(failure)"
    case .refusedChild(let fault): "\(name) makes no Child SA on any path: \(fault)"
    }
  }
}
