internal import Host
internal import IKE
internal import IPsecCrypto

extension TunnelFailure {
  /// Why, in a clause for a person.
  package var reason: String {
    switch self {
    case .socket(let error): "\(error)"
    case .session(let failure): "\(failure)"
    case .refusedChild(.refused(let type)): "the peer refused the Child SA with \(type)"
    case .refusedChild(let fault): "there is no Child SA: \(fault)"
    case .ended(by: .peer): "the peer deleted the SA"
    case .ended(by: .local): "the SA was deleted"
    case .interrupted: "interrupted"
    case .noChild: "the IKE SA has no Child SA"
    case .esp(let failure): "ESP: \(failure)"
    case .crypto(let error): "\(error)"
    }
  }
}
