internal import Diagnosis
internal import PacketDissector

extension TextBuffer {
  /// A finding as one JSON object.
  mutating func json(_ finding: Finding, _ naming: Naming) {
    put("{\"id\":")
    json(finding.id.rawValue)
    put(",\"severity\":")
    json(finding.severity.rawValue)
    put(",\"confidence\":")
    json(finding.confidence.rawValue)
    put(",\"subject\":")
    json(finding.subject, naming)
    put(",\"summary\":")
    json(naming.unescaped(finding.summary))
    put(",\"meaning\":")
    if let meaning = finding.meaning { json(naming.unescaped(meaning)) } else { put("null") }
    put(",\"remedy\":")
    list(finding.remedies) { text, remedy in
      text.put("{\"text\":")
      text.json(naming.unescaped(remedy.text))
      text.put(",\"settings\":")
      text.list(remedy.settings) { text, setting in
        text.put("{\"place\":")
        text.json(setting.place.rawValue)
        text.put(",\"line\":")
        text.json(naming.unescaped(setting.line))
        text.put("}")
      }
      text.put("}")
    }
    put(",\"evidence\":")
    list(finding.evidence) { text, evidence in
      text.put("{\"text\":")
      text.json(naming.unescaped(evidence.text))
      text.put(",\"frames\":")
      text.list(evidence.frames) { $0.json($1) }
      if let capture = evidence.capture {
        text.put(",\"capture\":")
        text.json(capture.rawValue)
      }
      text.put("}")
    }
    put("}")
  }

  private mutating func json(_ subject: Finding.Subject, _ naming: Naming) {
    switch subject {
    case .ikeSA(let spi, let initiator, let responder):
      put("{\"kind\":\"ike_sa\",\"initiator_spi\":\"")
      hex(naming.name(ofIKE: spi), digits: 16)
      put("\",\"initiator\":")
      json(initiator, naming)
      put(",\"responder\":")
      json(responder, naming)
    case .flow(let spi, let source, let destination):
      put("{\"kind\":\"flow\",\"spi\":\"")
      hex(UInt64(naming.name(of: spi)), digits: 8)
      put("\",\"source\":")
      json(source, naming)
      put(",\"destination\":")
      json(destination, naming)
    case .peers(let one, let other):
      put("{\"kind\":\"peers\",\"addresses\":[")
      json(one, naming)
      put(",")
      json(other, naming)
      put("]")
    case .capture:
      put("{\"kind\":\"capture\"")
    case .host:
      put("{\"kind\":\"host\"")
    case .connection(let name):
      put("{\"kind\":\"connection\",\"name\":")
      json(naming.text("\(identity: name)"))
    }
    put("}")
  }

  mutating func json(_ address: IPAddress, _ naming: Naming) {
    put("\"")
    put(naming.name(of: address))
    put("\"")
  }

  /// `{"number":812,"ts":"2026-11-23T14:44:28.877000000Z"}`
  mutating func json(_ frame: FrameReference) {
    put("{\"number\":")
    decimal(frame.number)
    put(",\"ts\":\"")
    var time = TimeText(style: .utc)
    time.write(frame.time, to: &self)
    put("\"}")
  }

  mutating func json(_ frame: FrameReference?) {
    if let frame { json(frame) } else { put("null") }
  }

  /// `,"frames":1204`
  mutating func member(_ name: StaticString, _ value: UInt64) {
    put(",\"")
    put(name)
    put("\":")
    decimal(value)
  }

  /// `,"answer_ms":12.345`, or null.
  mutating func member(_ name: StaticString, milliseconds duration: Nanoseconds?) {
    member(name, duration.map { Double($0.count) / 1e6 }, places: 3)
  }

  mutating func member(_ name: StaticString, seconds duration: Nanoseconds?) {
    member(name, duration?.seconds, places: 6)
  }

  /// Null for no number, and for one below zero, which no duration or rate is.
  mutating func member(_ name: StaticString, _ value: Double?, places: Int) {
    put(",\"")
    put(name)
    put("\":")
    if let value, value.isFinite, value >= 0, value < 1e12 {
      put(Quantity.decimal(value, places: places))
    } else {
      put("null")
    }
  }
}
