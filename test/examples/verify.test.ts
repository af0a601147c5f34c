/**
 * The demo's judge must be able to condemn: each case doctors a faithful read-back in one way, and
 * says which claims fall, and that the others stand.
 */
import t from 'tap'
import { verify, type Evidence, type Place } from '../../examples/flights/verify.js'
import type { ReadRecord } from '../broker/read-topic.js'

/** Evidence that a case may change. */
interface Doctored {
  sent: { key: string | null; value: string; place: Place | null; error?: unknown }[]
  read: Mutable<ReadRecord>[]
  partitions: number
  partitionOf: Map<string, number>
}
type Mutable<T> = { -readonly [Field in keyof T]: T[Field] }

const ACKNOWLEDGED = 'every record was acknowledged'
const CONTENT = 'what was read is what was sent'
const OFFSETS = 'offsets run from 0'
const TOLD = 'each record lies where its promise says'
const KEY_ORDER = 'the records of each key'
const PARTITION_ORDER = 'every partition has its records'
const PLACEMENT = 'every key lies in the partition'
const ALL = [ACKNOWLEDGED, CONTENT, OFFSETS, TOLD, KEY_ORDER, PARTITION_ORDER, PLACEMENT]

/**
 * Partition 0: a1 b1 a2, partition 1: x y x without a key; twice the same, as flights without
 * airports often are.
 */
function faithful(): Doctored {
  const records = [
    { key: 'a', value: 'a1', partition: 0, offset: 0n },
    { key: null, value: 'x', partition: 1, offset: 0n },
    { key: 'b', value: 'b1', partition: 0, offset: 1n },
    { key: 'a', value: 'a2', partition: 0, offset: 2n },
    { key: null, value: 'y', partition: 1, offset: 1n },
    { key: null, value: 'x', partition: 1, offset: 2n },
  ]
  const timestamp = 1_700_000_000_000
  const read = records.map(({ key, value, partition, offset }) => ({
    partition,
    offset,
    timestamp,
    timestampType: 'create' as const,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(value),
    headers: [],
  }))
  return {
    sent: records.map(({ key, value, partition, offset }) => ({
      key,
      value,
      place: { partition, offset, timestamp },
    })),
    read: [0, 1].flatMap((number) => read.filter(({ partition }) => partition === number)),
    partitions: 2,
    partitionOf: new Map([
      ['a', 0],
      ['b', 0],
    ]),
  }
}

/** The claims that fell, by their first words in `ALL`. */
function fallen(evidence: Evidence): (string | undefined)[] {
  return verify(evidence)
    .filter(({ differences }) => differences > 0)
    .map(({ claim }) => ALL.find((words) => claim.startsWith(words)))
}

/** The record read at that place. */
function at({ read }: Doctored, partition: number, offset: bigint): Mutable<ReadRecord> {
  const found = read.find((it) => it.partition === partition && it.offset === offset)
  if (found === undefined) throw new Error(`no record at ${partition}@${offset}`)
  return found
}

function swapValues(a: { value: unknown }, b: { value: unknown }): void {
  ;[a.value, b.value] = [b.value, a.value]
}

function sentAt({ sent }: Doctored, index: number): Doctored['sent'][number] {
  const found = sent[index]
  if (found === undefined) throw new Error(`no record ${index}`)
  return found
}

t.test('a faithful read-back passes every claim', async (t) => {
  const checks = verify(faithful())
  t.equal(checks.length, ALL.length)
  t.strictSame(
    checks.filter(({ differences }) => differences > 0),
    [],
  )
})

