package import PacketDissector

/// What the IETF says of using an algorithm today: RFC 8247 for IKE, RFC 8221 for ESP and AH, both as
/// RFC 9395 updates them.
///
/// An algorithm that no table lists has no grade: neither RFC speaks for or against it. Nor has
/// integrity NONE, which is right beside an AEAD cipher and wrong without one.
package struct AlgorithmGrade: Equatable, Sendable {
  package enum Level: String, CaseIterable, Sendable {
    case must = "MUST"
    /// To be lowered by a later document.
    case mustMinus = "MUST-"
    /// To be raised by a later document.
    case shouldPlus = "SHOULD+"
    case should = "SHOULD"
    case may = "MAY"
    case shouldNot = "SHOULD NOT"
    case mustNot = "MUST NOT"
    /// RFC 9395, section 5, and the registry's status column; it amounts to MUST NOT.
    case deprecated = "deprecated"

    /// Nobody should choose it any more.
    package var isRuledOut: Bool { [.shouldNot, .mustNot, .deprecated].contains(self) }
  }

  /// What an algorithm is used for.
  package enum Use: String, CaseIterable, Sendable {
    case ike = "IKE"
    case esp = "ESP"
    case ah = "AH"
  }

  package let level: Level
  /// The document and its section.
  package let source: String
  /// Where the level holds, if not everywhere.
  package let condition: String?

  package var isRuledOut: Bool { level.isRuledOut }

  /// The grade of a transform as IKEv2 numbers it; nil where no RFC gives one.
  package init?(of type: TransformType, id: UInt16, for use: Use) {
    let rows: [Row]
    switch (type, use) {
    case (.encryption, .ike): rows = Self.ikeEncryption
    case (.encryption, .esp): rows = Self.espEncryption
    case (.encryption, .ah): rows = []
    case (.prf, _): rows = use == .ike ? Self.prfs : []
    case (.integrity, .ike): rows = Self.ikeIntegrity
    case (.integrity, _): rows = Self.espIntegrity
    // A Child SA's key exchange runs inside IKE.
    case (.keyExchange, _), (.additionalKeyExchange1, _), (.additionalKeyExchange2, _),
      (.additionalKeyExchange3, _), (.additionalKeyExchange4, _), (.additionalKeyExchange5, _),
      (.additionalKeyExchange6, _), (.additionalKeyExchange7, _):
      rows = Self.keyExchange
    default: rows = []
    }
    guard let row = rows.first(where: { $0.id == id }) else { return nil }
    level = row.level
    source = row.source
    condition = row.condition
  }

  private struct Row: Sendable {
    let id: UInt16
    let level: Level
    let source: String
    let condition: String?

    init(_ id: UInt16, _ level: Level, _ source: String, _ condition: String? = nil) {
      self.id = id
      self.level = level
      self.source = source
      self.condition = condition
    }
  }

  private static let deprecation = "RFC 9395 section 5"
  private static let keyLengths = "keys of 128 and 256 bits; 192 is MAY"
  private static let smallDevices = "for small devices (IoT)"

  private static let ikeEncryption: [Row] = {
    let source = "RFC 8247 section 2.1"
    return [
      Row(12, .must, source, keyLengths), Row(28, .should, source),
      Row(20, .should, source, keyLengths), Row(14, .should, source, smallDevices),
      Row(3, .may, source), Row(2, .mustNot, source),
      // Section 5 forbids an IKE SA that does not encrypt.
      Row(11, .mustNot, "RFC 7296 section 5"),
    ] + deprecatedEncryption
  }()

  private static let espEncryption: [Row] = {
    let source = "RFC 8221 section 5"
    return [
      Row(12, .must, source, keyLengths), Row(20, .must, source, keyLengths),
      Row(11, .must, source, "with an integrity algorithm"), Row(28, .should, source),
      Row(14, .should, source, smallDevices), Row(3, .shouldNot, source),
      Row(1, .mustNot, source), Row(2, .mustNot, source), Row(7, .mustNot, source),
      Row(8, .mustNot, source), Row(9, .mustNot, source),
    ] + deprecatedEncryption
  }()

  /// Behind the rows of the use, which go first.
  private static let deprecatedEncryption: [Row] = [1, 4, 5, 6, 7, 8, 9].map {
    Row($0, .deprecated, deprecation)
  }

  private static let prfs: [Row] = {
    let source = "RFC 8247 section 2.2"
    return [
      Row(5, .must, source), Row(7, .shouldPlus, source), Row(2, .mustMinus, source),
      Row(4, .should, source, smallDevices), Row(1, .mustNot, source),
      Row(3, .deprecated, deprecation),
    ]
  }()

  private static let ikeIntegrity: [Row] = {
    let source = "RFC 8247 section 2.3"
    return [
      Row(12, .must, source), Row(14, .should, source), Row(2, .mustMinus, source),
      Row(5, .should, source, smallDevices), Row(1, .mustNot, source), Row(3, .mustNot, source),
      Row(4, .mustNot, source), Row(6, .deprecated, deprecation), Row(7, .deprecated, deprecation),
    ]
  }()

  private static let espIntegrity: [Row] = {
    let source = "RFC 8221 section 6"
    return [
      Row(12, .must, source), Row(14, .should, source), Row(2, .mustMinus, source),
      Row(5, .should, source, smallDevices + "; MAY elsewhere"), Row(9, .may, source),
      Row(11, .may, source), Row(1, .mustNot, source), Row(3, .mustNot, source),
      Row(4, .mustNot, source), Row(6, .deprecated, deprecation), Row(7, .deprecated, deprecation),
    ]
  }()

  private static let keyExchange: [Row] = {
    let source = "RFC 8247 section 2.4"
    return [
      Row(14, .must, source), Row(19, .should, source), Row(5, .shouldNot, source),
      Row(2, .shouldNot, source), Row(23, .shouldNot, source), Row(24, .shouldNot, source),
      Row(1, .mustNot, source), Row(22, .mustNot, source),
    ]
  }()
}

