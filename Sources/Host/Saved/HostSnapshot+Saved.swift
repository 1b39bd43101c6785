internal import PacketDissector

extension HostSnapshot {
  /// What a machine's saved output says: of `ip xfrm state` or `setkey -D`, `ip xfrm policy`,
  /// /proc/net/xfrm_stat, `ip addr`, `ip link`, `ip route` and `sysctl`, told by what the files hold. Of
  /// several files of a kind the newest counts: readings of different times are not mixed.
  ///
  /// Nil where the folder cannot be read.
  package init?(savedIn folder: String) {
    guard let saved = SavedFolder(folder) else { return nil }
    let texts = saved.files.map { (name: $0.name, text: SavedText($0.text)) }
    self.init(.saved(folder: folder), at: saved.files.first?.changed ?? .now)
    problems = saved.problems
    let network = NetworkText(texts.map(\.text))
    addresses = network.addresses
    self.network = network.network
    readSAs(texts)
    readPolicies(texts)
    readCounters(saved)
    let manifest = texts.lazy.compactMap { Manifest($0.text) }.first
    if let manifest {
      time = manifest.time
      missing = manifest.missing
    }
    noteMissing()
  }

  private mutating func readSAs(_ texts: [(name: String, text: SavedText)]) {
    var found: [(name: String, sas: [KernelSA])] = []
    // setkey tells less than ip.
    var less: [(name: String, sas: [KernelSA])] = []
    for (name, text) in texts {
      let state = StateText(text, network.interfaces)
      if !state.unreadable.isEmpty {
        problems.append("\(name), line \(state.unreadable[0]): this SA cannot be read")
      }
      if !state.sas.isEmpty { found.append((name, state.sas)) }
      let setkey = SetkeyText(text).sas
      if !setkey.isEmpty { less.append((name, setkey)) }
    }
    found += less
    sas = found.first?.sas ?? []
    note(found.dropFirst().map(\.name), "SAs")
  }

  private mutating func readPolicies(_ texts: [(name: String, text: SavedText)]) {
    var others: [String] = []
    for (name, text) in texts {
      let found = PolicyText(text, network.interfaces)
      if !found.unreadable.isEmpty {
        problems.append("\(name), line \(found.unreadable[0]): this policy cannot be read")
      }
      if found.policies.isEmpty { continue }
      if policies.isEmpty { policies = found.policies } else { others.append(name) }
    }
    note(others, "policies")
  }

  private mutating func readCounters(_ saved: SavedFolder) {
    var others: [String] = []
    for file in saved.files {
      let entries = DropCounters(text: file.text).entries.filter { $0.name.hasPrefix("Xfrm") }
      if entries.isEmpty { continue }
      if dropCounters == nil {
        dropCounters = DropCounters(entries)
      } else {
        others.append(file.name)
      }
    }
    note(others, "drop counters")
  }

  private mutating func note(_ others: [String], _ what: String) {
    guard let first = others.first else { return }
    problems.append(
      "other \(what), in \(others.count == 1 ? first : "\(others.count) more files"), are left out")
  }

  /// Parts that nobody has saved.
  private mutating func noteMissing() {
    let empty: [(Part, Bool, String)] = [
      (.securityAssociations, sas.isEmpty, "ip -s -d xfrm state"),
      (.policies, policies.isEmpty, "ip -s xfrm policy"),
      (.dropCounters, dropCounters == nil, "cat /proc/net/xfrm_stat"),
      (.addresses, addresses.isEmpty, "ip addr"),
      (.network, network.interfaces.isEmpty || network.routes.isEmpty, "ip link; ip route"),
      (.daemon, true, "ipsecdiag daemon"),
    ]
    for (part, isEmpty, command) in empty where isEmpty {
      guard !missing.contains(where: { $0.part == part }) else { continue }
      missing.append(
        Missing(
          part,
          part == .daemon
            ? "what a daemon says is not read from files"
            : "no file has the output of `\(command)`"))
    }
  }
}

/// What `ipsecdiag collect` writes of the collection itself.
struct Manifest {
  var time: Timestamp
  var missing: [HostSnapshot.Missing] = []

  /// A line that begins so tells the time.
  static let timeWord = "collected-at"
  static let missingWord = "missing"

  init?(_ text: SavedText) {
    guard let line = text.lines.first(where: { $0.first == Self.timeWord }), line.words.count == 3,
      let time = SavedText.moment(line.words[1], line.words[2])
    else { return nil }
    self.time = time
    for line in text.lines where line.first == Self.missingWord {
      let words = line.words.dropFirst().joined(separator: " ")
      for part in HostSnapshot.Part.allCases where words.hasPrefix("\(part.rawValue): ") {
        missing.append(.init(part, String(words.dropFirst(part.rawValue.count + 2))))
      }
    }
  }
}
