import Glibc
import Testing

/// `--keys kernel`: the SAs of the kernel that the tests run on.
@Suite("Keys from the kernel, on the command line")
struct KernelKeyTests {
  static let recording = "esp-aes128gcm16.pcap"
  static let isRoot = geteuid() == 0

  @Test("Without the capability: 77, and its name")
  func permission() throws {
    let arguments = ["-r", "\(Place.recordings)/\(Self.recording)", "--keys", "kernel"]
    let run: Command
    if Self.isRoot {
      // Nobody must reach the binary and the capture.
      let binary = try TemporaryFile(try contents(of: Place.binary))
      let capture = try TemporaryFile(try contents(of: arguments[1]))
      unsafe _ = chmod(binary.path, 0o755)
      unsafe _ = chmod(capture.path, 0o644)
      run = try Command(
        ["decode", "-r", capture.path, "--keys", "kernel"], executable: binary.path,
        directory: "/", as: 65534)
    } else {
      run = try Command(["decode"] + arguments)
    }
    try skipWithoutXFRM(run)
    #expect(run.exitCode == 77)
    #expect(run.output == [])
    #expect(
      run.errorText
        == "error: no permission to read the kernel's SAs: it takes the capability CAP_NET_ADMIN\n")
  }

  @Test("In a namespace without SAs: 65, and where none was found", .enabled(if: isRoot))
  func none() throws {
    let run = try inNamespace("true")
    try skipWithoutXFRM(run)
    #expect(run.exitCode == 65)
    #expect(
      run.errorLines == [
        "warning: the kernel: has no SA in this network namespace", "error: no key could be read",
      ])
  }

  /// An SPI that is allocated is a whole SA of the kernel, which waits for its keys. It is made even
  /// where the kernel has no ESP.
  @Test("SAs without keys yet are told one by one: 65", .enabled(if: isRoot))
  func larval() throws {
    let run = try inNamespace(
      """
      ip xfrm state allocspi src 192.0.2.1 dst 192.0.2.2 proto esp min 0x1001 max 0x1001 &&
      ip xfrm state allocspi src 2001:db8::1 dst 2001:db8::2 proto ah min 0x1002 max 0x1002
      """)
    try skipWithoutXFRM(run)
    #expect(run.exitCode == 65)
    #expect(
      run.errorLines.sorted() == [
        "error: no key could be read",
        "warning: the kernel: SA 00001001 to 192.0.2.2: it has no keys yet",
        "warning: the kernel: SA 00001002 to 2001:db8::2: it has no keys yet",
      ])
  }

  @Test("A key file of that name is ./kernel")
  func file() throws {
    let folder = "/tmp/ipsecdiag-test-kernel-\(getpid())"
    let keys = try contents(of: "\(Place.recordings)/esp-aes128gcm16.esp_sa")
    try write(keys, to: "\(folder)/kernel")
    defer {
      unsafe _ = unlink("\(folder)/kernel")
      unsafe _ = rmdir(folder)
    }
    let run = try Command(
      [
        "decode", "-q", "-r", "\(Place.recordings)/\(Self.recording)", "--keys", "./kernel",
        "--key-report",
      ], directory: folder)
    #expect(run.exitCode == 0)
    #expect(run.text.contains("line 1 of ./kernel (Wireshark esp_sa)"))
  }

  /// Runs `preparation` in a network namespace of its own, and then the command.
  private func inNamespace(_ preparation: String) throws -> Command {
    let capture = "\(Place.recordings)/\(Self.recording)"
    let script = "(\(preparation)) >/dev/null || exit 99; exec \"$0\" \"$@\""
    let run = try Command(
      ["-n", "sh", "-c", script, Place.binary, "decode", "-r", capture, "--keys", "kernel"],
      executable: "/usr/bin/unshare")
    if run.exitCode == 99 || run.errorText.hasPrefix("unshare:") {
      try Test.cancel("no network namespace, or no ip in it: \(run.errorText)")
    }
    return run
  }

  private func skipWithoutXFRM(_ run: Command) throws {
    if run.exitCode == 66 { try Test.cancel("this kernel has no XFRM") }
  }
}
