import Glibc
import PacketDissector
import Testing

@testable import Host

@Suite("VICI connections")
struct VICIConnectionTests {
  private static func soon(_ milliseconds: Int64 = 5000) -> Int64 {
    MonotonicClock.now() + milliseconds * 1_000_000
  }

  private static func text(_ name: String, _ value: String) -> VICIMessage {
    VICIMessage([.init(name, .text(value))])
  }

  @Test("A command has its answer, whatever events come between")
  func command() throws {
    let charon = try FakeCharon()
    var connection = try VICIConnection(to: charon.address, until: Self.soon())
    try charon.answer([
      VICIPacket(.event, "log", Self.text("msg", "x")),
      VICIPacket(.commandResponse, "", Self.text("version", "5.9.8")),
    ])
    let answer = try connection.call("version", until: Self.soon())
    #expect(answer["version"] == "5.9.8")
    #expect(charon.request() == VICIPacket(.commandRequest, "version").bytes)
    let event = try connection.event(until: Self.soon())
    #expect(event?.message["msg"] == "x")
    let more = try connection.event(until: Self.soon(20))
    #expect(more == nil)
  }

  @Test("A stream is registered for, taken whole, and let go of")
  func stream() throws {
    let charon = try FakeCharon()
    var connection = try VICIConnection(to: charon.address, until: Self.soon())
    // More than is read at once.
    let long = VICIMessage([
      .init("list", .list((0..<30).map { _ in String(repeating: "x", count: 5000) }))
    ])
    try charon.answer([
      VICIPacket(.eventConfirm), VICIPacket(.event, "list-sa", Self.text("a", "1")),
      VICIPacket(.event, "other", Self.text("b", "2")), VICIPacket(.event, "list-sa", long),
      VICIPacket(.commandResponse), VICIPacket(.eventConfirm),
    ])
    let messages = try connection.stream("list-sas", "list-sa", until: Self.soon())
    #expect(messages == [Self.text("a", "1"), long])
    let sent =
      VICIPacket(.eventRegister, "list-sa").bytes + VICIPacket(.commandRequest, "list-sas").bytes
      + VICIPacket(.eventUnregister, "list-sa").bytes
    #expect(charon.request() == sent)
  }

  @Test(
    "What is no answer is told as what it is",
    arguments: [
      ([0, 0, 0, 1, 2], VICIError.unknown("version")),
      ([0, 0, 0, 1, 9], .malformed("packet type 9")),
      ([0, 0, 0, 1, 5], .malformed("packet type 5 for an answer")),
      ([0, 0, 0, 0], .malformed("it ends at byte 0")),
      ([255, 255, 255, 255, 1], .malformed("a packet of 4294967295 bytes")),
      ([0, 0, 0, 9, 1, 3], .closed), ([], .closed),
    ] as [([UInt8], VICIError)])
  func malformed(bytes: [UInt8], expected: VICIError) throws {
    let charon = try FakeCharon()
    var connection = try VICIConnection(to: charon.address, until: Self.soon())
    try charon.write(bytes, thenClose: true)
    do throws(VICIError) {
      _ = try connection.call("version", until: Self.soon())
      Issue.record("it was taken for an answer")
    } catch {
      // A closed end may show while the question is sent.
      #expect(error == expected || expected == .closed && error == .closed)
    }
  }

  @Test("A daemon that says nothing is waited for until the deadline, and no longer")
  func silence() throws {
    let charon = try FakeCharon()
    var connection = try VICIConnection(to: charon.address, until: Self.soon())
    let began = MonotonicClock.now()
    do throws(VICIError) {
      _ = try connection.call("version", until: Self.soon(50))
      Issue.record("nothing was said")
    } catch {
      #expect(error == .timedOut)
    }
    let waited = (MonotonicClock.now() - began) / 1_000_000
    #expect(waited >= 49 && waited < 4000)
  }

