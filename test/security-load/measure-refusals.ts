/** How long it takes until `connect` is told of each refusal: the median of three, on an idle machine. */
import { Producer } from '../../src/index.js'
import type { SecuredKafka } from '../broker/secured/secured-kafka.js'
import { RefusalWorld } from '../network/security/refusal-world.js'
import { REFUSALS } from '../network/security/refusals.js'

const TRIES = 3
const MAX_BLOCK_MS = 15_000

/** Milliseconds by cause, of those that are told at once. */
export async function measureRefusals(kafka: SecuredKafka): Promise<Record<string, number>> {
  const world = await RefusalWorld.start(kafka)
  const tookMs: Record<string, number> = {}
  for (const { cause, telling, open } of REFUSALS) {
    const door = telling === 'at once' ? await open(world) : undefined
    if (door === undefined) continue
    const times: number[] = []
    for (let i = 0; i < TRIES; i++) {
      const startedMs = performance.now()
      const producer = new Producer({ ...door, maxBlockMs: MAX_BLOCK_MS })
      await producer.connect().catch(() => {})
      times.push(performance.now() - startedMs)
      await producer.close({ timeoutMs: 0 })
    }
    tookMs[cause] = Math.round(times.sort((a, b) => a - b)[1] ?? Number.NaN)
  }
  await world.close()
  return tookMs
}
