import PacketDissector

extension PRF {
  /// prf(key, all parts one behind the other).
  package func compute(key: Secret, _ parts: PRFInput...) throws(CryptoError) -> Secret {
    switch construction {
    case .kmac(let bits):
      return try kmac(bits, "ikev2 prf", key, parts, count: outputBytes)
    case .mac, .xcbc, .cmac:
      var function = try KeyedFunction(self, key: key)
      return try function.compute(parts)
    }
  }

  /// prf+(key, all parts), the first `count` bytes: RFC 7296 section 2.13.
  ///
  /// KMAC's depend on `count`: all that an exchange derives must come from one call.
  package func expand(
    key: Secret, _ parts: PRFInput..., count: Int
  ) throws(CryptoError) -> Secret {
    guard count >= 0, count <= 255 * outputBytes else {
      throw .tooMuchKeyMaterial("prf+ of \(name)", bytes: count)
    }
    if case .kmac(let bits) = construction {
      return try kmac(bits, "ikev2 kdf", key, parts, count: count)
    }
    var function = try KeyedFunction(self, key: key)
    var stream = SecretBytes(capacity: count + outputBytes)
    var last = Secret(copying: [])
    var round: UInt8 = 1
    while stream.count < count {
      last = try function.compute([.secret(last)] + parts + [.bytes([round])])
      stream.append(last)
      // At 255 rounds the guard above has let the loop end.
      round &+= 1
    }
    return stream.prefix(count)
  }

  private func kmac(
    _ bits: Int, _ customization: String, _ key: Secret, _ parts: [PRFInput], count: Int
  ) throws(CryptoError) -> Secret {
    guard count > 0 else { return Secret(copying: []) }
    let algorithm = OpenSSLMAC.kmac(bits, customization: customization, outputBytes: count)
    let context = try unsafe key.withBytes { (bytes) throws(CryptoError) in
      try unsafe MACContext(algorithm, key: bytes)
    }
    return try context.compute(parts, count: count)
  }
}

/// A PRF with its key set.
private struct KeyedFunction: ~Copyable {
  private let mac: MACContext?
  private var xcbc: XCBC?
  private let count: Int

  init(_ prf: PRF, key: Secret) throws(CryptoError) {
    var mac: MACContext?
    var xcbc: XCBC?
    switch prf.construction {
    case .mac(let algorithm): mac = try Self.context(algorithm, key)
    case .cmac: mac = try Self.context(.cmac("AES-128-CBC"), try Self.cmacKey(key))
    case .xcbc: xcbc = try Self.xcbc(try Self.xcbcKey(key))
    // KMAC is another function for every output length, and never comes here.
    case .kmac: throw .notImplemented(prf.name)
    }
    self.mac = mac
    self.xcbc = xcbc
    count = prf.outputBytes
  }

  mutating func compute(_ parts: [PRFInput]) throws(CryptoError) -> Secret {
    guard let result = try mac?.compute(parts, count: count) else { return try xcbc(parts) }
    return result
  }

  private mutating func xcbc(_ parts: [PRFInput]) throws(CryptoError) -> Secret {
    xcbc?.start()
    for part in parts { part.withBytes { xcbc?.update($0) } }
    guard let block = xcbc?.finish() else { throw .openSSLFailed("AES-XCBC") }
    var bytes = (0..<16).map { block[$0] }
    return Secret(consuming: &bytes)
  }

  private static func context(
    _ algorithm: OpenSSLMAC, _ key: Secret
  ) throws(CryptoError) -> MACContext {
    try unsafe key.withBytes { (bytes) throws(CryptoError) in
      try unsafe MACContext(algorithm, key: bytes)
    }
  }

  private static func xcbc(_ key: Secret) throws(CryptoError) -> XCBC {
    try unsafe key.withBytes { (bytes) throws(CryptoError) in try unsafe XCBC(key: bytes) }
  }

  /// RFC 4615 section 3: exactly 16 bytes as they are, others through AES-CMAC under a zero key.
  private static func cmacKey(_ key: Secret) throws(CryptoError) -> Secret {
    guard key.count != 16 else { return key }
    let zero = Secret(copying: [UInt8](repeating: 0, count: 16))
    return try context(.cmac("AES-128-CBC"), zero).compute([.secret(key)], count: 16)
  }

  /// RFC 4434 section 2: shorter keys end in zeros, longer go through AES-XCBC under a zero key.
  private static func xcbcKey(_ key: Secret) throws(CryptoError) -> Secret {
    if key.count <= 16 {
      var bytes = [UInt8](repeating: 0, count: 16)
      unsafe key.withBytes { key in
        for index in key.indices { unsafe bytes[index] = key[index] }
      }
      return Secret(consuming: &bytes)
    }
    var function = try KeyedFunction(
      xcbc: xcbc(Secret(copying: [UInt8](repeating: 0, count: 16))))
    return try function.xcbc([.secret(key)])
  }

  private init(xcbc: consuming XCBC) {
    mac = nil
    self.xcbc = consume xcbc
    count = 16
  }
}

extension MACContext {
  fileprivate func compute(_ parts: [PRFInput], count: Int) throws(CryptoError) -> Secret {
    var isFine = restart()
    for part in parts { isFine = part.withBytes { isFine && update($0) } }
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var target = unsafe span.mutableBytes
    isFine = isFine && finish(count, into: &target)
    guard isFine else { throw .openSSLFailed("a PRF") }
    return Secret(consuming: &bytes)
  }
}

/// Secret bytes on their way into a ``Secret``: never reallocated, so that none stay behind.
private struct SecretBytes {
  private var bytes: [UInt8] = []
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    bytes.reserveCapacity(capacity)
  }

  var count: Int { bytes.count }

  mutating func append(_ secret: Secret) {
    precondition(bytes.count + secret.count <= capacity)
    unsafe secret.withBytes { unsafe bytes.append(contentsOf: $0) }
  }

  consuming func prefix(_ count: Int) -> Secret {
    while bytes.count > count {
      bytes[bytes.count - 1] = 0
      bytes.removeLast()
    }
    return Secret(consuming: &bytes)
  }
}
