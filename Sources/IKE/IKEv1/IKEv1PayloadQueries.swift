internal import PacketDissector

// What main mode looks for in a message: of each kind the first.

extension [IKEv1Payload] {
  var keyExchange: [UInt8]? {
    for case .keyExchange(let data) in lazy.map(\.body) { return data }
    return nil
  }

  var nonce: [UInt8]? {
    for case .nonce(let data) in lazy.map(\.body) { return data }
    return nil
  }

  var hash: [UInt8]? {
    for case .hash(let data) in lazy.map(\.body) { return data }
    return nil
  }

  /// The ID payload, and who it names.
  var identity: (payload: IKEv1Payload, identity: Identity)? {
    for payload in self {
      guard case .identification(let claim) = payload.body else { continue }
      let type = IdentificationType(rawValue: claim.type.rawValue)
      return (payload, Identity(type: type, data: claim.data))
    }
    return nil
  }

  var vendorIDs: [[UInt8]] {
    compactMap { if case .vendorID(let data) = $0.body { data } else { nil } }
  }

  var natDiscoveries: [[UInt8]] {
    compactMap { if case .natDiscovery(let data) = $0.body { data } else { nil } }
  }

  var notifications: [IKEv1Notification] {
    compactMap { if case .notification(let notification) = $0.body { notification } else { nil } }
  }

  var deletes: [IKEv1Delete] {
    compactMap { if case .delete(let delete) = $0.body { delete } else { nil } }
  }
}
