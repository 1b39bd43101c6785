internal import Diagnosis
internal import IKE
internal import PacketDissector

/// What an answer to IKE_SA_INIT says, in words. What came off the wire stands in them as it came.
struct AnswerWords {
  let naming: Naming

  func answer(_ meaning: InitAnswer.Meaning) -> String {
    switch meaning {
    case .accepted: "accepted"
    case .noProposalChosen: "NO_PROPOSAL_CHOSEN"
    case .cookie: "COOKIE"
    case .keyExchangeWanted(let method): "INVALID_KE_PAYLOAD, wants \(method)"
    case .otherVersion(let major): "an answer in IKEv\(major)"
    case .redirect(let gateway): "REDIRECT to \(name(of: gateway))"
    case .error(let type): "\(type)"
    case .malformed(let error): error.map { "a malformed answer (\($0))" } ?? "a malformed answer"
    }
  }

  func name(of gateway: GatewayIdentity) -> String {
    switch gateway.type {
    case .ipv4, .ipv6:
      guard let address = IPAddress(octets: gateway.data) else { return "no address" }
      return naming.name(of: address).description
    default:
      return naming.name(ofIdentity: String(decoding: gateway.data, as: UTF8.self))
    }
  }
}
