import Diagnosis
import IKE
import PacketDissector
import Testing

@testable import Measurement

@Suite("Searching a peer's replay window")
struct WindowSearchTests {
  private static let sizes: [UInt64] = [
    1, 2, 3, 8, 31, 32, 33, 63, 64, 65, 100, 127, 128, 256, 500, 512, 1000, 1024, 2048, 4095, 4096,
    5000, 10_000, 32_768, 65_535, 65_536,
  ]

  @Test("A window is found to the number, in a few seconds and about 200 packets", arguments: sizes)
  func exact(_ size: UInt64) {
    let (search, time) = SimulatedReceiver.window(size).run()
    #expect(search.ending == .complete)
    #expect(ReplayBehaviour(search.tallies).kind == .window(Int(size)))
    #expect(search.packetsSent <= 200, "\(search.packetsSent)")
    #expect(time < .seconds(3), "\(time)")
  }

  @Test("A receiver that takes everything is off, one with a vast window is not")
  func off() {
    let (off, time) = SimulatedReceiver.window(0).run()
    #expect(off.ending == .complete)
    #expect(ReplayBehaviour(off.tallies).kind == .off)
    #expect(time < .seconds(3) && off.packetsSent <= 200)
    let (vast, _) = SimulatedReceiver.window(1 << 20).run()
    #expect(ReplayBehaviour(vast.tallies).kind == .windowOfAtLeast(65_537))
  }

