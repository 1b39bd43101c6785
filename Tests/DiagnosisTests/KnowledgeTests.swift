import PacketDissector
import Testing

@testable import Diagnosis

@Suite("What explain knows")
struct KnowledgeTests {
  func topics(_ words: String...) -> [Topic] {
    guard case .topics(let topics, _) = KnowledgeBase.answer(to: words) else { return [] }
    return topics
  }

  func names(_ words: String...) -> [String] {
    guard case .topics(let topics, _) = KnowledgeBase.answer(to: words) else { return [] }
    return topics.map { "\($0.kind.rawValue) \($0.name)" }
  }

  @Test("ESP echo and what announces it explain, and say that they are experimental")
  func experimental() {
    #expect(names("esp-echo") == ["protocol esp-echo"])
    #expect(names("ESP_PING") == ["protocol esp-echo"])
    #expect(names("anti-replay") == ["protocol anti-replay"])
    #expect(names("50800") == ["ikev2-notify REPLAY_PROT_AND_ESN_STATUS"])
    for word in [
      "esp-echo", "ESP_ECHO_SUPPORTED", "ENCRYPTED_PING_SUPPORTED", "anti-replay", "50800", "50799",
    ] {
      let meaning = topics(word).first?.parts.first { $0.heading == .meaning }
      guard case .text(let text)? = meaning?.content else {
        Issue.record("nothing known of \(word)")
        continue
      }
      #expect(text.contains("Experimental"))
    }
  }

  // MARK: Completeness

  @Test("Each finding has one entry, in the order of the catalogue, and no part of it is empty")
  func findings() {
    #expect(FindingKnowledge.all.map(\.id) == FindingID.allCases)
    for entry in FindingKnowledge.all {
      #expect(!entry.summary.isEmpty && !entry.meaning.isEmpty && !entry.certainty.isEmpty)
      #expect(!entry.evidence.isEmpty, "\(entry.id)")
      #expect(!entry.remedies.isEmpty, "\(entry.id)")
      #expect(!entry.not.isEmpty, "\(entry.id)")
      let topic = topics(entry.id.rawValue)
      #expect(topic.count == 1 && topic.first?.severity == entry.id.severity)
    }
  }

  @Test("Every registered notify type explains, by its number and by its name in any spelling")
  func notifies() {
    for number in UInt16.min...UInt16.max {
      let version2 = NotifyType.name(of: number)
      let version1 = IKEv1NotifyType.name(of: number)
      guard version2 != nil || version1 != nil else { continue }
      let found = topics("notify", "\(number)")
      #expect(found.contains { $0.kind == .ikev2Notify } == (version2 != nil && number > 0))
      #expect(found.contains { $0.kind == .ikev1Notify } == (version1 != nil))
      for topic in found {
        #expect(topic.parts.first?.heading == .registry, "\(topic.name)")
        #expect(names(topic.name.lowercased()).contains("\(topic.kind.rawValue) \(topic.name)"))
      }
    }
  }

  @Test("No entry of a notify table is without its line in the registry, or there twice")
  func notifyTables() {
    for (table, lines) in [
      (NotifyKnowledge.ikev2, RegistryLine.ikev2Notifies),
      (NotifyKnowledge.ikev1, RegistryLine.ikev1Notifies),
    ] {
      let numbers = table.map(\.number)
      #expect(Set(numbers).count == numbers.count)
      #expect(Set(numbers).isSubset(of: lines.map(\.value)))
      #expect(table.allSatisfy { !$0.meaning.isEmpty && !$0.sentBy.isEmpty })
    }
  }

