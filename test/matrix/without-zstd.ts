/**
 * A program on a machine without any zstd: `zstd-napi` cannot be found, and node:zlib has none.
 * `node without-zstd.js <brokers> <topic>` sends one record in each other way, asks for zstd too, and
 * prints what came of it as JSON.
 *
 * Neighbour: test/producer/compression.broker.test.ts runs it.
 */
import Module from 'node:module'
import zlib from 'node:zlib'

interface Resolver {
  _resolveFilename: (request: string, ...more: unknown[]) => string
}

/** Before the first module of src/ is loaded: they look for zstd when it is asked for. */
function hideZstd(): void {
  const resolver = Module as unknown as Resolver
  const resolve = resolver._resolveFilename
  resolver._resolveFilename = (request, ...more) => {
    if (!request.startsWith('zstd-napi')) return resolve.call(resolver, request, ...more)
    throw new Error(`Cannot find module '${request}'`)
  }
  const functions = zlib as unknown as Record<string, unknown>
  for (const name of Object.keys(functions).filter((name) => name.startsWith('zstd'))) {
    Reflect.deleteProperty(functions, name)
  }
}

async function main([brokers = '', topic = '']: readonly string[]): Promise<void> {
  hideZstd()
  const { Producer } = await import('../../src/index.js')
  const sent: string[] = []
  for (const compression of ['gzip', 'snappy', 'lz4', 'auto'] as const) {
    const producer = new Producer({ brokers, compression })
    await producer.send({ topic, value: `${compression} `.repeat(1000) })
    await producer.close()
    sent.push(compression)
  }
  let zstd = 'no error'
  try {
    await new Producer({ brokers, compression: 'zstd' }).close()
  } catch (error) {
    zstd = String(error)
  }
  console.log(JSON.stringify({ sent, zstd }))
}

await main(process.argv.slice(2))
