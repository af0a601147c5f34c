import t from 'tap'
import { faultsOf, inputValue, type CopiedRecord } from './verify.js'

const RECORDS = 10
const PARTITIONS = 2

const copy: readonly CopiedRecord[] = Array.from({ length: RECORDS }, (_, number) => ({
  partition: number % PARTITIONS,
  value: inputValue(number).toUpperCase(),
}))
const faults = (records: readonly CopiedRecord[]): string[] =>
  faultsOf(records, RECORDS, PARTITIONS)

t.test('a whole copy has no faults', async (t) => {
  t.strictSame(faults(copy), [])
  t.strictSame(faults([...copy].sort((a, b) => a.partition - b.partition)), [])
})

t.test('what is lost, doubled, out of order or strange is told', async (t) => {
  t.strictSame(faults(copy.slice(1)), ['record 0 is there 0 times'])
  t.strictSame(faults([...copy.slice(0, 1), ...copy]), ['record 0 is there 2 times'])
  const [first, , third] = copy
  t.strictSame(faults([third, first, ...copy.slice(3), copy[1]].flatMap((it) => it ?? [])), [
    'record 0 comes after 2',
    'record 1 comes after 9',
  ])
  t.match(faults([...copy, { partition: 0, value: 'RECORD 1 .' }]), [/partition 0 is of nobody/])
  t.match(faults([...copy, { partition: 0, value: 'record 1 .' }]), [/is of nobody/])
})
