import PacketDissector
import Testing

@testable import Diagnosis

@Suite("Proposals as strongSwan and libreswan write them")
struct ProposalParsingTests {
  /// "ENCR 20/256, PRF 6, KE 20"
  static func numbers(_ proposal: Proposal) -> String {
    proposal.transforms.map { transform in
      let type = TransformType.notation(of: transform.type.rawValue) ?? "?"
      return "\(type) \(transform.id)" + (transform.keyLength.map { "/\($0)" } ?? "")
    }.joined(separator: ", ")
  }

  static func ike(_ text: String) throws -> [String] {
    try ProposalNotation.parse(text, for: .ike).map(numbers)
  }

  @Test(
    "Words of strongSwan become transforms, with the PRF that it takes from the integrity algorithm",
    arguments: [
      ("aes256gcm16-prfsha384-ecp384", "ENCR 20/256, PRF 6, KE 20"),
      ("aes128-sha256-modp2048", "ENCR 12/128, INTEG 12, PRF 5, KE 14"),
      ("aes-sha1-modp1024!", "ENCR 12/128, INTEG 2, PRF 2, KE 2"),
      (
        "aes256-aes128-sha256-sha1-modp2048-ecp256",
        "ENCR 12/256, ENCR 12/128, INTEG 12, INTEG 2, PRF 5, PRF 2, KE 14, KE 19"
      ),
      ("aes256-sha256-prfsha512-x25519", "ENCR 12/256, INTEG 12, PRF 7, KE 31"),
      ("AES256-SHA2_256-ECP256", "ENCR 12/256, INTEG 12, PRF 5, KE 19"),
      ("chacha20poly1305-prfsha256-curve448", "ENCR 28, PRF 5, KE 32"),
      ("3des-md5-modp768", "ENCR 3, INTEG 1, PRF 1, KE 1"),
      ("blowfish192-aesxcbc-modp1536", "ENCR 7/192, INTEG 5, PRF 4, KE 5"),
      (
        "aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke2_none-ke7_mlkem1024",
        "ENCR 20/256, PRF 6, KE 31, ADDKE1 36, ADDKE2 0, ADDKE7 37"
      ),
      // It drops the integrity algorithm beside an AEAD cipher, once the PRF is taken from it.
      ("aes256gcm16-sha384-ecp384", "ENCR 20/256, PRF 6, KE 20"),
    ])
  func strongSwan(text: String, expected: String) throws {
    #expect(try Self.ike(text) == [expected])
  }

  @Test(
    "Places of libreswan become transforms, with the integrity algorithm that it takes from the PRF",
    arguments: [
      ("aes_gcm256-sha2_384-dh20", "ENCR 20/256, PRF 6, KE 20"),
      (
        "aes256-sha2_256;modp2048+dh19",
        "ENCR 12/256, INTEG 12, PRF 5, KE 14, KE 19"
      ),
      ("aes_gcm-none-sha2;modp2048", "ENCR 20/256, ENCR 20/128, PRF 5, KE 14"),
      (
        "aes+camellia192-sha2_512+sha1-dh31",
        "ENCR 12/256, ENCR 12/128, ENCR 23/192, INTEG 14, INTEG 2, PRF 7, PRF 2, KE 31"
      ),
      ("aes256-sha2_256_128-sha2_512-dh14", "ENCR 12/256, INTEG 12, PRF 7, KE 14"),
      // libreswan/libreswan#2429 and #2834: additional key exchanges by name, or by their place.
      ("aes_gcm256-sha2_512;dh31;addke1=ml_kem_768", "ENCR 20/256, PRF 7, KE 31, ADDKE1 36"),
      (
        "aes_gcm256-sha2_512-dh31-ml_kem_768+none", "ENCR 20/256, PRF 7, KE 31, ADDKE1 36, ADDKE1 0"
      ),
      ("aes_gcm256-sha2_512;kem=ml_kem_768", "ENCR 20/256, PRF 7, KE 36"),
    ])
  func libreswan(text: String, expected: String) throws {
    #expect(try Self.ike(text) == [expected])
  }

