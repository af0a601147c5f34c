/**
 * The feature `transaction.version` raised and lowered while a producer runs: each transaction is of one
 * protocol from its beginning to its end, and the next ones are of the new one once a broker has told.
 */
import { newTopic } from '../broker/bench.js'
import { spiedEnvironment, type Line } from '../broker/spied-dial.js'
import {
  ADD_PARTITIONS_TO_TXN_KEY,
  END_TXN_KEY,
  HAS_LEVELS,
  newTransactional,
  newTransactionalId,
  readValues,
} from '../broker/transactions.js'
import { brokerTest } from '../../broker/broker-test.js'

const PARTITIONS = 3
const RECORDS = 10
const MOST_TRANSACTIONS = 1_000
const SWITCH_MS = 3_000

/** What was written to the brokers during one transaction. */
interface Seen {
  addsPartitions: boolean
  endVersion: number
}

if (HAS_LEVELS) {
  await brokerTest(
    'the level goes up and down while transactions run',
    async (t, kafka) => {
      const topic = await newTopic(kafka, { partitions: PARTITIONS })
      const lines = new Set<Line>()
      let seen: Seen = { addsPartitions: false, endVersion: -1 }
      const environment = spiedEnvironment(({ apiKey, apiVersion }, line) => {
        lines.add(line)
        if (apiKey === ADD_PARTITIONS_TO_TXN_KEY) seen.addsPartitions = true
        if (apiKey === END_TXN_KEY) seen.endVersion = apiVersion
      })
      const producer = newTransactional(t, kafka, newTransactionalId(), {}, environment)
      const kept: string[][] = Array.from({ length: PARTITIONS }, () => [])
      const mixed: Seen[] = []
      let number = 0
      const transact = async (): Promise<number> => {
        seen = { addsPartitions: false, endVersion: -1 }
        const values = Array.from({ length: RECORDS }, (_, i) => `${number}:${i}`)
        await producer.transaction(
          async (txn) => {
            const records = values.map((value, i) => ({ topic, partition: i % PARTITIONS, value }))
            await txn.sendAll(records)
          },
          { attempts: 5 },
        )
        values.forEach((value, i) => kept[i % PARTITIONS]?.push(value))
        number++
        const { addsPartitions, endVersion } = seen
        if (addsPartitions === endVersion >= 5) mixed.push({ ...seen })
        return endVersion >= 5 ? 2 : 1
      }
      /** More than the tool that switches takes. */
      const during = async (): Promise<void> => {
        const untilMs = performance.now() + SWITCH_MS
        while (performance.now() < untilMs) await transact()
      }
      t.equal(await transact(), 1)
      for (const level of [2, 1, 2, 1, 2]) {
        await Promise.all([kafka.setTransactionVersion(level), during()])
        for (const line of lines) line.cut() // each new connection is told the level
        lines.clear()
        const last = number + MOST_TRANSACTIONS
        while ((await transact()) !== level) if (number > last) break
        t.equal(await transact(), level)
        for (let i = 0; i < 20; i++) await transact()
      }
      t.strictSame(mixed, [], 'each is of one protocol')
      t.strictSame(await readValues(kafka, topic), kept)

      // Kafka 4.3 refuses whatever was begun at level 2 once it is lowered to 0 (UNSUPPORTED_VERSION, and
      // its log says that this is a failure of its own): so a producer that begins then.
      await kafka.setTransactionVersion(0)
      const atZero = newTransactional(t, kafka, newTransactionalId())
      await atZero.transaction((txn) => txn.sendAll([{ topic, partition: 0, value: 'at 0' }]))
      t.equal((await readValues(kafka, topic))[0]?.at(-1), 'at 0')
    },
    { own: true, transactionVersion: 1 },
  )
}
