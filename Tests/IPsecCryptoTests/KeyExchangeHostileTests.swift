import PacketDissector
import Testing

@testable import IPsecCrypto

@Suite("Hostile key exchange data")
struct KeyExchangeHostileTests {
  private func expectRefused(_ data: [UInt8], _ method: KeyExchangeMethod, _ what: String) throws {
    let initiator = try KeyExchangeInitiator(method)
    #expect(throws: KeyExchangeFailure.badShare, "\(method): \(what)") {
      try initiator.complete(data)
    }
    #expect(throws: KeyExchangeFailure.badShare, "\(method): \(what)") {
      try KeyExchangeResponder.respond(to: data, method: method)
    }
  }

  @Test(
    "Values outside 2 to p - 2 are refused, those at its ends are not",
    arguments: KeyExchangeTests.modp)
  func range(method: KeyExchangeMethod) throws {
    let group = try #require(MODPGroup.group(method))
    var data = [UInt8](repeating: 0, count: group.byteCount)
    try expectRefused(data, method, "0")
    data[data.count - 1] = 1
    try expectRefused(data, method, "1")
    let prime = try #require(group.prime.bytes(count: group.byteCount))
    try expectRefused(prime, method, "p")
    // The prime is odd, and does not end in FF FF for RFC 5114's.
    data = prime
    data[data.count - 1] -= 1
    try expectRefused(data, method, "p - 1")
    try expectRefused([UInt8](repeating: 0xFF, count: group.byteCount), method, "all ones")
    guard group.order == nil else { return }
    data[data.count - 1] -= 1
    #expect(throws: Never.self) { try KeyExchangeResponder.respond(to: data, method: method) }
  }

  @Test("Values outside a small subgroup are refused", arguments: [22, 23, 24])
  func subgroup(number: UInt16) throws {
    let method = KeyExchangeMethod(rawValue: number)
    let group = try #require(MODPGroup.group(method))
    var data = [UInt8](repeating: 0, count: group.byteCount)
    data[data.count - 1] = 2
    try expectRefused(data, method, "2")
  }

  @Test("Points that are not on the curve are refused", arguments: KeyExchangeTests.curves)
  func offCurve(method: KeyExchangeMethod) throws {
    let point = try KeyExchangeInitiator(method).data
    for index in [0, point.count / 2 - 1, point.count - 1] {
      var data = point
      data[index] ^= 1
      try expectRefused(data, method, "bit at \(index)")
    }
    try expectRefused([UInt8](repeating: 0, count: point.count), method, "zeros")
    try expectRefused([UInt8](repeating: 0xFF, count: point.count), method, "out of range")
    // The x of a point of another curve with y of this one.
    let other = try KeyExchangeInitiator(method).data
    try expectRefused(
      point.prefix(point.count / 2) + other.suffix(point.count / 2), method, "mixed")
  }

  @Test("Points of small order are refused")
  func smallOrder() throws {
    try expectRefused([UInt8](repeating: 0, count: 32), 31, "0")
    try expectRefused([1] + [UInt8](repeating: 0, count: 31), 31, "1")
    // p - 1, of order 2.
    try expectRefused([0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F], 31, "p - 1")
    try expectRefused([UInt8](repeating: 0, count: 56), 32, "0")
    try expectRefused([1] + [UInt8](repeating: 0, count: 55), 32, "1")
  }

  @Test(
    "An encapsulation key with a coefficient of q or more is refused",
    .enabled(if: KeyExchangeMethod(rawValue: 36).support == .complete), arguments: [36, 37])
  func unreduced(number: UInt16) throws {
    let method = KeyExchangeMethod(rawValue: number)
    let kem: LatticeKEM = number == 36 ? .mlKEM768 : .mlKEM1024
    let key = try KeyExchangeInitiator(method).data
    // 3329 is D01, and 3328 D00: the even coefficient's low octet comes first.
    for offset in [0, 3, 384 * kem.rank - 3] {
      for (octets, isFine) in [
        ([0x00, 0x0D, 0x00], true), ([0x01, 0x0D, 0x00], false), ([0x00, 0x00, 0xD0], true),
        ([0x00, 0x10, 0xD0], false), ([0xFF, 0xFF, 0xFF], false),
      ] as [([UInt8], Bool)] {
        var data = key
        data.replaceSubrange(offset..<offset + 3, with: octets)
        #expect(kem.isReduced(data) == isFine)
        if isFine {
          #expect(throws: Never.self) {
            try KeyExchangeResponder.respond(to: data, method: method)
          }
        } else {
          #expect(throws: KeyExchangeFailure.badShare) {
            try KeyExchangeResponder.respond(to: data, method: method)
          }
        }
      }
    }
  }
}
