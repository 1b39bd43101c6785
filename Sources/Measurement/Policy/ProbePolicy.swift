internal import Diagnosis
package import PacketDissector

/// What a peer must take and must not, as a file says it, a demand a line:
///
///     # the gateways of the branch offices
///     accept aes256gcm16-prfsha384-ecp384
///     refuse 3des
///     refuse ikev1
///     require fragmentation
package struct ProbePolicy: Equatable, Sendable {
  package struct Line: Equatable, Sendable {
    /// From 1 on.
    package var number: Int
    /// Without comment and surplus spaces.
    package var text: String
    package var demand: Demand
  }

  package enum Demand: Equatable, Sendable {
    /// Takes a suite of these proposals.
    case accept([Proposal])
    /// Takes none of these proposals.
    case refuse([Proposal])
    /// Takes one of these transforms in some suite.
    case acceptAlgorithm([Transform])
    /// Takes none of these transforms in any suite.
    case refuseAlgorithm([Transform])
    case refuseIKEv1
    case refuseAggressiveMode
    case require(Feature)
  }

  /// What else can be demanded, by the words of the file.
  package enum Feature: String, CaseIterable, Sendable {
    case ikev2
    case udp500
    case udp4500
    case tcp4500
    case fragmentation
    case intermediate
    case childless
    case multipleAuth = "multiple-auth"
    case signatureHashes = "signature-hashes"
    case sha256 = "signature-sha256"
    case sha384 = "signature-sha384"
    case sha512 = "signature-sha512"
    /// Ed25519 and Ed448 sign without a hash (RFC 8420).
    case identity = "signature-identity"
    case postQuantum = "post-quantum"
  }

  package let lines: [Line]

  /// What has to be asked of a peer, one for each demand about whole proposals, in their order.
  package var questions: [ProposalQuestion] {
    lines.compactMap { line in
      switch line.demand {
      case .accept(let proposals): ProposalQuestion(proposals)
      case .refuse(let proposals): ProposalQuestion(proposals, wantsNearest: false)
      default: nil
      }
    }
  }

  /// Whether the peer's algorithms must be known one by one.
  package var needsEnumeration: Bool {
    lines.contains { line in
      switch line.demand {
      case .acceptAlgorithm, .refuseAlgorithm: true
      default: false
      }
    }
  }

  package var needsIKEv1: Bool {
    lines.contains { $0.demand == .refuseIKEv1 || $0.demand == .refuseAggressiveMode }
  }

  package var needsTCP: Bool { lines.contains { $0.demand == .require(.tcp4500) } }

  package var needsPostQuantum: Bool { lines.contains { $0.demand == .require(.postQuantum) } }
}

/// A line of a policy that says nothing that can be asked.
package struct PolicyProblem: Error, Equatable, Sendable, CustomStringConvertible {
  package let line: Int
  package let reason: String

  package var description: String { "line \(line): \(reason)" }
}

extension ProbePolicy {
  /// Longer than any proposal that makes sense.
  private static let longestLine = 4096

  /// Reads a policy; every line that cannot be read is named, up to 50 of them.
  package static func parse(_ bytes: [UInt8]) -> (policy: ProbePolicy, problems: [PolicyProblem]) {
    var lines: [Line] = []
    var problems: [PolicyProblem] = []
    let rows = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, row) in rows.enumerated() {
      guard problems.count < 50 else { break }
      let number = index + 1
      guard row.count <= longestLine else {
        problems.append(PolicyProblem(line: number, reason: "longer than \(longestLine) bytes"))
        continue
      }
      let content = String(decoding: row.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
      let words = content.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let verb = words.first else { continue }
      do throws(Fault) {
        let demand = try demand(verb.lowercased(), words.dropFirst().map { $0.lowercased() })
        lines.append(Line(number: number, text: words.joined(separator: " "), demand: demand))
      } catch {
        problems.append(PolicyProblem(line: number, reason: error.reason))
      }
    }
    return (ProbePolicy(lines: lines), problems)
  }

  private struct Fault: Error {
    let reason: String
  }

  private static func demand(_ verb: String, _ words: [String]) throws(Fault) -> Demand {
    guard ["accept", "refuse", "require"].contains(verb) else {
      throw Fault(reason: "begins with accept, refuse or require, not with '\(verb.prefix(40))'")
    }
    guard let word = words.first else { throw Fault(reason: "\(verb) what?") }
    // A list of proposals may have spaces behind its commas.
    guard words.count == 1 || words.dropLast().allSatisfy({ $0.hasSuffix(",") }) else {
      throw Fault(reason: "'\(words[1].prefix(40))' is one word too many; a comment begins with #")
    }
    if verb == "require" {
      guard let feature = Feature(rawValue: word) else {
        let known = Feature.allCases.map(\.rawValue).joined(separator: " ")
        throw Fault(reason: "'\(word.prefix(40))' cannot be required; these can: \(known)")
      }
      return .require(feature)
    }
    let accepts = verb == "accept"
    if word == "ikev1" || word == "aggressive-mode" {
      if accepts { throw Fault(reason: "\(word) can be refused only") }
      return word == "ikev1" ? .refuseIKEv1 : .refuseAggressiveMode
    }
    let text = words.joined()
    guard text.contains(where: { "-;+,=".contains($0) }) else {
      let transforms = try algorithm(text)
      return accepts ? .acceptAlgorithm(transforms) : .refuseAlgorithm(transforms)
    }
    do throws(ProposalParsingError) {
      let proposals = try ProposalNotation.parse(text, for: .ike)
      return accepts ? .accept(proposals) : .refuse(proposals)
    } catch {
      throw Fault(reason: "\(error)")
    }
  }

  private static func algorithm(_ word: String) throws(Fault) -> [Transform] {
    do throws(ProposalParsingError) {
      return try ProposalNotation.algorithm(word)
    } catch {
      throw Fault(reason: "\(error)")
    }
  }
}
