internal import Diagnosis
internal import PacketDissector

extension HTMLReport {
  func writeSequenceDiagrams(to text: inout TextBuffer) {
    let sessions = evidence.sessions.sessions
    text.put("<section>\n<h2>IKE SAs, message by message</h2>\n")
    if sessions.isEmpty {
      text.put("<p>No IKE message is in the capture.</p>\n")
    }
    for place in drawn.sessions {
      write(sessions[place], place, isOpen: drawn.isOpen(sessions[place]), to: &text)
    }
    let rest = sessions.count - drawn.sessions.count
    if rest > 0 {
      text.element("p", "\(Verdict.counted(rest, "more IKE SA")) not drawn.")
      text.put("\n")
    }
    text.put("</section>\n")
  }

  private func write(
    _ session: IKESession, _ place: Int, isOpen: Bool, to text: inout TextBuffer
  ) {
    let name = "IKE SA \(naming.text(ikeSPI: session.initiatorSPI))"
    let icmp = evidence.icmp.entries.filter {
      $0.quoted == .ike(initiatorSPI: session.initiatorSPI)
    }
    let diagram = SequenceDiagram(session, icmp: icmp, end: evidence.quality.end, naming)
    text.put("<details id=\"ike-\(place)\"\(isOpen ? " open" : "")>\n<summary><h3>")
    text.html(name)
    text.put("</h3> <span>")
    text.html(path(session.initiator.address, session.responder.address))
    text.put("</span></summary>\n")
    text.element("p", class: "figures", figures(of: session))
    text.put("\n")
    let drawing = SequenceDiagramDrawing(
      diagram, start: session.first.time, left: ends(session).initiator,
      right: ends(session).responder)
    text.scrollBox("Sequence diagram of \(name)") { drawing.write(name: name, to: &$0) }
    if diagram.leftOut > 0 {
      text.element(
        "p", "\(Verdict.counted(diagram.leftOut, "arrow")) in the middle left out of the picture.")
    }
    if session.forgotten > 0 {
      text.element(
        "p",
        "\(Verdict.counted(session.forgotten, "exchange")) without incident not kept."
      )
    }
    text.put("</details>\n")
  }

  private func figures(of session: IKESession) -> String {
    [
      "IKEv\(session.majorVersion)\(session.usesTCP ? " over TCP" : "")",
      Verdict.counted(session.messages, "message"),
      "begins \(clock.text(session.first.time)) into the capture, lasts \(session.duration)",
      "initiator SPI \(naming.text(ikeSPI: session.initiatorSPI))",
      session.responderSPI == 0
        ? "no responder SPI yet" : "responder SPI \(naming.text(ikeSPI: session.responderSPI))",
    ].joined(separator: ", ") + ". Times in the picture count from the SA's first message."
  }

  private func ends(_ session: IKESession) -> (initiator: [String], responder: [String]) {
    func end(_ first: Endpoint, _ last: Endpoint) -> [String] {
      let start = "\(naming.text(first.address)) port \(first.port)"
      if first.address != last.address {
        return [start, "later \(naming.text(last.address)) port \(last.port)"]
      }
      return [first.port == last.port ? start : "\(start), later \(last.port)"]
    }
    return (
      end(session.initiator, session.latestInitiator),
      end(session.responder, session.latestResponder)
    )
  }
}
