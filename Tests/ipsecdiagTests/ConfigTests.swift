import Glibc
import Testing

@Suite("config")
struct ConfigTests {
  private static func file(_ text: String) throws -> TemporaryFile {
    try TemporaryFile(Array(text.utf8))
  }

  private static func good(_ secret: TemporaryFile) throws -> TemporaryFile {
    try file(
      """
      defaults {
        local_id = probe.example.net
      }
      profiles {
        office {
          remote = vpn.example.net
          psk_file = \(secret.path)
        }
      }
      """)
  }

  @Test("A file with nothing wrong is said to have none")
  func good() throws {
    let secret = try Self.file("an example secret\n")
    let file = try Self.good(secret)
    let run = try Command(["config", "check", "--config", file.path])
    #expect(run.exitCode == 0)
    #expect(
      run.text == """
        OK  1 profile, nothing wrong
        \(file.path)

        office: vpn.example.net by a pre-shared key

        """)
    #expect(run.errors == [])
  }

  @Test("What is wrong is said with file and line, and the exit code")
  func bad() throws {
    let file = try Self.file(
      "profiles {\n  a {\n    remot = x\n    mode = beet\n  }\n}\n")
    let run = try Command(["config", "check", "--config", file.path])
    #expect(run.exitCode == 2)
    #expect(
      run.text == """
        CRITICAL  1 of 1 profile cannot be used
        \(file.path)
          warning: \(file.path):3: no key 'remot': did you mean remote?

        a: any target: cannot be used
          error: \(file.path):4: mode takes tunnel or transport, not
            'beet'
          error: nothing to prove who this side is: psk_file, or cert and key, or
            eap_user and eap_password_file

        """)
    let warning = try Self.file("profile { }")
    #expect(try Command(["config", "check", "--config", warning.path]).exitCode == 1)
    let missing = try Command(["config", "check", "--config", "/nonexistent.conf"])
    #expect(missing.exitCode == 66)
    #expect(missing.errorText == "error: /nonexistent.conf does not exist\n")
  }

  @Test("show tells the settings that hold, where each was said, and no secret")
  func show() throws {
    let secret = try Self.file("an example secret\n")
    let file = try Self.good(secret)
    let run = try Command(
      ["config", "show", "--config", file.path, "--profile", "office", "--esp", "aes256gcm16"])
    #expect(run.exitCode == 0)
    #expect(run.text.contains("remote = vpn.example.net  # \(file.path):6\n"))
    #expect(run.text.contains("local_id = probe.example.net  # \(file.path):2\n"))
    #expect(run.text.contains("esp = aes256gcm16  # --esp\n"))
    let swanctl = try Self.file(
      "connections { a {\n local { auth = psk }\n} }\nsecrets { ike { secret = hunter2 } }")
    let connection = try Command(
      ["config", "show", "--connection", "a", "--connection-file", swanctl.path])
    #expect(connection.text.contains("psk_file = (secret of 7 bytes)  # \(swanctl.path):4\n"))
    #expect(!connection.text.contains("hunter2"))
  }

  @Test("A profile and a connection at once, or a file without a connection, is misuse")
  func misuse() throws {
    let both = try Command(["config", "show", "--profile", "a", "--connection", "b"])
    #expect(both.exitCode == 64)
    let file = try Command(["config", "show", "--connection-file", "x"])
    #expect(file.exitCode == 64)
    let config = try Self.file("profiles {\n office { }\n}")
    let unknown = try Command(["config", "show", "--config", config.path, "--profile", "offce"])
    #expect(unknown.exitCode == 66)
    #expect(unknown.errorText == "error: no profile 'offce': did you mean office?\n")
  }

  @Test(
    "The JSON fits its schema",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    let secret = try Self.file("an example secret\n")
    let swanctl = try Self.file("connections { a {\n version = 1\n} }")
    let good = try Self.good(secret)
    let bad = try Self.file("profiles { a { x = y } }")
    let documents = try [
      ["--config", good.path], ["--config", bad.path],
      ["--connection", "a", "--connection-file", swanctl.path],
    ].map {
      try TemporaryFile(Command(["config", "check", "--json"] + $0).output)
    }
    let run = try Command(
      ["\(Place.root)/Schemas/config-check-1.schema.json"] + documents.map(\.path),
      executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text)\(run.errorText)")
  }
}
