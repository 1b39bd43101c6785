package import PacketDissector

/// What came back for an IKE_SA_INIT request, sorted by what it means for whoever asked.
///
/// None of it is authenticated: who can see the request can forge the answer.
package struct InitAnswer: Equatable, Sendable {
  package enum Meaning: Equatable, Sendable {
    /// The responder chose, and sent its share and nonce.
    case accepted(Proposal, KeyExchangePayload, nonce: [UInt8])
    /// NO_PROPOSAL_CHOSEN: nothing acceptable, or no connection for this address.
    case noProposalChosen
    /// COOKIE: send the request again with these octets first.
    case cookie([UInt8])
    /// INVALID_KE_PAYLOAD: send the request again with a share of this method.
    case keyExchangeWanted(KeyExchangeMethod)
    /// INVALID_MAJOR_VERSION, or an answer in this other major version.
    case otherVersion(UInt8)
    /// REDIRECT: another gateway is to be asked (RFC 5685).
    case redirect(GatewayIdentity)
    /// Another error notification.
    case error(NotifyType)
    /// An answer that breaks RFC 7296, or holds neither a choice nor an error.
    case malformed(DissectionError?)
  }

  package var meaning: Meaning
  package var message: IKEMessage
  /// As it was received, without the non-ESP marker.
  package var bytes: [UInt8]

  /// Sorts a message that was decoded from `bytes` and answers the request (same SPI, same exchange).
  package init(_ message: IKEMessage, bytes: [UInt8]) {
    self.message = message
    self.bytes = bytes
    meaning = Self.meaning(of: message)
  }

  package var responderSPI: UInt64 { message.header.responderSPI }

  package var notifies: [NotifyPayload] { message.notifies }

  /// A redirection by someone who has not seen the request: it must show its nonce (RFC 5685, section 3).
  func isForgedRedirect(_ requestNonce: [UInt8]) -> Bool {
    message.notifies.contains { notify in
      guard case .redirect(_, let nonce) = notify.content else { return false }
      return nonce != requestNonce
    }
  }

  package var vendorIDs: [[UInt8]] {
    message.payloads.compactMap { payload in
      if case .vendorID(let bytes) = payload.body { bytes } else { nil }
    }
  }

  private static func meaning(of message: IKEMessage) -> Meaning {
    guard message.header.majorVersion == 2 else {
      return .otherVersion(message.header.majorVersion)
    }
    for notify in message.notifies {
      switch notify.type {
      case .cookie where !notify.data.isEmpty && notify.data.count <= 64:
        return .cookie(notify.data)
      case .invalidKEPayload:
        guard case .keyExchangeMethod(let method) = notify.content else {
          return .malformed(message.firstStop)
        }
        return .keyExchangeWanted(method)
      case .noProposalChosen: return .noProposalChosen
      case .invalidMajorVersion: return .otherVersion(message.header.majorVersion)
      case .redirect:
        guard case .redirect(let gateway, _) = notify.content else {
          return .malformed(message.firstStop)
        }
        return .redirect(gateway)
      default:
        if notify.isError { return .error(notify.type) }
      }
    }
    return accepted(message)
  }

  private static func accepted(_ message: IKEMessage) -> Meaning {
    var proposals: [Proposal] = []
    var share: KeyExchangePayload?
    var nonce: [UInt8]?
    for payload in message.payloads where payload.stop == nil {
      switch payload.body {
      case .securityAssociation(let association): proposals = association.proposals
      case .keyExchange(let payload): share = payload
      case .nonce(let bytes): nonce = bytes
      default: break
      }
    }
    guard message.stop == nil, proposals.count == 1, let proposal = proposals.first, let share,
      let nonce, (16...256).contains(nonce.count), message.header.responderSPI != 0
    else { return .malformed(message.firstStop) }
    return .accepted(proposal, share, nonce: nonce)
  }
}

extension IKEMessage {
  /// The bodies of the message's notify payloads, in their order.
  package var notifies: [NotifyPayload] {
    payloads.compactMap { payload in
      if case .notify(let notify) = payload.body { notify } else { nil }
    }
  }
}
