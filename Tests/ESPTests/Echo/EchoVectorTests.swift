import ESP
import IPsecCrypto
import PacketDissector
import Testing

@Suite struct EchoVectorTests {
  @Test func thereAreElevenVectors() {
    #expect(EchoVector.all.count == 11)
  }

  @Test(arguments: EchoVector.all.filter { $0.keyMaterial.isEmpty })
  func packetsInClearAreReadAndWrittenBackOctetForOctet(_ vector: EchoVector) throws {
    let packet = try #require(unencryptedEcho(vector.packet))
    #expect(packet.packet == vector.packet)
    #expect(packet.isReply == vector.name.contains("reply"))
    let expected: ESPEchoFormat =
      vector.name.contains("merged")
      ? .merged : vector.name.contains("earliest") ? .colitti2023 : .kernel
    #expect(packet.content.format == expected)
    if let echo = packet.content.echo {
      #expect(echo.identifier == 0x1234)
      #expect(echo.sequence == 1)
      #expect(echo.data == Array(0x30...0x3F))
    }
  }

  @Test(arguments: EchoVector.all.filter { !$0.keyMaterial.isEmpty })
  func encryptedPacketsAreOpenedAndSealedOctetForOctet(_ vector: EchoVector) throws {
    let cipher = try EncryptionTransform(.aesGCM16, keyBits: 128)
    let key = Secret(copying: vector.keyMaterial)
    var receiver = try InboundSA(
      ESPParameters(
        spi: 0xC000_0001, encryption: cipher, integrity: nil, encryptionKey: key,
        integrityKey: Secret(copying: [])))
    var opened = [UInt8](repeating: 0, count: vector.packet.count)
    let content = try receiver.open(vector.packet.rawBytes, into: &opened)
    #expect(content.nextHeader == ESPEcho.nextHeader)
    #expect(opened.starts(with: vector.plaintext))
    let payload = Array(opened.prefix(content.payloadBytes))
    let received = try #require(receivedEcho(payload))
    #expect(received.surplusBytes == 0)
    #expect(received.echo.payload == payload)
    #expect(try seal(received.echo.payload, like: vector, cipher, key) == vector.packet)
    if vector.name.contains("merged") { #expect(received.formats.first == .merged) }
    if vector.name.contains("draft") { #expect(received.formats.last == .draft03) }
  }

  /// The vectors have an IV of their own, which ``OutboundSA`` would never choose.
  private func seal(
    _ payload: [UInt8], like vector: EchoVector, _ cipher: EncryptionTransform, _ key: Secret
  ) throws -> [UInt8] {
    var plaintext = payload
    let padding = (4 - (payload.count + 2) % 4) % 4
    plaintext += (0..<padding).map { UInt8($0 + 1) } + [UInt8(padding), ESPEcho.nextHeader]
    let header = Array(vector.packet.prefix(8))
    let iv = Array(vector.packet[8..<16])
    var sealer = try PacketSealer(cipher, keyMaterial: key)
    var sealed = [UInt8](repeating: 0, count: plaintext.count + cipher.icvBytes)
    var span = sealed.mutableSpan
    var target = unsafe span.mutableBytes
    _ = try sealer.seal(
      plaintext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(header.rawBytes),
      into: &target)
    return header + iv + sealed
  }
}
