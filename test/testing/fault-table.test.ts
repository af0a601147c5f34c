/** Faults that can never happen, and those that can, for every API. */
import t from 'tap'
import { ErrorCodes, TestCluster, type ApiName, type Fault } from '../../src/testing/cluster.js'
import { checkFault } from '../../src/testing/fault-table.js'

const errorCode = ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS

const NEVER: readonly (readonly [api: ApiName, fault: Fault, says: RegExp])[] = [
  ['InitProducerId', { omitted: true }, /InitProducerId cannot have omitted/],
  ['FindCoordinator', { omitted: true }, /cannot have omitted/],
  ['EndTxn', { omitted: true }, /cannot have omitted/],
  ['ApiVersions', { omitted: true }, /cannot have omitted/],
  ['InitProducerId', { errorCode, topic: 'orders' }, /cannot have topic/],
  ['Metadata', { errorCode, topic: 'orders', partition: 0 }, /cannot have partition/],
  ['Metadata', { errorCode, transactionalId: 'x' }, /cannot have transactionalId/],
  ['Metadata', { errorCode, appended: true }, /cannot have appended/],
  ['EndTxn', { errorCode, group: 'x' }, /cannot have group/],
  ['EndTxn', { errorCode, errorMessage: 'x' }, /cannot have errorMessage/],
  ['SaslHandshake', { throttleMs: 5 }, /cannot have throttleMs/],
  ['Produce', { authBytes: (it) => it }, /cannot have authBytes/],
  ['Produce', { disconnect: 'before', broker: 7 }, /no broker 7/],
  ['Produce', { disconnect: 'before', partition: 0 }, /and no topic/],
  ['Produce', { disconnect: 'before', times: 0 }, /at least once/],
  ['Produce', { disconnect: 'before', appended: true }, /without errorCode/],
  ['Produce', { errorCode, topics: 'orders' } as Fault, /cannot have topics/],
  ['Produce', {} as Fault, /not none/],
  ['Produce', { silent: true, delayMs: 5 }, /not silent and delayMs/],
  ['TxnOffsetCommit', { errorCode, topic: 'orders', appended: true }, /as a whole/],
  ['PushTelemetry', { silent: true }, /no API "PushTelemetry"/],
]

t.test('a fault that can never happen is refused', async (t) => {
  const cluster = await TestCluster.start()
  t.teardown(() => cluster.close())
  for (const [api, fault, message] of NEVER) {
    t.throws(() => cluster.failNext(api, fault), { name: 'RangeError', message }, `${api} ${String(message)}`) // prettier-ignore
  }
  const open = { errorCode, topic: undefined, transactionalId: 'a' }
  t.doesNotThrow(() => checkFault('EndTxn', open), 'what is left out is not there')
})

t.test('every API has errors and faults of the wire', async (t) => {
  const cluster = await TestCluster.start({ sasl: {}, telemetry: {} })
  t.teardown(() => cluster.close())
  const apis: readonly ApiName[] = [
    ...(['AddOffsetsToTxn', 'AddPartitionsToTxn', 'ApiVersions', 'CreateTopics'] as const),
    ...(['EndTxn', 'FindCoordinator', 'GetTelemetrySubscriptions', 'InitProducerId'] as const),
    ...(['Metadata', 'Produce', 'PushTelemetry', 'SaslAuthenticate', 'SaslHandshake'] as const),
    'TxnOffsetCommit',
  ]
  for (const api of apis) {
    t.doesNotThrow(() => cluster.failNext(api, { errorCode, broker: 1 }), api)
    t.doesNotThrow(() => checkFault(api, { disconnect: 'after', times: Infinity }), api)
  }
})
