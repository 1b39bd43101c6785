import Capture
import PacketDissector
import Testing

/// Every prefix of every IKE message that a capture holds, decoded as far as it goes.
@Suite("IKE messages cut anywhere")
struct IKEPrefixTests {
  @Test("Every prefix of every recorded IKE message decodes or says where it stopped")
  func recorded() {
    let messages = Self.messages(in: Place.recordedCaptures.map { "\(Place.recordings)/\($0)" })
    #expect(messages.count > 100)
    Self.check(messages)
  }

  @Test(
    "So does every prefix of every IKE message of the captures of others",
    .enabled(if: Place.captures != nil, "../shared/captures is not here"))
  func shared() {
    let messages = Self.messages(
      in: Place.sharedCaptures.map { "\(Place.captures ?? "")/\($0)" })
    #expect(messages.count > 800)
    Self.check(messages)
  }

  private static func check(_ messages: Set<[UInt8]>) {
    for message in messages {
      for count in 0...message.count {
        let bytes = Array(message.prefix(count))
        guard let content = content(of: bytes) else {
          #expect(count < IKEHeader.byteCount || ![1, 2].contains(message[17] >> 4))
          continue
        }
        // What was cut off shows, unless the message had more bytes than it owned to.
        let claimed = message[24..<28].reduce(0) { $0 << 8 | Int($1) }
        if count < min(message.count, claimed) { #expect(content.stop != nil) }
        #expect((content.stop?.offset ?? 0) <= count)
      }
    }
  }

  private static func content(of bytes: [UInt8]) -> IKEContent? {
    var reader = ByteReader(bytes.rawBytes)
    guard bytes.count >= IKEHeader.byteCount else { return nil }
    switch bytes[17] >> 4 {
    case 1: return (try? IKEv1Message(from: &reader)).map(IKEContent.v1)
    case 2: return (try? IKEMessage(from: &reader)).map(IKEContent.v2)
    default: return nil
    }
  }

  /// Each message once: retransmissions add nothing.
  private static func messages(in paths: [String]) -> Set<[UInt8]> {
    var found: Set<[UInt8]> = []
    for path in paths {
      let reader = FrameReader(.files(MergedCapture(paths: [path])))
      while true {
        do throws(CaptureError) {
          guard try reader.next() != nil else { break }
        } catch {
          continue
        }
        for record in [reader.dissector.frame.record].compactMap({ $0 }) + reader.dissector.further
        {
          guard case .ike = record.kind, !record.isQuoted else { continue }
          found.insert(
            reader.dissector.withBytes(of: record, in: reader.bytes) { bytes in
              ByteReader(bytes).copy(record.range)
            })
        }
      }
    }
    return found
  }
}
