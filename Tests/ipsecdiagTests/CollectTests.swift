import Foundation
import Glibc
import Testing

@Suite("collect, and what it wrote looked at elsewhere")
struct CollectTests {
  private static let fixture = "\(Place.root)/Tests/Fixtures/saved-host"

  private func temporary() -> String {
    "\(NSTemporaryDirectory())ipsecdiag-collect-\(UInt64.random(in: 0 ... .max))"
  }

  @Test("A bundle is written once, says what lacks, and is read by --root")
  func collect() throws {
    let folder = temporary()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try Command(["collect", "--output", folder])
    #expect([0, 77].contains(run.exitCode), "\(run.errorText)")
    #expect(run.text.hasPrefix("\(folder): "))
    #expect(run.text.contains("no keys\n  README.txt\n  manifest.txt\n"))
    #expect(run.lines.dropFirst().allSatisfy { $0.unicodeScalars.count <= 80 })
    let again = try Command(["collect", "--output", folder])
    #expect(again.exitCode == 73)
    #expect(again.errorText.contains("is there already"))
    let read = try Command(["diagnose", "--root", folder, "--json"])
    #expect([0, 1, 2, 3].contains(read.exitCode), "\(read.errorText)")
    #expect(read.text.contains("\"saved\":true"))
  }

  @Test("Saved output of `ip` is judged as the machine would be")
  func root() throws {
    let run = try Command([
      "replay", "--root", Self.fixture, "--spi", "c0de0001", "--spi", "c0de0002",
    ])
    #expect(run.exitCode == 0, "\(run.text)")
    #expect(run.text.contains("SPI c0de0001 in 192.0.2.1"))
    #expect(run.text.contains("window      128 packets, 50 of them seen"))
    #expect(run.text.contains("window      none: normal on this side"))
    #expect(run.text.contains("as saved in "))
    let diagnosed = try Command(["diagnose", "--root", Self.fixture, "--nagios"])
    #expect(diagnosed.text.hasPrefix("IPSEC "))
    #expect(diagnosed.text.contains("'sas'=10;"))
    let prometheus = try Command(["diagnose", "--root", Self.fixture, "--format", "prometheus"])
    #expect(
      prometheus.text.contains("ipsecdiag_sa_packets_total{spi=\"c0de0001\",direction=\"inbound\""))
  }

  @Test("A folder that is not there is 66, and --root takes nothing live beside it")
  func usage() throws {
    #expect(try Command(["diagnose", "--root", "/nonexistent"]).exitCode == 66)
    #expect(try Command(["replay", "--root", Self.fixture, "--watch"]).exitCode == 64)
    #expect(try Command(["replay", "--root", Self.fixture, "--local"]).exitCode == 64)
    #expect(try Command(["replay", "--root", Self.fixture, "-i", "lo"]).exitCode == 64)
    #expect(try Command(["collect", "--output", "/proc/x"]).exitCode == 73)
  }
}
