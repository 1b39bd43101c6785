/// The candidate keys of one file, in whatever forms it has them, and what could not be read.
package struct KeyFile: Sendable {
  package let name: String
  package var espKeys: [ESPKey] = []
  package internal(set) var ikev2Keys: [IKEv2Key] = []
  package internal(set) var ikev1Keys: [IKEv1Key] = []
  package internal(set) var problems: [KeyProblem] = []
  /// Its group or everybody may read the file. Nil if it is none (a pipe, standard input).
  package internal(set) var isReadableByOthers: Bool?

  package var isEmpty: Bool { espKeys.isEmpty && ikev2Keys.isEmpty && ikev1Keys.isEmpty }

  /// An empty one: what is known is put in.
  package init(name: String) {
    self.name = name
  }

  /// A file that is no key file at all must not fill the memory with what is wrong in it.
  static let maximumProblems = 1000
  static let maximumLine = 65536

  package mutating func problem(_ line: Int?, _ reason: String) {
    if problems.count < Self.maximumProblems {
      problems.append(KeyProblem(file: name, line: line, reason: reason))
    } else if problems.count == Self.maximumProblems {
      problems.append(KeyProblem(file: name, line: line, reason: "and more; the rest is not told"))
    }
  }

  /// Reads the keys in `text`; `name` is for origins and problems. The caller's bytes stay as they
  /// are: zeroing them is its part.
  package static func parse(_ text: borrowing [UInt8], name: String) -> KeyFile {
    var parser = KeyFileParser(name: name)
    var number = 0
    // Not split(): a million empty lines need no array.
    var start = text.startIndex
    while start < text.endIndex {
      let rest = text[start...]
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
      number += 1
      parser.read(text[start..<end], number: number)
      start = end + 1
    }
    return parser.finish()
  }
}

/// Tells the forms apart, line by line: a file may hold several.
private struct KeyFileParser {
  private enum Block {
    case none
    case kernelState(KernelState)
    case setkey(SetkeyDump)
  }

  private var contents: KeyFile
  private var block = Block.none
  private var pluto = PlutoLog()
  private let name: String
  private var hasText = false

  init(name: String) {
    self.name = name
    contents = KeyFile(name: name)
  }

  mutating func read(_ line: KeyText, number: Int) {
    let text = line.trimmed
    guard let first = text.first else { return }
    hasText = true
    guard line.count <= KeyFile.maximumLine else {
      contents.problem(number, "line of \(line.count) bytes, too long for any form")
      return
    }
    if first == UInt8(ascii: "#") { return }
    if let content = PlutoLog.content(line) {
      pluto.add(content, number: number, into: &contents, name: name)
    } else if text.hasPrefix("src "), text.contains(UInt8(ascii: "\\")) {
      // ip -o writes a backslash for each line break.
      for part in text.split(separator: UInt8(ascii: "\\")) { readBlock(part.trimmed, number) }
    } else if let table = TableLine(text) {
      endBlock()
      read(table, number)
    } else {
      readBlock(text, number)
    }
  }

  private func origin(_ line: Int, _ form: KeyForm) -> KeyOrigin {
    KeyOrigin(file: name, line: line, form: form)
  }

  private mutating func readBlock(_ text: KeyText, _ number: Int) {
    if let state = KernelState(text, origin(number, .kernelState)) {
      endBlock()
      block = .kernelState(state)
    } else if let dump = SetkeyDump(text, origin(number, .setkeyDump)) {
      endBlock()
      block = .setkey(dump)
    } else if text.hasPrefix("src ") {
      // A policy's selector.
      endBlock()
    } else {
      switch block {
      case .none: break
      case .kernelState(var state):
        state.add(text, number: number)
        block = .kernelState(state)
      case .setkey(var dump):
        dump.add(text)
        block = .setkey(dump)
      }
    }
  }

  private mutating func endBlock() {
    let ended = block
    block = .none
    do throws(BlockFault) {
      switch ended {
      case .none: break
      case .kernelState(let state):
        if let key = try state.finish()?.get() { contents.espKeys.append(key) }
      case .setkey(let dump): contents.espKeys += try dump.finish().get()
      }
    } catch {
      contents.problem(error.line, error.fault.reason)
    }
  }

  private mutating func read(_ table: TableLine, _ number: Int) {
    let fields = table.fields
    do throws(KeyFault) {
      let isESP = fields.first.map(TableLine.isFamily) ?? false
      switch (isESP, fields.count) {
      case (true, 8...10):
        contents.espKeys += try ESPTable.esp(fields, origin(number, .espTable))
      case (true, 6): contents.espKeys += try ESPTable.ah(fields, origin(number, .ahTable))
      case (true, let count): throw KeyFault("line has \(count) fields, 8 expected (6 for AH)")
      case (false, 8):
        contents.ikev2Keys += try IKETable.ikev2(fields, origin(number, .ikev2Table))
      case (false, 2):
        contents.ikev1Keys.append(try IKETable.ikev1(fields, origin(number, .ikev1Table)))
      case (false, let count): throw KeyFault("line has \(count) fields, 8 expected (2 for IKEv1)")
      }
    } catch {
      contents.problem(number, error.reason)
    }
  }

  mutating func finish() -> KeyFile {
    endBlock()
    pluto.finish(into: &contents, name: name)
    if hasText, contents.isEmpty, contents.problems.isEmpty {
      contents.problem(
        nil,
        "no keys in any form that is known (Wireshark's tables, ip xfrm state, setkey -D, pluto's log)"
      )
    }
    return contents
  }
}
