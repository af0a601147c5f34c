import t from 'tap'
import {
  checkBegin,
  checkRun,
  timeoutOf,
} from '../../../src/producer/transactional/transactional-calls.js'

const config = (message: RegExp) => ({ name: 'ConfigError', message })

t.test('the time limit of a call', async (t) => {
  t.equal(timeoutOf('commit', {}, 5), 5)
  t.equal(timeoutOf('commit', { timeoutMs: undefined }, 5), 5)
  for (const timeoutMs of [0, 0.5, 7]) t.equal(timeoutOf('commit', { timeoutMs }, 5), timeoutMs)
  for (const timeoutMs of [-1, NaN, Infinity, '5', null, 5n]) {
    t.throws(() => timeoutOf('commit', { timeoutMs }, 5), config(/^commit was given \{ timeoutMs \} that is/))
  }
  for (const options of [null, 7, 'x', undefined]) {
    t.throws(() => timeoutOf('abort', options, 5), config(/^abort was given .*give \{ timeoutMs \}, or nothing/))
  }
  t.throws(() => timeoutOf('abort', { timeout: 5 }, 5), config(/unknown option "timeout" of abort: did you mean timeoutMs\?/))
  t.throws(() => timeoutOf('abort', { zebra: 5 }, 5), config(/unknown option "zebra" of abort: it takes timeoutMs/))
}) // prettier-ignore

t.test('begin', async (t) => {
  const { signal } = new AbortController()
  for (const options of [{}, { wait: true }, { wait: false, signal }, { wait: undefined, signal: undefined }]) {
    t.doesNotThrow(() => checkBegin(options))
  }
  for (const wait of [1, 'no', null]) t.throws(() => checkBegin({ wait }), config(/\{ wait \}/))
  for (const it of [7, {}, null]) t.throws(() => checkBegin({ signal: it }))
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
  t.throws(() => checkRun(action, { signal: {} }))
  t.throws(() => checkRun(action, { atempts: 2 }), config(/did you mean attempts\?/))
}) // prettier-ignore
