internal import IPsecCrypto
internal import PacketDissector

// The six messages of main mode (RFC 2409, section 5.4), and NAT discovery in the middle ones (RFC 3947).

/// Vendor IDs that announce an ability.
private enum Announcement {
  /// RFC 3706, section 5.1; the last two octets are the version.
  static let liveness: [UInt8] = [
    0xAF, 0xCA, 0xD7, 0x13, 0x68, 0xA1, 0xF1, 0xC9, 0x6B, 0x86, 0x96, 0xFC, 0x77, 0x57, 0x01, 0x00,
  ]
  /// RFC 3947, section 3.1: MD5 of "RFC 3947".
  static let natTraversal: [UInt8] = [
    0x4A, 0x13, 0x1C, 0x81, 0x07, 0x03, 0x58, 0x45, 0x5C, 0x57, 0x28, 0xF2, 0x0E, 0x95, 0x45, 0x2F,
  ]
}

extension MainModeSession {
  /// Sends the first message.
  package func start(at now: Instant) {
    guard case .idle = phase else { return }
    phase = .offering
    transmit(
      [
        IKEv1Payload(.securityAssociation, .securityAssociation(offer)),
        IKEv1Payload(.vendorID, .vendorID(Announcement.natTraversal)),
        IKEv1Payload(.vendorID, .vendorID(Announcement.liveness)),
      ], at: now)
  }

  private var offer: IKEv1SecurityAssociation {
    let transforms = configuration.proposals.prefix(255).enumerated().map { index, proposal in
      proposal.transform(
        number: UInt8(truncatingIfNeeded: index + 1), lifetime: configuration.lifetime)
    }
    return IKEv1SecurityAssociation(proposals: [
      IKEv1Proposal(number: 1, protocolID: .protoIsakmp, transforms: transforms)
    ])
  }

  /// The body of the SA payload that was sent, which both hashes cover.
  private var offerBody: [UInt8] {
    var writer = ByteWriter()
    offer.write(to: &writer)
    return writer.bytes
  }

  /// Sends a message of main mode in the clear, and waits for its answer.
  private func transmit(_ payloads: [IKEv1Payload], at now: Instant) {
    var writer = ByteWriter()
    IKEv1Message(header: header(.identityProtection, messageID: 0), payloads: payloads)
      .write(to: &writer)
    transmission = Transmission(bytes: writer.bytes, deadline: now)
    transmitAgain(at: now)
  }

  /// Takes a message of main mode. What does not fit is passed over: our own message goes out again.
  func handleMainMode(_ message: IKEv1Message, along path: IKEPath, at now: Instant) {
    let isEncrypted = message.encrypted != nil
    switch phase {
    case .offering where !isEncrypted: takeChoice(message, along: path, at: now)
    case .agreeing(let agreement) where !isEncrypted:
      takeShare(message, agreement, along: path, at: now)
    case .proving(let agreement, let protection) where isEncrypted:
      takeProof(message, agreement, protection, at: now)
    default: counters.strays += 1
    }
  }

  // MARK: - The second message: the peer's choice

  private func takeChoice(_ message: IKEv1Message, along path: IKEPath, at now: Instant) {
    guard message.header.responderSPI != 0, message.firstStop == nil,
      case .securityAssociation(let answer)? = message.payloads.first?.body
    else {
      counters.strays += 1
      return
    }
    guard answer.proposals.count == 1, let transforms = answer.proposals.first?.transforms,
      transforms.count == 1, let transform = transforms.first,
      let proposal = configuration.proposals.first(where: { $0.agrees(with: transform) })
    else { return suspect(.wrongChoice) }
    responderCookie = message.header.responderSPI
    self.path = path
    do throws(CryptoError) {
      try sendShare(proposal, transform, message.payloads.vendorIDs, at: now)
    } catch {
      fail(.crypto(error))
    }
  }

  private func sendShare(
    _ proposal: PhaseOneProposal, _ transform: IKEv1Transform, _ vendorIDs: [[UInt8]],
    at now: Instant
  ) throws(CryptoError) {
    let answered = transform.lifetimes.first { $0.type == .seconds }?.duration
    let agreement = Agreement(
      proposal: proposal,
      lifetime: min(
        configuration.lifetime, UInt32(clamping: answered ?? UInt64(configuration.lifetime))),
      suite: try IKEv1Suite(transform),
      share: try KeyExchangeInitiator(KeyExchangeMethod(rawValue: proposal.group.rawValue)),
      nonce: random.bytes(32),
      traversesNAT: vendorIDs.contains(Announcement.natTraversal), vendorIDs: vendorIDs)
    // The version in the last two octets may differ.
    answersLiveness = vendorIDs.contains {
      $0.count == 16 && $0.prefix(14) == Announcement.liveness.prefix(14)
    }
    var payloads = [
      IKEv1Payload(.keyExchange, .keyExchange(agreement.share.data)),
      IKEv1Payload(.nonce, .nonce(agreement.nonce)),
    ]
    if agreement.traversesNAT {
      // The other end's first (RFC 3947, section 3.2).
      for end in [path.remote, path.local] {
        payloads.append(
          IKEv1Payload(.natDiscovery, .natDiscovery(try discoveryHash(end, agreement))))
      }
    }
    suspicion = nil
    phase = .agreeing(agreement)
    transmit(payloads, at: now)
  }

