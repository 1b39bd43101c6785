import ESP
import Glibc
import IPsecCrypto
import PacketDissector

/// The lab's end of ESP SAs whose other ends are a kernel's: commands come in on standard input, one a
/// line, and each is answered by a line. Sockets are its caller's.
///
///     out SPI ENCR KEYBITS INTEG ESN NUMBER KEY INTEGKEY      what is sent from now on; NUMBER is the first
///     in SPI ENCR KEYBITS INTEG ESN NUMBER KEY INTEGKEY WINDOW    what is received; NUMBER is the last
///     seal NEXTHEADER PAYLOAD       "sealed PACKET"
///     open PACKET                   "opened SEQUENCE NEXTHEADER PAYLOAD", or "closed" and why
///
/// Transforms are numbers of the registries, 0 for none; keys and octets are hexadecimal, "-" for none.
@main
struct ESPPeer {
  static func main() {
    var peer = ESPPeer()
    while let line = readLine() {
      do {
        print(try peer.answer(line.split(separator: " ").map(String.init)))
      } catch {
        print("error \(error)")
      }
      // The caller waits for the line.
      fflush(nil)
    }
  }

  private final class Sender {
    var sa: OutboundSA
    init(_ sa: consuming OutboundSA) { self.sa = sa }
  }

  private final class Receiver {
    var sa: InboundSA
    init(_ sa: consuming InboundSA) { self.sa = sa }
  }

  private struct BadCommand: Error {}

  private var sender: Sender?
  private var receiver: Receiver?

  private mutating func answer(_ words: [String]) throws -> String {
    switch (words.first, words.count) {
    case ("out", 9):
      let parameters = try parameters(words)
      sender = Sender(try OutboundSA(parameters, firstSequence: try number(words[6])))
      return "ready"
    case ("in", 10):
      let parameters = try parameters(words)
      let sa = try InboundSA(
        parameters, replayWindow: try number(words[9]), highestSequence: try number(words[6]))
      receiver = Receiver(sa)
      return "ready"
    case ("seal", 3): return try seal(try number(words[1]), try bytes(words[2]))
    case ("open", 2): return try open(try bytes(words[1]))
    default: throw BadCommand()
    }
  }

  private func seal(_ nextHeader: UInt8, _ payload: [UInt8]) throws -> String {
    guard let sender else { throw BadCommand() }
    var packet = [UInt8](
      repeating: 0, count: sender.sa.parameters.packetBytes(payload: payload.count))
    let count = try sender.sa.seal(payload.rawBytes, nextHeader: nextHeader, into: &packet)
    return "sealed \(hexadecimal(packet.prefix(count)))"
  }

  private func open(_ packet: [UInt8]) throws -> String {
    guard let receiver else { throw BadCommand() }
    var payload = packet
    do throws(ESPFailure) {
      let content = try receiver.sa.open(packet.rawBytes, into: &payload)
      return "opened \(content.sequence) \(content.nextHeader) "
        + hexadecimal(payload.prefix(content.payloadBytes))
    } catch {
      return "closed \(error)"
    }
  }

  /// Those of an "in" or "out" line.
  private func parameters(_ words: [String]) throws -> ESPParameters {
    let bits: Int = try number(words[3])
    let integrity: UInt16 = try number(words[4])
    return ESPParameters(
      spi: try number(words[1]),
      encryption: try EncryptionTransform(
        EncryptionAlgorithm(rawValue: try number(words[2])), keyBits: bits == 0 ? nil : bits),
      integrity: integrity == 0
        ? nil : try IntegrityTransform(IntegrityAlgorithm(rawValue: integrity)),
      encryptionKey: Secret(copying: try bytes(words[7])),
      integrityKey: Secret(copying: try bytes(words[8])), usesESN: words[5] == "1")
  }

  private func number<Number: FixedWidthInteger>(_ text: String) throws -> Number {
    guard let number = Number(text) else { throw BadCommand() }
    return number
  }

  private func bytes(_ text: String) throws -> [UInt8] {
    if text == "-" { return [] }
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { throw BadCommand() }
    return try stride(from: 0, to: digits.count, by: 2).map {
      guard let byte = UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) else {
        throw BadCommand()
      }
      return byte
    }
  }

  private func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.isEmpty
      ? "-" : bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
