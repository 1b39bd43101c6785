internal import CLinux
internal import Glibc

/// Waits until one of some sockets is ready, until a moment, or until a signal (ppoll(2)).
package struct SocketPoll: Sendable {
  /// What to wait for. Errors are always waited for.
  package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    package static let reading = Interest(rawValue: 1)
    package static let writing = Interest(rawValue: 2)
  }

  /// What a socket is ready for.
  package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    package static let reading = Readiness(rawValue: 1)
    package static let writing = Readiness(rawValue: 2)
    /// The error queue has entries, or a connection has failed.
    package static let error = Readiness(rawValue: 4)
    /// The other side, or both, have closed the connection.
    package static let closed = Readiness(rawValue: 8)
  }

  package enum Outcome: Equatable, Sendable {
    /// At least one socket is ready.
    case ready
    case deadline
    /// A signal was handled meanwhile.
    case interrupted
  }

  private var entries: [pollfd] = []

  package init() {}

  /// Adds a socket's ``UDPSocket/descriptor``, or any other that poll(2) takes.
  ///
  /// - Returns: Its place, for ``readiness(at:)``. Places count from zero, in the order of adding.
  @discardableResult
  package mutating func add(_ descriptor: Int32, _ interest: Interest = .reading) -> Int {
    entries.append(pollfd(fd: descriptor, events: interest.events, revents: 0))
    return entries.count - 1
  }

  /// Changes what is waited for at `place`; nothing leaves the socket out.
  package mutating func set(_ interest: Interest?, of descriptor: Int32, at place: Int) {
    guard entries.indices.contains(place) else { return }
    // Negative numbers are passed over.
    entries[place] = pollfd(
      fd: interest == nil ? -1 : descriptor, events: interest?.events ?? 0, revents: 0)
  }

  package mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
  }

  /// Waits, until `deadline` at the latest: a time of ``MonotonicClock``, or without end where it is nil.
  package mutating func wait(until deadline: Int64?) throws(SocketError) -> Outcome {
    let count: Int32
    if let deadline {
      let (rest, overflow) = deadline.subtractingReportingOverflow(MonotonicClock.now())
      let left = overflow ? Int64.max : max(0, rest)
      var limit = timespec(
        tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
      // The array has as many entries as the count says.
      count = unsafe poll_precisely(&entries, nfds_t(entries.count), &limit, nil)
    } else {
      // The array has as many entries as the count says.
      count = unsafe poll_precisely(&entries, nfds_t(entries.count), nil, nil)
    }
    if count > 0 { return .ready }
    if count == 0 { return .deadline }
    guard errno == EINTR else { throw SocketError(.wait, code: errno) }
    for index in entries.indices { entries[index].revents = 0 }
    return .interrupted
  }

  /// What the last wait found at `place`.
  package func readiness(at place: Int) -> Readiness {
    guard entries.indices.contains(place) else { return [] }
    return Readiness(events: Int32(entries[place].revents))
  }
}

extension SocketPoll.Interest {
  fileprivate var events: Int16 {
    Int16((contains(.reading) ? POLLIN : 0) | (contains(.writing) ? POLLOUT : 0))
  }
}

extension SocketPoll.Readiness {
  fileprivate init(events: Int32) {
    self = []
    if events & POLLIN != 0 { insert(.reading) }
    if events & POLLOUT != 0 { insert(.writing) }
    if events & (POLLERR | POLLNVAL) != 0 { insert(.error) }
    if events & POLLHUP != 0 { insert(.closed) }
  }
}
