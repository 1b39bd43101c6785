import ESP
import IPsecCrypto
import PacketDissector
import Testing

@Suite struct RoundTripTests {
  @Test func whatIsSealedIsOpenedOnce() throws {
    let cipher = try EncryptionTransform(.aesGCM16, keyBits: 128)
    let key = Secret(copying: Array(0..<20))
    let parameters = ESPParameters(
      spi: 0xC000_0001, encryption: cipher, integrity: nil, encryptionKey: key,
      integrityKey: Secret(copying: []))
    var sender = try OutboundSA(parameters)
    var receiver = try InboundSA(parameters)
    let payload: [UInt8] = Array(repeating: 0x45, count: 61)
    var packet = [UInt8](repeating: 0, count: 200)
    let count = try sender.seal(payload.rawBytes, nextHeader: 4, into: &packet)
    var opened = [UInt8](repeating: 0, count: 200)
    let content = try receiver.open(packet.rawBytes.extracting(first: count), into: &opened)
    #expect(content == .init(nextHeader: 4, payloadBytes: 61, sequence: 1))
    #expect(Array(opened.prefix(61)) == payload)
    do {
      _ = try receiver.open(packet.rawBytes.extracting(first: count), into: &opened)
      Issue.record("taken twice")
    } catch {
      #expect(error == .repeated(1))
    }
  }
}
