internal import Diagnosis
package import PacketDissector

extension DetectionTimeReport {
  /// One document; all times are in seconds.
  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.dpd-calculate/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"results\":")
    text.list(subjects) { text, subject in Self.result(subject, to: &text) }
    text.put(",\"problems\":")
    text.list(problems) { text, problem in
      text.put("{\"file\":")
      text.json(problem.file)
      text.put(",\"line\":")
      text.decimal(problem.problem.line)
      text.put(",\"reason\":")
      text.json(problem.problem.reason.description)
      text.put("}")
    }
    text.put("}\n")
  }

  private static func result(_ subject: Subject, to text: inout TextBuffer) {
    let time = subject.time
    text.put("{\"connection\":")
    if let connection = subject.connection {
      text.put("{\"name\":")
      text.json(connection.name)
      text.put(",\"file\":")
      text.json(subject.file ?? "")
      text.put(",\"line\":")
      text.decimal(connection.line)
      text.put("}")
    } else {
      text.put("null")
    }
    text.put(",\"finding\":")
    if subject.isWarning {
      text.put("{\"id\":")
      text.json(FindingID.dpdDetectionTime.rawValue)
      text.put(",\"severity\":\"warning\",\"confidence\":\"certain\"}")
    } else {
      text.put("null")
    }
    text.put(",")
    values(time, to: &text)
    text.put(",\"ignored_timeout_s\":")
    number(time.ignoredTimeout, to: &text)
    text.put(",\"gaps_s\":")
    text.list(time.off == nil ? time.gaps : []) { text, gap in number(gap, to: &text) }
    text.put(",\"target_s\":")
    number(subject.target?.seconds, to: &text)
    text.put(",\"proposals\":")
    text.list(subject.target?.proposals ?? []) { text, proposal in
      text.put("{")
      values(proposal, to: &text)
      text.put(",\"lines\":")
      let lines = DetectionTimeLines(
        proposal.settings, current: time.settings, connection: subject.connection
      ).lines
      text.list(lines) { text, line in
        text.put("{\"file\":")
        text.json(line.file)
        text.put(",\"section\":")
        text.json(line.section)
        text.put(",\"setting\":")
        text.json(line.setting)
        text.put("}")
      }
      text.put("}")
    }
    text.put("}")
  }

  /// What a result and a proposal have in common.
  private static func values(_ time: DetectionTime, to text: inout TextBuffer) {
    let isOn = time.off == nil
    text.put("\"daemon\":")
    text.json(time.settings.daemon.rawValue)
    text.put(",\"ike_version\":")
    text.decimal(time.settings.version.rawValue)
    text.put(",\"delay_s\":")
    number(time.settings.delay, to: &text)
    text.put(",\"detection_max_s\":")
    number(isOn ? time.longest : nil, to: &text)
    text.put(",\"detection_average_s\":")
    number(isOn ? time.average : nil, to: &text)
    text.put(",\"after_check_s\":")
    number(isOn ? time.afterCheck : nil, to: &text)
    text.put(",\"transmissions\":")
    text.decimal(isOn ? time.transmissions : 0)
    text.put(",\"survived_outage_s\":")
    number(isOn ? time.survivedOutage : nil, to: &text)
    text.put(",\"takes_loss_for_death\":")
    text.put(isOn && !time.risks.isEmpty ? "true" : "false")
  }

  private static func number(_ number: Double?, to text: inout TextBuffer) {
    text.put(number.map { Quantity.decimal($0, places: 3) } ?? "null")
  }
}
