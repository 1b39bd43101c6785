/// Something that `ipsecdiag explain` knows about.
package struct Topic: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case finding
    case ikev2Notify = "ikev2-notify"
    case ikev1Notify = "ikev1-notify"
    case encryption = "encr"
    case prf
    case integrity = "integ"
    case keyExchange = "ke"
    case sequenceNumbers = "sn"
    case counter = "xfrm-counter"
    case diagnosticProtocol = "protocol"

    package var title: String {
      switch self {
      case .finding: "Finding"
      case .ikev2Notify: "IKEv2 notify type"
      case .ikev1Notify: "IKEv1 notify type"
      case .encryption: "Encryption algorithm (IKEv2 transform type 1, ENCR)"
      case .prf: "Pseudorandom function (IKEv2 transform type 2, PRF)"
      case .integrity: "Integrity algorithm (IKEv2 transform type 3, INTEG)"
      case .keyExchange: "Key exchange method (IKEv2 transform type 4, KE)"
      case .sequenceNumbers: "Sequence numbers (IKEv2 transform type 5, SN)"
      case .counter: "Counter of Linux in /proc/net/xfrm_stat"
      case .diagnosticProtocol: "Diagnostic protocol"
      }
    }
  }

  package let kind: Kind
  /// As the registry, the kernel or this tool writes it.
  package let name: String
  /// Its registered number, where it has one.
  package let number: UInt16?
  package let severity: Severity?
  /// What it is, in one line of a list; empty where the name says all there is.
  package let summary: String
  /// Other words for it: a daemon's keyword, a short form.
  package let keywords: [String]
  package let parts: [Part]

  init(
    _ kind: Kind, _ name: String, number: UInt16? = nil, severity: Severity? = nil,
    summary: String = "", keywords: [String] = [], _ parts: [Part]
  ) {
    self.kind = kind
    self.name = name
    self.number = number
    self.severity = severity
    self.summary = summary
    self.keywords = keywords
    // What nothing is known of is left out.
    self.parts = parts.filter { !$0.content.isEmpty }
  }

  /// One side of what is known, under its heading.
  package struct Part: Sendable {
    package enum Heading: String, CaseIterable, Sendable {
      case registry
      case meaning
      case sentBy = "sent_by"
      case evidence
      case certainty
      case causes
      case look
      case not
      case remedies
      case grades
      case sizes
      case keywords

      package var title: String {
        switch self {
        case .registry: "Registry"
        case .meaning: "What it means"
        case .sentBy: "Who sends it, and when"
        case .evidence: "What shows it"
        case .certainty: "How sure that is"
        case .causes: "Causes, the likeliest first"
        case .look: "What to look at"
        case .not: "What it is not"
        case .remedies: "What to do"
        case .grades: "What the RFCs say"
        case .sizes: "Sizes"
        case .keywords: "Keywords"
        }
      }
    }

    package enum Content: Sendable {
      case text(String)
      case list([String])
      /// Lines to type.
      case commands([String])
      case facts([Fact])
      case remedies([Finding.Remedy])

      var isEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .list(let items), .commands(let items): items.isEmpty
        case .facts(let facts): facts.isEmpty
        case .remedies(let remedies): remedies.isEmpty
        }
      }
    }

    package struct Fact: Equatable, Sendable {
      package let name: String
      package let value: String

      init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
      }
    }

    package let heading: Heading
    package let content: Content

    init(_ heading: Heading, _ content: Content) {
      self.heading = heading
      self.content = content
    }
  }
}
