/** An abort, and a close, while each request of a transaction has no answer: both come to their end. */
import t from 'tap'
import type { ApiName } from '../../../src/testing/cluster.js'
import { fateOf, LEVELS, rig, type Rig, type TestTransaction } from './support.js'

const OFFSETS = [{ topic: 'input', partition: 0, offset: 1n }]

/** What has no answer, or is refused for the moment, again and again. */
const FAULTS = {
  'is refused for the moment': { errorCode: 14, times: Infinity },
  'waits for an earlier transaction': { errorCode: 51, times: Infinity },
  'loses its connection': { disconnect: 'before', times: Infinity },
  'loses its answer': { disconnect: 'after', times: Infinity },
} as const

const REQUESTS: Readonly<Record<string, readonly ApiName[]>> = {
  'the partition': ['AddPartitionsToTxn', 'Produce'],
  'the group': ['AddOffsetsToTxn', 'TxnOffsetCommit'],
}

async function use(it: Rig, transaction: TestTransaction, what: string): Promise<void> {
  if (what === 'the partition') void it.send(transaction, 'a')
  else void fateOf(transaction.sendOffsets('g', OFFSETS))
  await it.advance(300)
}

for (const [what, apis] of Object.entries(REQUESTS)) {
  for (const [name, fault] of Object.entries(FAULTS)) {
    t.test(`the request for ${what} ${name}`, async (t) => {
      for (const level of LEVELS) {
        for (const end of ['abort', 'commit', 'close'] as const) {
          const it = await rig(t, level, { producer: { requestTimeoutMs: 1000 } })
          await it.commit('warm')
          const transaction = await it.begin()
          for (const api of apis) it.cluster.failNext(api, fault)
          await use(it, transaction, what)
          const startMs = it.clock.monotonicMs()
          const ended = fateOf(end === 'close' ? it.producer.close() : transaction[end]())
          if (end === 'commit') {
            await it.advance(500)
            it.cluster.clearFaults()
          }
          t.equal(await it.run(ended), 'ok', `level ${level}, ${end}`)
          t.ok(
            it.clock.monotonicMs() - startMs < 3000,
            `${end}: ${it.clock.monotonicMs() - startMs} ms`,
          )
          it.cluster.clearFaults()
          if (end !== 'close') await it.commit('next')
          await it.advance(100)
          const values = what === 'the partition' && end === 'commit' ? ['warm', 'a'] : ['warm']
          t.strictSame(it.committed(), end === 'close' ? values : [...values, 'next'])
          t.equal(
            it.cluster.committedOffsets('g').length,
            what === 'the group' && end === 'commit' ? 1 : 0,
          )
          t.not(it.cluster.transactions.get('copy-0')?.state, 'Ongoing', 'nothing is left open')
        }
      }
    })
  }
}
