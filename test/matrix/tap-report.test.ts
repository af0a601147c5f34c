import t from 'tap'
import { readTap } from './tap-report.js'

const OUTPUT = `TAP version 14
# starting Kafka
# Subtest: one that passes
    ok 1 - should be equal
    # Subtest: a part
        ok 1 - inner
    ok 2 - a part # time=1ms
    ok 3 - Produce v13 # SKIP too old
    1..3
ok 1 - one that passes # time=12.5ms

# Subtest: one that fails
    not ok 1 - should be equal
      ---
      diff: |
        ok 1 - not a line of TAP
      ...
    1..1
not ok 2 - one that fails # time=3ms
ok 3 - one that is skipped # SKIP OTTLA_NO_BROKER=1
ok 4 - one without a time
1..4
`

t.test('reads what became of each test', async (t) => {
  t.strictSame(readTap(OUTPUT), [
    {
      name: 'one that passes',
      outcome: 'passed',
      reason: '',
      skippedParts: [{ name: 'Produce v13', reason: 'too old' }],
    },
    { name: 'one that fails', outcome: 'failed', reason: '', skippedParts: [] },
    {
      name: 'one that is skipped',
      outcome: 'skipped',
      reason: 'OTTLA_NO_BROKER=1',
      skippedParts: [],
    },
    { name: 'one without a time', outcome: 'passed', reason: '', skippedParts: [] },
  ])
})

t.test('a file that says nothing has no results', async (t) => {
  t.strictSame(readTap(''), [])
  t.strictSame(readTap('TAP version 14\n1..0\n'), [])
})
