/// Computes and checks ICVs, packet after packet under one key.
///
/// What is authenticated comes in runs: ``start(iv:)``, ``update(_:)`` for each, then ``verify(_:)``
/// or ``finish(into:)``. Nothing is allocated here per packet; OpenSSL 3.0 itself allocates and
/// frees inside HMAC and KMAC.
package struct IntegrityChecker: ~Copyable {
  package let transform: IntegrityTransform
  private var engine: MACEngine
  private var isFine = false
  private var output = InlineArray<64, UInt8>(repeating: 0)

  package init(_ transform: IntegrityTransform, keyMaterial: Secret) throws(CryptoError) {
    guard keyMaterial.count == transform.keyMaterialBytes else {
      throw .badKeyMaterial(
        transform.name, needed: transform.keyMaterialBytes, given: keyMaterial.count)
    }
    let engine = try MACEngine(transform, keyMaterial: keyMaterial)
    self.transform = transform
    self.engine = engine
  }

  /// Begins a packet. Only GMAC has an IV; one of a wrong length makes the check fail.
  package mutating func start(iv: RawSpan = RawSpan()) {
    isFine = iv.byteCount == transform.ivBytes && engine.start(iv: iv)
  }

  package mutating func update(_ bytes: RawSpan) {
    isFine = isFine && engine.update(bytes)
  }

  /// Ends a packet and says whether this is its ICV, all of it. Takes the same time for any ICV.
  package mutating func verify(_ icv: RawSpan) -> Bool {
    guard compute(), icv.byteCount == transform.icvBytes else { return false }
    let output = output
    return unsafe output.span.bytes.extracting(first: transform.icvBytes).isSame(as: icv)
  }

  /// Ends a packet and writes its ICV to `target`, from `offset` on; how many bytes it has.
  @_lifetime(target: copy target)
  package mutating func finish(
    into target: inout MutableRawSpan, at offset: Int = 0
  ) throws(PacketCipherFailure) -> Int {
    guard offset >= 0, target.byteCount >= transform.icvBytes,
      offset <= target.byteCount - transform.icvBytes
    else { throw .outputTooSmall }
    guard compute() else { throw .openSSLFailed }
    let output = output
    unsafe target.copy(output.span.bytes, count: transform.icvBytes, at: offset)
    return transform.icvBytes
  }

  private mutating func compute() -> Bool {
    guard isFine else { return false }
    // A second ICV without a start in between is a fault of the caller.
    isFine = false
    return engine.finish(into: &output)
  }
}
