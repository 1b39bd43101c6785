package import PacketDissector

// What an IKE SA's exchanges add up to. IKEv2 unless a name says otherwise.

extension IKESession {
  package func exchanges(_ type: ExchangeType) -> [IKEExchange] {
    exchanges.filter { $0.type == type.rawValue }
  }

  /// Authentication succeeded, as far as can be told: an IKE_AUTH answer that does not begin with a
  /// Notify, or an answered exchange that only an authenticated SA has. In IKEv1, a quick mode's answer.
  package var isEstablished: Bool {
    if majorVersion == 1 {
      return exchanges.contains {
        $0.type == IKEv1ExchangeType.quickMode.rawValue && $0.isAnswered
      }
    }
    return exchanges.contains { exchange in
      guard let response = exchange.response?.content else { return false }
      switch exchange.type {
      case ExchangeType.ikeAuth.rawValue: return response.isAuthenticationSuccess
      case ExchangeType.createChildSA.rawValue: return true
      case ExchangeType.informational.rawValue:
        // After IKE_AUTH failed only a Delete may follow.
        return exchange.request?.content.isEmpty == true
      default: return false
      }
    }
  }

  /// When it was: the answer to IKE_AUTH, or the first message of one that began before the capture.
  package var establishedAt: FrameReference? {
    guard isEstablished else { return nil }
    if majorVersion == 1 {
      return exchanges.first {
        $0.type == IKEv1ExchangeType.quickMode.rawValue && $0.isAnswered
      }?.response?.first.frame
    }
    return exchanges(.ikeAuth).last { $0.response?.content.isAuthenticationSuccess == true }?
      .response?.first.frame ?? (isSeenFromItsStart ? nil : first)
  }

  /// The suite that the responder chose for the IKE SA.
  package var chosenProposal: Proposal? {
    exchanges(.ikeSAInit).reversed().compactMap { $0.response?.content.proposals.first }.first
  }

  /// The proposals that the initiator last offered for the IKE SA.
  package var offeredProposals: [Proposal] {
    exchanges(.ikeSAInit).last?.request?.content.proposals ?? []
  }

  /// Whether initiator and responder announced a capability in IKE_SA_INIT.
  package func announced(_ type: NotifyType) -> (initiator: Bool, responder: Bool) {
    let inits = exchanges(.ikeSAInit)
    return (
      inits.contains { $0.request?.content.has(type) == true },
      inits.contains { $0.response?.content.has(type) == true }
    )
  }

  package var vendorIDs: [[UInt8]] {
    exchanges.prefix(8).flatMap {
      ($0.request?.content.vendorIDs ?? []) + ($0.response?.content.vendorIDs ?? [])
    }
  }

  /// The address that asks, and the one that is asked, in an exchange.
  package func ends(of exchange: IKEExchange) -> (asking: IPAddress, asked: IPAddress) {
    if let first = exchange.request?.first {
      return (first.source.address, first.destination.address)
    }
    return exchange.isInitiators
      ? (initiator.address, responder.address) : (responder.address, initiator.address)
  }

  package var subject: Finding.Subject {
    .ikeSA(initiatorSPI: initiatorSPI, initiator: initiator.address, responder: responder.address)
  }

  package func involves(_ one: IPAddress, _ other: IPAddress) -> Bool {
    (latestInitiator.address == one && latestResponder.address == other)
      || (latestInitiator.address == other && latestResponder.address == one)
  }
}

extension IKEMessageContent {
  /// An IKE_AUTH answer of a peer that accepted: with keys, it proves itself or goes on with EAP; by the
  /// first payload's type, which stands in the clear, where there are none.
  package var isAuthenticationSuccess: Bool {
    if isOpened {
      return authenticationMethod != nil || (error == nil && !hasEAP && !identities.isEmpty)
    }
    guard let first = firstEncrypted ?? (fragment != nil ? 36 : nil) else { return false }
    return first != PayloadType.notify.rawValue && first != PayloadType.eap.rawValue && first != 0
  }
}
