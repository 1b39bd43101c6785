package import Decryption
internal import IPsecCrypto
internal import PacketDissector

/// What `--key-report` prints: which key opened what, which fits nothing, which SA has none.
/// Schemas/key-report-1.schema.json describes the JSON.
package struct KeyReport {
  private let lines: [Line]
  /// Keys are shown only to whoever asks for them.
  private let showsKeys: Bool
  private let closed: [(sa: Decryptor.ClosedSA, count: UInt64)]

  /// One line of a key file: it may give several candidates, of which one fits.
  private struct Line {
    let origin: KeyOrigin
    var uses: [Decryptor.KeyUse]

    var opened: UInt64 { uses.reduce(0) { $0 + $1.opened } }
    var openedAs96Bits: UInt64 { uses.reduce(0) { $0 + $1.openedAs96Bits } }
    var failed: UInt64 { uses.map(\.failed).max() ?? 0 }
    var best: Decryptor.KeyUse? { uses.max { $0.opened < $1.opened } }
    var fault: String? { uses.lazy.compactMap(\.fault).first }
  }

  package init(_ decryptor: Decryptor, showsKeys: Bool = false) {
    self.showsKeys = showsKeys
    var lines: [Line] = []
    for use in decryptor.uses {
      if let last = lines.indices.last, lines[last].origin == use.origin {
        lines[last].uses.append(use)
      } else {
        lines.append(Line(origin: use.origin, uses: [use]))
      }
    }
    self.lines = lines
    closed = decryptor.closed.map { ($0.key, $0.value) }
      .sorted { Self.name($0.sa.kind) < Self.name($1.sa.kind) }
  }

  /// Appends the report; a table for people, one object for programs.
  package func write(_ format: DecodeReport.Format, to output: Output) throws(Output.Failure) {
    if format == .text {
      writeText(to: &output.text)
    } else {
      writeJSON(to: &output.text)
    }
    try output.endLine()
    try output.flush()
  }

  private func writeText(to text: inout TextBuffer) {
    text.put("\nKeys\n")
    for line in lines {
      origin(line.origin, to: &text)
      text.put("\n    ")
      text.put(line.best?.subject ?? "")
      text.put("  ")
      text.escaped(line.best?.algorithms ?? "")
      text.put("\n    ")
      verdict(line, to: &text)
      text.put("\n")
      for key in keys(of: line) {
        text.put("    ")
        text.put(key.name)
        text.put(" 0x")
        text.put(key.secret.revealed)
        text.put("\n")
      }
    }
    if closed.isEmpty { return text.put("Everything that is encrypted was opened.") }
    text.put("Not opened")
    for (sa, count) in closed {
      text.put("\n  ")
      text.put(Self.name(sa.kind))
      text.put("  ")
      text.grouped(count)
      text.put(count == 1 ? " packet: " : " packets: ")
      text.escaped(sa.reason.text)
    }
  }

  private func origin(_ origin: KeyOrigin, to text: inout TextBuffer) {
    text.put(origin.form == .kernel ? "  SA " : "  line ")
    text.decimal(origin.line)
    text.put(" of ")
    text.escaped(origin.file)
    guard origin.form != .kernel else { return }
    text.put(" (")
    text.put(origin.form.rawValue)
    text.put(")")
  }

  private func keys(of line: Line) -> [Decryptor.NamedSecret] {
    showsKeys ? line.best?.secrets ?? [] : []
  }

  private func verdict(_ line: Line, to text: inout TextBuffer) {
    if line.opened > 0 {
      text.put("opened ")
      text.grouped(line.opened)
      if line.best?.usesESN == true { text.put(", extended sequence numbers") }
      if line.openedAs96Bits > 0 {
        text.put("\n    esp-icv-len: ")
        text.grouped(line.openedAs96Bits)
        text.put(" verify when read as a 96-bit ICV; RFC 4868 demands 128 bits")
      }
    } else if let fault = line.fault {
      text.put("cannot be used: ")
      text.escaped(fault)
    } else if line.failed > 0 {
      text.put("fits nothing: tried on ")
      text.grouped(line.failed)
      text.put(line.failed == 1 ? " packet" : " packets")
    } else {
      text.put("not needed: no packet of its SA is in the capture")
    }
  }

  private func writeJSON(to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.key-report/1\",\"keys\":")
    text.list(lines) { text, line in
      text.put("{\"file\":")
      text.json(line.origin.file)
      text.put(",\"line\":")
      text.decimal(line.origin.line)
      text.put(",\"form\":")
      text.json(line.origin.form.rawValue)
      text.put(",\"for\":")
      text.json(line.best?.subject ?? "")
      text.put(",\"algorithms\":")
      text.json(line.best?.algorithms ?? "")
      text.put(",\"opened\":")
      text.decimal(line.opened)
      text.put(",\"failed\":")
      text.decimal(line.failed)
      text.put(",\"opened_as_96_bits\":")
      text.decimal(line.openedAs96Bits)
      if let fault = line.fault {
        text.put(",\"fault\":")
        text.json(fault)
      }
      if showsKeys {
        text.put(",\"secrets\":")
        text.list(keys(of: line)) { text, key in
          text.put("{\"name\":")
          text.json(key.name)
          text.put(",\"key\":")
          text.json(key.secret.revealed)
          text.put("}")
        }
      }
      text.put("}")
    }
    text.put(",\"closed\":")
    text.list(closed) { text, entry in
      text.put("{\"sa\":")
      text.json(Self.name(entry.sa.kind))
      text.put(",\"packets\":")
      text.decimal(entry.count)
      text.put(",\"reason\":")
      text.json(entry.sa.reason.text)
      text.put("}")
    }
    text.put("}")
  }

  private static func name(_ kind: Decryptor.ClosedSA.Kind) -> String {
    var text = TextBuffer(capacity: 96)
    switch kind {
    case .esp(let spi, let source, let destination):
      text.put("ESP ")
      text.hex(UInt64(spi), digits: 8)
      text.put(" \(source) to \(destination)")
    case .ah(let spi, let source, let destination):
      text.put("AH ")
      text.hex(UInt64(spi), digits: 8)
      text.put(" \(source) to \(destination)")
    case .ikev2(let initiatorSPI, let responderSPI):
      text.put("IKEv2 ")
      text.hex(initiatorSPI, digits: 16)
      text.put(" / ")
      text.hex(responderSPI, digits: 16)
    case .ikev1(let cookie):
      text.put("IKEv1 ")
      text.hex(cookie, digits: 16)
    }
    return text.string
  }
}
