import Diagnosis
import Testing

@Suite("Captures of real daemons with known faults")
struct ScenarioTests {
  @Test(
    "A fault is found with the keys at hand",
    arguments: Scenario.all.filter { !$0.isHealthy && !$0.findings.isEmpty })
  func faults(_ scenario: Scenario) throws {
    let found = try scenario.diagnosis(withKeys: true).findings.map(\.id.rawValue)
    #expect(
      scenario.findings.contains(where: found.contains), "\(scenario.content): found \(found)")
  }

  @Test(
    "A fault is found without keys, where it shows without",
    arguments: Scenario.all.filter {
      !$0.isHealthy && !$0.findings.isEmpty && !$0.keyFiles.isEmpty
        && Scenario.needKeys.isDisjoint(with: $0.findings)
    })
  func faultsWithoutKeys(_ scenario: Scenario) throws {
    let found = try scenario.diagnosis(withKeys: false).findings.map(\.id.rawValue)
    #expect(
      scenario.findings.contains(where: found.contains), "\(scenario.content): found \(found)")
  }

  @Test(
    "A healthy capture raises nothing above info, with keys or without",
    arguments: Scenario.all.filter(\.isHealthy), [true, false])
  func healthy(_ scenario: Scenario, withKeys: Bool) throws {
    // This one's window holds all that comes late, which only its key file says.
    if !withKeys, scenario.file == "reorder-window-1024.pcap.gz" { return }
    let findings = try scenario.diagnosis(withKeys: withKeys).findings
    let alarms = findings.filter { $0.severity > .info }.map(\.id.rawValue)
    #expect(alarms.isEmpty, "\(scenario.content)")
    for wanted in scenario.findings {
      #expect(findings.contains { $0.id.rawValue == wanted }, "\(scenario.content)")
    }
  }

  @Test("Every finding has evidence, and what is above info a remedy")
  func evidence() throws {
    for scenario in Scenario.all {
      for finding in try scenario.diagnosis(withKeys: true).findings {
        #expect(!finding.evidence.isEmpty, "\(finding.id) in \(scenario)")
        #expect(
          finding.severity == .info || !finding.remedies.isEmpty, "\(finding.id) in \(scenario)")
        #expect(!finding.summary.plain.isEmpty)
      }
    }
  }

  @Test("The indices name files that are there, and findings that are")
  func indices() throws {
    #expect(Scenario.all.count > 100)
    let known = Set(FindingID.allCases.map(\.rawValue))
    for scenario in Scenario.all {
      #expect(known.isSuperset(of: scenario.findings), "\(scenario)")
    }
  }
}
