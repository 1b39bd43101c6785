internal import Decryption
package import Host
internal import IPsecCrypto
internal import PacketDissector

extension ESPSuite {
  /// What an SA of the kernel has; nil for AH, for algorithms that no registry numbers, and for ICVs of other
  /// lengths than the registry's.
  package init?(_ sa: KernelSA) {
    guard sa.ipProtocol == 50, let told = sa.aead ?? sa.cipher,
      let algorithm = EncryptionAlgorithm(kernelName: told.name, icvBits: sa.aead?.icvBits),
      let encryption = Self.transform(algorithm),
      let none = try? IntegrityTransform(.none)
    else { return nil }
    guard !encryption.isAEAD else {
      self.init(encryption, none)
      return
    }
    guard let told = sa.integrity, let algorithm = IntegrityAlgorithm(kernelName: told.name),
      let integrity = try? IntegrityTransform(algorithm)
    else { return nil }
    if let bits = told.icvBits, bits != integrity.icvBytes * 8 { return nil }
    self.init(encryption, integrity)
  }

  /// The length of the key changes no packet's size.
  private static func transform(_ algorithm: EncryptionAlgorithm) -> EncryptionTransform? {
    (try? EncryptionTransform(algorithm, keyBits: 128)) ?? (try? EncryptionTransform(algorithm))
  }
}
