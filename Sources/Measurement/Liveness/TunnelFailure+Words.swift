internal import IKE

extension TunnelFailure {
  /// Why there is no SA, in a line for a person.
  package var words: String {
    switch self {
    case .socket(let error): "\(error)"
    case .session(let failure): "\(failure)"
    case .refusedChild(let fault): "the IKE SA stands, and the peer refuses the Child SA: \(fault)"
    case .ended(by: .peer): "the peer has deleted the IKE SA"
    case .ended(by: .local): "the IKE SA has been closed"
    case .interrupted: "interrupted"
    case .noChild: "there is no Child SA"
    case .esp(let failure): "\(failure)"
    case .crypto(let error): "\(error)"
    }
  }
}
