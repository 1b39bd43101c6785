import Capture
import Glibc
import PacketDissector
import Report
import Testing

/// Frames that no sender would send, through all of decode: a trap would end the test run.
///
/// They go through a capture file each, so that reader, dissector and all writers see them.
@Suite("Hostile frames")
struct HostileFrameTests {
  /// A frame with its link type.
  struct Sample {
    let bytes: [UInt8]
    let linkType: UInt32
  }

  static let recorded = Place.recordedCaptures.flatMap {
    samples(of: "\(Place.recordings)/\($0)")
  }
  static let shared = Place.sharedCaptures.flatMap { capture in
    samples(of: "\(Place.captures ?? "")/\(capture)", limit: 60)
  }

  @Test("Every prefix of every recorded frame is shown on a line")
  func everyPrefix() throws {
    let frames = Self.recorded.flatMap { sample in
      (0...sample.bytes.count).map { Sample(bytes: Array(sample.bytes.prefix($0)), linkType: 1) }
    }
    #expect(frames.count > 50_000)
    #expect(try Self.decode(frames, promised: 0) { $0.format = .text } == frames.count)
  }

  @Test("A share of all prefixes, cut by the capture or sent so, makes trees and objects")
  func someTrees() throws {
    var frames: [Sample] = []
    for (number, sample) in (Self.recorded + Self.shared).enumerated() {
      for count in stride(from: number % 41, through: sample.bytes.count, by: 41) {
        frames.append(Sample(bytes: Array(sample.bytes.prefix(count)), linkType: sample.linkType))
      }
    }
    #expect(frames.count > 1_500)
    try Self.decodeInAllWays(frames)
  }

  /// `SEED=1234 swift test --filter Hostile` repeats a run.
  @Test("Random bytes in place of the right ones make neither it nor its output fail")
  func corrupted() throws {
    let seed = environment("SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
    print("Hostile frames: SEED=\(seed)")
    var random = SplitMix(state: seed)
    let samples = Self.recorded + Self.shared
    let frames = (0..<8_000).map { _ in
      let sample = samples[Int.random(in: 0..<samples.count, using: &random)]
      var bytes = sample.bytes
      for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
        // Headers and the beginnings of payloads are where lengths stand.
        let reach = Bool.random(using: &random) ? min(bytes.count, 120) : bytes.count
        let place = Int.random(in: 0..<reach, using: &random)
        bytes[place] =
          [0, 0xFF, 0x7F, 0x80, .random(in: 0...255, using: &random)]
          .randomElement(using: &random) ?? 0
      }
      return Sample(bytes: bytes, linkType: sample.linkType)
    }
    try Self.decodeInAllWays(frames)
  }

  // MARK: Running

  private static func decodeInAllWays(_ frames: [Sample]) throws {
    for promised in [0, 2000] {
      #expect(try decode(frames, promised: promised) { $0.verbosity = 2 } == frames.count)
      let count = try decode(frames, promised: promised) {
        $0.format = .ndjson
        $0.verbosity = 1
      }
      #expect(count == frames.count)
      #expect(try decode(frames, promised: promised) { $0.isSummary = true } == frames.count)
    }
  }

  /// Decodes `frames`, each link type's as one file; the number of frames shown.
  private static func decode(
    _ frames: [Sample], promised: Int, _ set: (inout DecodeReport.Options) -> Void
  ) throws -> Int {
    let descriptor = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var shown = 0
    for (linkType, frames) in Dictionary(grouping: frames, by: \.linkType) {
      let file = try TemporaryFile(pcap(frames, linkType: linkType, promised: promised))
      var options = DecodeReport.Options(toolVersion: "0.0.0")
      set(&options)
      var report = DecodeReport(options, to: Output(descriptor: descriptor))
      let reader = FrameReader(.files(MergedCapture(paths: [file.path])))
      let problems = try report.run(reader, isStopped: { false })
      #expect(problems.isEmpty)
      shown += Int(report.shown)
    }
    return shown
  }

  /// A pcap file. A frame was `promised` bytes long on the wire, or as long as it is here.
  private static func pcap(_ frames: [Sample], linkType: UInt32, promised: Int) -> [UInt8] {
    var writer = ByteWriter()
    for word: UInt32 in [0xA1B2_C3D4, 0x0002_0004, 0, 0, 262_144, linkType] { writer.u32(word) }
    for (number, frame) in frames.enumerated() {
      writer.u32(UInt32(number))
      writer.u32(0)
      writer.u32(UInt32(frame.bytes.count))
      writer.u32(UInt32(max(promised, frame.bytes.count)))
      writer.append(frame.bytes)
    }
    return writer.bytes
  }

  private static func samples(of path: String, limit: Int = .max) -> [Sample] {
    var samples: [Sample] = []
    guard let capture = try? CaptureFile(path: path) else { return [] }
    while samples.count < limit, let header = try? capture.next() {
      let bytes = unsafe capture.bytes.withUnsafeBytes { unsafe Array($0) }
      samples.append(Sample(bytes: bytes, linkType: header.linkType.rawValue))
    }
    return samples
  }
}

/// Sebastiano Vigna's splitmix64: the same numbers for the same seed.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
