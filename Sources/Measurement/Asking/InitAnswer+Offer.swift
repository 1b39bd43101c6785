internal import IKE
internal import PacketDissector

extension InitAnswer {
  /// The same answer, but malformed where it chooses what `request` does not offer, or where its share is none
  /// of the request's method: whoever sends that accepts nothing.
  func held(against request: InitRequest) -> InitAnswer {
    guard case .accepted(let proposal, let share, _) = meaning else { return self }
    let isOffered =
      (try? ProposalSelection.verify([proposal], against: request.proposals)) != nil
    let byteCount = share.method.dataByteCount?.responder
    guard isOffered, share.method == request.keyExchange.method,
      byteCount == nil || byteCount == share.data.count
    else {
      var answer = self
      answer.meaning = .malformed(nil)
      return answer
    }
    return self
  }
}
