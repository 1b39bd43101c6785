internal import Diagnosis
internal import Measurement
internal import PacketDissector

/// What a peer said of itself, as JSON.
extension ProbeJSON {
  func peer(
    _ peer: PeerDescription, of result: AddressResult, to text: inout TextBuffer
  ) {
    text.put("{\"chosen\":")
    if let chosen = peer.chosen { text.suite(chosen) } else { text.put("null") }
    text.put(",\"grade\":")
    if let chosen = peer.chosen {
      text.json(SuiteGrade(chosen).word.rawValue)
    } else {
      text.put("null")
    }
    text.put(",\"notifies\":")
    text.list(peer.notifies) { $0.code($1.rawValue, $1.name) }
    text.put(",\"signature_hashes\":")
    if let hashes = peer.signatureHashes {
      text.list(hashes) { $0.code($1.rawValue, $1.name) }
    } else {
      text.put("null")
    }
    text.put(",\"vendor_ids\":")
    text.list(peer.vendorIDs) { $0.vendorID($1) }
    text.put(",\"daemon\":")
    if let daemon = peer.daemon {
      text.put("{\"name\":")
      text.json(daemon.name)
      text.put(",\"confidence\":")
      text.json(daemon.confidence.rawValue)
      text.put(",\"reasons\":")
      text.list(daemon.reasons) { $0.json($1) }
      text.put("}")
    } else {
      text.put("null")
    }
    text.put(",\"nat\":")
    if let nat = peer.nat {
      text.put("{\"we\":")
      text.json(nat.weAreBehindNAT)
      text.put(",\"peer\":")
      text.json(nat.peerIsBehindNAT)
      text.put("}")
    } else {
      text.put("null")
    }
    text.put(",\"asked_for_cookie\":")
    text.json(peer.askedForCookie)
    text.put(",\"asked_for_method\":")
    if let method = peer.askedForMethod {
      text.code(method.rawValue, method.name)
    } else {
      text.put("null")
    }
    text.put(",\"redirect\":")
    if let gateway = peer.redirect {
      text.json(words(of: result).name(of: gateway))
    } else {
      text.put("null")
    }
    text.put("}")
  }

  func version1(_ found: IKEv1Result, to text: inout TextBuffer) {
    text.put("{\"main_mode\":")
    mode(found.mainMode, to: &text)
    text.put(",\"aggressive_mode\":")
    mode(found.aggressiveMode, to: &text)
    text.put(",\"exposes_hash\":")
    text.json(found.exposesHash)
    text.put(",\"announces_dpd\":")
    text.json(found.announcesDPD)
    text.put(",\"vendor_ids\":")
    text.list(found.vendorIDs) { $0.vendorID($1) }
    text.put("}")
  }

  private func mode(_ outcome: IKEv1Result.Outcome, to text: inout TextBuffer) {
    switch outcome {
    case .accepted(let suite):
      text.put("{\"outcome\":\"accepted\",\"suite\":")
      text.json(suite)
    case .notify(let number):
      text.put("{\"outcome\":\"notify\",\"notify\":")
      text.code(number, IKEv1NotifyType.name(of: number))
    case .otherVersion: text.put("{\"outcome\":\"other_version\"")
    case .silent: text.put("{\"outcome\":\"silent\"")
    case .notTried: text.put("{\"outcome\":\"not_tried\"")
    }
    text.put("}")
  }
}

extension TextBuffer {
  /// `{"id":36,"name":"ml-kem-768"}`; the name is null for a number that no registry has.
  mutating func code(_ number: UInt16, _ name: String?) {
    put("{\"id\":")
    decimal(number)
    put(",\"name\":")
    if let name { json(name) } else { put("null") }
    put("}")
  }

  mutating func vendorID(_ bytes: [UInt8]) {
    put("{\"hex\":\"")
    hex(bytes)
    put("\",\"name\":")
    if let name = VendorIDTable.name(of: bytes) { json(name) } else { put("null") }
    put("}")
  }
}
