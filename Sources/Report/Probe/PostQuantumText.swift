internal import Measurement
internal import PacketDissector

/// The report on readiness for key exchange that withstands quantum computers.
struct PostQuantumText {
  private let readiness: PostQuantumReadiness
  private let page: Page

  init(_ readiness: PostQuantumReadiness, _ page: Page) {
    self.readiness = readiness
    self.page = page
  }

  func write(to text: inout TextBuffer) {
    page.fact("ML-KEM", headline, to: &text)
    for reason in readiness.reasons { page.fact("", reason, to: &text) }
    for size in readiness.sizes {
      page.fact(
        "",
        "\(size.method): IKE_SA_INIT alone \(size.alone) bytes, IKE_INTERMEDIATE \(size.intermediate)",
        to: &text)
    }
  }

  private var headline: String {
    switch readiness.verdict {
    case .ready: "ready"
    case .partly: "partly ready"
    case .not: "not ready"
    case .unknown: "not known"
    }
  }
}
