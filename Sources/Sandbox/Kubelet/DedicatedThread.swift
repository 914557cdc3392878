import Glibc

/// Threads for calls that block: a system thread each, apart from the pool on which tasks run.
///
/// The only place in the module that makes threads. A thread lives as long as its body runs, which for
/// ``ChildProcess`` is as long as the child does.
enum DedicatedThread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs a body on a thread of its own; throws `startFailed` where the system gives no more threads.
  static func start(_ body: @escaping @Sendable () -> Void) throws(SandboxError) {
    // Memory in place of `pthread_attr_t()`: the compiler counts that initializer to a module of NIO's.
    let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    defer { attributes.deallocate() }
    pthread_attr_init(attributes)
    defer { pthread_attr_destroy(attributes) }
    pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(attributes, 256 * 1024)
    let box = Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard failure == 0 else {
      box.release()
      throw .system(failure, attempted: "starting a thread")
    }
  }

  /// The value of a blocking call, made on a thread of its own; throws what ``start(_:)`` throws.
  static func value<Value: Sendable>(
    of call: @escaping @Sendable () -> Value
  ) async throws(SandboxError) -> Value {
    let result: Result<Value, SandboxError> = await withCheckedContinuation { continuation in
      do throws(SandboxError) {
        try start { continuation.resume(returning: .success(call())) }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    return try result.get()
  }
}
