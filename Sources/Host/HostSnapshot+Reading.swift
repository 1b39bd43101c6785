internal import CLinux
internal import Glibc
internal import PacketDissector

extension HostSnapshot {
  /// What this machine says now. What cannot be read is ``missing``, with the reason. `vici` is where charon
  /// listens, as ``DaemonReading`` takes it.
  package static func read(
    _ parts: Set<Part> = Set(Part.allCases), vici: String? = nil
  ) -> HostSnapshot {
    var snapshot = HostSnapshot(.thisMachine, at: .now)
    for part in Part.allCases where parts.contains(part) { snapshot.read(part, vici) }
    return snapshot
  }

  private mutating func read(_ part: Part, _ vici: String?) {
    do throws(KernelError) {
      switch part {
      case .securityAssociations: try readSAs()
      case .policies: try readPolicies()
      case .dropCounters: readDropCounters()
      case .addresses: addresses = try OwnAddresses.read()
      case .network:
        let (read, lacking) = HostNetwork.read()
        network = read
        missing += lacking
      case .daemon:
        let reading = DaemonReading(vici: vici)
        daemons = reading.daemons
        missing += reading.missing
      }
    } catch {
      missing.append(Missing(part, error))
    }
  }

  private mutating func readSAs() throws(KernelError) {
    let database = try KernelSADatabase.read()
    sas = database.sas
    note(database.unreadable, database.isInterrupted, "SAs")
    guard sas.isEmpty else { return }
    if let reason = MissingESP.reason() {
      missing.append(Missing(.securityAssociations, reason))
    } else if NetworkNamespace.isOneOfSeveral {
      missing.append(
        Missing(
          .securityAssociations,
          "only the SAs of this network namespace are seen, and it has none; this is a container "
            + "or a namespace made by hand, and the host's SAs are seen only there"))
    }
  }

  private mutating func readPolicies() throws(KernelError) {
    let database = try KernelPolicyDatabase.read()
    policies = database.policies
    note(database.unreadable, database.isInterrupted, "policies")
  }

  private mutating func readDropCounters() {
    dropCounters = DropCounters.read()
    guard dropCounters == nil else { return }
    // It is there for everybody, as the other one is on every kernel.
    let reason =
      SystemFile.read("/proc/net/dev") == nil
      ? "/proc/net cannot be read here"
      : "/proc/net/xfrm_stat is not there: the kernel is built without CONFIG_XFRM_STATISTICS"
    missing.append(Missing(.dropCounters, reason))
  }

  private mutating func note(_ unreadable: Int, _ isInterrupted: Bool, _ what: String) {
    if unreadable > 0 {
      problems.append("the kernel tells \(unreadable) \(what) in a form that is not known")
    }
    if isInterrupted {
      problems.append("\(what) kept changing while they were read; some may be missing")
    }
  }
}

extension HostSnapshot.Missing {
  /// Of a part that the kernel tells.
  init(_ part: HostSnapshot.Part, _ error: KernelError) {
    self.init(part, Self.reason(error), isPermission: error == .notPermitted)
  }

  private static func reason(_ error: KernelError) -> String {
    switch error {
    case .notPermitted:
      // With the capability it is refused only where the network namespace belongs to others.
      Capabilities.effective.contains(.netAdmin)
        ? "the kernel refuses although this process has the capability CAP_NET_ADMIN: the network "
          + "namespace belongs to another user namespace, whose root may read it"
        : Capabilities.missingNetAdmin
    case .withoutXFRM:
      KernelOptions.read()?["CONFIG_XFRM_USER"] == .absent
        ? "this kernel is built without CONFIG_XFRM_USER, and so cannot tell its SAs and policies"
        : "the kernel does not answer for its SAs and policies: CONFIG_XFRM_USER is not built in, "
          + "or the module xfrm_user is not loaded"
    case .failed, .malformed, .tooMuch: error.description
    }
  }
}

/// Whether this kernel can have SAs of ESP at all; said only where it is certain.
private enum MissingESP {
  static func reason() -> String? {
    guard let options = KernelOptions.read(), options["CONFIG_INET_ESP"] == .absent,
      options["CONFIG_INET6_ESP"] != .builtIn, options["CONFIG_INET6_ESP"] != .module
    else { return nil }
    return "this kernel is built without ESP: CONFIG_INET_ESP and CONFIG_INET6_ESP are not set in "
      + options.path + "; a daemon can then only carry ESP itself"
  }
}

/// Whether there are other network namespaces, as far as this process can tell.
private enum NetworkNamespace {
  /// The number that the kernel gives to the first namespace of process numbers (proc_ns.h).
  private static let firstProcessNamespace = "pid:[4026531836]"

  /// In a container, processes are numbered anew; in a namespace made by hand, the network is not the first
  /// process's. Not seen is a container of another's network with the host's process numbers and no
  /// permission to look at the first process.
  static var isOneOfSeveral: Bool {
    if let own = SystemFile.link("/proc/self/ns/pid"), own != firstProcessNamespace { return true }
    guard let own = SystemFile.link("/proc/thread-self/ns/net"),
      let first = SystemFile.link("/proc/1/ns/net")
    else { return false }
    return own != first
  }
}
