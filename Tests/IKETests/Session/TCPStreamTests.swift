import PacketDissector
import Testing

@testable import IKE

@Suite("IKE in TCP connections")
struct TCPStreamTests {
  private static let messages: [[UInt8]] = [
    [1], [UInt8](repeating: 2, count: 300), [UInt8](repeating: 3, count: 60_000),
  ]

  /// What an originator sends for its messages.
  private static func bytes() throws -> [UInt8] {
    let stream = TCPStream(isOriginator: true)
    return try stream.opening + messages.flatMap { try #require(stream.record($0)) }
  }

  @Test(
    "messages come out as they went in, however the connection cuts them",
    arguments: [1, 5, 999, 100_000])
  func cuts(size: Int) throws {
    var stream = TCPStream(isOriginator: false)
    var received: [[UInt8]] = []
    var rest = try Self.bytes()[...]
    while !rest.isEmpty {
      received += try stream.receive(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    #expect(received == Self.messages)
  }

  @Test("an originator answers to no prefix, and sends none twice")
  func answers() throws {
    let responder = TCPStream(isOriginator: false)
    var originator = TCPStream(isOriginator: true)
    #expect(responder.opening.isEmpty)
    let record = try #require(responder.record([7, 7]))
    #expect(record == [0, 8, 0, 0, 0, 0, 7, 7])
    #expect(try originator.receive(record) == [[7, 7]])
  }

  @Test("a connection that does not begin with IKETCP is none of ours")
  func wrongPrefix() throws {
    var stream = TCPStream(isOriginator: false)
    #expect(try stream.receive(Array("IKE".utf8)).isEmpty)
    #expect(throws: TCPStream.Fault.noPrefix) { try stream.receive(Array("V2".utf8)) }
  }

  @Test(
    "a record that says it is shorter than its length field ends the connection", arguments: [0, 1])
  func shortRecord(length: UInt8) throws {
    var stream = TCPStream(isOriginator: true)
    #expect(throws: TCPStream.Fault.shortRecord) { try stream.receive([0, length]) }
  }

  @Test("empty records, keepalives and ESP are passed over")
  func otherRecords() throws {
    var stream = TCPStream(isOriginator: true)
    let bytes: [UInt8] = [0, 2, 0, 3, 0xFF, 0, 8, 1, 2, 3, 4, 5, 6, 0, 7, 0, 0, 0, 0, 9]
    #expect(try stream.receive(bytes) == [[9]])
    #expect(stream.otherRecords == 3)
  }

  @Test("a message that no record can hold is not cut")
  func tooLong() {
    let stream = TCPStream(isOriginator: true)
    #expect(stream.record([UInt8](repeating: 1, count: 65_529))?.count == 65_535)
    #expect(stream.record([UInt8](repeating: 1, count: 65_530)) == nil)
  }
}
