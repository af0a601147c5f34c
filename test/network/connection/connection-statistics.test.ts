/** What is counted of connections, and which of them count as lost. */
import t from 'tap'
import { ClosedError, ConnectionError, type OttlaError } from '../../../src/errors.js'
import type { Connection } from '../../../src/network/connection/connection.js'
import { openConnection } from '../../../src/network/connection/open-connection.js'
import { broker } from '../support/scripted-broker.js'
import { testContext, type TestContext } from '../support/context.js'

const TARGET = { nodeId: 7, host: 'one', port: 9092 }

interface World {
  readonly context: TestContext
  readonly told: string[]
  open(signal?: AbortSignal): Promise<Connection>
}

function world(): World {
  const told: string[] = []
  const statistics = {
    opened: () => void told.push('opened'),
    closed: (isLost: boolean) => void told.push(isLost ? 'lost' : 'closed'),
    failed: () => void told.push('failed'),
    authenticated: () => void told.push('authenticated'),
    authenticationFailed: () => void told.push('refused'),
  }
  const context = { ...testContext(), statistics }
  const listener = { onWritable() {}, onClose() {} }
  const open = (signal = new AbortController().signal): Promise<Connection> =>
    openConnection({ context, target: TARGET, signal, listener })
  return { context, told, open }
}

function sound(): World {
  const it = world()
  it.context.network.listen(TARGET, broker(() => {})) // prettier-ignore
  return it
}

const connectionError = (phase: ConnectionError['phase']): ConnectionError =>
  new ConnectionError('why', { host: 'one', port: 9092, phase })

const REASONS: readonly [OttlaError, string][] = [
  [connectionError('close'), 'closed'],
  [connectionError('idle'), 'closed'],
  [new ClosedError('the producer is closed'), 'closed'],
  [connectionError('request'), 'lost'],
  [connectionError('authenticate'), 'lost'],
]
for (const [reason, how] of REASONS) {
  const phase = reason instanceof ConnectionError ? reason.phase : 'of the producer'
  t.test(`what is closed because of "${phase}" counts as ${how}`, async (t) => {
    const { told, open } = sound()
    const connection = await open()
    connection.close(reason)
    connection.close(reason)
    t.strictSame(told, ['opened', how])
  })
}

t.test('one that the other side closes is lost, even if nothing was due', async (t) => {
  const { context, told, open } = sound()
  await open()
  context.network.peers[0]?.close()
  await context.clock.settle()
  t.strictSame(told, ['opened', 'lost'])
})

t.test('one that nobody uses is not lost', async (t) => {
  const { context, told, open } = sound()
  await open()
  await context.clock.advanceSettled(context.options.connectionsMaxIdleMs)
  t.strictSame(told, ['opened', 'closed'])
})

t.test('an attempt that comes to nothing has failed', async (t) => {
  const { told, open } = world()
  await t.rejects(open())
  t.strictSame(told, ['failed'])
})

t.test('one that we give up has not', async (t) => {
  const { context, told, open } = world()
  context.network.listen(TARGET, () => {})
  const giveUp = new AbortController()
  const opening = open(giveUp.signal)
  await context.clock.settle()
  giveUp.abort()
  await t.rejects(opening)
  t.strictSame(told, [])
})
