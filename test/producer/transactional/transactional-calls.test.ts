import t from 'tap'
import { timeoutMsOf } from '../../../src/producer/intake/call-checks.js'
import { checkBegin, checkRun } from '../../../src/producer/transactional/transactional-calls.js'

const config = (message: RegExp) => ({ name: 'ConfigError', message })

t.test('the time limit of a call', async (t) => {
  t.equal(timeoutMsOf('commit', {}, 5), 5)
  t.equal(timeoutMsOf('commit', { timeoutMs: undefined }, 5), 5)
  for (const timeoutMs of [0, 0.5, 7]) t.equal(timeoutMsOf('commit', { timeoutMs }, 5), timeoutMs)
  for (const timeoutMs of [-1, NaN, Infinity, '5', null, 5n]) {
    t.throws(() => timeoutMsOf('commit', { timeoutMs }, 5), config(/^commit was given \{ timeoutMs \} that is/))
  }
  for (const options of [null, 7, 'x']) {
    t.throws(() => timeoutMsOf('abort', options, 5), config(/^abort was given .*give \{ timeoutMs \}, or nothing/))
  }
  for (const [options, kind] of [[AbortSignal.abort(), 'an AbortSignal'], [new Map(), 'a Map'], [[], 'an array']] as const) {
    t.throws(() => timeoutMsOf('abort', options, 5), config(new RegExp(`^abort was given ${kind}: give \\{ timeoutMs \\}`)))
    t.throws(() => checkBegin(options), config(new RegExp(`^begin was given ${kind}: give \\{ wait, signal \\}`)))
  }
  t.throws(() => timeoutMsOf('abort', { timeout: 5 }, 5), config(/unknown option "timeout" of abort: did you mean timeoutMs\?/))
  t.throws(() => timeoutMsOf('abort', { zebra: 5 }, 5), config(/unknown option "zebra" of abort: a call.s own is timeoutMs/))
}) // prettier-ignore

t.test('begin', async (t) => {
  const { signal } = new AbortController()
  for (const options of [{}, { wait: true }, { wait: false, signal }, { wait: undefined, signal: undefined }]) {
    t.doesNotThrow(() => checkBegin(options))
  }
  for (const wait of [1, 'no', null]) t.throws(() => checkBegin({ wait }), config(/\{ wait \}/))
  for (const it of [7, {}, null]) t.throws(() => checkBegin({ signal: it }), config(/^begin was given { signal }/))
  t.throws(() => checkBegin({ timeoutMs: 1 }), config(/unknown option "timeoutMs" of begin/))
  t.throws(() => checkBegin(null), config(/begin was given null/))
}) // prettier-ignore

t.test('transaction', async (t) => {
  const action = (): void => {}
  const { signal } = new AbortController()
  for (const options of [{}, { attempts: 1 }, { attempts: 1000, signal, onRetry: action }]) {
    t.doesNotThrow(() => checkRun(action, options))
  }
  for (const it of [undefined, null, 'x', {}]) t.throws(() => checkRun(it, {}), config(/give a function/))
  for (const attempts of [0, -1, 1.5, '2', null, Infinity]) {
    t.throws(() => checkRun(action, { attempts }), config(/\{ attempts \}/))
  }
  for (const onRetry of [7, {}, null]) t.throws(() => checkRun(action, { onRetry }), config(/\{ onRetry \}/))
  t.throws(() => checkRun(action, { signal: {} }), config(/^transaction was given { signal }/))
  t.throws(() => checkRun(action, { atempts: 2 }), config(/did you mean attempts\?/))
}) // prettier-ignore
