import FoundationEssentials
import Glibc
import Testing

/// Live captures on the loopback interface of a network namespace of each test's own.
@Suite("Live capture, on the command line")
struct LiveCaptureCommandTests {
  static let isPossible =
    geteuid() == 0
    && ["unshare -n true", "python3 -c pass"].allSatisfy { command in
      (try? Command(["-c", command], executable: "/bin/sh"))?.exitCode == 0
    }

  private struct Report: Decodable {
    struct Capture: Decodable {
      struct Live: Decodable {
        let received: Int
        let dropped_by_kernel: Int
      }

      let frames: Int
      let live: Live?
      let degraded: Bool
      let problems: [String]
    }

    struct Finding: Decodable {
      let id: String
      let severity: String
    }

    let capture: Capture
    let findings: [Finding]
    let blind_spots: [String]
  }

  /// Runs a script beside the tool: `capture ARGUMENTS` starts it and waits until it captures, `send FROM TO` has
  /// ESP in UDP with those sequence numbers go over lo, `$pid` is the tool; `end` waits for it and hands on what
  /// it returned.
  private func run(_ folder: TemporaryFolder, _ script: String) throws -> Command {
    let helpers = """
      cd \(folder.path) || exit 99
      ip link set lo up || exit 99
      capture() {
        \(Place.binary) "$@" >output 2>errors & pid=$!
        for i in $(seq 200); do
          [ $(wc -l </proc/net/packet) -gt 1 ] && grep -q 'CapEff:.0*$' /proc/$pid/status && break
          sleep 0.05
        done
      }
      send() {
        python3 -c "
      import socket, struct, time
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      for n in range($1, $2 + 1):
          s.sendto(struct.pack('>II', 0xc0ffee01, n) + bytes(92), ('${3:-127.0.0.1}', 4500))
          time.sleep(${4:-0.001})
      "
        sleep 0.3
      }
      # Until it waits for packets, having read all that there were.
      caught_up() {
        for i in $(seq 200); do grep -q 'State:.S' /proc/$pid/status && break; sleep 0.02; done
      }
      end() { wait $pid; code=$?; cat output; cat errors >&2; exit $code; }
      (sleep 30; kill -KILL $$) 2>/dev/null & watchdog=$!
      trap 'kill $watchdog 2>/dev/null' EXIT

      """
    return try Command(
      ["-n", "sh", "-c", helpers + script], executable: "/usr/bin/unshare", directory: "/")
  }

  private func report(_ run: Command) throws -> Report.Capture { try wholeReport(run).capture }

