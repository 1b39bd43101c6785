import Testing

/// Field by field the same as tshark, but for what Fixtures/tshark-disagreements.csv explains.
@Suite("Parity with tshark")
struct ParityTests {
  static let compare = "\(Place.root)/scripts/compare-with-tshark"

  @Test(
    "Over the recordings",
    .enabled(if: Place.program("tshark") != nil, "tshark is missing: run scripts/setup --test"))
  func recordings() throws {
    try expectAgreement(over: Place.recordings)
  }

  @Test(
    "Over the captures of others",
    .enabled(if: Place.program("tshark") != nil, "tshark is missing: run scripts/setup --test"),
    .enabled(if: Place.captures != nil, "there is no ../shared/captures"))
  func shared() throws {
    try expectAgreement(over: try #require(Place.captures))
  }

  static let compareDecrypted = "\(Place.root)/scripts/compare-decrypted-with-tshark"

  @Test(
    "Over what both open of the recordings with their keys",
    .enabled(if: Place.program("tshark") != nil, "tshark is missing: run scripts/setup --test"))
  func decryptedRecordings() throws {
    try expectAgreement(over: Place.recordings, by: Self.compareDecrypted)
  }

  @Test(
    "Over what both open of the captures of others with their keys",
    .enabled(if: Place.program("tshark") != nil, "tshark is missing: run scripts/setup --test"),
    .enabled(if: Place.captures != nil, "there is no ../shared/captures"))
  func decryptedShared() throws {
    try expectAgreement(over: try #require(Place.captures), by: Self.compareDecrypted)
  }

  private func expectAgreement(over folder: String, by script: String = compare) throws {
    let run = try Command(["--ipsecdiag", Place.binary, folder], executable: script)
    #expect(run.exitCode == 0, "\(run.text.prefix(4000))")
    #expect(run.errorText.contains(" 0 disagreements left, "))
  }
}
