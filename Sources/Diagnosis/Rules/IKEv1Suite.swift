package import PacketDissector

/// IKEv1's transforms, which carry their algorithms as attributes.
package enum IKEv1Suite {
  /// "AES-CBC-256 / SHA2-256 / PSK / 2048-bit MODP group"
  package static func readable(_ transform: IKEv1Transform) -> String {
    let wanted: [IKEv1Attribute.Kind] = [
      .phase1(.encryptionAlgorithm), .phase1(.hashAlgorithm), .phase1(.authenticationMethod),
      .phase1(.groupDescription), .phase2(.authenticationAlgorithm), .phase2(.groupDescription),
    ]
    var words: [String] = []
    if case .phase1 = transform.attributes.first?.kind {
    } else if let name = transform.id.name {
      words.append(name)
    }
    for kind in wanted {
      guard let attribute = transform.attributes.first(where: { $0.kind == kind }),
        let number = attribute.number
      else { continue }
      var word = attribute.valueName ?? "\(number)"
      if kind == .phase1(.encryptionAlgorithm),
        let bits = transform.number(of: .phase1(.keyLength))
      {
        word += "-\(bits)"
      }
      words.append(word)
    }
    return words.joined(separator: " / ")
  }

  /// The authentication method of a phase 1 proposal proves itself with a shared secret.
  package static func usesPreSharedKey(_ transform: IKEv1Transform) -> Bool {
    guard let method = transform.number(of: .phase1(.authenticationMethod)) else { return false }
    return [
      UInt64(IKEv1AuthenticationMethod.preSharedKey.rawValue),
      UInt64(IKEv1AuthenticationMethod.xauthInitPreShared.rawValue),
      UInt64(IKEv1AuthenticationMethod.xauthRespPreShared.rawValue),
    ].contains(method)
  }
}
