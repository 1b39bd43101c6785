import Glibc
import Host
import PacketDissector
import Testing

/// This machine's own kernel, where it lets itself be asked.
@Suite("The live kernel")
struct LiveKernelTests {
  @Test("It tells its SAs, none or some, or the one thing that it takes")
  func read() throws {
    do throws(KernelError) {
      let database = try KernelSADatabase.read()
      #expect(database.unreadable == 0)
      for sa in database.sas { #expect(sa.source.isIPv6 == sa.destination.isIPv6) }
    } catch .notPermitted {
      #expect(geteuid() != 0 || !hasNetworkAdministration, "root was refused")
    } catch .withoutXFRM {
      try Test.cancel("this kernel has no XFRM")
    }
  }

  /// Bit 12 of the effective capabilities.
  private var hasNetworkAdministration: Bool {
    guard let file = unsafe fopen("/proc/self/status", "r") else { return true }
    defer { unsafe _ = fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("CapEff:"), let digits = text.split(whereSeparator: \.isWhitespace).last
      else { continue }
      return (UInt64(digits, radix: 16) ?? 0) & 1 << 12 != 0
    }
    return true
  }
}
