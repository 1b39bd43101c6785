internal import ArgumentParser
internal import Diagnosis
internal import Glibc
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector

/// Whom a command sets an SA up with, and how both sides prove who they are: from options, the environment,
/// a profile or a daemon's connection, in this order of precedence.
struct PeerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What this profile of the configuration file says of the gateway.", valueName: "name"))
  var profile: String?

  @OptionGroup var source: ProfileSourceOptions

  @Option(
    help: ArgumentHelp("The pre-shared key is the first line of this file.", valueName: "file"))
  var pskFile: String?

  @Option(
    help: ArgumentHelp(
      "This side's certificate, with those of intermediate authorities behind it.",
      valueName: "files"))
  var cert: String?

  @Option(help: ArgumentHelp("The private key of --cert (PEM).", valueName: "file"))
  var key: String?

  @Option(
    help: ArgumentHelp("The passphrase of --key is the first line of this file.", valueName: "file")
  )
  var keyPassphraseFile: String?

  @Option(
    help: ArgumentHelp("Authorities that the peer's certificate must be of.", valueName: "files"))
  var ca: String?

  @Option(help: ArgumentHelp("The name for EAP-MSCHAPv2.", valueName: "name"))
  var eapUser: String?

  @Option(
    help: ArgumentHelp(
      "The password of --eap-user is the first line of this file.", valueName: "file"))
  var eapPasswordFile: String?

  @Option(
    name: [.customLong("local-id"), .customLong("id")],
    help: ArgumentHelp(
      "Who this side is: an address, a name, user@name or a distinguished name.",
      valueName: "identity"))
  var localID: String?

  @Option(
    name: .customLong("remote-id"),
    help: ArgumentHelp("Who the peer must be; anyone by default.", valueName: "identity"))
  var remoteID: String?

  @Option(
    help: ArgumentHelp(
      "IKE proposals in strongSwan's or libreswan's spelling.", valueName: "proposals"))
  var ike: String?

  @Option(help: ArgumentHelp("ESP proposals, spelt alike.", valueName: "proposals"))
  var esp: String?

  @Option(
    help: ArgumentHelp(
      "The traffic at this end of the tunnel; everything by default, which strongSwan narrows and libreswan refuses.",
      valueName: "networks"))
  var localTs: String?

  @Option(
    help: ArgumentHelp(
      "The traffic at the peer's end; everything by default.", valueName: "networks"))
  var remoteTs: String?

  @Option(help: ArgumentHelp("tunnel or transport; tunnel by default.", valueName: "mode"))
  var mode: String?

  @Option(
    name: .customLong("virtual-ip"),
    help: ArgumentHelp(
      "Ask the gateway for an address: yes, no, ipv4 or ipv6.", valueName: "family"))
  var virtualIP: String?

  mutating func validate() throws {
    if profile != nil, source.connection != nil {
      throw ValidationError("Give --profile or --connection, not both.")
    }
  }
}

extension PeerOptions {
  /// Whether there is anything to authenticate with: credentials, a profile or a connection, by options or
  /// the environment.
  var isGiven: Bool {
    profileName != nil || source.connection != nil || !given.credentials.isEmpty
      || !Settings(environment: ProfileSourceOptions.environment).credentials.isEmpty
  }

  /// The peer at `target`, or at the one that the settings name, with what they say of it.
  func peer(_ target: String? = nil, isIPv6Wanted: Bool? = nil) throws -> LivePeer {
    let now = Int64(time(nil))
    let files = try source.profileFiles()
    let plan = try plan(target, files, now: now)
    do throws(SettingProblem) {
      let address = try plan.resolved(.init(isIPv6Wanted: isIPv6Wanted))
      let name = profileName ?? source.connection ?? plan.remote?.text ?? "\(address.address)"
      var peer = try LivePeer(plan, name: name, at: address, now: now)
      peer.numbers = files.numbers
      peer.configuration.replayStatus = files.numbers.replayStatus(announcing: nil)
      return peer
    } catch {
      throw PeerProblems.failure([error])
    }
  }

  /// What a responder on an address of this machine's, or on all of them, is configured with. On all of them
  /// it is called "ipsecdiag" where nothing else is said, and "dynamic" is any address. It announces ESP echo in
  /// all formats.
  func configuration(listeningOn own: IPAddress) throws -> PeerConfiguration {
    let now = Int64(time(nil))
    let any = IPAddress.any(isIPv6: own.isIPv6)
    let files = try source.profileFiles()
    var plan = try plan(nil, files, now: now)
    if own == any {
      plan.localIdentity = plan.localIdentity ?? Identity(text: "fqdn:ipsecdiag")
      if plan.localSelectors.isDynamic { plan.localSelectors = .everything }
    }
    if plan.remoteSelectors.isDynamic { plan.remoteSelectors = .everything }
    do throws(SettingProblem) {
      var configuration = try plan.configuration(own: own, peer: any, now: now)
      configuration.announcements = ESPEchoFormat.allCases.compactMap(files.numbers.announcement)
      configuration.replayStatus = files.numbers.replayStatus(announcing: nil)
      return configuration
    } catch {
      throw PeerProblems.failure([error])
    }
  }

  private func plan(_ target: String?, _ files: ProfileFiles, now: Int64) throws -> PeerPlan {
    var settings = try settings(files)
    if let target { settings[.remote] = Setting(.text(target), .option("the target")) }
    let (plan, problems) = PeerPlan.read(settings, now: now)
    PeerProblems.warn(problems)
    guard let plan else { throw PeerProblems.failure(problems) }
    return plan
  }

  /// What all sources together say.
  func settings() throws -> Settings { try settings(source.profileFiles()) }

  private func settings(_ files: ProfileFiles) throws -> Settings {
    PeerProblems.warn(files.problems)
    do throws(SettingProblem) {
      var settings = files.defaults
      if let connection = source.connection {
        settings = settings.overridden(by: try daemonSettings(connection))
      } else if let profileName {
        settings = try files.settings(of: profileName)
      }
      return settings.overridden(by: Settings(environment: ProfileSourceOptions.environment))
        .overridden(by: given)
    } catch {
      throw PeerProblems.failure([error])
    }
  }

  private func daemonSettings(_ name: String) throws(SettingProblem) -> Settings {
    let file = try source.connectionFile(with: name)
    let (settings, problems) = try file.connection(name, isOwn: ProfileSourceOptions.isOwn)
    PeerProblems.warn(problems)
    return settings
  }

  private var profileName: String? {
    profile
      ?? (source.connection == nil ? ProfileSourceOptions.environment("IPSECDIAG_PROFILE") : nil)
  }

  /// What the options themselves say.
  private var given: Settings {
    let values: [(SettingKey, String?)] = [
      (.pskFile, pskFile), (.cert, cert), (.key, key), (.keyPassphraseFile, keyPassphraseFile),
      (.ca, ca), (.eapUser, eapUser), (.eapPasswordFile, eapPasswordFile), (.localID, localID),
      (.remoteID, remoteID), (.ike, ike), (.esp, esp), (.localTS, localTs), (.remoteTS, remoteTs),
      (.mode, mode), (.virtualIP, virtualIP),
    ]
    var settings = Settings()
    for (key, value) in values {
      if let value { settings[key] = Setting(.text(value), .option(key.option)) }
    }
    return settings
  }
}
