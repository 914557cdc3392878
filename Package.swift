// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "votebench",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    .systemLibrary(name: "CLibcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(name: "Bench", dependencies: [.product(name: "Yams", package: "Yams")]),
    .target(name: "LoadEngine", dependencies: ["Bench", "CLibcurl"]),
    .target(
      name: "Kubernetes",
      dependencies: ["Bench", .product(name: "Subprocess", package: "swift-subprocess")]),
    .target(
      name: "Sandbox",
      dependencies: [
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "Yams", package: "Yams"),
      ]),
    .executableTarget(
      name: "votebench",
      dependencies: [
        "Bench", "LoadEngine", "Kubernetes", "Sandbox",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
    .executableTarget(
      name: "votingd",
      dependencies: [
        "CLibpq",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),
    .target(
      name: "TestSupport",
      dependencies: [.product(name: "Subprocess", package: "swift-subprocess")],
      path: "Tests/TestSupport"),
    .testTarget(
      name: "BenchTests",
      dependencies: ["Bench", "TestSupport", .product(name: "Histogram", package: "hdrhistogram-swift")],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "LoadEngineTests", dependencies: ["Bench", "LoadEngine", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "KubernetesTests", dependencies: ["Bench", "Kubernetes", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(name: "SandboxTests", dependencies: ["Sandbox", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(name: "VotingdTests", dependencies: ["TestSupport"]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["Bench", "Kubernetes", "TestSupport"], exclude: ["Fixtures"]),
  ]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
  ]
}
