internal import CLibcurl

/// libcurl's memory: a transfer takes and gives back some hundred small blocks, always of the same sizes.
///
/// The engine's threads keep returned blocks in lists by size and take them from there; all other threads, and blocks
/// above 128 KiB, use the system's memory directly. A block may be returned on another thread than took it: it says of
/// itself how large it is, and stays where it was returned. Saves an eighth of a transfer's instructions.
enum CurlMemory {
  /// Before each block: the number of its list, or `unlisted`, in as much as keeps blocks aligned.
  fileprivate static let header = 16
  fileprivate static let unlisted = 255
  /// Lists by powers of two, from 32 to 131072 bytes, header included: libcurl takes 64 KiB and more for each POST.
  fileprivate static let lists = 13

  /// Blocks of one thread that wait to be taken again: the first of each list.
  fileprivate typealias Pool = UnsafeMutablePointer<UnsafeMutableRawPointer?>

  /// Sets libcurl up to use this memory; to be called before all else, and again without effect.
  static func setUp() {
    curl_global_init_mem(
      Int(CURL_GLOBAL_DEFAULT), curlMemoryTake, curlMemoryGiveBack, curlMemoryResize, curlMemoryCopy,
      curlMemoryTakeZeroed)
  }

  /// Keeps returned blocks on this thread from now on.
  ///
  /// Never inlined: each object file has a `vb_pool` of its own, and this file's is the one that counts.
  @inline(never)
  static func begin() {
    let pool = Pool.allocate(capacity: lists)
    pool.initialize(repeating: nil, count: lists)
    vb_pool().pointee = pool
  }

  /// Returns all blocks that this thread keeps.
  @inline(never)
  static func end() {
    guard let pool = vb_pool().pointee else { return }
    vb_pool().pointee = nil
    for list in 0..<lists {
      while let block = pool[list] {
        pool[list] = block.load(as: UnsafeMutableRawPointer?.self)
        free(block)
      }
    }
    pool.deallocate()
  }

  /// The list for blocks of this size, header included; `lists` when they are too large for one.
  @inline(__always)
  fileprivate static func list(_ size: Int) -> Int {
    size <= 32 ? 0 : Int.bitWidth &- (size &- 1).leadingZeroBitCount &- 5
  }
}

private func curlMemoryTake(_ size: Int) -> UnsafeMutableRawPointer? {
  let list = CurlMemory.list(size &+ CurlMemory.header)
  guard list < CurlMemory.lists else {
    guard let block = malloc(size &+ CurlMemory.header) else { return nil }
    block.storeBytes(of: CurlMemory.unlisted, as: Int.self)
    return block + CurlMemory.header
  }
  if let pool = vb_pool().pointee, let block = pool[list] {
    pool[list] = block.load(as: UnsafeMutableRawPointer?.self)
    block.storeBytes(of: list, as: Int.self)
    return block + CurlMemory.header
  }
  guard let block = malloc(32 &<< list) else { return nil }
  block.storeBytes(of: list, as: Int.self)
  return block + CurlMemory.header
}

private func curlMemoryGiveBack(_ place: UnsafeMutableRawPointer?) {
  guard let place else { return }
  let block = place - CurlMemory.header
  let list = block.load(as: Int.self)
  guard list < CurlMemory.lists, let pool = vb_pool().pointee else { return free(block) }
  block.storeBytes(of: pool[list], as: UnsafeMutableRawPointer?.self)
  pool[list] = block
}

private func curlMemoryResize(_ place: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  guard let place else { return curlMemoryTake(size) }
  let block = place - CurlMemory.header
  let list = block.load(as: Int.self)
  guard list < CurlMemory.lists else {
    return realloc(block, size &+ CurlMemory.header).map { $0 + CurlMemory.header }
  }
  let room = (32 &<< list) &- CurlMemory.header
  if size <= room { return place }
  guard let larger = curlMemoryTake(size) else { return nil }
  memcpy(larger, place, room)
  curlMemoryGiveBack(place)
  return larger
}

private func curlMemoryCopy(_ text: UnsafePointer<CChar>?) -> UnsafeMutablePointer<CChar>? {
  guard let text else { return nil }
  let size = strlen(text) + 1
  guard let place = curlMemoryTake(size) else { return nil }
  memcpy(place, text, size)
  return place.assumingMemoryBound(to: CChar.self)
}

private func curlMemoryTakeZeroed(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: size)
  guard !isTooLarge, let place = curlMemoryTake(bytes) else { return nil }
  return memset(place, 0, bytes)
}
