package import PacketDissector

// What exchanges look for in the payloads of a message. A payload whose body was malformed is found by
// none of these: whoever needs it sees that it is missing.

extension [IKEPayload] {
  package var notifies: [NotifyPayload] {
    compactMap { payload in
      if case .notify(let notify) = payload.body, payload.stop == nil { notify } else { nil }
    }
  }

  /// The types of status notifications, in their order.
  var announced: [NotifyType] { notifies.lazy.filter { !$0.isError }.prefix(64).map(\.type) }

  package func notify(_ type: NotifyType) -> NotifyPayload? {
    notifies.first { $0.type == type }
  }

  package func contains(_ type: NotifyType) -> Bool { notify(type) != nil }

  /// The first notification that reports an error.
  package var errorNotify: NotifyPayload? { notifies.first(where: \.isError) }

  /// The proposals of the SA payload; nil if there is none.
  package var proposals: [Proposal]? {
    first { payload in
      if case .securityAssociation(let association) = payload.body, payload.stop == nil {
        association.proposals
      } else {
        nil
      }
    }
  }

  package var keyExchange: KeyExchangePayload? {
    first { payload in
      if case .keyExchange(let share) = payload.body, payload.stop == nil { share } else { nil }
    }
  }

  /// The nonce, if it has the length that RFC 7296 section 3.9 demands.
  package var nonce: [UInt8]? {
    first { payload in
      if case .nonce(let bytes) = payload.body, (16...256).contains(bytes.count) {
        bytes
      } else {
        nil
      }
    }
  }

  package func selectors(_ type: PayloadType) -> [TrafficSelector]? {
    first { payload in
      if case .trafficSelectors(let list) = payload.body, payload.type == type,
        payload.stop == nil
      {
        list.selectors
      } else {
        nil
      }
    }
  }

  package var authentication: AuthenticationPayload? {
    first { payload in
      if case .authentication(let proof) = payload.body, payload.stop == nil {
        proof
      } else {
        nil
      }
    }
  }

  package var eap: EAPMessage? {
    first { payload in
      if case .eap(let message) = payload.body, payload.stop == nil { message } else { nil }
    }
  }

  package var configuration: ConfigurationPayload? {
    first { payload in
      if case .configuration(let list) = payload.body, payload.stop == nil { list } else { nil }
    }
  }

  package var deletes: [DeletePayload] {
    compactMap { payload in
      if case .delete(let delete) = payload.body, payload.stop == nil { delete } else { nil }
    }
  }

  /// The first payload that its sender marks as critical and that is not understood here (RFC 7296,
  /// section 2.5). Types that RFC 7296 defines are always understood, whatever the bit says.
  package var unsupportedCritical: PayloadType? {
    first { payload in
      let isKnown = (33...48).contains(payload.type.rawValue) || payload.type == .encryptedFragment
      return payload.isCritical && !isKnown ? payload.type : nil
    }
  }

  /// The first payload whose body is not what its type demands. A notification with odd data is only not
  /// understood: many types are extensions that a peer may know otherwise.
  package var malformed: IKEPayload? {
    first { payload in
      if case .notify = payload.body { return nil }
      return payload.stop == nil ? nil : payload
    }
  }

  private func first<Found>(_ find: (IKEPayload) -> Found?) -> Found? {
    for payload in self {
      if let found = find(payload) { return found }
    }
    return nil
  }
}

extension IKEPayload {
  package static func notify(
    _ type: NotifyType, _ content: NotifyContent = .data([])
  ) -> IKEPayload {
    IKEPayload(.notify, .notify(NotifyPayload(type, content)))
  }

  package static func proposals(_ proposals: [Proposal]) -> IKEPayload {
    IKEPayload(
      .securityAssociation,
      .securityAssociation(SecurityAssociationPayload(proposals: proposals)))
  }

  package static func keyExchange(_ method: KeyExchangeMethod, _ data: [UInt8]) -> IKEPayload {
    IKEPayload(.keyExchange, .keyExchange(KeyExchangePayload(method: method, data: data)))
  }

  package static func authentication(_ proof: AuthenticationPayload) -> IKEPayload {
    IKEPayload(.authentication, .authentication(proof))
  }

  package static func nonce(_ bytes: [UInt8]) -> IKEPayload { IKEPayload(.nonce, .nonce(bytes)) }

  package static func selectors(
    _ type: PayloadType, _ selectors: [TrafficSelector]
  ) -> IKEPayload {
    IKEPayload(type, .trafficSelectors(TrafficSelectorPayload(selectors: selectors)))
  }
}
