import t from 'tap'
import { BufferPool } from '../../../src/producer/batching/buffer-pool.js'
import { bufferSizeFor } from '../../../src/protocol/record-batch.js'

function pool(batchSizeBytes: number, maxPlainBytes: number, maxFreeBytes: number): BufferPool {
  return new BufferPool({ batchSizeBytes, maxPlainBytes, maxFreeBytes: () => maxFreeBytes })
}

t.test('sizes double from 1 to 64 KiB, then rise by four up to a full batch', async (t) => {
  const sizes = [1024, 2048, 4096, 8192, 16_384].map(bufferSizeFor)
  t.strictSame(pool(16_384, 16_384, 0).sizesBytes, sizes)
  const large = [...sizes, ...[32_768, 65_536, 262_144, 524_288].map(bufferSizeFor)]
  t.strictSame(pool(524_288, 524_288, 0).sizesBytes, large)
  t.strictSame(pool(20_000, 20_000, 0).sizesBytes, [...sizes, bufferSizeFor(20_000)])
  t.strictSame(pool(512, 512, 0).sizesBytes, [bufferSizeFor(512)])
  t.strictSame(pool(1024, 1024, 0).sizesBytes, [bufferSizeFor(1024)])
})

t.test('above a full batch they double up to the largest before compression', async (t) => {
  t.strictSame(
    pool(4096, 20_000, 0).sizesBytes,
    [1024, 2048, 4096, 8192, 16_384, 20_000].map(bufferSizeFor),
  )
})

t.test('a need is rounded up to the next size, and beyond the largest not at all', async (t) => {
  const sizes = pool(2048, 2048, 0)
  const [small, full] = sizes.sizesBytes as [number, number]
  t.equal(sizes.sizeFor(1), small)
  t.equal(sizes.sizeFor(small), small)
  t.equal(sizes.sizeFor(small + 1), full)
  t.equal(sizes.sizeFor(full), full)
  t.equal(sizes.sizeFor(full + 1), full + 1)
})

t.test('a buffer has exactly the size asked for, and memory of its own', async (t) => {
  const buffer = pool(4096, 4096, 0).take(1156)
  t.equal(buffer.length, 1156)
  t.equal(buffer.buffer.byteLength, 1156, 'no slice of a shared slab')
})

t.test('full buffers are used again, up to the bound; smaller ones are not kept', async (t) => {
  const full = bufferSizeFor(4096)
  const buffers = pool(4096, 4096, full * 2)
  const given = [buffers.take(full), buffers.take(full), buffers.take(full)]
  for (const buffer of given) buffers.give(buffer)
  const again = [buffers.take(full), buffers.take(full), buffers.take(full)]
  t.equal(again.filter((buffer) => given.includes(buffer)).length, 2)
  t.equal(new Set(again).size, 3, 'none is given out twice')
  const small = buffers.take(bufferSizeFor(1024))
  buffers.give(small)
  t.not(buffers.take(bufferSizeFor(1024)), small)
})

t.test('of large batches buffers from 64 KiB on are kept', async (t) => {
  const buffers = pool(524_288, 524_288, 1_000_000)
  const isKept = (sizeBytes: number): boolean => {
    const buffer = buffers.take(bufferSizeFor(sizeBytes))
    buffers.give(buffer)
    return buffers.take(bufferSizeFor(sizeBytes)) === buffer
  }
  t.strictSame([32_768, 65_536, 262_144, 524_288].map(isKept), [false, true, true, true])
})

t.test('what was taken again makes room for others to be kept', async (t) => {
  const full = bufferSizeFor(4096)
  const buffers = pool(4096, 4096, full)
  for (let round = 0; round < 3; round++) {
    const buffer = buffers.take(full)
    buffers.give(buffer)
    t.equal(buffers.take(full), buffer)
    buffers.give(buffer)
    buffers.take(full)
  }
})

t.test('a buffer of an odd size is not kept', async (t) => {
  const buffers = pool(4096, 4096, 1_000_000)
  const odd = buffers.take(9999)
  buffers.give(odd)
  t.not(buffers.take(9999), odd)
})

t.test('free buffers go where the memory is wanted for others', async (t) => {
  const full = bufferSizeFor(4096)
  let free = full * 3
  const sizes = { batchSizeBytes: 4096, maxPlainBytes: 4096, maxFreeBytes: () => free }
  const buffers = new BufferPool(sizes)
  const given = [buffers.take(full), buffers.take(full), buffers.take(full)]
  for (const buffer of given) buffers.give(buffer)
  free = full
  buffers.take(bufferSizeFor(1024))
  const again = [buffers.take(full), buffers.take(full)]
  t.equal(again.filter((buffer) => given.includes(buffer)).length, 1)
})
