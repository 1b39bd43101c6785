// swift-tools-version: 6.2
import PackageDescription

// One executable on a stack of modules; arrows point down only. ARCHITECTURE.md says what each is for.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "ipsecdiag",
  products: [.executable(name: "ipsecdiag", targets: ["ipsecdiag"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .target(name: "PacketDissector", swiftSettings: settings),
    .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(
      name: "Capture", dependencies: ["PacketDissector", "CPcap", "CZlib", "CZstd"],
      swiftSettings: settings),
    .executableTarget(
      name: "ipsecdiag",
      dependencies: [
        "PacketDissector",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PacketDissectorTests", dependencies: ["PacketDissector"], swiftSettings: settings),
    .testTarget(
      name: "CaptureTests", dependencies: ["Capture", "PacketDissector", "CZlib", "CZstd"],
      swiftSettings: settings),
  ]
)
