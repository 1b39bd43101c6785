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
  // What the compiler cannot prove exclusive it would check on every packet, at a tenth of decode's
  // time. Debug builds, and with them the tests, keep the check.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
  name: "ipsecdiag",
  products: [.executable(name: "ipsecdiag", targets: ["ipsecdiag"])],
  traits: [
    .trait(
      name: "PostQuantum",
      description: "ML-KEM and ML-DSA by swift-crypto, which takes minutes to build"),
    .default(enabledTraits: ["PostQuantum"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "PacketDissector", swiftSettings: settings),
    .target(
      name: "IPsecCrypto",
      dependencies: [
        "PacketDissector", "COpenSSL",
        .product(
          name: "Crypto", package: "swift-crypto", condition: .when(traits: ["PostQuantum"])),
      ],
      swiftSettings: settings),
    .target(
      name: "IKE", dependencies: ["PacketDissector", "IPsecCrypto"], swiftSettings: settings),
    .target(
      name: "ESP", dependencies: ["PacketDissector", "IPsecCrypto", "IKE"], swiftSettings: settings),
    .target(
      name: "Capture", dependencies: ["PacketDissector", "CPcap", "CZlib", "CZstd"],
      swiftSettings: settings),
    .target(
      name: "Decryption", dependencies: ["PacketDissector", "IPsecCrypto"], swiftSettings: settings),
    .target(
      name: "Host",
      dependencies: ["PacketDissector", "IPsecCrypto", "Decryption", "CLinux", "CZlib"],
      swiftSettings: settings),
    .target(
      name: "Diagnosis",
      dependencies: ["PacketDissector", "IPsecCrypto", "Capture", "Decryption", "Host"],
      swiftSettings: settings),
    .target(
      name: "Measurement",
      dependencies: [
        "PacketDissector", "IPsecCrypto", "Capture", "IKE", "ESP", "Host", "Diagnosis",
      ],
      swiftSettings: settings),
    .target(
      name: "Report",
      dependencies: [
        "PacketDissector", "IPsecCrypto", "Capture", "Decryption", "Host", "Diagnosis", "IKE",
        "ESP", "Measurement",
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "ipsecdiag",
      dependencies: [
        "PacketDissector", "IPsecCrypto", "Capture", "Decryption", "Diagnosis", "Host", "IKE",
        "ESP",
        "Measurement", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // The lab's end of an IKE SA: not a product, and not installed.
    .executableTarget(
      name: "ike-peer",
      dependencies: [
        "PacketDissector", "IPsecCrypto", "Diagnosis", "IKE", "Measurement",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Lab/ike-peer", swiftSettings: settings),
    // What Benchmarks/esp measures.
    .executableTarget(
      name: "esp-loop",
      dependencies: [
        "PacketDissector", "IPsecCrypto", "ESP",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/esp-loop", swiftSettings: settings),
    // The lab's end of an ESP SA whose other end is a kernel.
    .executableTarget(
      name: "esp-peer", dependencies: ["PacketDissector", "IPsecCrypto", "ESP"],
      path: "Tests/Lab/esp-peer", swiftSettings: settings),
    // What the lab holds against `ip xfrm`.
    .executableTarget(
      name: "state-reader", dependencies: ["PacketDissector", "IPsecCrypto", "Host"],
      path: "Tests/Lab/state-reader", swiftSettings: settings),
    .testTarget(
      name: "PacketDissectorTests", dependencies: ["PacketDissector"], swiftSettings: settings),
    .testTarget(
      name: "IPsecCryptoTests", dependencies: ["IPsecCrypto", "PacketDissector", "COpenSSL"],
      swiftSettings: settings),
    .testTarget(
      name: "IKETests", dependencies: ["IKE", "IPsecCrypto", "PacketDissector"],
      swiftSettings: settings),
    .testTarget(
      name: "ESPTests",
      dependencies: [
        "ESP", "Capture", "Decryption", "IKE", "IPsecCrypto", "PacketDissector", "COpenSSL",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CaptureTests", dependencies: ["Capture", "PacketDissector", "CZlib", "CZstd"],
      swiftSettings: settings),
    .testTarget(
      name: "DecryptionTests",
      dependencies: ["Decryption", "Capture", "IPsecCrypto", "PacketDissector"],
      swiftSettings: settings),
    .testTarget(
      name: "HostTests",
      dependencies: ["Host", "Decryption", "IPsecCrypto", "PacketDissector", "CLinux"],
      swiftSettings: settings),
    .testTarget(
      name: "DiagnosisTests",
      dependencies: [
        "Diagnosis", "Capture", "Decryption", "Host", "IPsecCrypto", "PacketDissector",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "MeasurementTests",
      dependencies: [
        "Measurement", "Capture", "Decryption", "Diagnosis", "Host", "IKE", "ESP", "IPsecCrypto",
        "PacketDissector",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ReportTests",
      dependencies: [
        "Report", "Capture", "Diagnosis", "Host", "IKE", "ESP", "IPsecCrypto", "Measurement",
        "PacketDissector",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ipsecdiagTests",
      dependencies: [
        "ipsecdiag", "PacketDissector", "Capture", "Diagnosis", "Host", "IKE", "ESP",
        "IPsecCrypto",
        "Measurement", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
  ]
)
