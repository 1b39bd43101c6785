/// Up to three runs of bytes that are authenticated one behind the other.
///
/// With extended sequence numbers ESP's associated data is no run of the packet: the SPI, the high
/// half that is not sent, the low half (RFC 4106 section 5). IKE's is one run of the message.
package struct AssociatedData: ~Escapable {
  let first: RawSpan
  let second: RawSpan
  let third: RawSpan

  @_lifetime(copy first, copy second, copy third)
  package init(
    _ first: RawSpan = RawSpan(), _ second: RawSpan = RawSpan(), _ third: RawSpan = RawSpan()
  ) {
    self.first = first
    self.second = second
    self.third = third
  }

  var byteCount: Int { first.byteCount + second.byteCount + third.byteCount }
}
