/**
 * Which faults each API can have: what its requests speak of, and what its answers can tell. A fault that
 * can never happen would make a test pass that tests nothing.
 *
 * Neighbours: fault-script.ts asks for each fault; handlers/ carry them out.
 */

/** Exactly one of these is what goes wrong. */
const EFFECTS = [
  'errorCode',
  'omitted',
  'disconnect',
  'silent',
  'delayMs',
  'cutAnswerAt',
  'answerBytes',
  'wrongCorrelationId',
  'frameLength',
  'authBytes',
  'throttleMs',
]

/** What happens to a request or to the bytes of an answer, whichever they are. */
const OF_ALL = [
  ...['times', 'broker', 'errorCode', 'disconnect', 'silent', 'delayMs', 'cutAnswerAt'],
  ...['answerBytes', 'wrongCorrelationId', 'frameLength'],
]

const PARTITIONS = ['topic', 'partition', 'omitted']
const TRANSACTION = ['transactionalId', 'appended', 'throttleMs']

/** Beside those of all. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  Produce: [...PARTITIONS, ...TRANSACTION, 'errorMessage'],
  Metadata: ['topic', 'omitted', 'throttleMs'],
  FindCoordinator: ['transactionalId', 'group', 'errorMessage', 'throttleMs'],
  SaslHandshake: [],
  ApiVersions: ['throttleMs'],
  CreateTopics: ['topic', 'omitted', 'errorMessage', 'throttleMs'],
  InitProducerId: TRANSACTION,
  AddPartitionsToTxn: [...PARTITIONS, ...TRANSACTION],
  AddOffsetsToTxn: ['group', ...TRANSACTION],
  EndTxn: TRANSACTION,
  TxnOffsetCommit: [...PARTITIONS, 'group', ...TRANSACTION],
  SaslAuthenticate: ['authBytes', 'errorMessage'],
  GetTelemetrySubscriptions: ['throttleMs'],
  PushTelemetry: ['throttleMs'],
}

/** All of the request is carried out, or nothing: what is told of one topic alone has had no part in it. */
const WHOLE_ONLY = ['AddPartitionsToTxn', 'TxnOffsetCommit']

/** @throws RangeError for a fault that can never happen */
export function checkFault(api: string, fault: object): void {
  const given = Object.entries(fault).filter(([, value]) => value !== undefined && value !== false)
  const names = given.map(([name]) => name)
  const named = EFFECTS.filter((effect) => names.includes(effect))
  if (named.length !== 1) {
    const found = named.length === 0 ? 'none' : named.join(' and ')
    throw new RangeError(`a fault for ${api} has one of ${EFFECTS.join(', ')}, not ${found}`)
  }
  const known = [...OF_ALL, ...(OWN[api] ?? [])]
  const stranger = names.find((name) => !known.includes(name))
  if (stranger !== undefined) {
    throw new RangeError(`a fault for ${api} cannot have ${stranger}: it can have ${known.join(', ')}`) // prettier-ignore
  }
  checkTogether(api, Object.fromEntries(given))
}

function checkTogether(api: string, fault: Readonly<Record<string, unknown>>): void {
  const { times = 1, topic, partition, appended, errorCode, errorMessage } = fault
  if (!(Number(times) >= 1)) {
    throw new RangeError(`a fault for ${api} happens at least once, not ${String(times)}`)
  }
  if (partition !== undefined && topic === undefined) {
    throw new RangeError(`a fault for ${api} names partition ${Number(partition)}, and no topic`)
  }
  if (errorCode === undefined && (appended ?? errorMessage) !== undefined) {
    throw new RangeError(`a fault for ${api} without errorCode has neither appended nor errorMessage`) // prettier-ignore
  }
  if (appended === true && topic !== undefined && WHOLE_ONLY.includes(api)) {
    throw new RangeError(`a fault for ${api} is appended as a whole: leave out topic, or appended`)
  }
}
