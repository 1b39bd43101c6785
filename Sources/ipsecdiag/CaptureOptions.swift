internal import ArgumentParser
internal import Capture
internal import Diagnosis
internal import PacketDissector
internal import Report

/// Where packets come from and which of them are wanted: the same for every command that reads.
struct CaptureOptions: ParsableArguments {
  @Option(
    name: [.customShort("r"), .customLong("read")],
    help: ArgumentHelp(
      "A capture file: pcap, pcapng or snoop, also gzip or zstd; - is standard input. Repeat for several, read in time order.",
      valueName: "file"))
  var files: [String] = []

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Capture live on this interface (needs CAP_NET_RAW).", valueName: "name"))
  var interface: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Stop after this many frames.", valueName: "number"))
  var count: UInt64?

  @Option(
    help: ArgumentHelp(
      "Only frames from this time on: RFC 3339, or seconds since 1970.", valueName: "time"))
  var timeFrom: TimePoint?

  @Option(help: ArgumentHelp("Only frames up to this time.", valueName: "time"))
  var timeTo: TimePoint?

  @Option(
    help: ArgumentHelp(
      "Only packets from or to this address. Repeat for several.", valueName: "address"))
  var peer: [IPAddress] = []

  @Option(
    help: ArgumentHelp(
      "Only ESP or AH with this SPI, or IKE with it on either side, in hexadecimal. Repeat for several.",
      valueName: "spi"))
  var spi: [HexadecimalSPI] = []

  @Option(
    help: ArgumentHelp(
      "Only IKE messages of this exchange: IKE_AUTH, 'main mode', or its number. Repeat for several.",
      valueName: "exchange"))
  var exchange: [ExchangeName] = []

  @Argument(
    help: ArgumentHelp(
      "A capture filter as tcpdump takes it, such as: udp port 4500 and host 192.0.2.1",
      valueName: "filter"))
  var filter: [String] = []

  /// What a command that reads captures calls from its `validate`.
  func requireSource() throws {
    if files.isEmpty == (interface == nil) {
      throw ValidationError("Give a capture with -r FILE, or an interface with -i NAME.")
    }
  }

  /// The same for one that may compute instead.
  func requireSource(orCalculate calculates: Bool) throws {
    guard calculates else {
      guard !files.isEmpty || interface != nil else {
        throw ValidationError("Give a capture with -r FILE, or --calculate.")
      }
      return try requireSource()
    }
    if !files.isEmpty || interface != nil || !filter.isEmpty {
      throw ValidationError("--calculate reads no capture: leave out -r, -i and filters.")
    }
  }

  var selection: FrameSelection {
    FrameSelection(
      peers: peer, spis: spi.map(\.value), exchanges: exchange.flatMap(\.numbers))
  }

  /// Opens the files to read, or the interface. `onWait` is called before waiting for more packets; `isStopped`
  /// ends the wait for the next one.
  func open(
    _ live: LiveOptions?, onWait: @escaping () -> Void, isStopped: @escaping () -> Bool
  ) throws(CaptureError) -> FrameReader {
    let expression = filter.joined(separator: " ")
    let window = TimeWindow(from: timeFrom?.timestamp, to: timeTo?.timestamp)
    if let interface {
      let capture = try LiveCapture(
        interface: interface, snapshotLength: live?.wantedBytes ?? LiveCapture.wholeFrames,
        promiscuous: live?.promiscuous ?? false,
        bufferSize: live?.bufferBytes ?? LiveCapture.bufferSize,
        filter: expression.isEmpty ? nil : expression, onWait: onWait, isStopped: isStopped)
      return FrameReader(.live(capture), window: window)
    }
    let packetFilter = expression.isEmpty ? nil : try PacketFilter(expression: expression)
    return FrameReader(
      .files(MergedCapture(paths: files, onWait: onWait, isStopped: isStopped)),
      filter: packetFilter, window: window)
  }
}

extension CaptureOptions {
  /// Says on standard error what a live capture lost; nothing of a file.
  func note(_ statistics: LiveCapture.Statistics?) {
    guard let statistics else { return }
    let counts = [
      statistics.received, statistics.droppedByKernel, statistics.droppedByInterface,
    ].map { Quantity.grouped(Int64(clamping: $0)) }
    StandardError.write(
      "\(counts[0]) packets received, \(counts[1]) dropped by the kernel, \(counts[2]) by the "
        + "interface")
  }
}

extension IPAddress: ExpressibleByArgument {
  /// What ``IPAddress/init(text:)`` reads.
  public init?(argument: String) {
    self.init(text: argument)
  }
}

/// An SPI as people copy it: hexadecimal, with or without 0x, of 4 or 8 bytes.
struct HexadecimalSPI: ExpressibleByArgument {
  let value: UInt64

  init?(argument: String) {
    let digits = argument.hasPrefix("0x") ? argument.dropFirst(2) : argument[...]
    guard (1...16).contains(digits.count), let value = UInt64(digits, radix: 16) else { return nil }
    self.value = value
  }
}

/// An exchange by its name in either IKE version, in any case, or by its number.
struct ExchangeName: ExpressibleByArgument {
  let numbers: [UInt8]

  init?(argument: String) {
    if let number = UInt8(argument) {
      numbers = [number]
      return
    }
    let wanted = argument.lowercased()
    numbers = (0...UInt8.max).filter { number in
      let names = [
        ExchangeType(rawValue: number).name, IKEv1ExchangeType(rawValue: number).name,
        IKEv1ExchangeType(rawValue: number).shortName,
      ]
      return names.contains { $0?.lowercased() == wanted }
    }
    if numbers.isEmpty { return nil }
  }
}

/// A moment: RFC 3339 ("2026-11-23T14:44:29.5Z"), or seconds since 1970.
struct TimePoint: ExpressibleByArgument {
  let timestamp: Timestamp

  init?(argument: String) {
    guard let timestamp = Timestamp(rfc3339: argument) ?? Timestamp(epochSeconds: argument) else {
      return nil
    }
    self.timestamp = timestamp
  }
}
