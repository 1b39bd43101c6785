package import Capture
internal import Diagnosis
internal import PacketDissector

/// What `ipsecdiag decode` prints: frames as lines, trees or objects, or a table of who talked.
package struct DecodeReport {
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

  package init(_ options: Options, to output: Output) {
    self.options = options
    self.output = output
  }

  /// Reads the capture to its end.
  ///
  /// - Parameters:
  ///   - reader: The capture.
  ///   - writer: Where the selected frames go as well.
  ///   - isStopped: Asked before each frame; true ends the report as the capture's end would.
  /// - Returns: What was wrong with the capture, in the order it was met, and the frames shown.
  /// - Throws: Why output failed.
  package func run(
    _ reader: inout FrameReader, writer: inout PcapngWriter?, isStopped: () -> Bool
  ) throws(Failure) -> (problems: [CaptureError], shown: UInt64) {
    var problems: [CaptureError] = []
    var shown: UInt64 = 0
    var table = ConversationTable()
    var text = DecodeText(timeStyle: options.timeStyle, ascii: options.ascii)
    var json = DecodeJSON(toolVersion: options.toolVersion)
    let limit = options.count ?? .max
    let withFields = options.verbosity > 0 && !options.isSummary && !options.isQuiet
    if options.format == .json, !options.isSummary { openList() }
    while shown < limit, !isStopped() {
      do {
        guard let header = try reader.next(withFields: withFields) else { break }
        guard options.selection.contains(reader.frame, further: reader.dissector.further) else {
          continue
        }
        shown &+= 1
        if writer != nil { try copy(reader, header, to: &writer) }
        if options.isSummary {
          table.add(
            reader.frame, further: reader.dissector.further, number: reader.number,
            time: header.timestamp, bytes: header.originalLength)
        } else if !options.isQuiet {
          if options.format == .text {
            line(reader, header, &text)
          } else {
            object(reader, header, &json, isFirst: shown == 1)
          }
          try endLine()
        }
      } catch let problem as CaptureError {
        problems.append(problem)
      } catch let failure as Failure {
        throw failure
      } catch {
        break
      }
    }
    try finish(table, reader)
    return (problems, shown)
  }

  private func copy(
    _ reader: borrowing FrameReader, _ header: PacketHeader, to writer: inout PcapngWriter?
  ) throws(Failure) {
    do {
      try writer?.write(
        header, reader.bytes, file: reader.fileIndex,
        interface: reader.interface(header.interface, header.linkType), comments: reader.comments)
    } catch {
      throw .writing(error)
    }
  }

  private func line(
    _ reader: borrowing FrameReader, _ header: PacketHeader, _ text: inout DecodeText
  ) {
    text.write(
      reader.frame, number: reader.number, header: header, bytes: reader.bytes,
      dissector: reader.dissector, to: &output.text)
    guard options.verbosity > 0 else { return }
    output.text.put("\n")
    for comment in reader.comments {
      output.text.put("      comment: ")
      output.text.escaped(comment)
      output.text.put("\n")
    }
    FieldTreeText(showsBytes: options.verbosity > 1).write(reader.fields, to: &output.text)
    if options.verbosity > 1 { FieldTreeText.hexDump(reader.bytes, to: &output.text) }
  }

  private func object(
    _ reader: borrowing FrameReader, _ header: PacketHeader, _ json: inout DecodeJSON,
    isFirst: Bool
  ) {
    if options.format == .json, !isFirst { output.text.put(",\n") }
    json.write(
      reader.frame, number: reader.number, header: header, bytes: reader.bytes,
      dissector: reader.dissector, fields: options.verbosity > 0 ? reader.fields : nil,
      comments: reader.comments, to: &output.text)
  }

  private func openList() {
    output.text.put("{\"schema\":\"ipsecdiag.decode/1\",\"tool_version\":")
    output.text.json(options.toolVersion)
    output.text.put(",\"frames\":[\n")
  }

  private func endLine() throws(Failure) {
    do {
      if options.format == .json {
        try output.flushIfFull()
      } else {
        try output.endLine()
      }
    } catch {
      throw .output(error)
    }
  }

  private func finish(_ table: ConversationTable, _ reader: borrowing FrameReader) throws(Failure) {
    do {
      if options.isSummary {
        let summary = ConversationReport(
          table: table, fragments: reader.dissector.fragments.counters,
          streams: reader.dissector.streams.counters, ascii: options.ascii)
        if options.format == .text {
          summary.writeText(to: &output.text)
        } else {
          summary.writeJSON(toolVersion: options.toolVersion, to: &output.text)
          try output.endLine()
        }
      } else if options.format == .json {
        output.text.put("\n]}")
        try output.endLine()
      }
      try output.flush()
    } catch {
      throw .output(error)
    }
  }
}
