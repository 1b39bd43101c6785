/// Why strongSwan did not tell what it was asked over VICI: one line for a person.
package enum VICIError: Error, Equatable, Sendable {
  /// Not an address of VICI.
  case badAddress(String)
  /// There is no such socket.
  case missing(String)
  /// The socket is there, and nobody listens.
  case refused(String)
  case notPermitted(String)
  /// What was being done, and the `errno` that came of it.
  case failed(doing: String, code: Int32)
  case timedOut
  /// A signal came while an answer was waited for.
  case interrupted
  /// The daemon closed the connection.
  case closed
  /// A packet that is none, and in what way.
  case malformed(String)
  /// More than an answer should take.
  case tooMuch
  /// The daemon does not know the command or event: it is older, or a plugin is not loaded.
  case unknown(String)
}

extension VICIError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badAddress(let text):
      "'\(text)' is no address of VICI: unix:///PATH or tcp://ADDRESS:PORT"
    case .missing(let address):
      "there is no \(address): charon does not run, has its plugin vici not loaded, or has its socket "
        + "elsewhere (charon.plugins.vici.socket in strongswan.conf)"
    case .refused(let address): "nobody listens at \(address): charon has ended"
    case .notPermitted(let address):
      "no permission to connect to \(address): it takes root, or the group that charon runs as "
        + "(charon.group in strongswan.conf)"
    case .failed(let action, let code): "cannot \(action): \(SystemText.of(code))"
    case .timedOut: "charon does not answer"
    case .interrupted: "interrupted"
    case .closed: "charon closed the connection"
    case .malformed(let reason): "charon's answer is malformed: \(reason)"
    case .tooMuch: "charon's answer is larger than this program takes"
    case .unknown(let name):
      "charon does not know '\(name)': it is older, or a plugin is not loaded"
    }
  }
}
