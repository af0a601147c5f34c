/** The example of unit tests with `ottla/testing`, run as its reader would: by Node's own runner. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'

t.test('every test of the example passes, and it ends by itself', async (t) => {
  const file = fileURLToPath(new URL('../../examples/testing/orders.test.js', import.meta.url))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env // or Node would take us for its own runner
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  t.equal(stderr, '')
  t.match(stdout, /^# pass 6$/m)
  t.match(stdout, /^# fail 0$/m)
  t.equal(code, 0, stdout)
})