  private func wholeReport(_ run: Command) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(run.output))
  }

  /// An interface with a neighbour that does not answer: what is sent to 192.0.2.2 goes over it once.
  private static let wan = """
    ip link add wan type veth peer name far && ip address add 192.0.2.1/24 dev wan &&
    ip link set far up && ip link set wan up || exit 99
    neighbour() { ip neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev wan; }
    neighbour

    """

  @Test(
    "Who captures is nobody, without any capability, by then; the file of -w was made before",
    .enabled(if: isPossible, "needs root, namespaces and python3"))
  func privileges() throws {
    let folder = try TemporaryFolder()
    let run = try run(
      folder,
      """
      capture replay -i lo -w all.pcapng --json 'udp dst port 4500'
      grep -E '^(Uid|CapPrm|CapEff|NoNewPrivs)' /proc/$pid/status | tr '\\t\\n' '  ' >status
      send 1 50; kill -INT $pid; end
      """)
    #expect(run.exitCode == 0, "\(run.errorText)")
    let none = "0000000000000000"
    let status = String(decoding: try contents(of: "\(folder.path)/status"), as: UTF8.self)
    #expect(
      status
        == "Uid: 65534 65534 65534 65534 CapPrm: \(none) CapEff: \(none) NoNewPrivs: 1 ")
    let capture = try report(run)
    // The kernel counts what goes over lo twice, once each way.
    #expect(capture.frames == 50 && capture.live?.received == 100 && !capture.degraded)
    #expect(run.errorText == "100 packets received, 0 dropped by the kernel, 0 by the interface\n")
    let again = try Command(["replay", "-r", "\(folder.path)/all.pcapng", "--json"])
    #expect(try report(again).frames == 50)
    #expect(try report(again).live == nil)
  }

  @Test(
    "A ring's files are made by the owner of their folder, and the newest are left",
    .enabled(if: isPossible, "needs root, namespaces and python3"))
  func ring() throws {
    let folder = try TemporaryFolder()
    let run = try run(
      folder,
      """
      mkdir ring && chown 4242:4242 ring && touch ring/other
      capture diagnose -i lo -w ring/wan.pcapng --ring-size 8kB --ring-files 2 --json -c 200 \
        'udp dst port 4500'
      send 1 200
      stat -c '%n %u %g' ring/* >owners
      end
      """)
    #expect(run.exitCode == 0, "\(run.errorText)")
    #expect(try report(run).frames == 200)
    let owners = String(decoding: try contents(of: "\(folder.path)/owners"), as: UTF8.self)
      .split(separator: "\n")
    #expect(owners.count == 3 && owners.first == "ring/other 0 0")
    #expect(owners.dropFirst().allSatisfy { $0.hasSuffix(".pcapng 4242 4242") })
    let files = owners.dropFirst().compactMap { $0.split(separator: " ").first }
    let last = try Command(["decode", "-r", "\(folder.path)/\(files.last ?? "")"])
    #expect(last.exitCode == 0 && last.lines.last?.contains("200") == true, "\(last.text)")
  }

  @Test(
    "An interface that is down for a while is waited for, one that goes away ends the capture: 74",
    .enabled(if: isPossible, "needs root, namespaces and python3"))
  func goneInterface() throws {
    let folder = try TemporaryFolder()
    let run = try run(
      folder,
      """
      \(Self.wan)
      capture replay -i wan --json 'udp dst port 4500'; send 1 20 192.0.2.2
      ip link set wan down; sleep 1.5; ip link set wan up; neighbour
      send 21 40 192.0.2.2; ip link delete wan; end
      """)
    #expect(run.exitCode == 74)
    let capture = try report(run)
    #expect(capture.frames == 40 && capture.live?.received == 40 && capture.problems.count == 1)
    let words = run.errorText
    #expect(words.contains("error: cannot capture on wan: "), "\(words)")
    #expect(words.contains("warning: wan is down; the capture goes on when it is up"), "\(words)")
  }

  @Test(
    "A full disk ends the capture: 74, and the file holds all that found room",
    .enabled(if: isPossible, "needs root, namespaces and python3"))
  func diskFull() throws {
    let folder = try TemporaryFolder()
    let run = try run(
      folder,
      """
      mkdir small && unshare -m sh -c '
        mount -t tmpfs -o size=16k none small || exit 98
        exec \(Place.binary) replay -i lo -w small/all.pcapng --json "udp dst port 4500"
        ' >output 2>errors & pid=$!
      for i in $(seq 200); do [ $(wc -l </proc/net/packet) -gt 1 ] && break; sleep 0.05; done
      sleep 0.3
      exec 4</proc/$pid/cwd/small/all.pcapng
      send 1 400
      cat <&4 >kept
      end
      """)
    #expect(run.exitCode == 74, "\(run.errorText)")
    #expect(run.errorText.contains("all.pcapng: No space left on device; it holds "))
    let kept = try Command(["replay", "-r", "\(folder.path)/kept", "--json"])
    #expect(kept.exitCode == 0 && kept.errors.isEmpty, "\(kept.errorText)")
    let frames = try report(kept).frames
    #expect((50...110).contains(frames))
    #expect(run.errorText.contains("it holds \(frames) packets"))
  }

  @Test(
    "What the capture lost itself is counted, and is no alarm: all sent is read or told as dropped",
    .enabled(if: isPossible, "needs root, namespaces and python3"))
  func overrun() throws {
    let folder = try TemporaryFolder()
    let run = try run(
      folder,
      """
      \(Self.wan)
      capture replay -i wan --buffer-size 1MB --json 'udp dst port 4500'
      for turn in 0 1 2 3; do
        kill -STOP $pid; send $((turn * 8000 + 1)) $((turn * 8000 + 4000)) 192.0.2.2 0
        kill -CONT $pid; sleep 0.3; caught_up
        send $((turn * 8000 + 4001)) $((turn * 8000 + 8000)) 192.0.2.2 0.0001
      done
      kill -INT $pid; end
      """)
    let report = try wholeReport(run)
    let live = try #require(report.capture.live)
    #expect(live.dropped_by_kernel > 0 && report.capture.degraded)
    #expect(live.received == 32_000)
    #expect(report.capture.frames + live.dropped_by_kernel == 32_000)
    // Well below one half, from which on a capture is taken for a selection.
    #expect(report.findings.map { "\($0.id) \($0.severity)" } == ["esp-loss info"])
    #expect(report.blind_spots.contains { $0.hasPrefix("the capture lost ") })
    #expect(run.exitCode == 0, "\(run.errorText)")
  }

  @Test(
    "What was written can be read after the process was killed",
    .enabled(if: isPossible, "needs root, namespaces and python3"))
  func killed() throws {
    let folder = try TemporaryFolder()
    let run = try run(
      folder,
      "capture dpd -i lo -w all.pcapng 'udp dst port 4500'; send 1 30; kill -KILL $pid; end")
    #expect(run.exitCode == 128 + SIGKILL)
    let again = try Command(["replay", "-r", "\(folder.path)/all.pcapng", "--json"])
    #expect(again.exitCode == 0 && again.errors.isEmpty)
    #expect(try report(again).frames == 30)
  }

  @Test("Without the capability: 77, and its name", .enabled(if: geteuid() == 0, "needs root"))
  func permission() throws {
    // Nobody must reach the binary.
    let binary = try TemporaryFile(try contents(of: Place.binary))
    unsafe _ = chmod(binary.path, 0o755)
    for command in ["decode", "diagnose", "replay", "dpd"] {
      let run = try Command(
        [command, "-i", "lo"], executable: binary.path, directory: "/", as: 65534)
      #expect(run.exitCode == 77 && run.output.isEmpty)
      #expect(
        run.errorText
          == "error: no permission to capture on lo: it takes the capability CAP_NET_RAW\n")
    }
  }

  @Test("Options that do not go together are told: 64")
  func options() throws {
    for (arguments, words) in [
      (["replay", "-r", "x", "-w", "y"], "go with -i NAME"),
      (["diagnose", "-i", "lo", "-w", "y", "--ring-size", "1MB"], "--ring-files together"),
      (["dpd", "-i", "lo", "--ring-size", "1MB", "--ring-files", "2"], "goes with -w FILE"),
      (["decode", "-i", "lo", "--ring-size", "1XB"], "ring-size"),
      (["diagnose", "-i", "lo", "-w", "-"], "mix packets with the report"),
      (["decode", "-r", "x", "-s", "100"], "go with -i NAME"),
      (["replay", "-i", "lo", "-s", "300000"], "0 to 262144 bytes"),
      (["replay", "-i", "lo", "--buffer-size", "4GB"], "1MB to 2GB"),
    ] {
      let run = try Command(arguments)
      #expect(run.exitCode == 64 && run.errorText.contains(words), "\(arguments): \(run.errorText)")
    }
  }
}
