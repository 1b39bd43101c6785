internal import PacketDissector

/// A CREATE_CHILD_SA exchange of this side's, with the IKE_FOLLOWUP_KE exchanges behind it.
struct CreateChildExchange {
  var type: ExchangeType { .createChildSA }
}

extension IKESession {
  /// The payloads of the request; nil if there is nothing to ask for any more.
  func requestPayloads(_ exchange: inout CreateChildExchange, on sa: IKESA) -> [IKEPayload]? {
    nil
  }

  func finish(
    _ exchange: CreateChildExchange, with response: [IKEPayload], on sa: IKESA, at now: Instant
  ) {
  }

  /// A peer may always be refused another SA (RFC 7296, section 1.3).
  func answerCreateChild(_ request: [IKEPayload], on sa: IKESA, at now: Instant) -> Answer {
    Answer([.notify(.noAdditionalSas)])
  }

  func answerFollowup(_ request: [IKEPayload], on sa: IKESA, at now: Instant) -> Answer {
    Answer([.notify(.stateNotFound)])
  }
}
