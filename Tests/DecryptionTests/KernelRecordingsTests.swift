import Capture
import Decryption
import PacketDissector
import Testing

@Suite("Recordings of a real kernel")
struct KernelRecordingsTests {
  static let espRecordings = KernelRecording.all.filter { !$0.isAH }
  static let ahRecordings = KernelRecording.all.filter(\.isAH)

  @Test("Every case was recorded")
  func index() {
    #expect(Self.espRecordings.count >= 30 && Self.ahRecordings.count >= 9)
    #expect(KernelRecording.all.allSatisfy { $0.packets >= 6 })
  }

  @Test(
    "Each ESP packet opens, and every checksum inside holds", arguments: Self.espRecordings)
  func esp(_ recording: KernelRecording) throws {
    let file = try recording.keys()
    #expect(file.problems.isEmpty && file.espKeys.count == 2)
    let opened = try KernelOpening(recording, file)
    #expect(opened.closed == [])
    #expect(opened.faults == [])
    #expect(opened.frames == recording.packets)
    // Three pings and their answers of three fragments each, or a frame a packet.
    #expect(opened.packets == (recording.isFragmented ? 6 : recording.packets))
    let isESN = recording.usesESN
    #expect(opened.uses.allSatisfy { $0.usesESN == isESN && $0.failed == 0 && $0.fault == nil })
    // Both directions.
    #expect(opened.uses.allSatisfy { $0.opened >= 3 })
    let isCut = recording.name == "tunnel-sha256-cut-to-96"
    #expect(opened.uses.allSatisfy { $0.openedAs96Bits == (isCut ? $0.opened : 0) })
  }

  @Test("Each AH packet is authentic", arguments: Self.ahRecordings)
  func ah(_ recording: KernelRecording) throws {
    let file = try recording.keys()
    #expect(file.problems.isEmpty)
    let opened = try KernelOpening(recording, file)
    #expect(opened.faults == [])
    #expect(opened.frames == recording.packets)
    if recording.isFragmented {
      #expect(opened.closed.count == 6)
      #expect(Set(opened.closed) == [.unsupported("AH in IP fragments cannot be checked")])
      return
    }
    #expect(opened.closed == [])
    #expect(opened.authentic == recording.packets)
    #expect(opened.packets == (recording.name == "ah-around-esp" ? recording.packets : 0))
    #expect(opened.uses.allSatisfy { $0.opened >= 3 && $0.failed == 0 })
    let isESN = recording.usesESN
    #expect(opened.uses.allSatisfy { $0.usesESN == isESN })
  }

  @Test(
    "With one bit of each key flipped nothing opens, and the reason is the ICV",
    arguments: KernelRecording.all, ["aead", "auth-trunc"])
  func wrongKey(_ recording: KernelRecording, _ kind: String) throws {
    let flipped = try recording.keyText(flipping: kind)
    let isUnchecked = recording.isAH && recording.isFragmented
    guard try flipped != text(of: recording.keyPath), !isUnchecked else { return }
    let opened = try KernelOpening(recording, parse(flipped))
    // AH around ESP has a key of each kind.
    let other = recording.name == "ah-around-esp" ? recording.packets : 0
    #expect(opened.packets == (kind == "aead" ? 0 : other))
    #expect(opened.authentic == (kind == "aead" ? other : 0))
    #expect(Set(opened.closed) == [.doesNotVerify])
  }

  @Test("The inner packets are those that were sent", arguments: Self.espRecordings)
  func content(_ recording: KernelRecording) throws {
    let opened = try KernelOpening(recording, try recording.keys())
    if recording.name.contains("fragments") { return }
    // Three echoes each way, and the datagram with its error.
    #expect(opened.upperProtocols.count { $0 == 1 || $0 == 58 } == 7)
    #expect(opened.upperProtocols.count { $0 == 17 } == 1)
    // A SYN and the answer to it carry the MSS that the tunnel leaves.
    let tcp = opened.upperProtocols.count { $0 == 6 }
    #expect(opened.segmentSizes.count == (tcp > 0 ? 2 : 0))
    #expect(opened.segmentSizes.allSatisfy { (1300...1460).contains($0) }, "\(opened.segmentSizes)")
    #expect(tcp + 8 == recording.packets)
  }
}

/// What keys open of one recording.
private struct KernelOpening {
  var frames = 0
  var packets = 0
  var authentic = 0
  var closed: [Decryptor.Reason] = []
  var faults: [String] = []
  var upperProtocols: [UInt8] = []
  var segmentSizes: [UInt16] = []
  var uses: [Decryptor.KeyUse] = []

  init(_ recording: KernelRecording, _ keys: KeyFile) throws {
    let reader = FrameReader(.files(MergedCapture(paths: [recording.path])))
    let decryptor = Decryptor([keys])
    while let header = try reader.next() {
      frames += 1
      decryptor.open(
        reader.dissector, reader.bytes, isCut: header.capturedLength < header.originalLength)
      for result in decryptor.results {
        switch result {
        case .packet(let nextHeader, let range, _):
          packets += 1
          let content = decryptor.withContent(range) { span in
            var reader = ByteReader(span)
            return reader.rest()
          }
          add(content, nextHeader, reader)
        case .authentic: authentic += 1
        case .unopened(let reason): closed.append(reason)
        case .ikev1, .ikev2, .fragmentHeld, nil: faults.append("frame \(frames): \(result as Any)")
        }
      }
    }
    uses = decryptor.uses
  }

  private mutating func add(_ content: [UInt8], _ nextHeader: UInt8, _ reader: FrameReader) {
    // In transport mode the outer addresses are in the sums of UDP and TCP.
    let packet: [UInt8]
    if nextHeader == 4 || nextHeader == 41 {
      packet = content
    } else if let internet = reader.dissector.frame.internet {
      packet = InternetPacket.assembled(internet, nextHeader, content)
    } else {
      faults.append("frame \(frames): no IP header")
      return
    }
    if let fault = Checksums.fault(of: packet) { faults.append("frame \(frames): \(fault)") }
    let inner = Frame(inner: content.rawBytes, nextHeader: nextHeader)
    upperProtocols.append(inner.internet?.protocol ?? nextHeader)
    if inner.maximumSegmentSize > 0 { segmentSizes.append(inner.maximumSegmentSize) }
  }
}
