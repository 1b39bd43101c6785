import IPsecCrypto
import PacketDissector
import Testing

/// Rests on published vectors, and on libraries that share no code with OpenSSL (see the README
/// beside the tables).
@Suite("Integrity transforms, PRFs and hashes against vectors")
struct MACVectorTests {
  @Test("Each integrity transform gives its vector's ICV, in one run or in many, and accepts it")
  func integrity() throws {
    var seen: Set<UInt16> = []
    for row in try vectors("macs") where row["kind"] == "integ" {
      let id = IntegrityAlgorithm(rawValue: UInt16(try row.number("transform")))
      let transform = try IntegrityTransform(id)
      seen.insert(id.rawValue)
      let (iv, message) = (try row.bytes("iv"), try row.bytes("message"))
      let output = try row.bytes("output")
      var checker = try IntegrityChecker(transform, keyMaterial: try row.secret("key_material"))
      for run in [Int.max, 1, 15, 16, 33, 300] {
        let icv = try checker.icv(of: message, iv: iv, run: run)
        #expect(icv == output, "\(transform.name), \(message.count) bytes in runs of \(run)")
      }
      let isAccepted = checker.accepts(output, of: message, iv: iv)
      #expect(isAccepted)
    }
    #expect(seen == Set([1, 2] + (5...14) + [1100, 1101, 1110, 1111, 1112]))
  }

  @Test("Each PRF gives its vector's output")
  func prfs() throws {
    var seen: Set<UInt16> = []
    for row in try vectors("macs") where row["kind"] == "prf" {
      let prf = try PRF(PseudorandomFunction(rawValue: UInt16(try row.number("transform"))))
      seen.insert(prf.id.rawValue)
      let message = try row.bytes("message")
      let split = message.count / 3
      let result = try prf.compute(
        key: try row.secret("key_material"), .bytes(Array(message[..<split])),
        .secret(Secret(copying: Array(message[split...]))))
      let source = row["source"] ?? ""
      #expect(result.revealed == row["output"], "\(prf.name), \(source)")
      #expect(result.count == prf.outputBytes)
    }
    #expect(seen == [1, 2, 5, 6, 7, 1100, 1101, 1110, 1111, 1112])
  }

  @Test("AES-XCBC and AES-CMAC give the values of their RFCs, as MACs and as PRFs")
  func aes() throws {
    let rows = try vectors("mac-prf")
    #expect(rows.count == 17)
    for row in rows {
      let text = try #require(row["message"])
      let message =
        text == "00 repeated 1000 times"
        ? [UInt8](repeating: 0, count: 1000) : try row.bytes("message")
      let key = try row.secret("key")
      switch row["algorithm"] {
      case "AES-XCBC-MAC", "AES-CMAC":
        let isXCBC = row["algorithm"] == "AES-XCBC-MAC"
        var checker = try IntegrityChecker(
          IntegrityTransform(isXCBC ? .aesXCBC96 : .aesCMAC96), keyMaterial: key)
        let icv = try checker.icv(of: message)
        #expect(try icv == row.bytes("truncated_96"))
        let prf = try PRF(isXCBC ? .aes128XCBC : .aes128CMAC)
        #expect(try prf.compute(key: key, .bytes(message)).revealed == row["output"])
      case "AES-XCBC-PRF-128":
        let result = try PRF(.aes128XCBC).compute(key: key, .bytes(message))
        #expect(result.revealed == row["output"])
      case "AES-CMAC-PRF-128":
        let result = try PRF(.aes128CMAC).compute(key: key, .bytes(message))
        #expect(result.revealed == row["output"])
      default: Issue.record("what is \(row["algorithm"] ?? "")?")
      }
    }
  }

  @Test("KMAC gives the draft's values as PRF, as key derivation of any length, and as ICV")
  func kmac() throws {
    let rows = try vectors("kmac-ikev2")
    #expect(rows.count == 9)
    for row in rows {
      let bits = row["algorithm"] == "KMAC256" ? 256 : 128
      let prf = try PRF(bits == 256 ? .experimentalKMAC256 : .experimentalKMAC128)
      let (key, input) = (try row.secret("key"), try row.bytes("input"))
      let count = try row.number("output_octets")
      switch row["customization"] {
      case "ikev2 prf":
        #expect(count == prf.outputBytes)
        #expect(try prf.compute(key: key, .bytes(input)).revealed == row["output"])
      case "ikev2 kdf":
        let result = try prf.expand(key: key, .bytes(input), count: count)
        #expect(result.revealed == row["output"])
      case "ikev2 integ":
        let transform: IntegrityTransform = bits == 256 ? .kmac256() : .kmac128()
        #expect(count == transform.icvBytes)
        var checker = try IntegrityChecker(transform, keyMaterial: key)
        let icv = try checker.icv(of: input)
        #expect(try icv == row.bytes("output"))
      default: Issue.record("what is \(row["customization"] ?? "")?")
      }
    }
  }

