/// A chain of payloads, each naming the type of the next.
package struct IKEv1PayloadChain: Equatable, Sendable {
  package var payloads: [IKEv1Payload] = []
  /// Why the chain ended before its last payload, or that bytes are left behind it. A malformed
  /// body inside a sound length is the payload's own ``IKEv1Payload/stop``, and no end.
  package var stop: DissectionError?

  package init(payloads: [IKEv1Payload] = [], stop: DissectionError? = nil) {
    self.payloads = payloads
    self.stop = stop
  }
}

extension IKEv1Payload {
  /// The payloads from here to the reader's end.
  ///
  /// With `padded`, padding may follow the last payload, as in decrypted content: zeros, of which
  /// the last octet may count the others (RFC 2409, section 5 and appendix B).
  @_lifetime(reader: copy reader)
  package static func chain(
    first: IKEv1PayloadType, from reader: inout ByteReader, padded: Bool = false
  ) -> IKEv1PayloadChain {
    reader.layer = .ikev1Payload
    let start = reader.offset
    var chain = IKEv1PayloadChain()
    var type = first
    do throws(DissectionError) {
      while type != .none {
        var cut: DissectionError?
        let payload = try IKEv1Payload(type, from: &reader, cut: &cut)
        chain.payloads.append(payload)
        if let cut { throw cut }
        type = payload.nextPayload
      }
      if padded, reader.holdsPaddingOnly { reader.skipAll() }
      try reader.requireEnd(since: start)
    } catch {
      chain.stop = error
    }
    return chain
  }

  /// The payloads with their generic headers, each naming the next.
  package static func writeChain(_ payloads: [IKEv1Payload], to writer: inout ByteWriter) {
    for (number, payload) in payloads.enumerated() {
      let next = number + 1 < payloads.count ? payloads[number + 1].type : .none
      writer.lengthPrefixed(at: 2) { writer in
        writer.u8(next.rawValue)
        writer.zeros(3)
        payload.body.write(to: &writer)
      }
    }
  }
}

extension ByteReader {
  fileprivate var holdsPaddingOnly: Bool {
    let last = remaining &- 1
    guard last >= 0 else { return true }
    for distance in 0..<last where peek(distance) != 0 { return false }
    return peek(last) == 0 || peek(last).map(Int.init) == last
  }
}
