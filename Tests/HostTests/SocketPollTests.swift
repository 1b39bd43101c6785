import Glibc
import Host
import PacketDissector
import Testing

@Suite("Waiting for sockets")
struct SocketPollTests {
  private static let millisecond: Int64 = 1_000_000

  @Test("A deadline ends the wait, not before and not long after")
  func deadline() throws {
    let socket = try Loopback.socket(isIPv6: false)
    var poll = SocketPoll()
    poll.add(socket.descriptor)
    let deadline = MonotonicClock.now() + 20 * Self.millisecond
    let outcome = try poll.wait(until: deadline)
    let late = MonotonicClock.now() - deadline
    #expect(outcome == .deadline)
    #expect(late >= 0 && late < 2_000 * Self.millisecond)
    #expect(poll.readiness(at: 0) == [])
  }

  @Test("A deadline that has passed returns at once, with what is ready")
  func passed() throws {
    let socket = try Loopback.socket(isIPv6: false)
    var poll = SocketPoll()
    let place = poll.add(socket.descriptor, .writing)
    for deadline in [0, MonotonicClock.now(), .min] {
      let outcome = try poll.wait(until: deadline)
      #expect(outcome == .ready)
      #expect(poll.readiness(at: place) == .writing)
    }
    poll.set(nil, of: socket.descriptor, at: place)
    let outcome = try poll.wait(until: 0)
    #expect(outcome == .deadline)
    #expect(poll.readiness(at: 7) == [])
  }

  @Test("It says which socket has a datagram, and which an error")
  func ready() throws {
    let idle = try Loopback.socket(isIPv6: false)
    let receiver = try Loopback.socket(isIPv6: false)
    var sender = try Loopback.socket(isIPv6: false)
    try sender.send([1], to: receiver.localEndpoint)
    try sender.send([1], to: try UDPSocketTests.closedPort(isIPv6: false))
    var poll = SocketPoll()
    poll.add(idle.descriptor)
    poll.add(receiver.descriptor)
    poll.add(sender.descriptor)
    let outcome = try poll.wait(until: nil)
    #expect(outcome == .ready)
    #expect(poll.readiness(at: 0) == [])
    #expect(poll.readiness(at: 1) == .reading)
    #expect(poll.readiness(at: 2).contains(.error))
    // Read through, the error is gone.
    while sender.receiveError() != nil {}
    let nothing = try sender.receive()
    #expect(nothing == nil)
    poll.removeAll()
    poll.add(sender.descriptor)
    let later = try poll.wait(until: 0)
    #expect(later == .deadline)
  }

  @Test("A signal ends the wait")
  func interrupted() throws {
    // Without a handler that does nothing it would end the process.
    _ = signal(SIGUSR2) { _ in }
    // Threads of the test's pool block signals.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGUSR2)
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    var thread = pthread_t()
    // The thread ends before this test does, which waits for it; the argument is a number in disguise.
    let started = unsafe pthread_create(
      &thread, nil,
      { waiter in
        usleep(20_000)
        pthread_kill(pthread_t(UInt(bitPattern: waiter)), SIGUSR2)
        return nil
      }, UnsafeMutableRawPointer(bitPattern: UInt(pthread_self())))
    try #require(started == 0)
    var poll = SocketPoll()
    let outcome = try poll.wait(until: MonotonicClock.now() + 5_000_000_000)
    pthread_join(thread, nil)
    #expect(outcome == .interrupted)
  }

  @Test("Clocks go forward, and the wall clock is near the C library's")
  func clocks() {
    let first = MonotonicClock.now()
    #expect(first > 0 && MonotonicClock.now() >= first)
    let seconds = Int64(time(nil))
    #expect(abs(Timestamp.now.nanoseconds / 1_000_000_000 - seconds) <= 2)
  }
}
