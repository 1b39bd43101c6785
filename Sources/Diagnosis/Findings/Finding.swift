package import PacketDissector

/// Something that the evidence shows: what is wrong, how one knows, and what to type.
package struct Finding: Sendable {
  package let id: FindingID
  package var severity: Severity
  package var confidence: Confidence
  package var subject: Subject
  /// What is wrong, in one sentence with its numbers.
  package var summary: Statement
  /// What that does to those who use the tunnel, or why it is so; nil where the summary says it all.
  package var meaning: Statement?
  /// Never empty.
  package var evidence: [Evidence]
  package var remedies: [Remedy]

  package init(
    _ id: FindingID, severity: Severity? = nil, _ confidence: Confidence, about subject: Subject,
    _ summary: Statement, meaning: Statement? = nil, evidence: [Evidence], remedies: [Remedy] = []
  ) {
    self.id = id
    self.severity = severity ?? id.severity
    self.confidence = confidence
    self.subject = subject
    self.summary = summary
    self.meaning = meaning
    self.evidence = evidence
    self.remedies = remedies
  }

  /// What a finding is about.
  package enum Subject: Hashable, Sendable {
    case ikeSA(initiatorSPI: UInt64, initiator: IPAddress, responder: IPAddress)
    /// One direction of an ESP or AH SA.
    case flow(spi: UInt32, source: IPAddress, destination: IPAddress)
    case peers(IPAddress, IPAddress)
    case capture
    /// A machine as a whole.
    case host
    /// A connection of an IKE daemon, by its name.
    case connection(String)
  }

  /// One observation that led to a finding.
  package struct Evidence: Equatable, Sendable {
    /// Where it can be looked at; empty for a count over many frames.
    package var frames: [FrameReference]
    /// Which of two captures the frames are of, where two are compared.
    package var capture: CaptureLabel?
    package var text: Statement

    package init(
      _ text: Statement, _ frames: [FrameReference] = [], of capture: CaptureLabel? = nil
    ) {
      self.frames = frames
      self.capture = capture
      self.text = text
    }
  }

  /// What helps, in words, and the lines to type for it.
  package struct Remedy: Equatable, Sendable {
    package var text: Statement
    package var settings: [Setting]

    package init(_ text: Statement, _ settings: [Setting] = []) {
      self.text = text
      self.settings = settings
    }
  }

  /// A line of configuration or a command.
  package struct Setting: Equatable, Sendable {
    package enum Place: String, Sendable {
      case swanctl = "swanctl.conf"
      case strongswan = "strongswan.conf"
      case libreswan = "ipsec.conf"
      case shell = "shell"
      case nftables = "nft"
      case cisco = "Cisco IOS"
    }

    package var place: Place
    package var line: Statement

    package init(_ place: Place, _ line: Statement) {
      self.place = place
      self.line = line
    }
  }
}

/// A frame of a capture, by the number that Wireshark gives it.
package struct FrameReference: Hashable, Sendable {
  package var number: UInt64
  package var time: Timestamp

  package init(_ number: UInt64, _ time: Timestamp) {
    self.number = number
    self.time = time
  }
}
