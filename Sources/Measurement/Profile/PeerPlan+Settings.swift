internal import Diagnosis
internal import Host
internal import IKE
internal import IPsecCrypto
internal import PacketDissector

extension PeerPlan {
  /// Reads settings and the files that they name. The plan is nil where one of the problems forbids it.
  /// `now` is in seconds since 1970.
  package static func read(
    _ settings: Settings, now: Int64
  ) -> (plan: PeerPlan?, problems: [SettingProblem]) {
    var reader = SettingReader(settings, now: now)
    let plan = reader.plan()
    let isUsable = reader.problems.allSatisfy(\.isWarning)
    return (isUsable ? plan : nil, reader.problems)
  }
}

/// Reads values one by one, and keeps what is wrong with them.
struct SettingReader {
  let settings: Settings
  let now: Int64
  private(set) var problems: [SettingProblem] = []

  init(_ settings: Settings, now: Int64) {
    self.settings = settings
    self.now = now
  }

  mutating func add(_ reason: SettingProblem.Reason, at key: SettingKey? = nil) {
    problems.append(SettingProblem(reason, at: key.flatMap { settings[$0]?.origin }))
  }

  func text(_ key: SettingKey) -> String? { settings[key]?.text }

  /// What `read` makes of a key's text; nil, and a problem, where it makes nothing of it.
  private mutating func value<Value>(_ key: SettingKey, _ read: (String) -> Value?) -> Value? {
    guard let text = text(key) else { return nil }
    if let value = read(text) { return value }
    add(.badValue(key, text), at: key)
    return nil
  }

  mutating func plan() -> PeerPlan? {
    let mode = value(.mode) { ["tunnel": false, "transport": true][$0.lowercased()] } ?? false
    let ike = proposals(.ike, .ike, usual: PeerPlan.usualIKE)
    let esp = proposals(.esp, .esp, usual: PeerPlan.usualESP)
    let local = selectors(.localTS, isTransport: mode)
    let remote = selectors(.remoteTS, isTransport: mode)
    let proof = proof()
    let ports = IKEPorts(
      plain: value(.port, Self.port) ?? 500, encapsulated: value(.natPort, Self.port) ?? 4500)
    var plan = proof.map { credential, requirement in
      PeerPlan(
        remote: settings[.remote], ikeProposals: ike, childProposals: esp,
        credential: credential, requirement: requirement, localSelectors: local,
        remoteSelectors: remote, isTransportMode: mode, requestedAttributes: [], ports: ports,
        supportsFragmentation: true)
    }
    let localIdentity = value(.localID, Identity.init(text:)) ?? usualIdentity(proof?.0)
    plan?.localIdentity = localIdentity
    let remoteIdentity = text(.remoteID) == "%any" ? nil : value(.remoteID, Identity.init(text:))
    plan?.remoteIdentity = remoteIdentity
    if case .eap? = proof?.0, text(.remoteID) == nil { add(.anyGateway, at: .eapUser) }
    plan?.requestedAttributes = value(.virtualIP, Self.virtualAddress) ?? []
    plan?.ppk = ppk()
    plan?.source = value(.source) { IPAddress(text: $0) }
    plan?.interface = value(.interface) { (1...15).contains($0.utf8.count) ? $0 : nil }
    plan?.supportsFragmentation = value(.fragmentation, Self.flag) ?? true
    plan?.fragmentSize = value(.fragmentSize) { Self.number($0, 576...65535) }
    plan?.replayWindow = value(.replayWindow) { Self.number($0, 0...65536) }
    return plan
  }

  private mutating func proposals(
    _ key: SettingKey, _ protocolID: ProtocolID, usual: String
  ) -> [Proposal] {
    do throws(ProposalParsingError) {
      return try ProposalNotation.parse(text(key) ?? usual, for: protocolID)
    } catch {
      add(.proposals(key, error), at: key)
      return []
    }
  }

  private mutating func selectors(_ key: SettingKey, isTransport: Bool) -> SelectorPlan {
    guard let text = text(key) else { return isTransport ? .listed(["dynamic"]) : .everything }
    let words = text.split(separator: ",").map(\.trimmingBlanks)
    let plan = SelectorPlan.listed(words)
    // Any address shows whether they can be read.
    if words.isEmpty || plan.selectors(own: .any(isIPv6: false), isIPv6: false) == nil {
      add(.badValue(key, text), at: key)
    }
    return plan
  }

  private func usualIdentity(_ credential: Credential?) -> Identity? {
    switch credential {
    case .signature(_, let chain)?:
      chain.first.flatMap(Certificate.init(der:)).map {
        Identity(type: .idDERASN1DN, data: $0.subject)
      }
    case .eap(let account)?: Identity(text: account.userName)
    case .preSharedKey?, .null?, nil: nil
    }
  }

  private mutating func ppk() -> PPKPolicy? {
    switch (text(.ppkID), settings[.ppkFile]) {
    case (nil, nil): return nil
    case (nil, _):
      add(.missing(.ppkID, with: .ppkFile), at: .ppkFile)
      return nil
    case (_, nil):
      add(.missing(.ppkFile, with: .ppkID), at: .ppkID)
      return nil
    case (let name?, _):
      guard let secret = secret(.ppkFile, .key) else { return nil }
      return PPKPolicy(
        identity: PPKIdentity(type: Self.fixedName, data: Array(name.utf8)), secret: secret,
        isMandatory: false)
    }
  }

  /// PPK_ID_FIXED (RFC 8784, section 5.1).
  private static let fixedName: PPKIdentityType = 2

  private static func port(_ text: String) -> UInt16? {
    UInt16(text).flatMap { $0 > 0 ? $0 : nil }
  }

  private static func number(_ text: String, _ range: ClosedRange<Int>) -> Int? {
    Int(text).flatMap { range.contains($0) ? $0 : nil }
  }

  private static func flag(_ text: String) -> Bool? {
    ["yes": true, "no": false][text.lowercased()]
  }

  private static func virtualAddress(_ text: String) -> [ConfigurationAttributeType]? {
    switch text.lowercased() {
    case "yes", "ipv4": [.internalIP4Address]
    case "ipv6": [.internalIP6Address]
    case "no": []
    default: nil
    }
  }
}
