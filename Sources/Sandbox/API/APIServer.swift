import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The API server: the API over HTTP on a unix socket.
///
/// A TLS server in front of it checks the client's certificate and says so in the header `X-Client-Verify`; whoever
/// comes without `SUCCESS` there needs a bearer token.
///
/// The listener and all its connections have one event loop. NIO then sets a connection up in the same turn in which
/// it is accepted, so none can appear once the listener is closed.
package struct APIServer: Sendable {
  private let service: APIService

  /// A server of a store's objects, whose pods have no containers: logs are empty, commands cannot be run.
  ///
  /// Whoever has a client certificate or brings `token` may do everything; with nil a certificate is the only way.
  package init(store: ObjectStore, token: String? = nil) {
    service = APIService(store: store, kubelet: nil, access: APIAccess(token: token))
  }

  /// A server of a store's objects, and of the logs and containers of a kubelet.
  init(store: ObjectStore, kubelet: Kubelet, token: String? = nil) {
    service = APIService(store: store, kubelet: kubelet, access: APIAccess(token: token))
  }

  /// Serves until the task is cancelled, and returns when the listener and every connection are closed.
  ///
  /// Cancelling also ends open watches at once; a client that connects at that moment finds its connection closed.
  /// `onReady` is called once requests are taken. A socket file that is there already is replaced. Throws if the
  /// socket cannot be bound; being cancelled is no error.
  package func run(unixSocketPath: String, onReady: @escaping @Sendable () async -> Void = {}) async throws {
    let connections = OpenConnections()
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          // Else a moment without a free descriptor would close the listener.
          try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
        }
      }
      .childChannelInitializer { [service] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(APIConnection(service: service))
          connections.add(channel)
        }
      }
      .bind(unixDomainSocketPath: unixSocketPath, cleanupExistingSocketFile: true).get()
    await withTaskCancellationHandler {
      await onReady()
      try? await listener.closeFuture.get()
    } onCancel: {
      listener.close(promise: nil)
    }
    await connections.close()
  }
}

/// The connections of a server that are open.
private final class OpenConnections: Sendable {
  private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

  func add(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    channels.withLock { $0[id] = channel }
    channel.closeFuture.whenComplete { [self] _ in channels.withLock { $0[id] = nil } }
  }

  /// Closes all, and returns when they are.
  func close() async {
    for channel in channels.withLock({ Array($0.values) }) {
      channel.close(promise: nil)
      try? await channel.closeFuture.get()
    }
  }
}
