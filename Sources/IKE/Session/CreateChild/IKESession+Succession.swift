internal import IPsecCrypto
internal import PacketDissector

// What takes over from what, on either side, and which of two rekeyings stands (RFC 7296, section 2.8).

extension IKESession {
  /// What this side's exchange has made comes into use, unless a collision is lost; whatever is not
  /// needed any more is deleted by whoever made its successor.
  func conclude(
    _ agreement: CreateChildAgreement, on sa: IKESA, at now: Instant
  ) throws(CryptoError) {
    switch agreement.product {
    case .child(let terms, let replaced):
      let own = try agreement.childSA(terms, on: sa, isInitiator: true)
      let isRedundant = sa.takeCollision()?.wins(against: agreement.nonces) ?? false
      concludeOwn(own, replacing: replaced, isRedundant: isRedundant, on: sa, at: now)
    case .ike(let suite, let initiatorSPI, let responderSPI):
      let own = try agreement.ikeSA(suite, initiatorSPI, responderSPI, on: sa, isInitiator: true)
      let collision = sa.takeCollision()
      if let collision, collision.wins(against: agreement.nonces) {
        // If the peer's lacks secrets still, it takes over when it has them.
        if let successor = collision.successor { adopt(successor, from: sa, at: now) }
        keep(own)
        start(.deleteIKE, on: own, at: now)
      } else {
        sa.redundantSuccessor = collision?.successor
        adopt(own, from: sa, at: now)
        start(.deleteIKE, on: sa, at: now)
      }
    }
  }

  private func concludeOwn(
    _ own: ChildSA, replacing replaced: UInt32?, isRedundant: Bool, on sa: IKESA, at now: Instant
  ) {
    let old = replaced.flatMap(child)
    children.append(own)
    defer {
      if sa.takeStillborn().contains(own.outboundSPI) {
        forgetChildren(inboundSPIs: [own.inboundSPI], by: .peer)
      }
    }
    if isRedundant {
      emit(.childEstablished(own))
      start(.deleteChildren([own.inboundSPI]), on: sa, at: now)
    } else if let old {
      emit(.childRekeyed(old, successor: own))
      superseded.insert(old.inboundSPI)
      start(.deleteChildren([old.inboundSPI]), on: sa, at: now)
    } else {
      emit(.childEstablished(own))
    }
  }

  /// What the peer's exchange has made comes into use.
  func concludeForPeer(
    _ agreement: CreateChildAgreement, on sa: IKESA, at now: Instant
  ) throws(CryptoError) {
    switch agreement.product {
    case .child(let terms, let replaced):
      let child = try agreement.childSA(terms, on: sa, isInitiator: false)
      let old = replaced.flatMap(self.child)
      children.append(child)
      if let old {
        // The peer deletes it (RFC 7296, section 2.8).
        superseded.insert(old.inboundSPI)
        emit(.childRekeyed(old, successor: child))
      } else {
        emit(.childEstablished(child))
      }
    case .ike(let suite, let initiatorSPI, let responderSPI):
      let successor = try agreement.ikeSA(
        suite, initiatorSPI, responderSPI, on: sa, isInitiator: false)
      if sa.collision != nil {
        // Which of the two it will be shows when this side's exchange is done.
        sa.collision?.successor = successor
        keep(successor)
      } else {
        adopt(successor, from: sa, at: now)
      }
    }
  }

  /// All that comes goes on in `successor`, which inherits the Child SAs; `old` waits for its deletion.
  func adopt(_ successor: IKESA, from old: IKESA, at now: Instant) {
    retiring.removeAll { $0 === successor }
    keep(old)
    current = successor
    move(old.waiting, to: successor)
    old.waiting = []
    emit(.rekeyed(EstablishedSA.Algorithms(successor)))
    advance(successor, at: now)
  }

  /// The peer has deleted an IKE SA: the session ends, unless another IKE SA stands by or has taken over.
  func peerDeleted(_ sa: IKESA, at now: Instant) {
    if sa === current {
      // Having replaced the SA itself, the peer leaves this side's own attempt unanswered.
      guard let successor = sa.takeCollision()?.successor else {
        return end(.deleted(by: .peer), at: now)
      }
      adopt(successor, from: sa, at: now)
    }
    if let unanswered = sa.underWay?.exchange { resume(unanswered, at: now) }
    retire(sa)
  }

  /// The peer has heard that an IKE SA is gone which another took over from.
  func haveDeleted(_ sa: IKESA, at now: Instant) {
    retire(sa)
    // The peer deletes what it made in vain, unless it heard of the deletion before it had the answer that
    // makes it: then it has forgotten its own exchange (RFC 7296, section 2.25.2).
    guard let redundant = sa.redundantSuccessor, !redundant.isDeleted else { return }
    sa.redundantSuccessor = nil
    start(.deleteIKE, on: redundant, at: now)
  }

  /// What stayed unanswered on an IKE SA that is gone goes on in the one in use, if it can.
  private func resume(_ exchange: Exchange, at now: Instant) {
    guard let current else { return }
    switch exchange {
    case .liveness, .deleteChildren, .discardChild: start(exchange, on: current, at: now)
    case .createChild(let createChild):
      if !createChild.rekeysIKE { report(.refused(.temporaryFailure), of: createChild) }
    case .intermediate, .authentication, .deleteIKE, .farewell: break
    }
  }

  private func move(_ exchanges: [Exchange], to sa: IKESA) {
    sa.waiting += exchanges.filter { exchange in
      if case .createChild(let createChild) = exchange { !createChild.rekeysIKE } else { true }
    }
  }

  /// Keeps an IKE SA besides the one in use, until it is deleted; a peer that never does so gets no more
  /// than a few.
  private func keep(_ sa: IKESA) {
    retiring.append(sa)
    if retiring.count > Self.retiringLimit { retiring.removeFirst() }
  }

  private static let retiringLimit = 8
}

extension IKESA {
  /// The collision of an exchange that ends now.
  func takeCollision() -> RekeyCollision? {
    defer { collision = nil }
    return collision
  }

  /// What the peer deleted in the course of an exchange that ends now.
  func takeStillborn() -> Set<UInt32> {
    defer { stillborn = [] }
    return stillborn
  }

  /// Whether the peer may have a Child SA that this side is still to hear of.
  var isMakingChild: Bool {
    if case .createChild(let exchange)? = underWay?.exchange { !exchange.rekeysIKE } else { false }
  }
}
