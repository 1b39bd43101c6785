import Glibc
import Host
import PacketDissector
import Testing

@Suite("Batches of datagrams")
struct SocketBatchTests {
  @Test("All of a batch arrive, once each and in order", arguments: [false, true])
  func all(isIPv6: Bool) throws {
    let sender = try Loopback.socket(isIPv6: isIPv6)
    var receiver = try Loopback.socket(isIPv6: isIPv6)
    let room = receiver.raiseReceiveBuffer(to: 1 << 20)
    #expect(room > 0)
    let target = receiver.localEndpoint
    var batch = OutgoingBatch()
    var received: [UInt16] = []
    // Small enough for the least room there is.
    for round in 0..<10 as Range<UInt16> {
      for number in 0..<100 as Range<UInt16> {
        let bytes = Message.host(round * 100 + number)
        if !batch.append(bytes.rawBytes, to: target) {
          #expect(batch.waiting == 64)
          #expect(sender.sendBatch(&batch) { _, error in Issue.record("\(error)") } == 64)
          let added = batch.append(bytes.rawBytes, to: target)
          #expect(added && batch.waiting == 1)
        }
      }
      #expect(sender.sendBatch(&batch) { _, error in Issue.record("\(error)") } == 36)
      #expect(batch.waiting == 0)
      try receive(&receiver, from: sender.localEndpoint, into: &received)
    }
    #expect(received == Array(0..<1000))
    #expect(receiver.dropped == 0)
  }

  private func receive(
    _ receiver: inout UDPSocket, from source: Endpoint, into received: inout [UInt16]
  ) throws {
    while true {
      let count = try receiver.receiveBatch { datagram in
        var reader = ByteReader(datagram.bytes)
        if datagram.source == source, datagram.bytes.byteCount == 2,
          datagram.destination == source.address, let number = try? reader.host16()
        {
          received.append(number)
        }
      }
      if count == 0 { return }
      #expect(count <= UDPSocket.batchSize)
    }
  }

  @Test("What cannot be sent is told with its target, and spoils nothing else")
  func failures() throws {
    let sender = try Loopback.socket(isIPv6: false)
    var receiver = try Loopback.socket(isIPv6: false)
    let closed = try UDPSocketTests.closedPort(isIPv6: false)
    // No socket may send to a broadcast address unless it asks to.
    let refused = Endpoint(IPAddress(v4: 0xFFFF_FFFF), 500)
    var batch = OutgoingBatch()
    for target in [
      closed, receiver.localEndpoint, refused, closed, receiver.localEndpoint, refused,
    ] {
      let added = batch.append([UInt8(1)].rawBytes, to: target)
      #expect(added)
    }
    var failed: [Endpoint] = []
    let sent = sender.sendBatch(&batch) { target, error in
      failed.append(target)
      #expect(error.meaning == .notPermitted || error.meaning == .networkUnreachable)
    }
    #expect(sent == 4)
    #expect(failed == [refused, refused])
    var received = 0
    received += try receiver.receiveBatch { _ in }
    #expect(received == 2)
  }

  @Test("Every one of many refusals is told, and none holds up the rest")
  func manyRefusals() throws {
    var sender = try Loopback.socket(isIPv6: false)
    let closed = try UDPSocketTests.closedPort(isIPv6: false)
    var batch = OutgoingBatch()
    var told: [UInt16] = []
    for round in 0..<20 as Range<UInt16> {
      for number in 0..<64 as Range<UInt16> {
        let added = batch.append(Message.host(round * 64 + number).rawBytes, to: closed)
        #expect(added)
      }
      #expect(sender.sendBatch(&batch) { _, error in Issue.record("\(error)") } == 64)
      while let report = sender.receiveError() {
        var reader = ByteReader(report.quoted.rawBytes)
        told.append(try reader.host16())
      }
    }
    #expect(told == Array(0..<1280))
  }

  @Test("A batch has room for the largest datagram, and for none that is larger")
  func largest() throws {
    let sender = try Loopback.socket(isIPv6: false)
    var receiver = try Loopback.socket(isIPv6: false)
    var batch = OutgoingBatch(capacity: 2)
    let largest = [UInt8](repeating: 7, count: 65_507)
    let added = batch.append(largest.rawBytes, to: receiver.localEndpoint)
    let again = batch.append(largest.rawBytes, to: receiver.localEndpoint)
    #expect(added && !again)
    #expect(sender.sendBatch(&batch) { _, error in Issue.record("\(error)") } == 1)
    let datagram = try receiver.receive()
    #expect(datagram?.bytes == largest)
    let tooLarge = [UInt8](repeating: 7, count: 200_000)
    let taken = batch.append(tooLarge.rawBytes, to: receiver.localEndpoint)
    #expect(!taken && batch.waiting == 0)
  }

  @Test("Datagrams that find no room are counted")
  func overflow() throws {
    let sender = try Loopback.socket(isIPv6: false)
    var receiver = try Loopback.socket(isIPv6: false)
    let room = receiver.raiseReceiveBuffer(to: 64 << 10)
    var sent = 0
    var batch = OutgoingBatch()
    let payload = [UInt8](repeating: 0, count: 1400)
    // Twice what there is room for.
    while sent * payload.count < 2 * Int(room) {
      while batch.append(payload.rawBytes, to: receiver.localEndpoint) {}
      sent += sender.sendBatch(&batch) { _, error in Issue.record("\(error)") }
    }
    var received = 0
    while true {
      let count = try receiver.receiveBatch { _ in }
      if count == 0 { break }
      received += count
    }
    // The next datagram that finds room tells how many did not.
    try sender.send([1], to: receiver.localEndpoint)
    received += try receiver.receiveBatch { _ in }
    #expect(received < sent)
    #expect(Int(receiver.dropped) == sent + 1 - received)
  }
}