  @Test("A comma begins another proposal, and each has its number")
  func lists() throws {
    let proposals = try ProposalNotation.parse(
      "aes256gcm16-prfsha384-ecp384, aes128-sha256-modp2048", for: .ike)
    #expect(proposals.map(\.number) == [1, 2])
    #expect(proposals.allSatisfy { $0.protocolID == .ike && $0.spi.isEmpty })
    #expect(
      try Self.ike("aes_gcm256-sha2_384-dh20,aes128-sha1;dh14") == [
        "ENCR 20/256, PRF 6, KE 20", "ENCR 12/128, INTEG 2, PRF 2, KE 14",
      ])
  }

  @Test(
    "For ESP and AH there is no PRF, and sequence numbers are 32-bit where nothing else is said",
    arguments: [
      (ProtocolID.esp, "aes256gcm16-ecp256", "ENCR 20/256, KE 19, SN 0"),
      (.esp, "aes128-sha256-esn", "ENCR 12/128, INTEG 12, SN 1"),
      (.esp, "aes128-sha256-esn-noesn-modp2048", "ENCR 12/128, INTEG 12, KE 14, SN 1, SN 0"),
      (.esp, "aes_gcm256;dh19", "ENCR 20/256, KE 19, SN 0"),
      (.esp, "aes_gcm128-null", "ENCR 20/128, SN 0"),
      (.esp, "aes256-sha2_512+sha2_256-dh19", "ENCR 12/256, INTEG 14, INTEG 12, KE 19, SN 0"),
      (.esp, "aes256gmac", "ENCR 21/256, SN 0"), (.esp, "null-sha256", "ENCR 11, INTEG 12, SN 0"),
      (.ah, "aes128gmac", "INTEG 9, SN 0"), (.ah, "sha256-modp2048", "INTEG 12, KE 14, SN 0"),
      (.ah, "sha2_512;dh19", "INTEG 14, KE 19, SN 0"),
    ])
  func childSAs(protocolID: ProtocolID, text: String, expected: String) throws {
    #expect(try ProposalNotation.parse(text, for: protocolID).map(Self.numbers) == [expected])
  }

  @Test(
    "What cannot be read names the word, and the known one that is nearest",
    arguments: [
      ("aes256-sha256-modp204", "modp204: did you mean modp2048?"),
      ("aes265gcm16-prfsha256-ecp256", "aes265gcm16: did you mean aes256gcm16?"),
      // The other daemon's word for the same.
      ("aes256gcm16-prfsha384-dh20", "dh20: did you mean ecp384?"),
      ("aes256gcm16+aes128gcm16-sha2_256-dh19", "aes256gcm16: did you mean aes_gcm256?"),
      ("aes256-sha256-florbeldings", "florbeldings: no daemon has such a word"),
      ("aes_gcm256-sha2_384;dh20;addke9=dh19", "addke9=dh19: no daemon has such a word"),
      ("aes256gcm16-prfsha256-x25519-ke1_mlkem76", "mlkem76: did you mean mlkem768?"),
      ("default", "default: means what the daemon was built with"),
      ("", "the proposal is empty"),
      ("aes128-sha256-modp2048,", "proposal 2: the proposal is empty"),
      ("aes128--modp2048", "the proposal is empty"),
      ("sha256-modp2048", "no encryption algorithm, such as aes256gcm16"),
      (
        "aes128-prfsha256-modp2048",
        "no integrity algorithm, such as sha256, which the cipher needs"
      ),
      ("aes256gcm16-ecp256", "no PRF, such as prfsha256, which IKE needs beside an AEAD cipher"),
      ("aes128-sha256", "no key exchange method, such as ecp256, which IKE needs"),
      ("aes128-sha256-none", "no key exchange method, such as ecp256, which IKE needs"),
      (
        "aes128-aes128gcm16-sha256-modp2048",
        "AEAD ciphers and others take a proposal each: put a comma between"
      ),
      (
        "aes_gcm256-sha2_256_128-sha2_256;dh19",
        "sha2_256_128: an AEAD cipher takes no integrity algorithm"
      ),
      ("aes_gcm256-dh20-sha2_384", "sha2_384: not in this place of a proposal"),
      ("aes_gcm256;dh20;sha2_384", "sha2_384: not in this place of a proposal"),
    ])
  func faults(text: String, message: String) {
    #expect(throws: ProposalParsingError.self) { try Self.ike(text) }
    do {
      _ = try ProposalNotation.parse(text, for: .ike)
    } catch {
      #expect(error.description == message)
    }
  }

  @Test("However long or odd a text is, it is refused without harm")
  func hostile() {
    let texts = [
      Array(repeating: "aes128-sha256-modp2048", count: 256).joined(separator: ","),
      "aes128-sha256-modp2048" + String(repeating: "-ke1_", count: 300),
      String(repeating: "a", count: 100_000), "-", ";", "+", "=", "ke1_", "ke0_x25519",
      "ke300_x25519",
      "aes256\u{0}-sha256", "\u{1F600}", "addke=dh1;addke1", ",,,,",
    ]
    for text in texts {
      for protocolID in [ProtocolID.ike, .esp, .ah] {
        #expect(throws: ProposalParsingError.self) {
          try ProposalNotation.parse(text, for: protocolID)
        }
      }
    }
  }

  @Test("A proposal that is written in a daemon's words reads as the same proposal")
  func roundTrip() throws {
    var seen = 0
    for spelling in ProposalSpelling.allCases {
      let vocabulary = ProposalVocabulary.of(spelling)
      let ciphers = Set(vocabulary.encryption.values.flatMap { $0 }.map(\.id))
      for id in ciphers.sorted() {
        for cipher in vocabulary.encryption.values.joined() where cipher.id == id {
          for integrity in [12, 13, 2] as [UInt16] {
            for prf in [5, 7] as [UInt16] {
              var proposal = Proposal(number: 1, protocolID: .ike, transforms: [cipher])
              if !cipher.isAEAD { proposal.transforms.append(Transform(.integrity, id: integrity)) }
              proposal.transforms += [
                Transform(.prf, id: prf), Transform(.keyExchange, id: 14),
                Transform(.keyExchange, id: 31), Transform(.additionalKeyExchange1, id: 36),
              ]
              let words =
                spelling == .strongSwan
                ? ProposalNotation.strongSwan(proposal) : ProposalNotation.libreswan(proposal)
              let text = try #require(words)
              let read = try ProposalNotation.parse(text, for: .ike, spelling: spelling)
              #expect(read == [proposal], "\(text)")
              seen += 1
            }
          }
        }
      }
    }
    #expect(seen > 500)
  }

  @Test("Each word of both daemons is read, alone or where it belongs")
  func everyWord() throws {
    for (word, method) in ProposalVocabulary.strongSwan.keyExchanges where method.id != 0 {
      #expect(
        try Self.ike("aes128-sha256-\(word)") == ["ENCR 12/128, INTEG 12, PRF 5, KE \(method.id)"])
    }
    for (word, method) in ProposalVocabulary.libreswan.keyExchanges where method.id != 0 {
      #expect(
        try Self.ike("aes128-sha2_256;\(word)") == ["ENCR 12/128, INTEG 12, PRF 5, KE \(method.id)"]
      )
    }
    for (word, prf) in ProposalVocabulary.strongSwan.prfs {
      #expect(try Self.ike("aes128gcm16-\(word)-ecp256") == ["ENCR 20/128, PRF \(prf.id), KE 19"])
    }
  }
}
