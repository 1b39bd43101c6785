package import Decryption
internal import IPsecCrypto
internal import PacketDissector

/// The kernel's SAs as candidate keys.
extension KeyFile {
  /// Asks the kernel, which takes the capability CAP_NET_ADMIN.
  package static func kernel() throws(KernelError) -> KeyFile {
    KeyFile(try KernelSADatabase.read(withKeys: true))
  }

  package init(_ database: KernelSADatabase) {
    self.init(name: "the kernel")
    for (index, sa) in database.sas.enumerated() {
      add(sa, KeyOrigin(file: name, line: index + 1, form: .kernel))
    }
    if database.sas.isEmpty { problem(nil, "has no SA in this network namespace") }
    if database.unreadable > 0 {
      problem(nil, "tells \(database.unreadable) SAs in a form that is not known")
    }
    if database.isInterrupted {
      problem(nil, "its SAs kept changing while they were read; some may be missing")
    }
  }

  private mutating func add(_ sa: KernelSA, _ origin: KeyOrigin) {
    guard let isAH = [50: false, 51: true][sa.ipProtocol] else { return }
    var text = TextBuffer(capacity: 64)
    text.put("SA ")
    text.hex(UInt64(sa.spi), digits: 8)
    text.put(" to \(sa.destination): ")
    do throws(KeyFault) {
      let key = try ESPKey(sa, isAH: isAH, origin)
      espKeys.append(key)
      if key.isHidden {
        problem(nil, text.string + "its key is all zeros, as a kernel in lockdown hides keys")
      }
    } catch {
      problem(nil, text.string + error.reason)
    }
  }
}

extension ESPKey {
  fileprivate init(_ sa: KernelSA, isAH: Bool, _ origin: KeyOrigin) throws(KeyFault) {
    let isAnySource = sa.source.high == 0 && sa.source.low == 0
    self.init(
      source: isAnySource ? .any : AddressPattern(sa.source),
      destination: AddressPattern(sa.destination), spi: sa.spi, origin: origin)
    ipsecProtocol = isAH ? .ah : .esp
    usesESN = sa.usesESN
    if sa.direction != .outgoing { replayWindow = sa.replay.window }
    mode = [0: .transport, 1: .tunnel, 4: .beet, 5: .iptfs][sa.mode]
    encapsulation = Encapsulation(sa.encapsulation)
    guard sa.aead != nil || sa.cipher != nil || sa.integrity != nil else {
      throw KeyFault("it has no keys yet")
    }
    if let algorithm = sa.aead ?? sa.cipher {
      cipherKey = algorithm.key
      try setCipher(Array(algorithm.name.utf8)[...], icvBits: algorithm.icvBits)
    }
    if let algorithm = sa.integrity {
      integrityKey = algorithm.key
      try setIntegrity(Array(algorithm.name.utf8)[...], icvBits: algorithm.icvBits)
    }
  }

  fileprivate var isHidden: Bool {
    [cipherKey, integrityKey].contains { key in
      unsafe !key.isEmpty && key.withBytes { unsafe $0.allSatisfy { $0 == 0 } }
    }
  }
}

extension ESPKey.Encapsulation {
  fileprivate init(_ encapsulation: KernelSA.Encapsulation?) {
    guard let encapsulation else {
      self = .none
      return
    }
    let ports = (encapsulation.sourcePort, encapsulation.destinationPort)
    self =
      encapsulation.type == KernelSA.Encapsulation.espInTCP
      ? .tcp(sourcePort: ports.0, destinationPort: ports.1)
      : .udp(sourcePort: ports.0, destinationPort: ports.1)
  }
}
