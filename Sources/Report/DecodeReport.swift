package import Capture
package import Decryption
internal import Diagnosis
internal import PacketDissector

/// What `ipsecdiag decode` prints: frames as lines, trees or objects, or a table of who talked.
package struct DecodeReport: ~Copyable {
  package enum Format: String, CaseIterable, Sendable {
    case text, json, ndjson
  }

  package struct Options: Sendable {
    package var format = Format.text
    /// 0 a line a frame, 1 its tree too, 2 its bytes too.
    package var verbosity = 0
    package var timeStyle = TimeStyle.relative
    package var ascii = false
    package var selection = FrameSelection()
    /// Stop after this many frames.
    package var count: UInt64?
    package var isSummary = false
    /// Neither frames nor table: only what `-w` writes.
    package var isQuiet = false
    /// Columns of the terminal that lines are broken for; nil for a pipe.
    package var width: Int?
    package var toolVersion: String

    package init(toolVersion: String) {
      self.toolVersion = toolVersion
    }
  }

  /// Why a report ended before the capture did.
  package enum Failure: Error {
    case output(Output.Failure)
    case writing(CaptureError)
  }

  private let options: Options
  private let output: Output
  private let decryptor: Decryptor?
  private var text: DecodeText
  private var json: DecodeJSON
  private var table = ConversationTable()
  /// Frames selected so far.
  package private(set) var shown: UInt64 = 0

  /// `decryptor` opens what its keys allow; nil without keys.
  package init(_ options: Options, decryptor: Decryptor? = nil, to output: Output) {
    self.options = options
    self.decryptor = decryptor
    self.output = output
    text = DecodeText(timeStyle: options.timeStyle, ascii: options.ascii)
    json = DecodeJSON(toolVersion: options.toolVersion)
  }

  private var withFields: Bool {
    options.verbosity > 0 && !options.isSummary && !options.isQuiet
  }

  /// Reads the capture to its end.
  ///
  /// - Parameters:
  ///   - reader: The capture.
  ///   - writer: Where the selected frames go as well; with keys, the packets inside them instead.
  ///   - isStopped: Asked before each frame; true ends the report as the capture's end would.
  /// - Returns: What was wrong with the capture, in the order it was met.
  /// - Throws: Why output failed.
  package mutating func run(
    _ reader: FrameReader, writer: CaptureWriter? = nil, isStopped: () -> Bool
  ) throws(Failure) -> [CaptureError] {
    var problems: [CaptureError] = []
    let limit = options.count ?? .max
    let selectsAll = options.selection.isEverything
    let withFields = withFields
    open()
    while shown < limit, !isStopped() {
      let header: PacketHeader
      do {
        guard let next = try reader.next(withFields: withFields) else { break }
        header = next
      } catch {
        // What a stop cut short is not the capture's fault.
        if isStopped() { break }
        problems.append(error)
        continue
      }
      // Before any selection: what one message tells may open another.
      decryptor?.open(
        reader.dissector, reader.bytes, isCut: header.capturedLength < header.originalLength)
      guard selectsAll || options.selection.contains(reader.dissector) else { continue }
      shown &+= 1
      if let writer { try copy(reader, header, to: writer) }
      try show(reader, header)
    }
    try close(reader)
    return problems
  }

  private func copy(
    _ reader: FrameReader, _ header: PacketHeader, to writer: CaptureWriter
  ) throws(Failure) {
    do {
      if let decryptor {
        for packet in decryptor.innerPackets(of: reader) {
          try writer.write(
            PacketHeader(
              timestamp: header.timestamp, capturedLength: packet.count,
              originalLength: packet.count, linkType: .raw), packet.rawBytes,
            interface: CaptureInterface(linkType: .raw, name: "decrypted"))
        }
        return
      }
      try writer.write(header, of: reader)
    } catch {
      throw .writing(error)
    }
  }

  private func open() {
    guard options.format == .json, !options.isSummary, !options.isQuiet else { return }
    output.text.put("{\"schema\":\"ipsecdiag.decode/1\",\"tool_version\":")
    output.text.json(options.toolVersion)
    output.text.put(",\"frames\":[\n")
  }

  private mutating func show(
    _ reader: FrameReader, _ header: PacketHeader
  ) throws(Failure) {
    if options.isSummary {
      return table.add(
        reader.dissector, number: reader.number, time: header.timestamp,
        bytes: header.originalLength)
    }
    if options.isQuiet { return }
    switch options.format {
    case .text:
      let start = output.text.count
      text.write(reader, header, decryptor, to: &output.text)
      if let width = options.width { output.text.wrapLine(from: start, width: width) }
      if options.verbosity > 0 { tree(reader) }
    case .json:
      if shown > 1 { output.text.put(",\n") }
      json.write(reader, header, decryptor, withFields: options.verbosity > 0, to: &output.text)
    case .ndjson:
      json.write(reader, header, decryptor, withFields: options.verbosity > 0, to: &output.text)
    }
    do {
      if options.format == .json { try output.flushIfFull() } else { try output.endLine() }
    } catch {
      throw .output(error)
    }
  }

  private func tree(_ reader: FrameReader) {
    output.text.put("\n")
    for comment in reader.comments {
      output.text.put("      comment: ")
      output.text.escaped(comment)
      output.text.put("\n")
    }
    FieldTreeText(showsBytes: options.verbosity > 1).write(
      fields(reader), to: &output.text)
    if options.verbosity > 1 { FieldTreeText.hexDump(reader.bytes, to: &output.text) }
  }

  private func fields(_ reader: FrameReader) -> [Field] {
    (reader.fields + (decryptor?.fields ?? [])).map(\.withCertificateNames)
  }

  private func close(_ reader: FrameReader) throws(Failure) {
    do {
      if options.isSummary {
        try summarise(reader)
      } else if options.format == .json, !options.isQuiet {
        output.text.put("\n]")
        if let live = reader.statistics {
          output.text.put(",\"live\":")
          output.text.json(live)
          output.text.put(",\"degraded\":")
          output.text.json(live.dropped > 0)
        }
        output.text.put("}")
        try output.endLine()
      }
      try output.flush()
    } catch {
      throw .output(error)
    }
  }

  private func summarise(_ reader: FrameReader) throws(Output.Failure) {
    let report = ConversationReport(
      table: table, fragments: reader.dissector.fragments.counters,
      streams: reader.dissector.streams.counters, ascii: options.ascii)
    if options.format == .text { return report.writeText(to: &output.text) }
    report.writeJSON(toolVersion: options.toolVersion, to: &output.text)
    try output.endLine()
  }
}