  @Test("Events that nobody takes are kept up to a limit, and the rest counted")
  func flood() throws {
    let charon = try FakeCharon()
    var connection = try VICIConnection(to: charon.address, until: Self.soon())
    let event = VICIPacket(.event, "e")
    try charon.answer([VICIPacket](repeating: event, count: 5000) + [VICIPacket(.eventConfirm)])
    try connection.register("e", until: Self.soon())
    let lost = connection.lostEvents
    #expect(lost == 904)
  }

  @Test("No socket and a socket that nobody listens at are told apart")
  func absent() throws {
    func failure(_ path: String) -> VICIError? {
      do throws(VICIError) {
        _ = try VICIConnection(to: .unix(path: path), until: Self.soon())
        return nil
      } catch {
        return error
      }
    }
    #expect(failure("/nonexistent/charon.vici") == .missing("/nonexistent/charon.vici"))
    let long = "/" + String(repeating: "x", count: 200)
    #expect(failure(long) == .badAddress(long))
    let path: String
    do {
      let charon = try FakeCharon(listens: false)
      path = charon.path
      #expect(failure(path) == .refused(path))
    }
    #expect(failure(path) == .missing(path))
  }

  @Test("Addresses are read as strongSwan writes them")
  func addresses() throws {
    #expect(try VICIAddress(text: "unix:///run/charon.vici") == .usual)
    #expect(try VICIAddress(text: "/run/charon.vici") == .usual)
    let local = Endpoint(IPAddress(v4: 0x7F00_0001), 4502)
    #expect(try VICIAddress(text: "tcp://127.0.0.1:4502") == .tcp(local))
    #expect(try "\(VICIAddress(text: "tcp://[::1]:4502"))" == "tcp://[::1]:4502")
    for text in [
      "", "charon.vici", "tcp://127.0.0.1", "tcp://x:1", "tcp://127.0.0.1:0", "udp://::1",
    ] {
      #expect(throws: VICIError.badAddress(text)) { try VICIAddress(text: text) }
    }
  }

  @Test("A program's output is taken whole, and a program that goes on too long is ended")
  func programs() {
    #expect(
      LibreswanProgram.output(of: ["/bin/echo", "a b"], until: Self.soon()) == Array("a b\n".utf8))
    #expect(LibreswanProgram.output(of: ["/bin/false"], until: Self.soon()) == nil)
    #expect(LibreswanProgram.output(of: ["/nonexistent/whack"], until: Self.soon()) == nil)
    let began = MonotonicClock.now()
    #expect(LibreswanProgram.output(of: ["/bin/sleep", "30"], until: Self.soon(50)) == nil)
    #expect(LibreswanProgram.output(of: ["/usr/bin/yes"], until: Self.soon(20_000)) == nil)
    #expect(MonotonicClock.now() - began < 20_000_000_000)
  }
}

/// A socket that says what a test has it say.
private struct FakeCharon: ~Copyable {
  let path: String
  private let listener: Int32

  init(listens: Bool = true) throws {
    path = "/tmp/ipsecdiag-vici-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(listener >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // The path is shorter than the field.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let bound = unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(listener, address, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    if listens { try #require(listen(listener, 4) == 0) }
  }

  deinit {
    close(listener)
    if connected.number >= 0 { close(connected.number) }
    unsafe _ = unlink(path)
  }

  var address: VICIAddress { .unix(path: path) }

  private final class Connected {
    var number: Int32 = -1
  }

  private let connected = Connected()

  func answer(_ packets: [VICIPacket]) throws { try write(packets.flatMap(\.bytes)) }

  func write(_ bytes: [UInt8], thenClose: Bool = false) throws {
    connected.number = accept(listener, nil, nil)
    try #require(connected.number >= 0)
    try #require(unsafe send(connected.number, bytes, bytes.count, 0) == bytes.count)
    if thenClose { shutdown(connected.number, Int32(SHUT_WR)) }
  }

  /// What has come.
  func request() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe recv(connected.number, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return Array(bytes.prefix(max(0, count)))
  }
}
