internal import ArgumentParser
internal import Diagnosis
internal import Report

/// What a daemon's liveness checks are set to: from options, from its files, or both.
struct LivenessOptions: ParsableArguments {
  @Option(help: "Whose checks: strongswan, libreswan or iked.")
  var daemon: Daemon?

  @Option(help: "1 or 2; 2 by default, or what a file says.")
  var ikeVersion: Int?

  @Option(
    help: ArgumentHelp(
      "Read swanctl.conf, strongswan.conf or ipsec.conf; each of its connections is reported. Options beside it win over the file. Repeat for several; - is standard input.",
      valueName: "file"))
  var daemonConfig: [String] = []

  @Option(
    help: ArgumentHelp(
      "dpd_delay, dpddelay or dpd_check_interval: without traffic for so long, a check leaves; 30 s by default, 0 for no checks.",
      valueName: "time"))
  var dpdDelay: Seconds?

  @Option(
    help: ArgumentHelp(
      "dpd_timeout or dpdtimeout: IKEv1's own timeout, which IKEv2 ignores.", valueName: "time"))
  var dpdTimeout: Seconds?

  @Option(
    help: ArgumentHelp(
      "Until the first retransmission for strongSwan (4 s), until no more are sent for libreswan (60 s).",
      valueName: "time"))
  var retransmitTimeout: Seconds?

  @Option(
    help: ArgumentHelp(
      "strongSwan: by what each gap is longer than the one before (1.8).", valueName: "factor"))
  var retransmitBase: Double?

  @Option(
    help: ArgumentHelp(
      "strongSwan: retransmissions before giving up (5).", valueName: "number"))
  var retransmitTries: Int?

  @Option(
    help: ArgumentHelp("strongSwan: no gap is longer (no limit).", valueName: "time"))
  var retransmitLimit: Seconds?

  @Option(
    help: ArgumentHelp(
      "strongSwan: gaps are shortened at random by up to so many percent, 20 at most (0).",
      valueName: "percent"))
  var retransmitJitter: Int?

  @Option(
    help: ArgumentHelp(
      "libreswan: until the first retransmission, with its unit (500ms).", valueName: "time"))
  var retransmitInterval: Seconds?

  @Option(
    help: ArgumentHelp(
      "Propose settings with which a dead peer is noticed within this time.", valueName: "time"))
  var target: Seconds?

  mutating func validate() throws {
    if let ikeVersion, DetectionTime.IKEVersion(rawValue: ikeVersion) == nil {
      throw ValidationError("--ike-version is 1 or 2, not \(ikeVersion).")
    }
    if daemon == .iked, ikeVersion == 1 {
      throw ValidationError("OpenIKED speaks IKEv2 only.")
    }
    if target != nil, daemon == nil, daemonConfig.isEmpty {
      throw ValidationError(
        "--target wants a --daemon or a --daemon-config to propose settings for.")
    }
    if let target, target.value <= 0 { throw ValidationError("--target is more than 0 seconds.") }
    if let retransmitTries, !(0...100).contains(retransmitTries) {
      throw ValidationError("--retransmit-tries is 0 to 100, not \(retransmitTries).")
    }
    if let retransmitBase, !(1...10).contains(retransmitBase) {
      throw ValidationError("--retransmit-base is 1 to 10, not \(retransmitBase).")
    }
    if let retransmitJitter, !(0...20).contains(retransmitJitter) {
      throw ValidationError("--retransmit-jitter is 0 to 20 percent, not \(retransmitJitter).")
    }
    try validateOwner()
  }

  /// Whether any of them was given.
  var isGiven: Bool {
    let times = [
      dpdDelay, dpdTimeout, retransmitTimeout, retransmitLimit, retransmitInterval, target,
    ]
    return daemon != nil || ikeVersion != nil || !daemonConfig.isEmpty || retransmitBase != nil
      || retransmitTries != nil || retransmitJitter != nil || times.contains { $0 != nil }
  }

  /// An option that the daemon doesn't have would change nothing, without a word.
  private func validateOwner() throws {
    let isStrongSwans =
      retransmitBase != nil || retransmitTries != nil || retransmitLimit != nil
      || retransmitJitter != nil
    if let daemon, daemon != .strongSwan, isStrongSwans {
      throw ValidationError(
        "--retransmit-base, -tries, -limit and -jitter are strongSwan's, not \(daemon.name)'s.")
    }
    if let daemon, daemon != .libreswan, retransmitInterval != nil {
      throw ValidationError("--retransmit-interval is libreswan's, not \(daemon.name)'s.")
    }
    if daemon == .iked, retransmitTimeout != nil {
      throw ValidationError("OpenIKED's retransmissions cannot be set.")
    }
    if let retransmitInterval, retransmitInterval.value <= 0 {
      throw ValidationError("--retransmit-interval is more than 0 seconds.")
    }
  }