const CASES: readonly (readonly [what: string, doctor: (it: Doctored) => void, falls: string[]])[] =
  [
    [
      'the last keyed record is lost',
      (it) => void it.read.splice(it.read.indexOf(at(it, 0, 2n)), 1),
      [CONTENT, TOLD, KEY_ORDER],
    ],
    [
      'a record without a key is lost in the middle',
      (it) => void it.read.splice(it.read.indexOf(at(it, 1, 1n)), 1),
      [CONTENT, OFFSETS, TOLD],
    ],
    ['everything is lost', (it) => void (it.read = []), [CONTENT, TOLD, KEY_ORDER]],
    [
      'a record without a key lies there twice',
      (it) => void it.read.push({ ...at(it, 1, 2n), offset: 3n }),
      [CONTENT],
    ],
    [
      'a keyed record lies there twice',
      (it) => void it.read.push({ ...at(it, 0, 2n), offset: 3n }),
      [CONTENT, KEY_ORDER],
    ],
    [
      'one record is lost, and another twice, so that the count is right',
      (it) => void (at(it, 1, 1n).value = Buffer.from('x')),
      [CONTENT, TOLD],
    ],
    [
      'two records of a key are swapped',
      (it) => swapValues(at(it, 0, 0n), at(it, 0, 2n)),
      [TOLD, KEY_ORDER],
    ],
    [
      'two records without a key are swapped',
      (it) => swapValues(at(it, 1, 0n), at(it, 1, 1n)),
      [TOLD],
    ],
    [
      'two records without a key are swapped, and the promises own up to it',
      (it) => {
        swapValues(at(it, 1, 0n), at(it, 1, 1n))
        const [x, y] = [sentAt(it, 1), sentAt(it, 4)]
        ;[x.place, y.place] = [y.place, x.place]
      },
      [PARTITION_ORDER],
    ],
    [
      'a byte of a value is another',
      (it) => void (at(it, 1, 1n).value = Buffer.from('Y')),
      [CONTENT, TOLD],
    ],
    [
      'a byte is one that UTF-8 does not have',
      (it) => {
        sentAt(it, 4).value = '\ufffd'
        at(it, 1, 1n).value = Buffer.from([0xff])
      },
      [CONTENT, TOLD],
    ],
    ['a value is gone', (it) => void (at(it, 1, 1n).value = null), [CONTENT, TOLD]],
    ['a key is gone', (it) => void (at(it, 0, 1n).key = null), [CONTENT, TOLD, KEY_ORDER]],
    [
      'an empty key stands where there was none',
      (it) => void (at(it, 1, 0n).key = Buffer.alloc(0)),
      [CONTENT, TOLD, KEY_ORDER, PLACEMENT],
    ],
    ['a header came along', (it) => void (at(it, 1, 0n).headers = [['trace', null]]), [TOLD]],
    ['a timestamp is another', (it) => void at(it, 1, 0n).timestamp++, [TOLD]],
    [
      'a keyed record lies in another partition than was told',
      ({ read }) => {
        const [last] = read.splice(2, 1) // a2
        if (last !== undefined) read.push({ ...last, partition: 1, offset: 3n })
      },
      [TOLD, PLACEMENT],
    ],
    [
      'a keyed record lies where it was told, but Kafka would not have put it there',
      (it) => void it.partitionOf.set('b', 1),
      [PLACEMENT],
    ],
    ['a record lies in a partition too many', (it) => void (it.partitions = 1), [OFFSETS]],
    ['an offset is skipped', (it) => void (at(it, 0, 2n).offset = 3n), [OFFSETS, TOLD]],
    ['the offsets begin at 1', (it) => it.read.forEach((read) => read.offset++), [OFFSETS, TOLD]],
    [
      "a promise tells of a place that is another record's",
      (it) => void (sentAt(it, 1).place = sentAt(it, 5).place),
      [TOLD, PARTITION_ORDER],
    ],
    [
      'a promise tells no offset',
      (it) => void (sentAt(it, 0).place = { partition: 0, offset: -1n, timestamp: 0 }),
      [TOLD, PARTITION_ORDER],
    ],
    [
      'a record was not acknowledged, though it lies there',
      (it) => void Object.assign(sentAt(it, 4), { place: null, error: new Error('timed out') }),
      [ACKNOWLEDGED],
    ],
  ]

for (const [what, doctor, falls] of CASES) {
  t.test(`it is seen that ${what}`, async (t) => {
    const evidence = faithful()
    doctor(evidence)
    t.strictSame(fallen(evidence), falls)
  })
}

t.test('the first differences are told in words, the others counted', async (t) => {
  const evidence = faithful()
  evidence.read = []
  const content = verify(evidence).find(({ claim }) => claim.startsWith(CONTENT))
  t.equal(content?.differences, 6, 'the count, and five contents of which one was sent twice')
  t.strictSame(content?.examples, [
    '6 sent, 0 read',
    'sent and not read, 1 time(s): ["a","a1"]',
    'sent and not read, 2 time(s): [null,"x"]',
  ])
  evidence.sent = evidence.sent.map((it) => ({ ...it, place: null, error: new Error('no leader') }))
  const [acknowledged] = verify(evidence)
  t.equal(acknowledged?.differences, 6)
  t.equal(acknowledged?.examples[0], 'record 0: Error: no leader')
})
