internal import IKE
internal import PacketDissector

extension MainModeFailure {
  /// Why there is no SA, and what the likely cause is, in a line for a person.
  package var words: String {
    if let cause { "\(self): \(cause)" } else { "\(self)" }
  }

  private var cause: String? {
    switch self {
    case .noAnswer(.proof, port: let port) where port != 500:
      "the two sides have different pre-shared keys, or UDP port \(port) is blocked"
    case _ where suggestsWrongSecret: "the two sides most likely have different pre-shared keys"
    case .refused(.noProposalChosen, .offer):
      "it takes none of the proposals (see --ike), or has no IKEv1 connection for this address"
    default: nil
    }
  }
}
