package import Capture
package import Decryption
internal import PacketDissector

extension CaptureEvidence {
  /// Adds every frame that `reader` yields and `selection` wants.
  ///
  /// - Parameters:
  ///   - reader: The capture.
  ///   - decryptor: Is fed all frames, selected or not, as one tells what opens another.
  ///   - selection: Which frames are wanted.
  ///   - limit: Stop after this many selected frames.
  ///   - writer: Where the wanted frames go as well; the reading ends when it takes no more.
  ///   - isStopped: Asked before each frame; true ends the reading as the capture's end would.
  /// - Returns: What was wrong with the capture, in the order it was met.
  package mutating func read(
    _ reader: FrameReader, _ decryptor: Decryptor? = nil,
    selection: FrameSelection = FrameSelection(),
    limit: UInt64? = nil, writer: CaptureWriter? = nil, isStopped: () -> Bool = { false }
  ) -> [CaptureError] {
    var problems: [CaptureError] = []
    let selectsAll = selection.isEverything
    var rest = limit ?? .max
    while rest > 0, !isStopped() {
      let header: PacketHeader
      do {
        guard let next = try reader.next(withFields: false) else { break }
        header = next
      } catch {
        // What a stop cut short is not the capture's fault.
        if isStopped() { break }
        problems.append(error)
        note(problem: "\(error)")
        continue
      }
      let isCut = header.capturedLength < header.originalLength
      decryptor?.open(reader.dissector, reader.bytes, isCut: isCut)
      guard selectsAll || selection.contains(reader.dissector) else { continue }
      rest -= 1
      do {
        try writer?.write(header, of: reader)
      } catch {
        problems.append(error)
        note(problem: "\(error)")
        break
      }
      add(
        reader.dissector, reader.bytes, FrameReference(reader.number, header.timestamp),
        originalLength: header.originalLength, isCut: isCut, decryptor)
    }
    return problems
  }
}
