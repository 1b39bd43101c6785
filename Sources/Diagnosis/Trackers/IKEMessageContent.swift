package import PacketDissector

/// What a diagnosis needs of an IKE message: read from the clear, or from what keys opened.
package struct IKEMessageContent: Sendable {
  package struct Notify: Equatable, Sendable {
    /// IKEv2's numbers, or IKEv1's: the SA's version tells.
    package let type: UInt16
    package let protocolID: UInt8
    package let spi: [UInt8]
    /// INVALID_KE_PAYLOAD's method, or another number that it carries.
    package let number: UInt64?
    /// A cookie, a NAT detection hash, an anti-replay status, or IKEv1's data; at most 64 octets.
    package let data: [UInt8]
  }

  package struct Deletion: Equatable, Sendable {
    package let protocolID: UInt8
    package let spis: [UInt32]
  }

  package struct Identity: Equatable, Sendable {
    package let isInitiators: Bool
    package let typeName: String
    package let text: String
  }

  /// The payload types in the clear, in order.
  package var payloadTypes: [UInt8] = []
  /// The type of the first payload inside SK or SKF, which stands in the clear: 0 for an empty one.
  package var firstEncrypted: UInt8?
  /// Whether the payloads below are those inside.
  package var isOpened = false
  package var notifies: [Notify] = []
  package var proposals: [Proposal] = []
  package var keyExchangeMethod: UInt16?
  package var deletions: [Deletion] = []
  package var initiatorSelectors: [TrafficSelector] = []
  package var responderSelectors: [TrafficSelector] = []
  package var identities: [Identity] = []
  package var authenticationMethod: UInt8?
  package var hasEAP = false
  package var vendorIDs: [[UInt8]] = []
  package var ikev1Proposals: [IKEv1Proposal] = []
  /// Fragment number and total of an SKF payload, or number and zero of an IKEv1 fragment.
  package var fragment: (number: UInt16, total: UInt16)?
  package var stop: DissectionError?

  package init() {}

  package func notify(_ type: NotifyType) -> Notify? {
    notifies.first { $0.type == type.rawValue }
  }

  package func has(_ type: NotifyType) -> Bool { notify(type) != nil }

  /// The first notify that reports an error: types below 16384 (RFC 7296, section 3.10.1).
  package var error: Notify? { notifies.first { $0.type < 16384 && $0.type != 12345 } }

  /// A message that carries nothing: a liveness check, or the answer to one.
  package var isEmpty: Bool {
    isOpened ? payloadTypesInside.isEmpty : firstEncrypted == 0
  }

  /// The payload types inside SK, where it was opened.
  package var payloadTypesInside: [UInt8] = []
}

extension IKEMessageContent {
  /// The most of a list that is kept: no real message has more.
  private static let listLimit = 64

  init(_ message: IKEMessage) {
    stop = message.firstStop
    payloadTypes = message.payloads.prefix(Self.listLimit).map(\.type.rawValue)
    for payload in message.payloads.prefix(Self.listLimit) {
      switch payload.body {
      case .encrypted(let encrypted): firstEncrypted = encrypted.firstPayload.rawValue
      case .encryptedFragment(let piece):
        fragment = (piece.number, piece.total)
        if piece.number == 1 { firstEncrypted = piece.firstPayload.rawValue }
      default: add(payload)
      }
    }
  }

  /// Adds what an SK payload, or all SKF payloads of a message, held.
  mutating func add(opened chain: PayloadChain) {
    isOpened = true
    payloadTypesInside = chain.payloads.prefix(Self.listLimit).map(\.type.rawValue)
    for payload in chain.payloads.prefix(Self.listLimit) { add(payload) }
  }

  private mutating func add(_ payload: IKEPayload) {
    switch payload.body {
    case .securityAssociation(let association):
      proposals += association.proposals.prefix(Self.listLimit)
    case .keyExchange(let exchange): keyExchangeMethod = exchange.method.rawValue
    case .notify(let notify): notifies.append(Notify(notify))
    case .delete(let delete):
      deletions.append(
        Deletion(
          protocolID: delete.protocolID.rawValue,
          spis: delete.spis.prefix(Self.listLimit).map(UInt32.init(octets:))))
    case .trafficSelectors(let selectors):
      if payload.type == .trafficSelectorInitiator {
        initiatorSelectors = Array(selectors.selectors.prefix(Self.listLimit))
      } else {
        responderSelectors = Array(selectors.selectors.prefix(Self.listLimit))
      }
    case .identification(let identification):
      identities.append(
        Identity(
          isInitiators: payload.type == .identificationInitiator,
          typeName: identification.type.description, text: identification.readable))
    case .authentication(let authentication):
      authenticationMethod = authentication.method.rawValue
    case .eap: hasEAP = true
    case .vendorID(let bytes): vendorIDs.append(Array(bytes.prefix(64)))
    default: break
    }
  }

  init(_ message: IKEv1Message) {
    stop = message.firstStop
    payloadTypes = message.payloads.prefix(Self.listLimit).map(\.type.rawValue)
    if message.encrypted != nil { firstEncrypted = message.header.nextPayload }
    for payload in message.payloads.prefix(Self.listLimit) { add(payload) }
  }

  mutating func add(opened chain: IKEv1PayloadChain) {
    isOpened = true
    payloadTypesInside = chain.payloads.prefix(Self.listLimit).map(\.type.rawValue)
    for payload in chain.payloads.prefix(Self.listLimit) { add(payload) }
  }

  private mutating func add(_ payload: IKEv1Payload) {
    switch payload.body {
    case .securityAssociation(let association):
      ikev1Proposals += association.proposals.prefix(Self.listLimit)
    case .notification(let notification):
      notifies.append(
        Notify(
          type: notification.type.rawValue, protocolID: notification.protocolID.rawValue,
          spi: Array(notification.spi.prefix(16)),
          number: notification.data.count == 4
            ? UInt64(UInt32(octets: notification.data)) : nil,
          data: Array(notification.data.prefix(64))))
    case .delete(let delete):
      deletions.append(
        Deletion(
          protocolID: delete.protocolID.rawValue,
          spis: delete.spis.prefix(Self.listLimit).map(UInt32.init(octets:))))
    case .vendorID(let bytes): vendorIDs.append(Array(bytes.prefix(64)))
    case .fragment(let piece): fragment = (UInt16(piece.number), 0)
    default: break
    }
  }
}

extension IKEMessageContent.Notify {
  fileprivate init(_ notify: NotifyPayload) {
    type = notify.type.rawValue
    protocolID = notify.protocolID.rawValue
    spi = Array(notify.spi.prefix(16))
    switch notify.content {
    case .keyExchangeMethod(let method):
      number = UInt64(method.rawValue)
      data = []
    case .messageID(let value), .lifetime(let value), .windowSize(let value):
      number = UInt64(value)
      data = []
    case .data(let bytes), .spi(let bytes), .replayStatus(let bytes):
      number = nil
      data = Array(bytes.prefix(64))
    default:
      number = nil
      data = []
    }
  }
}

extension IdentificationPayload {
  /// As a person would write it.
  fileprivate var readable: String {
    switch value {
    case .address(let address): address.description
    case .text(let text): text
    case .distinguishedName(let name): name.description
    case .bytes(let bytes):
      bytes.prefix(32).map { Quantity.hexadecimal(UInt64($0), digits: 2) }.joined()
    }
  }
}

extension UInt32 {
  /// The first four octets in network order.
  init(octets: [UInt8]) { self = octets.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
}