  @Test("Every registered transform explains by its number with the kind in front")
  func transforms() {
    for id in UInt16.min...UInt16(1100) {
      #expect(
        topics("encr", "\(id)").isEmpty == (EncryptionAlgorithm.name(of: id) == nil || id == 22))
      #expect(topics("prf", "\(id)").isEmpty == (PseudorandomFunction.name(of: id) == nil))
      #expect(topics("ke", "\(id)").first?.name == KeyExchangeMethod.name(of: id))
      #expect(topics("sn", "\(id)").first?.name == SequenceNumbers.name(of: id))
      if id != 1026 {
        #expect(topics("integ", "\(id)").first?.name == IntegrityAlgorithm.name(of: id))
      }
    }
  }

  @Test("No entry of a transform table is there twice or without a line")
  func transformTables() {
    for (table, lines) in [
      (TransformKnowledge.encryption, RegistryLine.encryption),
      (TransformKnowledge.prfs, RegistryLine.prfs),
      (TransformKnowledge.integrity, RegistryLine.integrity),
      (TransformKnowledge.keyExchanges, RegistryLine.keyExchanges),
      (TransformKnowledge.sequenceNumbers, RegistryLine.sequenceNumbers),
    ] {
      let numbers = table.map(\.id)
      #expect(Set(numbers).count == numbers.count)
      #expect(Set(numbers).subtracting(lines.map(\.value)).isSubset(of: [1026]))
    }
  }

  @Test("Every counter of the kernel is there once, with causes and commands")
  func counters() {
    let names = CounterKnowledge.all.map(\.name)
    #expect(Set(names).count == 32 && names.count == 32)
    for name in [
      "XfrmInStateDirError", "XfrmOutStateDirError", "XfrmInIptfsError", "XfrmFwdHdrError",
    ] {
      #expect(names.contains(name))
    }
    for counter in CounterKnowledge.all {
      #expect(!counter.causes.isEmpty && !counter.look.isEmpty)
    }
  }

  @Test("What a text tells to explain can be explained")
  func references() {
    func check(_ text: String, in name: String) {
      let parts = text.split(separator: "ipsecdiag explain ")
      guard text.contains("ipsecdiag explain "), let words = parts.last else { return }
      for word in words.split(whereSeparator: { "` ".contains($0) }) {
        guard word != "NAME" else { return }
        guard word.allSatisfy({ $0.isLetter || $0.isNumber || "-_".contains($0) }) else { return }
        #expect(!topics(String(word)).isEmpty, "\(name): \(word)")
      }
    }
    for topic in KnowledgeBase.topics {
      for part in topic.parts {
        switch part.content {
        case .text(let text): check(text, in: topic.name)
        case .list(let items), .commands(let items):
          for item in items { check(item, in: topic.name) }
        default: break
        }
      }
    }
  }

  // MARK: Looking up

  @Test(
    "Names, keywords and numbers lead to what they mean",
    arguments: [
      ("ike-no-answer", ["finding ike-no-answer"]),
      ("aes256gcm16", ["encr ENCR_AES_GCM_16"]), ("aes_gcm256", ["encr ENCR_AES_GCM_16"]),
      ("AES_CBC", ["encr ENCR_AES_CBC"]), ("aes", ["encr ENCR_AES_CBC"]),
      ("modp2048", ["ke 2048-bit MODP Group"]), ("dh14", ["ke 2048-bit MODP Group"]),
      ("KE 14", ["ke 2048-bit MODP Group"]), ("2048-bit MODP Group", ["ke 2048-bit MODP Group"]),
      ("x25519", ["ke Curve25519"]),
      ("mlkem768", ["ke ml-kem-768"]), ("ML-KEM-768", ["ke ml-kem-768"]),
      ("sha256_96", ["integ AUTH_HMAC_SHA2_256_96"]), ("prfsha384", ["prf PRF_HMAC_SHA2_384"]),
      ("sha1", ["prf PRF_HMAC_SHA1", "integ AUTH_HMAC_SHA1_96"]),
      ("none", ["integ NONE", "ke NONE"]),
      ("esn", ["sn Partially Transmitted 64-bit Sequential Numbers"]),
      (
        "no_proposal_chosen",
        ["ikev2-notify NO_PROPOSAL_CHOSEN", "ikev1-notify NO-PROPOSAL-CHOSEN"]
      ),
      ("24", ["ikev2-notify AUTHENTICATION_FAILED", "ikev1-notify AUTHENTICATION-FAILED"]),
      ("ikev1 24", ["ikev1-notify AUTHENTICATION-FAILED"]),
      ("8192", ["ikev2-notify PDN_CONNECTION_REJECTION", "ikev2-notify ME_CONNECT_FAILED"]),
      ("xfrminnostates", ["xfrm-counter XfrmInNoStates"]),
      ("encr 12 ike-v1 encr 12", ["encr ENCR_AES_CBC", "finding ike-v1"]),
    ])
  func lookup(words: String, found: [String]) {
    #expect(names(words) == found)
  }

  @Test("A bare number is a notify type's, and names the transforms beside it")
  func bareNumber() {
    guard case .topics(let topics, let others) = KnowledgeBase.answer(to: ["14"]) else {
      Issue.record("14 is unknown")
      return
    }
    #expect(topics.allSatisfy { $0.kind == .ikev2Notify || $0.kind == .ikev1Notify })
    #expect(Set(others.map(\.kind)) == [.encryption, .integrity, .keyExchange])
  }

  @Test("A bare number that no notify type has is a transform's")
  func bareTransformNumber() {
    #expect(names("32") == ["encr ENCR_KUZNYECHIK_MGM_KTREE", "ke Curve448"])
  }

  @Test(
    "An unknown word comes back with what is near it",
    arguments: [
      ("ike-no-anser", "ike-no-answer"), ("TS_UNACEPTABLE", "TS_UNACCEPTABLE"),
      ("modp4069", "modp4096"), ("no_proposal", "NO-PROPOSAL-CHOSEN"),
    ])
  func nearest(word: String, expected: String) {
    guard case .unknown(word, let nearest) = KnowledgeBase.answer(to: ["24", word]) else {
      Issue.record("\(word) is known")
      return
    }
    #expect(nearest.first == expected)
    #expect(nearest.count <= 3)
  }

  @Test(
    "What nobody could mean is unknown, whatever it is made of",
    arguments: ["", " ", "-", "65536", "99999999999999999999", "ke 99", "\u{1F600}", "٢٤", "ke"])
  func unknown(word: String) {
    guard case .unknown = KnowledgeBase.answer(to: [word]) else {
      Issue.record("'\(word)' is known")
      return
    }
  }
}
