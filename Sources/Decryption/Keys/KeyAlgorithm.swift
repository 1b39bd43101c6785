package import PacketDissector

/// The cipher that a key is for.
package enum KeyCipher: Hashable, Sendable {
  case algorithm(EncryptionAlgorithm)
  /// One without a place in the registry, by the name the file gives.
  case unsupported(String)
}

/// The integrity algorithm that a key is for.
package enum KeyIntegrity: Hashable, Sendable {
  case algorithm(IntegrityAlgorithm)
  /// There is an ICV, of a known length, but what it is computed with is not known.
  case unchecked
  /// One without a place in the registry, by the name the file gives.
  case unsupported(String)
}

extension KeyCipher: CustomStringConvertible {
  package var description: String {
    switch self {
    case .algorithm(let algorithm): algorithm.description
    case .unsupported(let name): name
    }
  }
}

extension KeyIntegrity: CustomStringConvertible {
  package var description: String {
    switch self {
    case .algorithm(let algorithm): algorithm.description
    case .unchecked: "unchecked"
    case .unsupported(let name): name
    }
  }
}
