import Glibc
import Host
import IPsecCrypto
import PacketDissector

/// Prints what the module Host reads of this kernel's IPsec, for `kernel-state` to compare with `ip`: a line
/// each, fields of "name=value" with tabs between.
///
///     state                 the SAs, with their keys
///     policy                the policies
///     snapshot              what a snapshot has and lacks
///     events COUNT          so many events, as they come; ends after 20 seconds
///     lost                  reads events once a line comes on standard input
///     time COUNT            how long it takes to read the SAs so many times, with the memory that they take
@main
struct StateReader {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    let count = words.dropFirst().first.flatMap { Int($0) } ?? 1
    do {
      switch words.first {
      case "state": for sa in try KernelSADatabase.read(withKeys: true).sas { show(fields(sa)) }
      case "policy": for policy in try KernelPolicyDatabase.read().policies { show(fields(policy)) }
      case "snapshot": showSnapshot()
      case "events": try showEvents(count)
      case "lost": try showLosses()
      case "time": try showTimes(count)
      default: print("state, policy, snapshot, events COUNT, lost or time COUNT")
      }
    } catch {
      print("error=\(error)")
      exit(1)
    }
  }

  private static func show(_ fields: [(String, Any?)]) {
    print(
      fields.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: "\t"))
  }

  private static func showSnapshot() {
    let snapshot = HostSnapshot.read()
    show([
      ("sas", snapshot.sas.count), ("policies", snapshot.policies.count),
      ("counters", snapshot.dropCounters?.entries.count),
      ("addresses", snapshot.addresses.map(\.description).joined(separator: " ")),
    ])
    for entry in snapshot.dropCounters?.entries ?? [] { print("\(entry.name) \(entry.value)") }
    for missing in snapshot.missing {
      print("missing: \(missing.part.rawValue): \(missing.reason) \(missing.isPermission)")
    }
    for problem in snapshot.problems { print("problem: \(problem)") }
  }

  private static func showEvents(_ count: Int) throws {
    var events = try KernelEvents()
    print("ready")
    fflush(nil)
    var poll = SocketPoll()
    poll.add(events.descriptor)
    let end = MonotonicClock.now() + 20_000_000_000
    var shown = 0
    while shown < count, try poll.wait(until: end) != .deadline {
      for event in try events.read() {
        show(fields(event))
        shown += 1
      }
      fflush(nil)
    }
    show([("losses", events.losses), ("unreadable", events.unreadable)])
  }

  private static func showLosses() throws {
    var events = try KernelEvents()
    print("ready")
    fflush(nil)
    _ = readLine()
    var read = 0
    while case let batch = try events.read(limit: 100), !batch.isEmpty { read += batch.count }
    show([("read", read), ("losses", events.losses), ("unreadable", events.unreadable)])
  }

  private static func showTimes(_ count: Int) throws {
    let empty = residentPages()
    for _ in 0..<count {
      let start = MonotonicClock.now()
      let database = try KernelSADatabase.read()
      let time = MonotonicClock.now() - start
      show([
        ("sas", database.sas.count), ("unreadable", database.unreadable),
        ("interrupted", database.isInterrupted), ("ms", Double(time / 10_000) / 100),
        ("sa_bytes", MemoryLayout<KernelSA>.stride), ("kib", (residentPages() - empty) * 4),
      ])
    }
  }

  /// The second number of /proc/self/statm.
  private static func residentPages() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe _ = fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard unsafe fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}
