package import Host
package import IKE
package import PacketDissector

/// Asks by R-U-THERE over an IKEv1 SA of this program's own (RFC 3706).
///
/// Once the SA is gone, or nothing came back through it, the next question tries to set up another: the peer
/// is up again when that works.
package final class MainModeProber: LivenessProber {
  package let method = LivenessMethod.areYouThere
  private let peer: ResolvedAddress
  private let configuration: MainModeConfiguration
  private let options: Tunnel.Options
  private let isStopped: () -> Bool
  private var link: Link?
  private var loss: LivenessBeat.Answer?
  private var route: IKEPath?

  /// How long an SA that is being set up may take until it can be deleted.
  private static let farewell = Duration.seconds(4)

  /// A session on a socket, and what it has told since it was last asked.
  private final class Link {
    let session: MainModeSession
    let driver: MachineDriver<MainModeSession>
    var events: [MainModeEvent] = []

    init(_ session: MainModeSession, _ driver: MachineDriver<MainModeSession>) {
      self.session = session
      self.driver = driver
    }

    func step(until limit: Instant) throws(SocketError) {
      try driver.step(until: limit) { events.append($0) }
    }

    func takeEvents() -> [MainModeEvent] {
      defer { events = [] }
      return events
    }
  }

  /// The first question sets up the SA.
  package init(
    to peer: ResolvedAddress, _ configuration: MainModeConfiguration, _ options: Tunnel.Options,
    isStopped: @escaping () -> Bool
  ) {
    self.peer = peer
    self.configuration = configuration
    self.options = options
    self.isStopped = isStopped
  }

  package var local: Endpoint {
    route?.local ?? Endpoint(.any(isIPv6: peer.address.isIPv6), 0)
  }
  package var remote: Endpoint {
    route?.remote ?? Endpoint(peer.address, configuration.ports.plain)
  }

  /// Why there is no answer.
  private enum Trouble: Error {
    case socket(SocketError)
    case failed(MainModeFailure)
    case deleted
    case expired
    case silent(sent: Int)
    /// The peer has not said that it answers.
    case notAnnounced
    case stopped
  }

  package func beat() -> LivenessBeat.Answer? {
    if let loss {
      self.loss = nil
      return loss
    }
    do throws(Trouble) {
      if let link { return try ask(link) }
      return try ask(establish())
    } catch {
      return answer(to: error)
    }
  }

  private func establish() throws(Trouble) -> Link {
    let link: Link
    do throws(SocketError) {
      link = try open()
    } catch {
      throw .socket(error)
    }
    self.link = link
    link.session.start(at: Instant.now)
    let sa = try wait(on: link) { if case .established(let sa) = $0 { sa } else { nil } }
    route = link.session.path
    guard sa.answersLiveness else { throw .notAnnounced }
    return link
  }

  private func open() throws(SocketError) -> Link {
    let isIPv6 = peer.address.isIPv6
    let socket = try UDPSocket(
      isIPv6: isIPv6,
      source: Endpoint(options.source ?? .any(isIPv6: isIPv6), options.sourcePort),
      interface: options.interface)
    let route = try LocalRoute(
      to: peer.address, from: options.source, interface: options.interface)
    let local = Endpoint(options.source ?? route.source, socket.localPort)
    let session = MainModeSession(
      initiatingTo: Endpoint(peer.address, configuration.ports.plain), from: local, configuration,
      random: .system)
    let driver = try MachineDriver(session, isIPv6: isIPv6, interface: options.interface)
    driver.adopt(socket, as: local)
    return Link(session, driver)
  }

  private func ask(_ link: Link) throws(Trouble) -> LivenessBeat.Answer {
    link.session.checkLiveness(at: Instant.now)
    return try wait(on: link) { event in
      guard case .alive(let roundTrip, _, let sent) = event else { return nil }
      return LivenessBeat.Answer(.answered(roundTrip: roundTrip), sent: sent, answered: 1)
    }
  }

  /// Drives the session until `body` makes something of an event.
  private func wait<Result>(
    on link: Link, _ body: (MainModeEvent) -> Result?
  ) throws(Trouble) -> Result {
    while true {
      if isStopped() { throw .stopped }
      try step(link, until: Instant.now + .milliseconds(200))
      for event in link.takeEvents() {
        if let trouble = Self.trouble(event) { throw trouble }
        if let result = body(event) { return result }
      }
    }
  }

  private func step(_ link: Link, until limit: Instant) throws(Trouble) {
    do throws(SocketError) {
      try link.step(until: limit)
    } catch {
      throw .socket(error)
    }
  }

  private static func trouble(_ event: MainModeEvent) -> Trouble? {
    switch event {
    case .failed(let failure): .failed(failure)
    case .deleted(by: .peer): .deleted
    case .deleted(by: .local): .expired
    case .silent(let transmissions): .silent(sent: transmissions)
    default: nil
    }
  }

  /// Forgets the SA, and says what became of it; nil where the user wanted that.
  private func answer(to trouble: Trouble) -> LivenessBeat.Answer? {
    if case .stopped = trouble { return nil }
    let report = link?.driver.takeErrors().last { $0.origin != .local }
    close()
    let silence = report.map { LivenessBeat.Outcome.refused($0) } ?? .silent
    return switch trouble {
    case .stopped: nil
    case .socket(let error):
      LivenessBeat.Answer(.local(error.description), sent: 0, answered: 0)
    case .failed(.noAnswer(.offer, _)), .failed(.noAnswer(.keyExchange, _)):
      LivenessBeat.Answer(silence, sent: configuration.retransmission.transmissions, answered: 0)
    case .failed(let failure): LivenessBeat.Answer(.noSA(failure.words), sent: 1, answered: 0)
    case .deleted: LivenessBeat.Answer(.deleted, sent: 0, answered: 0)
    case .expired:
      LivenessBeat.Answer(.noSA("its lifetime is over"), sent: 0, answered: 0)
    case .silent(let sent): LivenessBeat.Answer(silence, sent: sent, answered: 0)
    case .notAnnounced:
      LivenessBeat.Answer(
        .noSA("the peer has not announced dead peer detection (RFC 3706)"), sent: 1, answered: 0)
    }
  }

  /// Answers the peer's own R-U-THERE, and holds a NAT's mapping open.
  package func rest(until moment: Instant) {
    while !isStopped(), Instant.now < moment {
      guard let link else { return idle(until: moment) }
      do throws(Trouble) {
        try step(link, until: moment)
        for event in link.takeEvents() {
          // The next question sets up another SA.
          if case .expired = event { return close() }
          if let trouble = Self.trouble(event) { throw trouble }
        }
      } catch {
        loss = answer(to: error)
        return
      }
    }
  }

  private func idle(until moment: Instant) {
    var poll = SocketPoll()
    while !isStopped(), Instant.now < moment {
      guard (try? poll.wait(until: moment.nanoseconds)) != nil else { return }
    }
  }

  /// Tells the peer that the SA is gone. IKEv1 has no answer to that.
  package func close() {
    guard let link else { return }
    self.link = nil
    link.session.close(at: Instant.now)
    let end = Instant.now + Self.farewell
    do throws(SocketError) {
      repeat {
        try link.step(until: min(end, Instant.now + .milliseconds(200)))
      } while !link.session.hasEnded && Instant.now < end
    } catch {
      // What cannot be sent is as if it were lost.
    }
  }
}
