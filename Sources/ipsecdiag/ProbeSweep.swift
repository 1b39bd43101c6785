internal import Diagnosis
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report
internal import Synchronization

/// `probe --sweep`: one question to every address, and a line for each that answers.
struct ProbeSweep {
  let plan: ProbePlan
  /// Only addresses of this family; nil for both.
  let isIPv6Wanted: Bool?
  /// How many names are looked up at the same time.
  let concurrency: Int

  /// Addresses by family, and names that are still to be looked up.
  struct Targets {
    private(set) var names: [String] = []
    private(set) var families: [SweepTargets] = [SweepTargets(), SweepTargets()]

    mutating func add(_ target: TargetExpression) {
      switch target {
      case .name(let name): names.append(name)
      case .address(let address): families[Self.place(address)].append(address)
      case .range(let first, let count): families[Self.place(first)].append(first, count: count)
      case .network(let first, let length):
        families[Self.place(first)].append(first, prefixLength: length)
      }
    }

    private static func place(_ address: IPAddress) -> Int { address.isIPv6 ? 1 : 0 }

    var isEmpty: Bool { names.isEmpty && families.allSatisfy { $0.count == 0 } }
  }

  /// Writes what answers, and the end of the report.
  ///
  /// - Returns: The exit code.
  func run(_ targets: Targets, _ writer: SweepWriter, _ verdict: VerdictOptions) throws -> Int32 {
    var writer = writer
    var targets = targets
    var failure: Failure?
    /// Writes one thing, and remembers the first failure of that: nobody reads the rest.
    func write(_ body: (inout SweepWriter) throws(Failure) -> Void) {
      guard failure == nil else { return }
      do throws(Failure) { try body(&writer) } catch {
        failure = error
        Interruption.request()
      }
    }
    lookUp(&targets) { problem in
      write { writer throws(Failure) in try writer.add(problem) }
    }
    var whole = SweepSummary()
    for (isIPv6, addresses) in zip([false, true], targets.families)
    where addresses.count > 0 && isIPv6Wanted != !isIPv6 {
      guard !Interruption.isRequested else {
        whole.targets += UInt64(addresses.count)
        continue
      }
      whole.add(try sweep(addresses, verdict, write))
    }
    whole.isInterrupted = Interruption.isRequested
    if let failure { throw failure }
    return try writer.end(whole, verdict.failOn)
  }

  private func sweep(
    _ targets: SweepTargets, _ verdict: VerdictOptions,
    _ write: ((inout SweepWriter) throws(Failure) -> Void) -> Void
  ) throws -> SweepSummary {
    var progress = SweepProgress(isQuiet: verdict.quiet)
    defer { progress.clear() }
    do {
      return try NetworkSweep(plan).sweep(
        targets,
        isInterrupted: { summary in
          write { writer throws(Failure) in try writer.flush() }
          progress.show(summary)
          return Interruption.isRequested
        }
      ) { result in
        progress.clear()
        write { writer throws(Failure) in try writer.add(result) }
      }
    } catch let error as SocketError {
      throw Failure(
        "\(error)",
        exitCode: error.meaning == .notPermitted ? ExitCodes.noPermission : ExitCodes.unknown)
    }
  }

  // MARK: Names

  /// Adds the addresses of all names; a name that has none is told.
  private func lookUp(_ targets: inout Targets, _ failed: (ProbeFailure) -> Void) {
    guard !targets.names.isEmpty else { return }
    let names = targets.names
    let isIPv6Wanted = isIPv6Wanted
    let next = Mutex(0)
    ProbeWorkers(min(concurrency, names.count)).run(
      next: { () -> String? in
        guard !Interruption.isRequested else { return nil }
        return next.withLock { next in
          defer { next += 1 }
          return next < names.count ? names[next] : nil
        }
      },
      work: { name in
        do throws(ResolutionError) {
          let found = try NameResolution.addresses(
            of: name, family: .init(isIPv6Wanted: isIPv6Wanted))
          return Result<[IPAddress], ProbeFailure>.success(found.map(\.address))
        } catch {
          return .failure(ProbeFailure(target: name, reason: "\(error)"))
        }
      }, idle: {}
    ) { outcome in
      switch outcome {
      case .success(let addresses): for address in addresses { targets.add(.address(address)) }
      case .failure(let failure): failed(failure)
      }
    }
  }
}
