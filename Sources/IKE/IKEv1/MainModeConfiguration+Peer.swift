package import PacketDissector

/// Why a peer's configuration makes no IKEv1 SA.
package enum MainModeUnusable: Error, Equatable, Sendable {
  /// Main mode is done with a pre-shared key alone.
  case noPreSharedKey
  /// No proposal has a cipher, a hash and a group that IKEv1 has numbers for.
  case noProposal
}

extension MainModeConfiguration {
  /// What IKEv2's configuration of a peer means for IKEv1.
  package init(_ peer: PeerConfiguration) throws(MainModeUnusable) {
    guard case .preSharedKey(let secret) = peer.credential else { throw .noPreSharedKey }
    self.init(preSharedKey: secret)
    proposals = peer.ikeProposals.flatMap(PhaseOneProposal.all(of:))
    guard !proposals.isEmpty else { throw .noProposal }
    localIdentity = peer.localIdentity
    remoteIdentity = peer.remoteIdentity
    retransmission = peer.retransmission
    sendsInitialContact = peer.sendsInitialContact
    ports = peer.ports
  }
}

extension PhaseOneProposal {
  /// All combinations that a proposal of IKEv2 offers, but for what IKEv1 has no number for. The hash is
  /// that of the PRF.
  package static func all(of proposal: Proposal) -> [PhaseOneProposal] {
    func transforms(_ type: TransformType) -> [Transform] {
      proposal.transforms.filter { $0.type == type }
    }
    let hashes = transforms(.prf).compactMap {
      IKEv1HashAlgorithm(of: PseudorandomFunction(rawValue: $0.id))
    }
    let groups = transforms(.keyExchange).map { IKEv1Group(rawValue: $0.id) }
      .filter { $0.name != nil }
    return transforms(.encryption).flatMap { cipher -> [PhaseOneProposal] in
      guard
        let encryption = IKEv1EncryptionAlgorithm(of: EncryptionAlgorithm(rawValue: cipher.id))
      else { return [] }
      return hashes.flatMap { hash in
        groups.map { PhaseOneProposal(encryption, keyBits: cipher.keyLength, hash, $0) }
      }
    }
  }
}

extension IKEv1EncryptionAlgorithm {
  fileprivate init?(of algorithm: EncryptionAlgorithm) {
    switch algorithm {
    case .des: self = .desCBC
    case .tripleDES: self = .tripleDESCBC
    case .blowfish: self = .blowfishCBC
    case .cast: self = .castCBC
    case .aesCBC: self = .aesCBC
    case .camelliaCBC: self = .camelliaCBC
    default: return nil
    }
  }
}

extension IKEv1HashAlgorithm {
  fileprivate init?(of prf: PseudorandomFunction) {
    switch prf {
    case .hmacMD5: self = .md5
    case .hmacSHA1: self = .sha
    case .hmacSHA2_256: self = .sha2_256
    case .hmacSHA2_384: self = .sha2_384
    case .hmacSHA2_512: self = .sha2_512
    default: return nil
    }
  }
}
