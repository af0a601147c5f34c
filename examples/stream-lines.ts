/**
 * The lines of a file through `pipeline`, in flat memory: the file is read no faster than the cluster
 * acknowledges. A line that is no record is told of, and the stream goes on.
 */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { Producer } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'readings' } = process.env

const folder = await mkdtemp(join(tmpdir(), 'ottla-example-'))
const path = join(folder, 'readings.txt')
const readings = Array.from({ length: 50_000 }, (_, i) => `sensor-${i % 7}: ${i}`)
await writeFile(path, [...readings, 'no reading'].join('\n'))

await using producer = new Producer({ brokers: KAFKA_BROKERS, clientId: 'stream-lines' })

const stream = producer.createWriteStream<string>({
  onError: 'continue',
  toRecord(line) {
    const [key, value] = line.split(': ')
    if (value === undefined) throw new Error(`"${line}" has no value`)
    return { topic: TOPIC, key, value }
  },
})
stream.on('recordError', (error) => console.log(error.message))

await pipeline(createInterface({ input: createReadStream(path) }), stream)
console.log(`${stream.recordsAcknowledged} acknowledged, ${stream.recordsFailed} failed`)
await rm(folder, { recursive: true })
