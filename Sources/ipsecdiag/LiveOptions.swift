internal import ArgumentParser
internal import Capture
internal import Glibc

/// How an interface is captured on, and where what came is kept: the same for every command that can.
struct LiveOptions: ParsableArguments {
  @Option(
    name: [.customShort("w"), .customLong("write")],
    help: ArgumentHelp(
      "Also write the selected frames to this pcapng file; - is standard output.",
      valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Begin another file of -w at this size, such as 100MB or 1GiB: FILE_00001_20261124043000.pcapng, as dumpcap names them. Takes --ring-files as well.",
      valueName: "size"))
  var ringSize: ByteSize?

  @Option(
    help: ArgumentHelp(
      "How many files of --ring-size may be there at a time, 2 to 100000; the oldest goes. Only files of this run are removed.",
      valueName: "number"))
  var ringFiles: Int?

  @Option(
    help: ArgumentHelp(
      "How a live capture goes, on standard error: auto (redrawn each second, on a terminal), plain (a line every 10 s) or none.",
      valueName: "style"))
  var progress = ProgressStyle.auto

  @Option(
    name: [.customShort("s"), .long],
    help: ArgumentHelp(
      "Capture at most this many bytes of a frame; 0 is all. Keys open whole packets only.",
      valueName: "bytes"))
  var snapshotLength = 0

  @Flag(help: "Capture frames for other machines, too.")
  var promiscuous = false

  @Option(
    help: ArgumentHelp(
      "The kernel's buffer for frames that are not read yet, 1MB to 2GB.", valueName: "size"))
  var bufferSize: ByteSize?

  mutating func validate() throws {
    if (ringSize == nil) != (ringFiles == nil) {
      throw ValidationError("Give --ring-size and --ring-files together.")
    }
    if let ringFiles, !(2...100_000).contains(ringFiles) {
      throw ValidationError("--ring-files takes 2 to 100000.")
    }
    if let ringSize, ringSize.bytes < 4096 {
      throw ValidationError("--ring-size takes 4kB or more.")
    }
    if ringSize != nil, output == nil || output == "-" {
      throw ValidationError("--ring-size goes with -w FILE.")
    }
    if !(0...LiveCapture.wholeFrames).contains(snapshotLength) {
      throw ValidationError("--snapshot-length takes 0 to \(LiveCapture.wholeFrames) bytes.")
    }
    if let bufferSize, !(1_000_000...2_000_000_000).contains(bufferSize.bytes) {
      throw ValidationError("--buffer-size takes 1MB to 2GB.")
    }
  }

  /// What a command calls from its `validate`; one that judges captures does not write files again.
  func requireInterface(_ capture: CaptureOptions, exceptToWrite: Bool = false) throws {
    if capture.interface == nil,
      output != nil && !exceptToWrite || snapshotLength != 0 || promiscuous || bufferSize != nil
        || progress != .auto
    {
      throw ValidationError("-w, --progress and how frames are captured go with -i NAME.")
    }
    if let output, let read = capture.files.first(where: { Self.isSameFile($0, output) }) {
      throw ValidationError("-w would overwrite \(read), which is read: give another file.")
    }
    if output == "-", !exceptToWrite {
      throw ValidationError("-w - would mix packets with the report: give a file.")
    }
  }

  /// Whether two names are one file that is there.
  private static func isSameFile(_ one: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    return unsafe stat(one, &first) == 0 && stat(other, &second) == 0
      && first.st_mode & S_IFMT == S_IFREG
      && first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  var ring: RingFiles.Limits? {
    guard let ringSize, let ringFiles else { return nil }
    return RingFiles.Limits(bytes: ringSize.bytes, files: ringFiles)
  }

  var bufferBytes: Int { bufferSize.map { Int($0.bytes) } ?? LiveCapture.bufferSize }
  var wantedBytes: Int { snapshotLength == 0 ? LiveCapture.wholeFrames : snapshotLength }
}

enum ProgressStyle: String, CaseIterable, ExpressibleByArgument {
  case auto, plain, none
}

/// A size with or without a unit: 4096, 100kB, 100MB, 1GB by thousands; KiB, MiB, GiB by 1024; k, M, G as kB, MB
/// and GB.
struct ByteSize: ExpressibleByArgument {
  let bytes: UInt64

  private static let units: [String: UInt64] = [
    "": 1, "b": 1, "k": 1000, "kb": 1000, "kib": 1 << 10, "m": 1_000_000, "mb": 1_000_000,
    "mib": 1 << 20, "g": 1_000_000_000, "gb": 1_000_000_000, "gib": 1 << 30,
  ]

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    let unit = argument.dropFirst(digits.count).drop { $0 == " " }.lowercased()
    guard let number = UInt64(digits), let scale = Self.units[unit] else { return nil }
    let (bytes, overflows) = number.multipliedReportingOverflow(by: scale)
    guard !overflows, bytes > 0 else { return nil }
    self.bytes = bytes
  }
}
