import IPsecCrypto
package import PacketDissector

/// Algorithms as the kernel names them: the same in what `ip xfrm state` prints and over netlink.
extension ESPKey {
  /// Sets what ``cipherKey``, which is known before, is for.
  ///
  /// - Parameters:
  ///   - name: Such as "cbc(aes)" or "rfc4106(gcm(aes))".
  ///   - icvBits: Given for an AEAD cipher.
  /// - Throws: What is wrong with the name, the key's length or the ICV's.
  package mutating func setCipher(_ name: ArraySlice<UInt8>, icvBits: Int?) throws(KeyFault) {
    switch AlgorithmNames.cipher(name) {
    case nil: throw AlgorithmNames.unknown(name, what: "encryption algorithm")
    case .unsupported(let name): cipher = .unsupported(name)
    case .algorithms(let algorithms, let keyBits):
      // Of three by the ICV's length, they come as 16, 12 and 8.
      let index = algorithms.count == 1 ? 0 : [128: 0, 96: 1, 64: 2][icvBits ?? 0]
      guard let index, algorithms.indices.contains(index) else {
        throw KeyFault("an ICV of \(icvBits ?? 0) bits does not exist for this cipher")
      }
      try KeySizes.check(
        cipherKey.count, for: algorithms[index], keyBits: keyBits, name: "encryption key")
      cipher = .algorithm(algorithms[index])
    }
  }

  /// Sets what ``integrityKey``, which is known before, is for.
  ///
  /// - Parameters:
  ///   - name: Such as "hmac(sha256)".
  ///   - icvBits: Nil where the kernel does not say.
  /// - Throws: What is wrong with the name, the key's length or the ICV's.
  package mutating func setIntegrity(_ name: ArraySlice<UInt8>, icvBits: Int?) throws(KeyFault) {
    switch AlgorithmNames.integrity(name) {
    case nil: throw AlgorithmNames.unknown(name, what: "authentication algorithm")
    case .unsupported(let name): integrity = .unsupported(name)
    case .unchecked(let icvBytes): (integrity, self.icvBytes) = (.unchecked, icvBytes)
    case .algorithm(let algorithm, _):
      try algorithm.check(integrityKey.count, negotiated: false, name: "authentication key")
      integrity = .algorithm(algorithm)
      // Kernels that do not say (before 2.6.33) cut HMAC-SHA-256 to 96 bits.
      icvBytes = algorithm == 12 && icvBits == nil ? 12 : nil
    }
    guard let icvBits else { return }
    guard (8...512).contains(icvBits) else {
      throw KeyFault("an ICV of \(icvBits) bits does not exist")
    }
    icvBytes = icvBits / 8
  }
}

extension EncryptionAlgorithm {
  /// By the kernel's name, such as "cbc(aes)"; nil for what no registry numbers.
  ///
  /// `icvBits` is given for an AEAD cipher.
  package init?(kernelName: String, icvBits: Int?) {
    guard case .algorithms(let algorithms, _) = AlgorithmNames.cipher(Array(kernelName.utf8)[...])
    else { return nil }
    // Of three by the ICV's length, they come as 16, 12 and 8.
    let index = algorithms.count == 1 ? 0 : [128: 0, 96: 1, 64: 2][icvBits ?? 0]
    guard let index, algorithms.indices.contains(index) else { return nil }
    self = algorithms[index]
  }
}

extension IntegrityAlgorithm {
  /// By the kernel's name, such as "hmac(sha256)"; nil for what no registry numbers.
  package init?(kernelName: String) {
    guard case .algorithm(let algorithm, _) = AlgorithmNames.integrity(Array(kernelName.utf8)[...])
    else { return nil }
    self = algorithm
  }
}
