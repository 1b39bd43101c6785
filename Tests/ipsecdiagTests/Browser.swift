import Glibc
import Testing

/// Chromium without a window: shows a page in a frame of any width, and tells what a script sees in it.
struct Browser {
  struct View: CustomTestStringConvertible {
    let name: String
    /// In CSS pixels.
    let width: Int
    var isDark = false
    var isPrint = false

    var testDescription: String { name }
  }

  static let program = Place.program("chromium")

  /// What the script of `probe` saw, by name.
  let seen: [String: String]

  /// Shows `page` as `view` says. It may hold no script of its own that must not run: its
  /// Content-Security-Policy is taken out, so that the probe can look around. `probe` is a script that
  /// calls `tell(name, value)` once the page is loaded.
  init(_ page: String, _ view: View, probe: String) throws {
    let program = try #require(Self.program)
    let folder = try TemporaryFolder()
    var copy = page.replacing(Self.policy(of: page), with: "")
    if view.isPrint { copy = copy.replacing("@media print", with: "@media all") }
    copy = copy.replacing("<head>", with: "<head>\n<script>\(Self.alarm)</script>")
    copy = copy.replacing("</body>", with: "<script>\(Self.teller)\(probe)</script>\n</body>")
    try write(Array(copy.utf8), to: "\(folder.path)/page.html")
    // A window is 500 pixels wide at least; a frame in it has any width.
    let frame = """
      <!DOCTYPE html><meta charset="utf-8"><pre id="seen"></pre>
      <script>addEventListener("message", e => {
        document.getElementById("seen").textContent += e.data + "\\n"; })</script>
      <iframe src="page.html" style="border:0;width:\(view.width)px;height:900px"></iframe>
      """
    try write(Array(frame.utf8), to: "\(folder.path)/frame.html")
    let output = try TemporaryFile()
    let child = try Child(
      ["HOME=\(folder.path)", "timeout", "-k", "5", "90", program, "--headless", "--no-sandbox"]
        + ["--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir=\(folder.path)/profile"]
        + ["--window-size=1400,1000", "--virtual-time-budget=5000"]
        + ["--blink-settings=preferredColorScheme=\(view.isDark ? 0 : 1)"]
        + ["--dump-dom", "file://\(folder.path)/frame.html"],
      input: .path("/dev/null"), output: .path(output.path), errors: .path("/dev/null"))
    try #require(child.wait(seconds: 100) == 0, "Chromium failed")
    let dom = String(decoding: try contents(of: output.path), as: UTF8.self)
    let start = try #require(dom.firstRange(of: "<pre id=\"seen\">"))
    let text = dom[start.upperBound...]
    let end = try #require(text.firstRange(of: "</pre>"))
    var seen: [String: String] = [:]
    for line in text[..<end.lowerBound].split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { seen[String(parts[0])] = Self.plain(parts[1]) }
    }
    self.seen = seen
  }

  func number(_ name: String) -> Double? { seen[name].flatMap { Double($0) } }

  private static func policy(of page: String) -> String {
    guard let start = page.firstRange(of: "<meta http-equiv=\"Content-Security-Policy\""),
      let end = page[start.lowerBound...].firstRange(of: ">")
    else { return "" }
    return String(page[start.lowerBound..<end.upperBound])
  }

  private static func plain(_ text: Substring) -> String {
    String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing(
      "&amp;", with: "&")
  }

  /// Counts what a script of the page would do to be noticed.
  private static let alarm = "window.alarms = 0; window.alert = () => { window.alarms++; };"
  private static let teller =
    "const tell = (name, value) => parent.postMessage(name + \"=\" + value, \"*\");"
}

/// A folder in the temporary directory, gone with all that is in it.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/ipsecdiag-test-XXXXXX".utf8CString)
    let made = unsafe mkdtemp(&template)
    try #require(unsafe made != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    let child = try? Child(
      ["rm", "-rf", path], input: .path("/dev/null"), output: .path("/dev/null"),
      errors: .path("/dev/null"))
    _ = child?.wait(seconds: 10)
  }
}
