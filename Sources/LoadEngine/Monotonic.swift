package import Bench
internal import CLibcurl

extension MonotonicTime {
  /// The present moment on CLOCK_MONOTONIC.
  package static var now: MonotonicTime {
    MonotonicTime(nanoseconds: read(CLOCK_MONOTONIC))
  }

  /// Processor time that the calling thread has used, in nanoseconds.
  static var threadProcessorNanoseconds: Int64 {
    read(CLOCK_THREAD_CPUTIME_ID)
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
