import Decryption
import ESP
import IPsecCrypto
import PacketDissector
import Testing

@Suite("What is sealed is opened")
struct RoundTripTests {
  @Test("Every transform that this machine has is among the suites")
  func suites() {
    // 20 ciphers with 14 integrity algorithms and with none, and 38 AEADs.
    #expect(Suite.all.count == 20 * 15 + 38)
  }

  @Test("By every suite, with 32-bit and extended numbers, once", arguments: Suite.all)
  func everySuite(_ suite: Suite) throws {
    for esn in [false, true] {
      let start: UInt64 = esn ? 0xFFFF_FFF8 : 0
      let parameters = suite.parameters(esn: esn)
      var sender = try OutboundSA(parameters, firstSequence: start + 1)
      var receiver = try InboundSA(parameters, highestSequence: start)
      for size in [0, 1, 2, 13, 14, 15, 16, 17, 61, 64, 70, 1400] {
        let payload = pattern(size)
        let sequence = sender.nextSequence
        let packet = try sender.sealed(payload, nextHeader: 41)
        let opening = receiver.opened(packet)
        #expect(
          opening.content == .init(nextHeader: 41, payloadBytes: size, sequence: sequence),
          "\(size) octets, \(opening)")
        #expect(opening.payload == payload)
        #expect(parameters.payloadBytes(packet: packet.count) >= size)
        if parameters.icvBytes > 0 {
          #expect(receiver.opened(packet).failure == .repeated(sequence))
        }
      }
    }
  }

  @Test("The Decryptor opens it, too", arguments: Suite.all)
  func decryptor(_ suite: Suite) throws {
    // It has no ENCR_NULL without an ICV, and without one no extended numbers.
    let isPlain = suite.encryption.id == .null && suite.integrity == nil
    for esn in [false, true] where !isPlain {
      let parameters = suite.parameters(esn: esn)
      if esn, parameters.icvBytes == 0 { continue }
      var key = ESPKey(
        cipher: .algorithm(parameters.encryption.id), cipherKey: parameters.encryptionKey,
        integrity: .algorithm(parameters.integrity?.id ?? .none),
        integrityKey: parameters.integrityKey,
        origin: KeyOrigin(file: "keys", line: 1, form: .kernel))
      key.spi = parameters.spi
      key.usesESN = esn
      var file = KeyFile(name: "keys")
      file.espKeys = [key]
      let decryptor = Decryptor([file])
      let inner = try innerPacket(60)
      var sender = try OutboundSA(parameters)
      for _ in 0..<3 {
        let packet = try outerPacket(sender.sealed(inner, nextHeader: 4, trafficPadding: 5))
        let dissector = Dissector()
        dissector.dissect(
          packet.rawBytes, linkType: .raw, timestamp: Timestamp(nanoseconds: 0))
        decryptor.open(dissector, packet.rawBytes, isCut: false)
        guard case .packet(let nextHeader, let range, _) = decryptor.results.first else {
          Issue.record("\(decryptor.results)")
          return
        }
        let content = decryptor.withContent(range) { span in
          var reader = ByteReader(span)
          return reader.rest()
        }
        #expect(nextHeader == 4)
        #expect(content == inner + [0, 0, 0, 0, 0])
      }
    }
  }

  @Test("TFC padding is zeros behind the payload")
  func trafficPadding() throws {
    let parameters = try Suite.gcm().parameters()
    var sender = try OutboundSA(parameters)
    var receiver = try InboundSA(parameters)
    let opening = receiver.opened(try sender.sealed(pattern(40), trafficPadding: 333))
    #expect(opening.payload == pattern(40) + [UInt8](repeating: 0, count: 333))
  }

  @Test("Into raw bytes as into an array")
  func rawBytes() throws {
    let parameters = try Suite.gcm().parameters()
    var first = try OutboundSA(parameters)
    var second = try OutboundSA(parameters)
    let whole = try first.sealed(pattern(33))
    var packet = [UInt8](repeating: 0, count: 100)
    var span = packet.mutableSpan
    var bytes = unsafe span.mutableBytes
    let count = try second.seal(pattern(33).rawBytes, nextHeader: 4, into: &bytes)
    #expect(Array(packet.prefix(count)) == whole)
  }

  @Test("No two packets have the same IV", arguments: Suite.each)
  func differentIVs(_ suite: Suite) throws {
    let parameters = suite.parameters()
    var sender = try OutboundSA(parameters)
    var ivs: Set<[UInt8]> = []
    let count = parameters.encryption.explicitIVBytes
    for _ in 0..<50 { ivs.insert(Array(try sender.sealed([1])[8..<8 + count])) }
    #expect(ivs.count == (count == 0 ? 1 : 50))
  }

  private func innerPacket(_ size: UInt16) throws -> [UInt8] {
    var header = IPv4Header(
      totalLength: size, protocol: 253, source: try #require(IPAddress(text: "10.98.0.1")),
      destination: try #require(IPAddress(text: "10.99.0.1")))
    var bare = ByteWriter()
    header.write(to: &bare)
    header.checksum = InternetPacket.checksum(bare.bytes)
    var writer = ByteWriter()
    header.write(to: &writer)
    writer.append(pattern(Int(size) - 20))
    return writer.bytes
  }

  private func outerPacket(_ esp: [UInt8]) throws -> [UInt8] {
    var writer = ByteWriter()
    IPv4Header(
      totalLength: UInt16(20 + esp.count), protocol: 50,
      source: try #require(IPAddress(text: "192.0.2.1")),
      destination: try #require(IPAddress(text: "192.0.2.2"))
    ).write(to: &writer)
    writer.append(esp)
    return writer.bytes
  }
}
