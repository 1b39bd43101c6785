internal import ArgumentParser
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report

struct Ping: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ping",
    abstract: "Sends echoes through an IPsec tunnel, and says whether the data path is alive.",
    discussion: """
      With credentials: an SA of its own, and ESP echo through it (the working group's diagnostic \
      protocol), or ICMP echo to a host behind the peer (--inner), with IKE's liveness beside it. The \
      SA is deleted at the end, Ctrl-C included. Nothing of this host is changed.

      Without credentials: ESP echo in clear on SPI 7, as ESP with the capability CAP_NET_RAW, in UDP \
      to port 4500 without. Anybody on the path can forge its replies.

      ESP echo is experimental: it is in no RFC, and hardly any peer answers it. Silence is a finding \
      only where both sides have announced that they answer; otherwise the result is unknown.

      Exit codes: 0 answered, 1 warning, 2 critical, 3 unknown, 130 interrupted.

      Examples:
        ipsecdiag ping gw.example --psk-file secret --inner 10.2.0.1
        ipsecdiag ping gw.example --psk-file secret --format merged --count 20
        ipsecdiag ping gw.example --psk-file secret --df --sweep-sizes 1300-1400/4
        ipsecdiag ping 192.0.2.1 --format kernel
      """)

  @Argument(help: ArgumentHelp("A name or an address; a profile may have it.", valueName: "target"))
  var target: String?

  @OptionGroup var echo: PingOptions

  @OptionGroup var peer: PeerOptions

  @OptionGroup var verdict: VerdictOptions

  @Flag(help: "One JSON document.")
  var json = false

  @Flag(help: "A JSON object a line: one for each reply when it comes, and one at the end.")
  var ndjson = false

  @Flag(help: "A plugin's line for a monitoring system.")
  var nagios = false

  private var isUnencrypted: Bool { echo.unencrypted || !peer.isGiven }

  mutating func validate() throws {
    if [json, ndjson, nagios].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --json, --ndjson and --nagios.")
    }
    if isUnencrypted {
      if target == nil { throw ValidationError("Give a target: a name or an address.") }
      if echo.inner != nil {
        throw ValidationError("--inner takes credentials, such as --psk-file.")
      }
      if echo.replySpi != nil { throw ValidationError("--reply-spi takes credentials.") }
      if !echo.format.isUnencrypted {
        throw ValidationError(
          "--format \(echo.format.rawValue) goes through an SA: give credentials.")
      }
    } else if !echo.format.isEncrypted, echo.inner == nil {
      throw ValidationError("--format \(echo.format.rawValue) goes in clear: give --unencrypted.")
    }
  }

  func run() throws {
    Interruption.watch()
    let writer = PingWriter(json: json, ndjson: ndjson, nagios: nagios, verdict)
    if isUnencrypted, let target {
      try writer.end(try unencrypted(target, writer), target)
    } else {
      let live = try peer.peer(target)
      try writer.end(try encrypted(live, writer), live.name)
    }
  }

  private func plan(_ probe: PingPlan.Probe) -> PingPlan {
    var plan = PingPlan(probe)
    if !echo.sizes.isEmpty { plan.sizes = echo.sizes }
    if case .inner = probe, echo.sizes.isEmpty { plan.sizes = [84] }
    if case .unencrypted(.colitti2023, _) = probe, echo.sizes.isEmpty { plan.sizes = [2] }
    plan.count =
      echo.count == 0 ? nil : echo.count ?? max(plan.sizes.count, plan.sizes.count > 1 ? 0 : 5)
    plan.interval = .seconds(echo.interval.value)
    plan.timeout = .seconds(echo.timeout.value)
    plan.fragmentation = echo.df ? .probing : .allowed
    if let notify = echo.notify { plan.announcement = NotifyType(rawValue: notify) }
    return plan
  }

  // MARK: In clear

  private func unencrypted(_ target: String, _ writer: PingWriter) throws -> PingResult {
    let address = try TargetAddress.first(of: target)
    do throws(SocketError) {
      var ping = try UnencryptedPing(
        to: address, plan(.unencrypted(echo.format, isOneWay: echo.oneWay)),
        inUDP: echo.udp ? true : nil, onReply: writer.reply)
      return try ping.run(isStopped: { Interruption.isRequested })
    } catch {
      throw Failure(error)
    }
  }

  // MARK: Through an SA

  private func encrypted(_ peer: LivePeer, _ writer: PingWriter) throws -> PingResult {
    var live = peer
    let path: PingPlan.ReplyPath =
      echo.oneWay ? .none : echo.replySpi.map { .spi(UInt32(clamping: $0.value)) } ?? .partner
    var plan = plan(.encrypted(echo.format, path))
    if echo.notify == nil { plan.announcement = live.numbers.announcement(of: echo.format) }
    if echo.inner == nil, let announcement = plan.announcement {
      live.configuration.announcements.append(announcement)
    }
    let tunnel: Tunnel
    do throws(SocketError) {
      tunnel = try Tunnel(to: live.address, live.configuration, live.options)
    } catch {
      throw Failure(error)
    }
    defer { tunnel.close() }
    do throws(TunnelFailure) {
      let established = try tunnel.establish(isStopped: { Interruption.isRequested })
      if let inner = echo.inner {
        plan = self.plan(try probe(inner, tunnel, established))
      }
      var ping = TunnelPing(tunnel, established, plan, onReply: writer.reply)
      return ping.run(isStopped: { Interruption.isRequested })
    } catch {
      return failed(error, tunnel, plan, live)
    }
  }

  private func probe(
    _ inner: InnerTarget, _ tunnel: Tunnel, _ established: EstablishedSA
  ) throws(TunnelFailure) -> PingPlan.Probe {
    guard let child = tunnel.child,
      let addresses = InnerAddresses(
        child, established, local: tunnel.path.local.address, remote: tunnel.remote,
        destination: inner.address)
    else { throw .noChild }
    return .inner(source: addresses.source, destination: addresses.destination)
  }

  private func failed(
    _ failure: TunnelFailure, _ tunnel: Tunnel, _ plan: PingPlan, _ live: LivePeer
  ) -> PingResult {
    var result = PingResult(plan, from: tunnel.path.local.address, to: tunnel.remote)
    result.ending = failure
    result.isInterrupted = Interruption.isRequested
    result.setupFindings = tunnel.finding(failure).map { [$0] } ?? []
    return result
  }
}
