internal import Diagnosis
internal import PacketDissector

/// The lines of configuration that give a connection these settings.
struct DetectionTimeLines {
  struct Line: Equatable {
    let file: String
    let section: String
    let setting: String
  }

  let lines: [Line]

  /// `connection` says which file and section; without it, those that the daemon usually has. What is
  /// as installed is left out, unless `current` has it otherwise.
  init(
    _ settings: DetectionTime.Settings, current: DetectionTime.Settings,
    connection: ConfiguredConnection?
  ) {
    var name = TextBuffer(capacity: 64)
    name.escaped(connection?.name ?? "NAME")
    let isLegacy = connection?.place == .libreswan
    switch settings.daemon {
    case .strongSwan:
      lines =
        (isLegacy ? Self.legacy(settings, name.string) : Self.swanctl(settings, name.string))
        + Self.charon(settings, current)
    case .libreswan: lines = Self.libreswan(settings, current, name.string)
    case .iked:
      lines = [
        Line(
          file: "iked.conf", section: "outside of any policy",
          setting: "set dpd_check_interval \(Self.whole(settings.delay))")
      ]
    }
  }

  private static func whole(_ seconds: Double) -> String {
    Quantity.decimal(seconds, places: seconds == seconds.rounded() ? 0 : 3)
  }

  private static func swanctl(_ settings: DetectionTime.Settings, _ name: String) -> [Line] {
    var values = ["dpd_delay = \(whole(settings.delay))s"]
    if settings.version == .v1, let timeout = settings.timeout {
      values.append("dpd_timeout = \(whole(timeout))s")
    }
    return values.map {
      Line(file: "swanctl.conf", section: "section connections.\(name)", setting: $0)
    }
  }

  private static func legacy(_ settings: DetectionTime.Settings, _ name: String) -> [Line] {
    var values = ["dpdaction=restart", "dpddelay=\(whole(settings.delay))s"]
    if settings.version == .v1, let timeout = settings.timeout {
      values.append("dpdtimeout=\(whole(timeout))s")
    }
    return values.map { Line(file: "ipsec.conf", section: "conn \(name)", setting: $0) }
  }

  private static func charon(
    _ settings: DetectionTime.Settings, _ current: DetectionTime.Settings
  ) -> [Line] {
    let charon = settings.strongSwan
    guard settings.version == .v2,
      charon != RetransmissionSchedule.StrongSwan() || charon != current.strongSwan
    else { return [] }
    var values = [
      "retransmit_tries = \(charon.tries)",
      "retransmit_timeout = \(Seconds.bare(charon.timeout))",
      "retransmit_base = \(Seconds.bare(charon.base))",
    ]
    if current.strongSwan.limit != charon.limit {
      values.append("retransmit_limit = \(whole(charon.limit ?? 0))")
    }
    if current.strongSwan.jitter != charon.jitter {
      values.append("retransmit_jitter = \(charon.jitter)")
    }
    return values.map { Line(file: "strongswan.conf", section: "section charon", setting: $0) }
  }

  private static func libreswan(
    _ settings: DetectionTime.Settings, _ current: DetectionTime.Settings, _ name: String
  ) -> [Line] {
    var values = ["dpddelay=\(whole(settings.delay))s"]
    if settings.version == .v1, let timeout = settings.timeout {
      values.append("dpdtimeout=\(whole(timeout))s")
    }
    let pluto = settings.libreswan
    if settings.version == .v2,
      pluto != RetransmissionSchedule.Libreswan() || pluto != current.libreswan
    {
      values.append("retransmit-interval=\(Quantity.decimal(pluto.interval * 1000, places: 0))ms")
      values.append("retransmit-timeout=\(whole(pluto.timeout))s")
    }
    return values.map { Line(file: "ipsec.conf", section: "conn \(name)", setting: $0) }
  }
}