  @Test("What is lost, doubled and reordered on the way makes no window other than it is")
  func badPaths() {
    var unknown = 0
    var runs = 0
    for size: UInt64 in [0, 1, 32, 64, 100, 128, 1024, 4096] {
      for (loss, doubled, jitter) in [
        (0.05, 0.0, 0), (0.0, 0.3, 0), (0.0, 0.0, 40), (0.05, 0.1, 15), (0.15, 0.0, 5),
      ] {
        for seed: UInt64 in 1...25 {
          var receiver = SimulatedReceiver.window(size)
          receiver.loss = loss
          receiver.doubled = doubled
          receiver.jitter = .milliseconds(jitter)
          receiver.seed = seed
          let (search, _) = receiver.run()
          let kind = ReplayBehaviour(search.tallies).kind
          runs += 1
          if kind == .unknown {
            unknown += 1
            #expect(loss > 0, "window \(size), jitter \(jitter) ms, seed \(seed)")
          } else {
            #expect(
              kind == (size == 0 ? .off : .window(Int(size))),
              "loss \(loss), doubled \(doubled), jitter \(jitter) ms, seed \(seed)")
          }
        }
      }
    }
    #expect(unknown * 50 <= runs, "\(unknown) of \(runs)")
  }

  @Test("Where half of all is lost, nothing is claimed that is not so")
  func heavyLoss() {
    for seed: UInt64 in 1...50 {
      var receiver = SimulatedReceiver.window(64)
      receiver.loss = 0.4
      receiver.seed = seed
      let (search, time) = receiver.run()
      #expect([.unknown, .window(64)].contains(ReplayBehaviour(search.tallies).kind), "\(seed)")
      #expect(time < .seconds(60))
    }
  }

  @Test("A limit on answers is no window")
  func limitedAnswers() {
    var receiver = SimulatedReceiver.window(64)
    receiver.answersPerSecond = 50
    let (search, _) = receiver.run()
    #expect([.unknown, .window(64)].contains(ReplayBehaviour(search.tallies).kind))
  }

  @Test("A peer that answers nothing is silent, one that stops answering went silent")
  func silence() {
    var mute = SimulatedReceiver.window(64)
    mute.silentAfter = .zero
    let (search, time) = mute.run()
    #expect(search.ending == .silent)
    #expect(ReplayBehaviour(search.tallies).kind == .unknown)
    #expect(time <= .seconds(5) && search.packetsSent <= 10)
    var dying = SimulatedReceiver.window(64)
    dying.silentAfter = .milliseconds(200)
    let (cut, _) = dying.run()
    #expect(cut.ending == .wentSilent)
    #expect(ReplayBehaviour(cut.tallies).kind == .unknown)
  }

  @Test("A peer that drops late packets and takes repeated ones is neither off nor has a window")
  func repeatsTaken() {
    let odd = SimulatedReceiver { number, highest, _ in number > highest || highest - number < 64 }
    let behaviour = ReplayBehaviour(odd.run().search.tallies)
    #expect(behaviour.kind == .odd)
    #expect(behaviour.repeatOfNewest == .taken && behaviour.repeatOfOlder == .taken)
    #expect(behaviour.longestTaken == 63 && behaviour.shortestDropped == 64)
  }

  @Test("Replies that are doubled behind the peer are no repeats that it takes")
  func doubledBehind() {
    for size: UInt64 in [32, 64, 1024] {
      for share in [0.1, 0.5, 1] {
        var receiver = SimulatedReceiver.window(size)
        receiver.doubledBehind = share
        let (search, _) = receiver.run()
        #expect(search.tallies.hasDoubledReplies)
        let behaviour = ReplayBehaviour(search.tallies)
        #expect(behaviour.kind == .window(Int(size)), "\(size), \(share)")
        #expect(behaviour.repeatOfNewest == .undecided)
      }
    }
    var open = SimulatedReceiver.window(0)
    open.doubledBehind = 0.5
    #expect(ReplayBehaviour(open.run().search.tallies).kind == .off)
  }

  @Test("A peer that takes repeats and drops late packets is not called off")
  func oddIsNotOff() {
    let odd = SimulatedReceiver { number, highest, _ in number > highest || highest - number < 64 }
    var result = ReplayMeasurementResult(
      from: IPAddress(v4: 1), to: IPAddress(v4: 2))
    result.note(odd.run().search)
    #expect(result.isProtected == nil && result.isComplete && result.findings.isEmpty)
    result.note(SimulatedReceiver.window(0).run().search)
    #expect(result.isProtected == false && result.findings.map(\.id) == [.replayOff])
    result.note(SimulatedReceiver.window(64).run().search)
    #expect(result.isProtected == true && result.findings.isEmpty)
  }

  @Test("A peer that remembers the highest number alone takes older ones twice")
  func onlyTheHighest() {
    let odd = SimulatedReceiver { number, highest, _ in number != highest }
    let behaviour = ReplayBehaviour(odd.run().search.tallies)
    #expect(behaviour.kind == .odd)
    #expect(behaviour.repeatOfNewest == .dropped && behaviour.repeatOfOlder == .taken)
  }

  @Test("A peer that drops what comes a little late and takes what comes later is odd")
  func holes() {
    let odd = SimulatedReceiver { number, highest, isRepeated in
      number > highest || !isRepeated && !(10...20).contains(highest - number)
    }
    let behaviour = ReplayBehaviour(odd.run().search.tallies)
    #expect(behaviour.kind == .odd)
    #expect(behaviour.droppedBefore.contains(15) && behaviour.droppedBefore.contains(16))
  }

  @Test("Numbers beyond the SA's are not used")
  func numbersEnd() {
    let last = UInt64(UInt32.max)
    let (search, _) = SimulatedReceiver.window(64).run(numbers: last - 150_000...last)
    #expect(search.ending == .exhausted)
    #expect([.unknown, .window(64)].contains(ReplayBehaviour(search.tallies).kind))
  }

  @Test("A round trip of 600 ms is waited for")
  func slowPath() {
    var receiver = SimulatedReceiver.window(128)
    receiver.delay = .milliseconds(300)
    let (search, time) = receiver.run()
    #expect(ReplayBehaviour(search.tallies).kind == .window(128))
    #expect(time < .seconds(20), "\(time)")
  }
}
