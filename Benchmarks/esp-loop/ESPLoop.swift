import ArgumentParser
import ESP
import Glibc
import IPsecCrypto
import PacketDissector

/// Seals, or seals and opens, packets in a loop: what `Benchmarks/esp` measures. Not a product, and not
/// installed.
@main
struct ESPLoop: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "esp-loop")

  @Argument(help: "seal: packet after packet; open: a batch sealed, and opened as often as is due")
  var work: Work
  @Option(help: "Number of packets.") var packets = 1_000_000
  @Option(help: "Octets of payload.") var bytes = 1400
  @Option(help: "ENCR transform, by its number.") var encryption: UInt16 = 20
  @Option(help: "Key length in bits.") var keyBits: Int?
  @Option(help: "INTEG transform, by its number.") var integrity: UInt16?
  @Flag(help: "Extended sequence numbers.") var esn = false

  enum Work: String, ExpressibleByArgument {
    case seal, open
  }

  mutating func run() throws {
    let parameters = try parameters()
    var sender = try OutboundSA(parameters)
    var receiver = try InboundSA(parameters, replayWindow: 1024)
    let payload = [UInt8](repeating: 0x45, count: bytes)
    var packet = [UInt8](repeating: 0, count: parameters.packetBytes(payload: bytes))
    var opened = packet
    var seconds = 0.0
    var left = packets
    // The first packet has OpenSSL fetch what it needs, and the buffers grow.
    _ = try sender.seal(payload.rawBytes, nextHeader: 4, into: &packet)
    _ = try receiver.open(packet.rawBytes, into: &opened)
    switch work {
    case .seal:
      let start = processorTime()
      while left > 0 {
        _ = try sender.seal(payload.rawBytes, nextHeader: 4, into: &packet)
        left -= 1
      }
      seconds = processorTime() - start
    case .open:
      var batch = [[UInt8]](repeating: packet, count: 1000)
      while left > 0 {
        for index in batch.indices {
          _ = try sender.seal(payload.rawBytes, nextHeader: 4, into: &batch[index])
        }
        let start = processorTime()
        for packet in batch { _ = try receiver.open(packet.rawBytes, into: &opened) }
        seconds += processorTime() - start
        left -= batch.count
      }
    }
    print("\(packets - left) packets in \(seconds) s")
  }

  /// In seconds, as `openssl speed` counts: a busy machine slows no program.
  private func processorTime() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private func parameters() throws -> ESPParameters {
    let cipher = try EncryptionTransform(
      EncryptionAlgorithm(rawValue: encryption), keyBits: keyBits)
    let integrity = try integrity.map { try IntegrityTransform(IntegrityAlgorithm(rawValue: $0)) }
    return ESPParameters(
      spi: 0xC0DE_0001, encryption: cipher, integrity: integrity,
      encryptionKey: key(cipher.keyMaterialBytes),
      integrityKey: key(integrity?.keyMaterialBytes ?? 0),
      usesESN: esn)
  }

  private func key(_ count: Int) -> Secret {
    Secret(copying: (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) })
  }
}
