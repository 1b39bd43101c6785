/// Why a proposal, as daemons write it, could not be read.
package struct ProposalParsingError: Error, Equatable, Sendable {
  package enum Reason: Equatable, Sendable {
    case empty
    /// No daemon has the word; with the known one that is nearest to it.
    case unknownWord(String, nearest: String?)
    /// A word that is known, but means nothing in its place.
    case misplaced(String)
    /// "default" means what the daemon at hand was built with.
    case dependsOnDaemon(String)
    case lacksEncryption
    case lacksIntegrity
    case lacksPRF
    case lacksKeyExchange
    /// AEAD ciphers and others, which takes a proposal each.
    case mixesAEAD
    /// An AEAD cipher and an integrity algorithm, in a daemon that refuses that.
    case integrityBesideAEAD(String)
    /// More than 255 of what one octet counts.
    case tooMany(String)
  }

  /// Which of the proposals of a list, from 1 on.
  package let position: Int
  package let reason: Reason

  package init(_ reason: Reason, position: Int) {
    self.reason = reason
    self.position = position
  }
}

extension ProposalParsingError: CustomStringConvertible {
  /// "modp204: did you mean modp2048?"
  package var description: String {
    position > 1 ? "proposal \(position): \(reason)" : "\(reason)"
  }
}

extension ProposalParsingError.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .empty: "the proposal is empty"
    case .unknownWord(let word, let nearest?): "\(word.prefix(40)): did you mean \(nearest)?"
    case .unknownWord(let word, nil): "\(word.prefix(40)): no daemon has such a word"
    case .misplaced(let word): "\(word.prefix(40)): not in this place of a proposal"
    case .dependsOnDaemon(let word): "\(word): means what the daemon was built with"
    case .lacksEncryption: "no encryption algorithm, such as aes256gcm16"
    case .lacksIntegrity: "no integrity algorithm, such as sha256, which the cipher needs"
    case .lacksPRF: "no PRF, such as prfsha256, which IKE needs beside an AEAD cipher"
    case .lacksKeyExchange: "no key exchange method, such as ecp256, which IKE needs"
    case .mixesAEAD: "AEAD ciphers and others take a proposal each: put a comma between"
    case .integrityBesideAEAD(let word): "\(word): an AEAD cipher takes no integrity algorithm"
    case .tooMany(let what): "more than 255 \(what)"
    }
  }
}