// MARK: IKEv1

/// IKEv1 numbers algorithms differently, and its own lists of requirements are historic with it: its
/// algorithms are graded as IKEv2's are.
extension AlgorithmGrade {
  package init?(of algorithm: IKEv1EncryptionAlgorithm) {
    self.init(algorithm.rawValue, in: IKEv1Numbers.encryption, .encryption, .ike)
  }

  /// A phase 1 hash, which is PRF and integrity algorithm at once.
  package init?(of algorithm: IKEv1HashAlgorithm) {
    self.init(algorithm.rawValue, in: IKEv1Numbers.hash, .integrity, .ike)
  }

  package init?(of group: IKEv1Group) {
    self.init(of: .keyExchange, id: group.rawValue, for: .ike)
  }

  package init?(of transform: IKEv1ESPTransform) {
    self.init(UInt16(transform.rawValue), in: IKEv1Numbers.esp, .encryption, .esp)
  }

  package init?(of algorithm: IKEv1AuthenticationAlgorithm) {
    self.init(algorithm.rawValue, in: IKEv1Numbers.authentication, .integrity, .esp)
  }

  package init?(of transform: IKEv1AHTransform) {
    self.init(UInt16(transform.rawValue), in: IKEv1Numbers.ah, .integrity, .ah)
  }

  private init?(_ number: UInt16, in table: [UInt16: UInt16], _ type: TransformType, _ use: Use) {
    guard let id = table[number] else { return nil }
    self.init(of: type, id: id, for: use)
  }
}

/// From IKEv1's numbers to those of IKEv2's transforms.
enum IKEv1Numbers {
  /// RFC 2409, appendix A, to ENCR.
  static let encryption: [UInt16: UInt16] = [1: 2, 2: 5, 3: 7, 4: 4, 5: 3, 6: 6, 7: 12, 8: 23]
  /// RFC 2409, appendix A, to INTEG.
  static let hash: [UInt16: UInt16] = [1: 1, 2: 2, 4: 12, 5: 13, 6: 14]
  /// RFC 2407, section 4.4.4, to ENCR.
  static let esp: [UInt16: UInt16] = [
    1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 11: 11, 12: 12, 13: 13, 14: 14, 15: 15,
    16: 16, 18: 18, 19: 19, 20: 20, 22: 23, 23: 21,
  ]
  /// RFC 2407, section 4.5, to INTEG.
  static let authentication: [UInt16: UInt16] = [
    1: 1, 2: 2, 3: 3, 4: 4, 5: 12, 6: 13, 7: 14, 9: 5, 11: 9, 12: 10, 13: 11,
  ]
  /// RFC 2407, section 4.4.3, to INTEG.
  static let ah: [UInt16: UInt16] = [
    2: 1, 3: 2, 4: 3, 5: 12, 6: 13, 7: 14, 9: 5, 11: 9, 12: 10, 13: 11,
  ]
}