  @Test("SKEYSEED, key material and AUTH of a whole exchange come out, with PPK and without")
  func exchange() throws {
    let values = Dictionary(
      try vectors("ikev2-keys").map { ($0["item"] ?? "", $0["value"] ?? "") },
      uniquingKeysWith: { first, _ in first })
    func value(_ start: String) throws -> String {
      try #require(values.first { $0.key.hasPrefix(start) }?.value, "no \(start)")
    }
    func bytes(_ start: String) throws -> [UInt8] {
      try ["value": try value(start)].bytes("value")
    }
    let prf = try PRF(.hmacSHA2_256)
    let (ni, nr) = (try bytes("input: Ni"), try bytes("input: Nr"))
    let spis = try bytes("input: SPIi") + bytes("input: SPIr")
    let psk = Secret(copying: try bytes("input: psk"))
    let ppk = Secret(copying: try bytes("input: PPK"))
    let shared = Secret(copying: try bytes("input: g^ir"))
    let second = Secret(copying: try bytes("input: SK(1)"))

    let seed = try prf.compute(key: Secret(copying: ni + nr), .secret(shared))
    #expect(try seed.revealed == value("SKEYSEED ="))
    let keymat = try prf.expand(key: seed, .bytes(ni), .bytes(nr), .bytes(spis), count: 168)
    #expect(try keymat.revealed == value("keymat = "))
    let skd = try #require(keymat.part(0..<32))
    let skpi = try #require(keymat.part(104..<136))
    #expect(
      try prf.expand(key: ppk, .secret(skd), count: 32).revealed == value("RFC 8784: SK_d'"))
    #expect(
      try prf.expand(key: ppk, .secret(skpi), count: 32).revealed == value("RFC 8784: SK_pi'"))
    let confirmation = try prf.compute(key: ppk, .bytes(ni + nr + spis)).part(0..<8)
    #expect(try confirmation?.revealed == value("RFC 9867: PPK confirmation"))
    let next = try prf.compute(key: skd, .secret(second), .bytes(ni), .bytes(nr))
    #expect(try next.revealed == value("RFC 9370: SKEYSEED(1)"))
    #expect(
      try prf.expand(key: next, .bytes(ni + nr + spis), count: 168).revealed
        == value("RFC 9370: keymat(1)"))
    let identity = try prf.compute(key: skpi, .bytes(bytes("input: IDi")))
    #expect(try identity.revealed == value("AUTH (method 2): MACedID"))
    let padded = try prf.compute(key: psk, .bytes(Array("Key Pad for IKEv2".utf8)))
    let auth = try prf.compute(
      key: padded, .bytes(bytes("input: message")), .bytes(nr), .secret(identity))
    #expect(try auth.revealed == value("AUTH (method 2): prf("))
    #expect(
      try prf.expand(key: skd, .bytes(ni + nr), count: 72).revealed == value("Child SA KEYMAT"))
  }

  @Test("Hashes give the digests of \"abc\" in their standards, and NAT detection's")
  func hashes() throws {
    let known: [HashFunction: String] = [
      .md5: "900150983cd24fb0d6963f7d28e17f72",
      .sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
      .sha2_224: "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
      .sha2_256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      .sha2_384: """
      cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
      8086072ba1e7cc2358baeca134c825a7
      """,
      .sha2_512: """
      ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
      2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
      """,
      .sha3_256: "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
      .sha3_384: """
      ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2\
      98d88cea927ac7f539f1edf228376d25
      """,
      .sha3_512: """
      b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
      10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0
      """,
    ]
    for function in HashFunction.allCases {
      let digest = try function.digest(Array("a".utf8), [], Array("bc".utf8))
      #expect(Secret(copying: digest).revealed == known[function])
      #expect(digest.count == function.byteCount)
    }
    let detection = try HashFunction.sha1.digest(
      [1, 2, 3, 4, 5, 6, 7, 8] + [UInt8](repeating: 0, count: 8), [192, 0, 2, 1], [0x01, 0xF4])
    let table = try vectors("misc")
    #expect(
      Secret(copying: detection).revealed
        == table.first { $0["item"]?.hasSuffix("port 500") == true }?["value"])
  }
}