  /// HASH(CKY-I | CKY-R | address | port), RFC 3947 section 3.2.
  private func discoveryHash(
    _ end: Endpoint, _ agreement: Agreement
  ) throws(CryptoError) -> [UInt8] {
    var writer = ByteWriter()
    writer.u64(initiatorCookie)
    writer.u64(responderCookie)
    writer.append(end.address.octets)
    writer.u16(end.port)
    return try agreement.suite.hash.digest(writer.bytes)
  }

  // MARK: - The fourth: the peer's share

  private func takeShare(
    _ message: IKEv1Message, _ agreement: Agreement, along path: IKEPath, at now: Instant
  ) {
    guard message.firstStop == nil, let share = message.payloads.keyExchange,
      let nonce = message.payloads.nonce, (8...256).contains(nonce.count)
    else {
      counters.strays += 1
      return
    }
    let secret: Secret
    do throws(KeyExchangeFailure) {
      secret = try agreement.share.complete(share)
    } catch {
      return suspect(.keyExchange(error))
    }
    do throws(CryptoError) {
      let keys = try IKEv1Keys(
        agreement.suite, preSharedKey: configuration.preSharedKey,
        nonces: (agreement.nonce, nonce), sharedSecret: secret,
        cookies: (initiatorCookie, responderCookie))
      try judgeNAT(message.payloads.natDiscoveries, agreement, along: path)
      try sendProof(keys, agreement, (agreement.share.data, share), at: now)
    } catch {
      fail(.crypto(error))
    }
  }

  /// The first of the peer's hashes is that of our end as it sees it, the others are of its own.
  private func judgeNAT(
    _ hashes: [[UInt8]], _ agreement: Agreement, along path: IKEPath
  ) throws(CryptoError) {
    guard agreement.traversesNAT, let first = hashes.first, hashes.count > 1 else { return }
    nat.local = first != (try discoveryHash(path.local, agreement))
    let seen = try discoveryHash(path.remote, agreement)
    nat.remote = !hashes.dropFirst().contains(seen)
    emit(.natDetected(local: nat.local, remote: nat.remote))
    // RFC 3947, section 4.
    if nat.local || nat.remote { self.path = self.path.floated(configuration.ports) }
  }

  /// The fifth message: who we are, and that we have the secret.
  private func sendProof(
    _ keys: IKEv1Keys, _ agreement: Agreement,
    _ publicValues: (initiator: [UInt8], responder: [UInt8]), at now: Instant
  ) throws(CryptoError) {
    var protection = try IKEv1Protection(keys, publicValues: publicValues)
    let identity = configuration.localIdentity ?? Identity(path.local.address)
    let proof = try keys.proof(
      of: .initiator, publicValues: publicValues, offer: offerBody, identity: identity.payloadBody)
    var payloads = [
      IKEv1Payload(
        .identification,
        .identification(
          IKEv1Identification(
            type: IKEv1IdentificationType(rawValue: identity.type.rawValue), data: identity.data))),
      IKEv1Payload(.hash, .hash(proof.hashOctets)),
    ]
    if configuration.sendsInitialContact {
      payloads.append(
        IKEv1Payload(
          .notification, .notification(IKEv1Notification(.initialContact, spi: keys.cookies))))
    }
    let sealed = try protection.seal(header(.identityProtection, messageID: 0), payloads)
    protection.advance(past: Array(sealed.dropFirst(IKEHeader.byteCount)))
    suspicion = nil
    phase = .proving(agreement, protection)
    transmission = Transmission(bytes: sealed, deadline: now)
    transmitAgain(at: now)
  }

  // MARK: - The sixth: the peer's proof

  private func takeProof(
    _ message: IKEv1Message, _ agreement: Agreement, _ protection: IKEv1Protection,
    at now: Instant
  ) {
    do throws(CryptoError) {
      guard let content = try protection.open(message),
        let (claim, identity) = content.payloads.identity, let proof = content.payloads.hash
      else {
        counters.badlyProtected += 1
        return suspect(.unreadable)
      }
      let expected = try protection.keys.proof(
        of: .responder, publicValues: protection.publicValues, offer: offerBody,
        identity: content.body(of: claim))
      guard expected.hasSameBytes(as: Secret(copying: proof)) else {
        counters.badlyProtected += 1
        return suspect(.notAuthenticated)
      }
      var protection = protection
      protection.advance(past: message.ciphertext)
      establish(agreement, protection, identity, at: now)
    } catch {
      fail(.crypto(error))
    }
  }

  private func establish(
    _ agreement: Agreement, _ protection: IKEv1Protection, _ identity: Identity, at now: Instant
  ) {
    transmission = nil
    phase = .established(protection)
    if let expected = configuration.remoteIdentity, !expected.matches(identity) {
      sendDelete(protection, at: now)
      return fail(.otherIdentity(identity))
    }
    expiry = now + .seconds(Int64(agreement.lifetime))
    emit(
      .established(
        MainModeSA(
          initiatorCookie: initiatorCookie, responderCookie: responderCookie,
          proposal: agreement.proposal, peerIdentity: identity, lifetime: agreement.lifetime,
          natLocal: nat.local, natRemote: nat.remote, answersLiveness: answersLiveness,
          vendorIDs: agreement.vendorIDs)))
  }
}
