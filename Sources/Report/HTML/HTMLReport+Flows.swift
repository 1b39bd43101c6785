internal import Diagnosis
internal import PacketDissector

extension HTMLReport {
  func writeFlows(to text: inout TextBuffer) {
    let flows = evidence.flows.flows
    text.put("<section>\n<h2>ESP and AH flows, packet by packet</h2>\n")
    if flows.isEmpty {
      text.put("<p>No ESP or AH packet is in the capture.</p>\n")
    }
    for place in drawn.flows {
      write(flows[place], place, isOpen: drawn.isOpen(flows[place]), to: &text)
    }
    let rest = flows.count - drawn.flows.count
    if rest > 0 {
      text.element("p", "\(Verdict.counted(rest, "more flow")) not drawn.")
      text.put("\n")
    }
    text.put("</section>\n")
  }

  private func write(
    _ flow: ESPFlow, _ place: Int, isOpen: Bool, to text: inout TextBuffer
  ) {
    let name = "\(flow.isAH ? "AH" : "ESP") \(naming.text(spi: flow.spi))"
    text.put("<details id=\"flow-\(place)\"\(isOpen ? " open" : "")>\n<summary><h3>")
    text.html(name)
    text.put("</h3> <span>")
    text.html(path(flow.source, flow.destination))
    text.put("</span></summary>\n")
    text.element("p", class: "figures", figures(of: flow))
    text.put("\n")
    if let picture = SequencePlotDrawing(flow) {
      text.put("<h4>Sequence numbers over time</h4>\n")
      text.scrollBox("Plot of sequence numbers of \(name)") { picture.write(name: name, to: &$0) }
      if picture.hasMoreMarks {
        text.put("<p>Only the first 1,024 marks are drawn.</p>\n")
      }
    } else {
      text.put("<p>Too few packets, or too many flows, for a plot.</p>\n")
    }
    if let histogram = ReorderHistogram(flow) {
      text.put("<h4>Late packets against replay windows</h4>\n")
      text.scrollBox("Histogram of late packets of \(name)") {
        histogram.write(name: name, to: &$0)
      }
      text.scrollBox("What each replay window would drop of \(name)") {
        histogram.writeTable(to: &$0)
      }
    }
    text.put("</details>\n")
  }

  private func figures(of flow: ESPFlow) -> String {
    var figures = [
      Verdict.counted(flow.packets, "packet"),
      "\(Quantity.grouped(Int64(clamping: flow.bytes))) bytes",
      "begins \(clock.text(flow.first.time)) into the capture, lasts \(flow.duration)",
    ]
    if let rate = flow.packetsPerSecond {
      figures.append("\(Quantity.decimal(rate, places: 1)) packets/s on average")
    }
    figures += [
      "\(Quantity.grouped(Int64(clamping: flow.sequence.lost))) lost",
      "\(Quantity.grouped(Int64(clamping: flow.sequence.late))) late",
      "\(Quantity.grouped(Int64(clamping: flow.sequence.repeated))) repeated",
    ]
    return figures.joined(separator: ", ") + "."
  }
}