  /// The delay of the table over all daemons; nil where one of them or a file was named.
  var tableDelay: Double? {
    daemon == nil && daemonConfig.isEmpty ? dpdDelay?.value ?? Self.usualDelay : nil
  }

  /// strongSwan's ipsec.conf has it where checks are on.
  private static let usualDelay = 30.0
}

extension LivenessOptions {
  func report() throws -> DetectionTimeReport {
    if !daemonConfig.isEmpty { return try configured() }
    if let daemon {
      return DetectionTimeReport([subject(usual(daemon, .v2))])
    }
    let all: [(Daemon, DetectionTime.IKEVersion)] = [
      (.strongSwan, .v2), (.strongSwan, .v1), (.libreswan, .v2), (.libreswan, .v1), (.iked, .v2),
    ]
    return DetectionTimeReport(
      all.filter { ikeVersion == nil || $0.1.rawValue == ikeVersion }.map { daemon, version in
        var settings = usual(daemon, version)
        settings.version = version
        // The table shows what each daemon makes of it; a timeout that IKEv2 ignores is no news there.
        if version == .v2 { settings.timeout = nil }
        return DetectionTimeReport.Subject(settings)
      })
  }

  private func usual(
    _ daemon: Daemon, _ version: DetectionTime.IKEVersion
  ) -> DetectionTime.Settings {
    applied(to: DetectionTime.Settings(daemon, version: version, delay: Self.usualDelay))
  }

  private func subject(_ settings: DetectionTime.Settings) -> DetectionTimeReport.Subject {
    DetectionTimeReport.Subject(settings, target: target?.value)
  }

  private func configured() throws -> DetectionTimeReport {
    var files: [(name: String, LivenessConfiguration)] = []
    for path in daemonConfig {
      let bytes = try InputFile.read(path)
      files.append(
        (path == "-" ? "standard input" : path, LivenessConfiguration(bytes, daemon: daemon)))
    }
    // charon's settings hold for every connection, whichever file they stand in.
    let charon = files.compactMap(\.1.retransmission).last
    var subjects: [DetectionTimeReport.Subject] = []
    for (name, file) in files {
      for connection in file.connections {
        var settings = connection.settings
        if let charon { settings.strongSwan = charon }
        subjects.append(
          DetectionTimeReport.Subject(
            applied(to: settings), connection: connection, file: name, target: target?.value))
      }
    }
    if subjects.isEmpty {
      guard let charon else {
        throw Failure(
          "no connection and no retransmission setting in \(daemonConfig.joined(separator: ", "))",
          exitCode: ExitCodes.badData)
      }
      var settings = DetectionTime.Settings(.strongSwan, delay: Self.usualDelay)
      settings.strongSwan = charon
      subjects.append(subject(applied(to: settings)))
    }
    return DetectionTimeReport(
      subjects,
      problems: files.flatMap { name, file in
        file.problems.map { DetectionTimeReport.Problem(name, $0) }
      })
  }

  /// The options win over what `settings` says.
  private func applied(to settings: DetectionTime.Settings) -> DetectionTime.Settings {
    var settings = settings
    if let version = ikeVersion.flatMap(DetectionTime.IKEVersion.init(rawValue:)) {
      settings.version = version
    }
    if let dpdDelay { settings.delay = dpdDelay.value }
    if let dpdTimeout { settings.timeout = dpdTimeout.value }
    switch settings.daemon {
    case .strongSwan:
      if let retransmitTimeout { settings.strongSwan.timeout = retransmitTimeout.value }
      if let retransmitBase { settings.strongSwan.base = retransmitBase }
      if let retransmitTries { settings.strongSwan.tries = retransmitTries }
      if let retransmitLimit {
        settings.strongSwan.limit = retransmitLimit.value > 0 ? retransmitLimit.value : nil
      }
      if let retransmitJitter { settings.strongSwan.jitter = retransmitJitter }
    case .libreswan:
      if let retransmitInterval { settings.libreswan.interval = retransmitInterval.value }
      if let retransmitTimeout { settings.libreswan.timeout = retransmitTimeout.value }
    case .iked: break
    }
    return settings
  }
}

extension Daemon: ExpressibleByArgument {}
