internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report

/// Writes events as they come, for people or for programs.
struct RespondWriter {
  private let isNDJSON: Bool
  private let output = Output()
  private let text: RespondText
  private let json = RespondJSON(toolVersion: Ipsecdiag.version)

  init(isNDJSON: Bool) {
    self.isNDJSON = isNDJSON
    text = RespondText(
      Page(width: min(80, Terminal.width ?? 80), ascii: !Terminal.isUTF8))
  }

  func listening(
    _ address: IPAddress, _ ports: IKEPorts, hearsPlainESP: Bool, replayWindow: Int
  ) throws(Failure) {
    if isNDJSON {
      json.write(
        listeningOn: address, ports: ports, hearsPlainESP: hearsPlainESP,
        replayWindow: replayWindow, at: .now, to: &output.text)
    } else {
      let raw =
        hearsPlainESP ? "and to ESP without UDP" : "not to ESP without UDP, which takes CAP_NET_RAW"
      text.write(
        "listening on \(address), UDP ports \(ports.plain) and \(ports.encapsulated), \(raw)",
        at: .now, to: &output.text)
    }
    try flush()
  }

  func write(_ event: RespondingEvent) throws(Failure) {
    if isNDJSON {
      json.write(event, at: .now, to: &output.text)
    } else {
      text.write(event, at: .now, to: &output.text)
    }
    try flush()
  }

  func summary(
    _ answers: AnswerCounters, _ unanswered: UnansweredCounters
  ) throws(Failure) {
    if isNDJSON {
      json.write(answers, unanswered, at: .now, to: &output.text)
    } else {
      text.write(RespondWords.words(answers), at: .now, to: &output.text)
      if let words = RespondWords.words(unanswered) {
        text.write(words, at: .now, to: &output.text)
      }
    }
    try flush()
  }

  private func flush() throws(Failure) {
    do throws(Output.Failure) { try output.flush() } catch {
      // A reader that went away ends the command as well.
      throw Failure(.output(error)) ?? Failure(nil, exitCode: 0)
    }
  }
}
