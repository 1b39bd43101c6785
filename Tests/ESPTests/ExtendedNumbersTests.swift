import ESP
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Extended sequence numbers, with a window and without")
struct ExtendedNumbersTests {
  /// What has no window has no memory either: only the nearest upper half.
  @Test("Without a window the number is right as long as no jump is half an epoch wide")
  func nearest() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var source = SplitMix(state: seed)
    var window = ReplayWindow(size: 0, usesESN: true)
    let half: UInt64 = 1 << 31
    for step in 0..<20_000 {
      let top = window.highest
      let sequence: UInt64
      switch source.next() % 4 {
      case 0: sequence = top + source.next() % half
      case 1: sequence = top - min(top, source.next() % half)
      case 2: sequence = top - min(top, source.next() % 200)
      default: sequence = top + 1
      }
      let guess = window.sequence(of: UInt32(truncatingIfNeeded: sequence))
      #expect(guess == sequence, "step \(step), seed \(seed)")
      guard guess == sequence else { return }
      // What is lost, or not authentic, is never told of.
      if source.next() % 4 > 0 { window.accept(sequence) }
      #expect(window.highest == max(top, window.highest))
    }
    #expect(window.highest >> 32 > 100)
  }

  @Test("Without a window there is nothing before the first epoch: what seems so is far ahead")
  func firstEpoch() {
    let window = ReplayWindow(size: 0, usesESN: true, highest: 5)
    #expect(window.sequence(of: 0xFFFF_FFF0) == 0xFFFF_FFF0)
    #expect(window.sequence(of: 0x9000_0000) == 0x9000_0000)
  }

  static let suites: [Suite] = [
    try? Suite.gcm(), try? Suite(.aesCBC, 128, .hmacSHA2_256_128),
    try? Suite(.aesGCM16ImplicitIV, 128),
  ].compactMap(\.self)

  /// One packet of this number.
  private func packet(_ parameters: ESPParameters, _ number: UInt64) throws -> [UInt8] {
    var sender = try OutboundSA(parameters, firstSequence: number)
    return try sender.sealed([1, 2, 3])
  }

  @Test(
    "Without a window wraps, jumps, loss, lateness and repetition change nothing", arguments: suites
  )
  func stream(_ suite: Suite) throws {
    let parameters = suite.parameters(esn: true)
    var receiver = try InboundSA(parameters, replayWindow: 0)
    let wrap: UInt64 = 1 << 32
    let numbers: [UInt64] = [
      1, 2, 2, 1, 0x7000_0000, 0xE000_0000, wrap - 1, wrap, wrap - 5, wrap + 1, 0xF000_0000,
      wrap + 0x7FFF_0000, wrap + 0xFFFE_0000, 2 * wrap + 3, wrap + 0xFFFF_FFFF, 2 * wrap + 3,
      2 * wrap,
    ]
    for number in numbers {
      let opening = receiver.opened(try packet(parameters, number))
      #expect(opening.content?.sequence == number && opening.payload == [1, 2, 3])
    }
    #expect(receiver.window.highest == 2 * wrap + 3)
  }

  @Test("What is not authentic moves no number, with a window or without", arguments: [0, 64])
  func forgeries(_ window: Int) throws {
    let parameters = try Suite.gcm().parameters(esn: true)
    var receiver = try InboundSA(parameters, replayWindow: window)
    #expect(receiver.opened(try packet(parameters, 7)).content != nil)
    for number: UInt64 in [0x7FFF_FFFF, 0xFFFF_FFFF, 0x8000_0000, 100] {
      var forged = try packet(parameters, number)
      forged[forged.count - 1] ^= 1
      for _ in 0..<200 { #expect(receiver.opened(forged).failure == .wrongICV) }
      #expect(receiver.window.highest == 7)
    }
    #expect(receiver.opened(try packet(parameters, 8)).content?.sequence == 8)
  }

  @Test(
    "A sender whole epochs ahead is found again once as many packets as that have failed",
    arguments: [0, 64], [1, 3, InboundSA.epochsSearched])
  func resynchronisation(_ window: Int, _ epochs: UInt64) throws {
    for suite in Self.suites {
      let parameters = suite.parameters(esn: true)
      var receiver = try InboundSA(parameters, replayWindow: window)
      #expect(receiver.opened(try packet(parameters, 1_000)).content != nil)
      // In the midst of the epoch, so that the guess is the one of the last packet.
      var sender = try OutboundSA(parameters, firstSequence: epochs << 32 + 2_000)
      for _ in 1..<InboundSA.failuresBeforeSearch {
        #expect(receiver.opened(try sender.sealed([1])).failure == .wrongICV)
      }
      let found = try sender.sealed([1])
      #expect(receiver.opened(found).content?.sequence == sender.nextSequence - 1)
      #expect(receiver.opened(try sender.sealed([1])).content != nil)
      let repeated = receiver.opened(found)
      #expect(repeated.failure == (window > 0 ? .repeated(sender.nextSequence - 2) : nil))
    }
  }

  @Test("A sender further ahead than is searched stays closed, and the number where it was")
  func tooFar() throws {
    let parameters = try Suite.gcm().parameters(esn: true)
    var receiver = try InboundSA(parameters, replayWindow: 0, highestSequence: 1_000)
    var sender = try OutboundSA(
      parameters, firstSequence: (InboundSA.epochsSearched + 1) << 32 + 2_000)
    for _ in 0..<(4 * InboundSA.failuresBeforeSearch) {
      #expect(receiver.opened(try sender.sealed([1])).failure == .wrongICV)
    }
    #expect(receiver.window.highest == 1_000)
  }

  @Test("With a window, a receiver that missed the first epoch's beginning finds its end")
  func lateStart() throws {
    let parameters = try Suite.gcm().parameters(esn: true)
    var receiver = try InboundSA(parameters, replayWindow: 64)
    var sender = try OutboundSA(parameters, firstSequence: 0xFFFF_FFE0)
    var found = 0
    for _ in 0..<64 where receiver.opened(try sender.sealed([1])).content != nil { found += 1 }
    #expect(found == 64 - Int(InboundSA.failuresBeforeSearch) + 1)
  }

  @Test("At the last epoch's end a search ends, too")
  func lastEpoch() throws {
    let parameters = try Suite.gcm().parameters(esn: true)
    var receiver = try InboundSA(
      parameters, replayWindow: 64, highestSequence: .max - 0xFFFF_0000)
    var forged = try packet(parameters, .max - 5)
    forged[20] ^= 1
    for _ in 0..<100 { #expect(receiver.opened(forged).failure == .wrongICV) }
    #expect(receiver.opened(try packet(parameters, .max - 5)).content?.sequence == .max - 5)
  }

  @Test("32-bit numbers are never searched for")
  func shortNumbers() throws {
    let parameters = try Suite.gcm().parameters()
    var receiver = try InboundSA(parameters, replayWindow: 0)
    var forged = try packet(parameters, 9)
    forged[20] ^= 1
    for _ in 0..<100 { #expect(receiver.opened(forged).failure == .wrongICV) }
    #expect(receiver.opened(try packet(parameters, 9)).content?.sequence == 9)
  }
}
