internal import Diagnosis
internal import IKE
internal import IPsecCrypto
internal import PacketDissector

/// The first message of IKEv1's phase 1, and what its answer tells (RFC 2409, sections 5.1 and 5.4).
struct IKEv1Question {
  enum Mode {
    case main
    case aggressive
  }

  /// What an answer says.
  struct Answer {
    var outcome: IKEv1Result.Outcome
    /// A hash over the pre-shared key came with it.
    var exposesHash = false
    var vendorIDs: [[UInt8]] = []
  }

  let mode: Mode
  let cookie: UInt64
  let bytes: [UInt8]

  /// RFC 3706, version 1.0.
  static let deadPeerDetection: [UInt8] = [
    0xAF, 0xCA, 0xD7, 0x13, 0x68, 0xA1, 0xF1, 0xC9, 0x6B, 0x86, 0x96, 0xFC, 0x77, 0x57, 0x01, 0x00,
  ]

  /// `share` is of MODP-2048, and `identity` an address of this host; both for aggressive mode, where the
  /// group is not negotiated.
  init(
    _ mode: Mode, cookie: UInt64, nonce: [UInt8], share: [UInt8], identity: IPAddress
  ) {
    self.mode = mode
    self.cookie = cookie
    let proposal = IKEv1Proposal(
      number: 1, protocolID: .protoIsakmp,
      transforms: Self.transforms(mode).enumerated().map { index, attributes in
        IKEv1Transform(
          number: UInt8(clamping: index + 1), id: .isakmp(.keyIKE), attributes: attributes)
      })
    var payloads = [
      IKEv1Payload(
        .securityAssociation,
        .securityAssociation(IKEv1SecurityAssociation(proposals: [proposal])))
    ]
    if mode == .aggressive {
      payloads += [
        IKEv1Payload(.keyExchange, .keyExchange(share)), IKEv1Payload(.nonce, .nonce(nonce)),
        IKEv1Payload(
          .identification,
          .identification(
            IKEv1Identification(
              type: identity.isIPv6 ? .idIPv6Addr : .idIPv4Addr, data: identity.octets))),
      ]
    }
    payloads.append(IKEv1Payload(.vendorID, .vendorID(Self.deadPeerDetection)))
    let exchange: IKEv1ExchangeType = mode == .main ? .identityProtection : .aggressive
    let message = IKEv1Message(
      header: IKEHeader(
        initiatorSPI: cookie, responderSPI: 0, nextPayload: 0, version: 0x10,
        exchangeType: exchange.rawValue, flags: 0, messageID: 0, length: 0),
      payloads: payloads)
    var writer = ByteWriter()
    message.write(to: &writer)
    bytes = writer.bytes
  }

  /// Few enough for the smallest MTU: what gateways of twenty years had, and still have.
  private static func transforms(_ mode: Mode) -> [[IKEv1Attribute]] {
    typealias Row = (
      IKEv1EncryptionAlgorithm, UInt16?, IKEv1HashAlgorithm, IKEv1AuthenticationMethod, IKEv1Group
    )
    let strong: [Row] = [
      (.aesCBC, 256, .sha2_256, .preSharedKey, .modp2048),
      (.aesCBC, 256, .sha, .preSharedKey, .modp2048),
      (.aesCBC, 128, .sha2_256, .preSharedKey, .modp2048),
      (.aesCBC, 128, .sha, .preSharedKey, .modp2048),
    ]
    let rest: [Row] =
      mode == .main
      ? [
        (.aesCBC, 256, .sha2_256, .rsaSignatures, .modp2048),
        (.aesCBC, 128, .sha, .preSharedKey, .modp1024),
        (.tripleDESCBC, nil, .sha, .preSharedKey, .modp1024),
        (.tripleDESCBC, nil, .md5, .preSharedKey, .modp1024),
      ]
      : [
        (.tripleDESCBC, nil, .sha, .preSharedKey, .modp2048),
        (.aesCBC, 256, .sha, .xauthInitPreShared, .modp2048),
        (.tripleDESCBC, nil, .md5, .preSharedKey, .modp2048),
        (.aesCBC, 256, .sha2_256, .rsaSignatures, .modp2048),
      ]
    return (strong + rest).map { cipher, bits, hash, method, group in
      var attributes = [
        IKEv1Attribute(.phase1(.encryptionAlgorithm), .basic(cipher.rawValue)),
        IKEv1Attribute(.phase1(.hashAlgorithm), .basic(hash.rawValue)),
        IKEv1Attribute(.phase1(.authenticationMethod), .basic(method.rawValue)),
        IKEv1Attribute(.phase1(.groupDescription), .basic(group.rawValue)),
        IKEv1Attribute(.phase1(.lifeType), .basic(IKEv1LifeType.seconds.rawValue)),
        IKEv1Attribute(.phase1(.lifeDuration), .basic(28_800)),
      ]
      if let bits {
        attributes.insert(IKEv1Attribute(.phase1(.keyLength), .basic(bits)), at: 1)
      }
      return attributes
    }
  }

  /// What a datagram says; nil where it does not answer this question.
  func answer(_ datagram: [UInt8]) -> Answer? {
    var reader = ByteReader(datagram.rawBytes)
    guard let message = try? IKEv1Message(from: &reader), message.header.initiatorSPI == cookie
    else { return nil }
    guard message.header.majorVersion == 1 else { return Answer(outcome: .otherVersion) }
    var answer = Answer(outcome: .notTried)
    var transform: IKEv1Transform?
    var hasHash = false
    for payload in message.payloads where payload.stop == nil {
      switch payload.body {
      case .securityAssociation(let association):
        transform = association.proposals.first?.transforms.first
      case .notification(let notification):
        answer.outcome = .notify(notification.type.rawValue)
      case .hash: hasHash = true
      case .vendorID(let bytes): answer.vendorIDs.append(bytes)
      default: break
      }
    }
    if let transform {
      answer.outcome = .accepted(IKEv1Suite.readable(transform))
      answer.exposesHash =
        mode == .aggressive && hasHash && IKEv1Suite.usesPreSharedKey(transform)
    }
    return answer.outcome == .notTried ? nil : answer
  }
}
