internal import Host
internal import IKE
internal import IPsecCrypto
internal import PacketDissector

extension PeerProbe {
  /// Sends the first messages of main and of aggressive mode side by side: what answers one is often silent
  /// to the other.
  func askIKEv1(over carrier: any IKECarrier) {
    var random = RandomSource.system
    let share = conversation.half(.modp2048)?.data ?? []
    let questions = [IKEv1Question.Mode.main, .aggressive].map { mode in
      IKEv1Question(
        mode, cookie: random.ikeSPI(), nonce: random.bytes(32), share: share,
        identity: carrier.local.address)
    }
    var answers: [IKEv1Question.Answer?] = [nil, nil]
    // A peer that answers IKEv2 is there: two transmissions are enough to hear a refusal.
    let isThere = result.isAlive
    let policy = isThere ? eagerPolicy : self.policy
    rounds: for round in 0..<(isThere ? 2 : policy.transmissions) {
      for (index, question) in questions.enumerated() where answers[index] == nil {
        guard (try? conversation.send(question.bytes, over: carrier)) == true else { break rounds }
      }
      let limit = Instant.now + policy.wait(after: round)
      receive(until: limit, over: carrier, questions, &answers)
      if !answers.contains(where: { $0 == nil }) { break }
    }
    result.ikev1 = IKEv1Result(
      mainMode: answers[0]?.outcome ?? .silent, aggressiveMode: answers[1]?.outcome ?? .silent,
      exposesHash: answers[1]?.exposesHash == true,
      vendorIDs: (answers[0]?.vendorIDs ?? []) + (answers[1]?.vendorIDs ?? []),
      announcesDPD: answers.contains {
        $0?.vendorIDs.contains(IKEv1Question.deadPeerDetection) == true
      })
  }

  private func receive(
    until limit: Instant, over carrier: any IKECarrier, _ questions: [IKEv1Question],
    _ answers: inout [IKEv1Question.Answer?]
  ) {
    while answers.contains(where: { $0 == nil }), Instant.now < limit,
      let event = try? carrier.receive(until: limit)
    {
      switch event {
      case .message(let bytes):
        let found = questions.indices.first {
          answers[$0] == nil && questions[$0].answer(bytes) != nil
        }
        if let found {
          answers[found] = questions[found].answer(bytes)
          conversation.noteAnswer()
        } else {
          conversation.noteStray()
        }
      case .stray: conversation.noteStray()
      case .error, .interrupted: if conversation.isStopped() { return }
      case .closed, .deadline: return
      }
    }
  }
}
