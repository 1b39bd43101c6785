internal import ArgumentParser
internal import PacketDissector

/// What `ping` asks, how often and how large.
struct PingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The format of ESP echo: merged or draft03 through an SA, merged, kernel or colitti2023 in clear.",
      valueName: "format"))
  var format = ESPEchoFormat.merged

  @Flag(help: "In clear on SPI 7, even where there are credentials.")
  var unencrypted = false

  @Flag(help: "In clear, in UDP to port 4500, even where raw ESP is permitted.")
  var udp = false

  @Option(
    help: ArgumentHelp(
      "ICMP echo through the Child SA to this address behind the peer; auto takes the first that the tunnel covers.",
      valueName: "address"))
  var inner: InnerTarget?

  @Flag(help: "Ask for no reply (merged format).")
  var oneWay = false

  @Option(
    help: ArgumentHelp("Ask for the reply on this SPI, in hexadecimal.", valueName: "spi"))
  var replySpi: HexadecimalSPI?

  @Option(
    help: ArgumentHelp(
      "Bytes of data in an echo, with --inner of the whole inner packet; repeat for several in turn.",
      valueName: "bytes"))
  var size: [Int] = []

  @Option(
    help: ArgumentHelp(
      "One size after the other: 100-1400, or 100-1400/50 in steps of 50.", valueName: "range"))
  var sweepSizes: SizeRange?

  @Flag(help: "Set DF, so that nothing on the way fragments the packets.")
  var df = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Echoes to send; 0 until Ctrl-C. The default is 5, or one of each size.", valueName: "number")
  )
  var count: Int?

  @Option(help: ArgumentHelp("From one echo to the next.", valueName: "time"))
  var interval = Seconds(1)

  @Option(help: ArgumentHelp("An echo without a reply for so long is lost.", valueName: "time"))
  var timeout = Seconds(1)

  @Option(
    help: ArgumentHelp(
      "The notify type that announces ESP echo in IKE_AUTH: 50801 (merged) and 50802 (draft03), which no document has numbered.",
      valueName: "number"))
  var notify: UInt16?

  mutating func validate() throws {
    if interval.value < 0.01 { throw ValidationError("--interval is at least 0.01 s.") }
    if timeout.value <= 0 { throw ValidationError("--timeout is more than 0.") }
    if let count, count < 0 { throw ValidationError("--count is 0 or more.") }
    if let bad = sizes.first(where: { !(0...65_000).contains($0) }) {
      throw ValidationError("--size is 0 to 65000 bytes, not \(bad).")
    }
    if !size.isEmpty, sweepSizes != nil {
      throw ValidationError("Give one of --size and --sweep-sizes.")
    }
    if inner != nil, oneWay || replySpi != nil || unencrypted {
      throw ValidationError(
        "--one-way, --reply-spi and --unencrypted are of ESP echo, not of --inner.")
    }
    if oneWay, format != .merged { throw ValidationError("--one-way takes --format merged.") }
    if let replySpi, replySpi.value > UInt32.max {
      throw ValidationError("--reply-spi has 8 hexadecimal digits.")
    }
    if let notify, notify < 16_384 {
      throw ValidationError("--notify is a status type: 16384 to 65535.")
    }
  }

  /// Empty for the default.
  var sizes: [Int] { sweepSizes.map(\.sizes) ?? size }
}

extension ESPEchoFormat: ExpressibleByArgument {}

/// An address inside the tunnel, or "auto".
struct InnerTarget: ExpressibleByArgument {
  /// Nil for the first that the tunnel covers.
  let address: IPAddress?

  init?(argument: String) {
    if argument == "auto" {
      address = nil
    } else {
      guard let address = IPAddress(text: argument) else { return nil }
      self.address = address
    }
  }
}

/// Sizes from one to another.
struct SizeRange: ExpressibleByArgument {
  let sizes: [Int]

  /// "100-1400" in steps of one, "100-1400/50"; at most 10,000 sizes.
  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    let step = parts.count > 1 ? Int(parts[1]) : 1
    guard parts.count <= 2, ends.count == 2, let first = ends[0], let last = ends[1], let step,
      step > 0, first <= last, last <= 65_000, (last - first) / step < 10_000
    else { return nil }
    sizes = Array(stride(from: first, through: last, by: step))
  }
}
