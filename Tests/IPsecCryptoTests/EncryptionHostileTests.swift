import IPsecCrypto
import PacketDissector
import Testing

@Suite("Encryption transforms against hostile packets and wrong use")
struct EncryptionHostileTests {
  /// One of each construction and ICV length, all of which this machine can serve.
  static let transforms: [(EncryptionAlgorithm, Int?)] = [
    (.null, nil), (.des, nil), (.desIV32, nil), (.tripleDES, nil), (.cast, 128), (.blowfish, nil),
    (.aesCBC, 128), (.aesCBC, 256), (.aesCTR, 192), (.aesCCM8, 128), (.aesCCM12, 256),
    (.aesCCM16, 192), (.aesGCM8, 128), (.aesGCM12, 192), (.aesGCM16, 256), (.nullAuthAESGMAC, 256),
    (.camelliaCBC, 128), (.camelliaCTR, 256), (.camelliaCCM8, 128), (.camelliaCCM12, 192),
    (.camelliaCCM16, 256), (.chaCha20Poly1305, nil), (.aesCCM8ImplicitIV, 128),
    (.aesGCM16ImplicitIV, 128), (.chaCha20Poly1305ImplicitIV, nil),
  ]

  struct Packet {
    let transform: EncryptionTransform
    let key: Secret
    let iv: [UInt8]
    let associated: [UInt8] = [0xC0, 0, 0, 1, 0, 0, 0, 9]
    let plaintext = pattern(96)
    let sealed: [UInt8]

    init(_ id: EncryptionAlgorithm, _ keyBits: Int?) throws {
      transform = try EncryptionTransform(id, keyBits: keyBits)
      key = Secret(copying: Array(pattern(transform.keyMaterialBytes + 9).dropFirst(9)))
      iv = pattern(transform.ivBytes)
      var sealer = try PacketSealer(transform, keyMaterial: key)
      sealed = try sealer.sealed(plaintext, iv: iv, associated: associated)
    }
  }

  @Test("A sealed packet opens again", arguments: transforms)
  func roundTrip(_ id: EncryptionAlgorithm, _ keyBits: Int?) throws {
    let packet = try Packet(id, keyBits)
    #expect(packet.sealed.count == packet.plaintext.count + packet.transform.icvBytes)
    let isHidden = id != .null && id != .nullAuthAESGMAC
    #expect((Array(packet.sealed.prefix(96)) != packet.plaintext) == isHidden)
    var opener = try PacketOpener(packet.transform, keyMaterial: packet.key)
    let opened = try opener.plaintext(packet.sealed, iv: packet.iv, associated: packet.associated)
    #expect(opened == packet.plaintext)
  }

  @Test(
    "A flipped bit anywhere is a wrong ICV, and nothing of the plaintext comes out",
    arguments: transforms)
  func flips(_ id: EncryptionAlgorithm, _ keyBits: Int?) throws {
    let packet = try Packet(id, keyBits)
    guard packet.transform.isAEAD else { return }
    var opener = try PacketOpener(packet.transform, keyMaterial: packet.key)
    func refuses(_ sealed: [UInt8], _ iv: [UInt8], _ associated: [UInt8]) {
      let (result, output) = opener.open(sealed, iv: iv, associated: associated)
      #expect(result == .failure(.wrongICV))
      #expect(output.prefix(96) == [UInt8](repeating: 0, count: 96)[...])
      #expect(output.dropFirst(96).allSatisfy { $0 == 0xA5 })
    }
    for index in packet.sealed.indices {
      var sealed = packet.sealed
      sealed[index] ^= 1
      refuses(sealed, packet.iv, packet.associated)
    }
    for index in packet.iv.indices {
      var iv = packet.iv
      iv[index] ^= 0x80
      refuses(packet.sealed, iv, packet.associated)
    }
    for index in packet.associated.indices {
      var associated = packet.associated
      associated[index] ^= 1
      refuses(packet.sealed, packet.iv, associated)
    }
    refuses(packet.sealed, packet.iv, packet.associated + [0])
    // After all that, the context still opens the right packet.
    let opened = try opener.plaintext(packet.sealed, iv: packet.iv, associated: packet.associated)
    #expect(opened == packet.plaintext)
  }

  @Test("Another key or another salt is a wrong ICV", arguments: transforms)
  func wrongKey(_ id: EncryptionAlgorithm, _ keyBits: Int?) throws {
    let packet = try Packet(id, keyBits)
    guard packet.transform.isAEAD else { return }
    for index in [0, packet.key.count - 1] {
      var bytes = unsafe packet.key.withBytes { unsafe Array($0) }
      bytes[index] ^= 1
      var opener = try PacketOpener(packet.transform, keyMaterial: Secret(copying: bytes))
      let result = opener.open(packet.sealed, iv: packet.iv, associated: packet.associated).result
      #expect(result == .failure(.wrongICV))
    }
  }

