import Diagnosis
import Measurement
import Testing

@Suite("Profiles of the configuration file")
struct ProfileFileTests {
  private static func read(_ text: String) -> ProfileFile {
    ProfileFile(Array(text.utf8), path: "/etc/test/ipsecdiag.conf")
  }

  @Test("Every key of a profile is read, with the line that says it")
  func everyKey() throws {
    let lines = SettingKey.allCases.map { "    \($0.rawValue) = /value" }
    let file = Self.read("profiles {\n  a {\n\(lines.joined(separator: "\n"))\n  }\n}\n")
    #expect(file.problems == [])
    let settings = try #require(file.profiles.first).settings
    for (index, key) in SettingKey.allCases.enumerated() {
      #expect(settings[key]?.text == "/value")
      #expect(settings[key]?.origin == .file("/etc/test/ipsecdiag.conf", line: index + 3))
    }
  }

  @Test("Relative paths count from the folder of the file, each of a list")
  func paths() throws {
    let file = Self.read("profiles { a { ca = one.pem, /two.pem , sub/three.pem } }")
    let settings = try #require(file.profiles.first).settings
    #expect(settings[.ca]?.text == "/etc/test/one.pem,/two.pem,/etc/test/sub/three.pem")
  }

  @Test("A profile takes over what another section says")
  func inheritance() throws {
    let file = Self.read(
      """
      gateway {
        remote = vpn.example.net
        esp = aes256gcm16
      }
      profiles {
        a : gateway { esp = aes128gcm16 }
        b : profiles.a { }
      }
      """)
    #expect(file.problems == [])
    #expect(file.profiles.map(\.name) == ["a", "b"])
    #expect(
      file.profiles.map { $0.settings[.remote]?.text } == ["vpn.example.net", "vpn.example.net"])
    #expect(file.profiles.map { $0.settings[.esp]?.text } == ["aes128gcm16", "aes128gcm16"])
  }

  @Test(
    "What is wrong is said with its line, and what was meant",
    arguments: [
      ("profiles {\n a {\n remot_id = x\n }\n}", 3, "no key 'remot_id': did you mean remote_id?"),
      ("profile {\n a { }\n}", 1, "no section 'profile': did you mean profiles?"),
      ("profiles {\n remote = x\n}", 2, "'remote' stands in no profile and not in the defaults"),
      ("remote = x", 1, "'remote' stands in no profile and not in the defaults"),
      (
        "profiles {\n a { psk = hunter2 }\n}", 2,
        "a secret does not belong here: name its file by psk_file instead of 'psk'"
      ),
      ("numbers { esp_echo_supported = 0 }", 1, "esp_echo_supported takes 1 to 65535, not '0'"),
      ("numbers { esp_echo = 5 }", 1, "no key 'esp_echo'"),
      ("profiles {\n a {\n", 2, "section 'a' is never closed"),
      ("}", 1, "'}' closes no section"),
      ("profiles { a { local { id = x } } }", 1, "no section 'local'"),
    ])
  func problems(text: String, line: Int, message: String) {
    let problems = Self.read(text).problems.map(\.description)
    #expect(problems.contains("/etc/test/ipsecdiag.conf:\(line): \(message)"), "\(problems)")
  }

  @Test("Numbers that drafts leave open can be chosen")
  func numbers() {
    #expect(Self.read("").numbers.espEchoSupported == 50801)
    let numbers = Self.read("numbers { esp_echo_supported = 50901 }").numbers
    #expect(numbers.espEchoSupported == 50901)
    #expect(numbers.encryptedPingSupported == 50802)
  }

  @Test("The user's file wins over the system's, and a profile over the defaults of either")
  func precedence() throws {
    let files = ProfileFiles([
      Self.read(
        "defaults { esp = user-default\n ike = user-default }\nprofiles { a { ca = /user } }"),
      Self.read(
        "defaults { ike = system-default\n mode = transport }\nprofiles { a { esp = system\n ca = /system } }"
      ),
    ])
    let settings = try files.settings(of: "a")
    #expect(settings[.esp]?.text == "system")
    #expect(settings[.ca]?.text == "/user")
    #expect(settings[.ike]?.text == "user-default")
    #expect(settings[.mode]?.text == "transport")
    #expect(files.defaults[.esp]?.text == "user-default")
  }

  @Test("An unknown profile is said with those that there are, or the one that was meant")
  func unknownProfile() {
    let files = ProfileFiles([Self.read("profiles {\n office { }\n lab { }\n}")])
    #expect(
      throws: SettingProblem(
        .noProfile("offce", known: ["office", "lab"], nearest: "office"), at: nil)
    ) {
      try files.settings(of: "offce")
    }
    let problem = SettingProblem(.noProfile("x", known: ["office", "lab"], nearest: nil), at: nil)
    #expect(problem.description == "no profile 'x'; there is office, lab")
  }

  @Test("The file is looked for below XDG_CONFIG_HOME, else below HOME, then in /etc")
  func places() {
    let xdg = ["XDG_CONFIG_HOME": "/x", "HOME": "/home/a"]
    #expect(
      ProfileFiles.usualPaths { xdg[$0] } == ["/x/ipsecdiag/ipsecdiag.conf", "/etc/ipsecdiag.conf"])
    let home = ["XDG_CONFIG_HOME": "relative", "HOME": "/home/a"]
    #expect(
      ProfileFiles.usualPaths { home[$0] }
        == ["/home/a/.config/ipsecdiag/ipsecdiag.conf", "/etc/ipsecdiag.conf"])
    #expect(ProfileFiles.usualPaths { _ in nil } == ["/etc/ipsecdiag.conf"])
  }

  @Test("A file that is named must exist; usual ones need not")
  func missingFiles() throws {
    #expect(throws: ConfigurationFile.Failure.missing(path: "/nonexistent/x.conf")) {
      try ProfileFiles.read("/nonexistent/x.conf") { _ in nil }
    }
    let folder = try TemporaryFolder(["ipsecdiag/ipsecdiag.conf": "profiles { a { } }"])
    let files = try ProfileFiles.read(nil) { $0 == "XDG_CONFIG_HOME" ? folder.path : nil }
    #expect(files.files.first?.path == folder.file("ipsecdiag/ipsecdiag.conf"))
    let named = try ProfileFiles.read(nil) {
      $0 == "IPSECDIAG_CONFIG" ? folder.file("ipsecdiag/ipsecdiag.conf") : nil
    }
    #expect(named.names == ["a"])
  }

  @Test("Files that include each other, nest deeply or are one long line end, with a word")
  func hostileFiles() throws {
    let folder = try TemporaryFolder([
      "a.conf": "include b.conf\nprofiles { a { include *.inc } }", "b.conf": "include a.conf",
      "x.inc": "remote = 192.0.2.1\n} } }",
    ])
    let circle = try ProfileFile(folder.file("a.conf"))
    #expect(circle.profiles.first?.settings[.remote]?.text == "192.0.2.1")
    #expect(
      circle.problems.map(\.reason).contains(.syntax(.includedInACircle(folder.file("a.conf")))))
    // What is included closes no section around it.
    #expect(circle.problems.map(\.reason).filter { $0 == .syntax(.strayBrace) }.count == 3)

    let deep = Self.read(String(repeating: "a {\n", count: 100_000))
    #expect(deep.problems.map(\.reason).contains(.syntax(.tooDeep)))
    let long = Self.read("profiles { a { remote = \(String(repeating: "x", count: 10 << 20)) } }")
    #expect(long.profiles.first?.settings[.remote]?.text?.utf8.count == 10 << 20)
    #expect(long.problems == [])
  }

  @Test("Files that include two others each end at the number of files that are read")
  func manyIncludes() throws {
    var files: [String: String] = [:]
    for level in 0..<10 {
      let below = "include \(level + 1)a.conf\ninclude \(level + 1)b.conf"
      for twin in ["a", "b"] { files["\(level)\(twin).conf"] = level < 9 ? below : "" }
    }
    let folder = try TemporaryFolder(files)
    let file = try ProfileFile(folder.file("0a.conf"))
    #expect(file.problems.map(\.reason).contains(.syntax(.tooManyIncludes)))
  }
}
