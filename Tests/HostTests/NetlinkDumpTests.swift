import Glibc
import Host
import PacketDissector
import Testing

@Suite("The kernel's answer over netlink")
struct NetlinkDumpTests {
  /// What became of some datagrams.
  private struct Run {
    var dump = NetlinkDump(sequence: 1)
    var database = KernelSADatabase()
    var isDone = false

    mutating func read(_ datagram: [UInt8]) throws(KernelError) {
      isDone = try dump.read(datagram.rawBytes) { type, payload in database.add(type, payload) }
    }
  }

  private func run(_ datagrams: [UInt8]...) throws(KernelError) -> Run {
    var run = Run()
    for datagram in datagrams { try run.read(datagram) }
    return run
  }

  private func state(_ spi: UInt32, flags: UInt16 = 2, sequence: UInt32 = 1) -> [UInt8] {
    Message.netlink(
      Message.state, Message.fixed(spi: spi), flags: flags, sequence: sequence)
  }

  @Test("Messages come in several datagrams, up to the one that says it is done")
  func multipart() throws {
    let first = try run(state(1) + state(2))
    #expect(first.database.sas.map(\.spi) == [1, 2] && !first.isDone)
    let all = try run(state(1) + state(2), state(3), Message.done())
    #expect(all.database.sas.map(\.spi) == [1, 2, 3] && all.isDone)
    #expect(!all.dump.isInterrupted)
    #expect(try run(Message.done()).isDone)
    #expect(try run(Message.done(nil)).isDone)
  }

  @Test("A message of another request, of another type and a no-operation are passed over")
  func others() throws {
    let other = Message.netlink(0x13, Message.fixed())
    let all = try run(state(1, sequence: 9) + other + Message.netlink(1, []) + state(2))
    #expect(all.database.sas.map(\.spi) == [2] && all.database.unreadable == 0)
    #expect(try !run(Message.netlink(3, Message.host(Int32(0)), sequence: 9)).isDone)
  }

  @Test("An SA in a form that is not known is counted, and loses no other")
  func unreadable() throws {
    let bad = Message.netlink(Message.state, Message.fixed(family: 17))
    let all = try run(state(1) + bad + state(2))
    #expect(all.database.sas.map(\.spi) == [1, 2] && all.database.unreadable == 1)
  }

  @Test("A change meanwhile shows, whichever message tells it")
  func interrupted() throws {
    #expect(try run(state(1, flags: 0x12) + state(2)).dump.isInterrupted)
    #expect(try run(state(1), Message.done(flags: 0x12)).dump.isInterrupted)
    #expect(try run(Message.netlink(4, [])).dump.isInterrupted)
    #expect(try !run(state(1), Message.done()).dump.isInterrupted)
  }

  @Test(
    "An error is what it means",
    arguments: [
      (EPERM, .notPermitted), (EACCES, .notPermitted), (EPROTONOSUPPORT, .withoutXFRM),
      (ENOENT, .withoutXFRM), (EOPNOTSUPP, .withoutXFRM),
      (ENOBUFS, .failed(doing: "read the kernel's SAs", code: ENOBUFS)),
    ] as [(Int32, KernelError)])
  func errors(code: Int32, error: KernelError) {
    #expect(throws: error) { try run(Message.error(-code)) }
    #expect(throws: error) { try run(state(1) + Message.done(-code)) }
  }

  @Test("An error of zero is none; the smallest number there is does not trap")
  func oddErrors() throws {
    #expect(try !run(Message.error(0)).isDone)
    #expect(throws: KernelError.self) { try run(Message.error(.min)) }
    #expect("\(KernelError.notPermitted)".contains("CAP_NET_ADMIN"))
    #expect("\(KernelError.withoutXFRM)".contains("xfrm_user"))
  }

  @Test("Every truncation inside a message is an error at the message's first byte")
  func truncation() throws {
    let first = Message.netlink(Message.state, Message.everything + [0])
    let whole = first + Message.netlink(Message.state, Message.everything + [0])
    for count in whole.indices {
      let isWhole =
        [0, first.count].contains(count) || count >= whole.count - 3
        || (first.count - 3..<first.count).contains(count)
      if isWhole {
        #expect(throws: Never.self, "cut to \(count) bytes") { try run(Array(whole[..<count])) }
      } else {
        #expect(throws: KernelError.malformed(offset: count > first.count ? first.count : 0)) {
          try run(Array(whole[..<count]))
        }
      }
    }
  }

  @Test("No corrupted byte traps, and a length below the header's is an error")
  func corruption() throws {
    let whole = state(1) + Message.error(0) + state(2) + Message.done()
    for index in whole.indices {
      for value in [UInt8(0), 1, 0x0F, 0x7F, 0x80, 0xFF] {
        var copy = whole
        copy[index] = value
        let database = (try? run(copy))?.database
        #expect((database?.sas.count ?? 0) <= 2)
      }
    }
    for length in [UInt32(0), 15, 0x8000_0000, .max] {
      let copy = Message.host(length) + whole.dropFirst(4)
      #expect(throws: KernelError.malformed(offset: 0)) { try run(copy) }
    }
  }
}