  @Test(
    "Cut anywhere, a packet is refused or, without an ICV, opens to whole blocks",
    arguments: transforms)
  func truncations(_ id: EncryptionAlgorithm, _ keyBits: Int?) throws {
    let packet = try Packet(id, keyBits)
    let transform = packet.transform
    var opener = try PacketOpener(transform, keyMaterial: packet.key)
    for count in packet.sealed.indices {
      let cut = Array(packet.sealed.prefix(count))
      let (result, _) = opener.open(cut, iv: packet.iv, associated: packet.associated)
      if count < transform.icvBytes || count % transform.blockBytes != 0 {
        #expect(result == .failure(.wrongLength))
      } else if transform.isAEAD {
        #expect(result == .failure(.wrongICV))
      } else {
        #expect(result == .success(count))
      }
    }
    for count in 0..<20 where count != transform.ivBytes {
      let iv = pattern(count)
      let (result, _) = opener.open(packet.sealed, iv: iv, associated: packet.associated)
      #expect(result == .failure(.wrongIVLength))
    }
  }

  @Test("An output too small is refused before anything is written to it", arguments: transforms)
  func smallOutput(_ id: EncryptionAlgorithm, _ keyBits: Int?) throws {
    let packet = try Packet(id, keyBits)
    var opener = try PacketOpener(packet.transform, keyMaterial: packet.key)
    var sealer = try PacketSealer(packet.transform, keyMaterial: packet.key)
    for room in [0, 95] {
      let (result, output) = opener.open(
        packet.sealed, iv: packet.iv, associated: packet.associated, room: room)
      #expect(result == .failure(.outputTooSmall))
      #expect(output.allSatisfy { $0 == 0xA5 })
    }
    #expect(throws: PacketCipherFailure.outputTooSmall) {
      _ = try sealer.sealed(packet.plaintext, iv: packet.iv, room: packet.sealed.count - 1)
    }
    let exact = opener.open(
      packet.sealed, iv: packet.iv, associated: packet.associated, room: 96)
    #expect(exact.result == .success(96))
    #expect(exact.output == packet.plaintext)
  }

  @Test("Sealing at an offset writes the same there, and nothing elsewhere", arguments: transforms)
  func offset(_ id: EncryptionAlgorithm, _ keyBits: Int?) throws {
    let packet = try Packet(id, keyBits)
    var sealer = try PacketSealer(packet.transform, keyMaterial: packet.key)
    let count = packet.sealed.count
    var output = [UInt8](repeating: 0xA5, count: count + 20)
    var span = output.mutableSpan
    var bytes = unsafe span.mutableBytes
    let written = try sealer.seal(
      packet.plaintext.rawBytes, iv: packet.iv.rawBytes,
      associated: AssociatedData(packet.associated.rawBytes), into: &bytes, at: 16)
    #expect(written == count)
    let around = [UInt8](repeating: 0xA5, count: 16)
    #expect(output == around + packet.sealed + around.prefix(4))
    for beyond in [-1, 21, .max] {
      var room = [UInt8](repeating: 0xA5, count: count + 20)
      var span = room.mutableSpan
      var bytes = unsafe span.mutableBytes
      do throws(PacketCipherFailure) {
        _ = try sealer.seal(
          packet.plaintext.rawBytes, iv: packet.iv.rawBytes,
          associated: AssociatedData(packet.associated.rawBytes), into: &bytes, at: beyond)
        Issue.record("sealed at \(beyond)")
      } catch {
        #expect(error == .outputTooSmall)
      }
      #expect(room.allSatisfy { $0 == 0xA5 })
    }
  }

  @Test("Associated data in three runs is the same as in one", arguments: transforms)
  func runs(_ id: EncryptionAlgorithm, _ keyBits: Int?) throws {
    let packet = try Packet(id, keyBits)
    var opener = try PacketOpener(packet.transform, keyMaterial: packet.key)
    let (spi, high, low) = (
      Array(packet.associated[..<4]), Array(packet.associated[4..<5]),
      Array(packet.associated[5...])
    )
    var output = [UInt8](repeating: 0, count: 96)
    var span = output.mutableSpan
    var bytes = unsafe span.mutableBytes
    let count = try opener.open(
      packet.sealed.rawBytes, iv: packet.iv.rawBytes,
      associated: AssociatedData(spi.rawBytes, high.rawBytes, low.rawBytes), into: &bytes)
    #expect(count == 96)
    #expect(output == packet.plaintext)
  }

  @Test("Half a block is not sealed")
  func halfBlock() throws {
    let packet = try Packet(.aesCBC, 128)
    var sealer = try PacketSealer(packet.transform, keyMaterial: packet.key)
    #expect(throws: PacketCipherFailure.wrongLength) {
      _ = try sealer.sealed(pattern(95), iv: packet.iv)
    }
  }
}
