/// The attributes of an SA that are read here (linux/xfrm.h: XFRMA_…).
package enum XFRMAttribute: UInt16, CaseIterable, Sendable {
  case integrity = 1
  case cipher = 2
  case compression = 3
  case encapsulation = 4
  case replay = 10
  case lastUsed = 15
  case aead = 18
  case truncatedIntegrity = 20
  case mark = 21
  case trafficPadding = 22
  case extendedReplay = 23
  case extraFlags = 24
  case offload = 28
  case outputMark = 29
  case outputMarkMask = 30
  case interfaceID = 31
  /// Since Linux 6.10.
  case direction = 33
  /// Since Linux 6.13.
  case cpu = 35
}

extension XFRMAttribute {
  /// What is read of it: a shorter one is passed over, and what follows in a longer one.
  var minimumBytes: Int {
    switch self {
    case .integrity, .cipher, .compression: 68
    case .aead, .truncatedIntegrity: 72
    case .extendedReplay: 24
    case .replay: 12
    case .lastUsed, .mark: 8
    case .encapsulation: 6
    case .offload: 5
    case .trafficPadding, .extraFlags, .outputMark, .outputMarkMask, .interfaceID, .cpu: 4
    case .direction: 1
    }
  }
}

/// The attributes of a policy or of an event that are read here, beside those of an SA.
package enum XFRMPolicyAttribute {
  /// One or several `struct xfrm_user_tmpl`.
  package static let templates: UInt16 = 5
  /// In a message of a deletion: the SA, the policy that was.
  package static let sa: UInt16 = 6
  package static let policy: UInt16 = 7
}
