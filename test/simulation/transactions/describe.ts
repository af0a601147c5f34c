/**
 * What the trace tells of the requests of transactions and their answers.
 *
 * Neighbours: ../wire.ts asks.
 */
import { decodeResponseHeader } from '../../../src/protocol/header.js'
import type { Api } from '../../../src/protocol/api.js'
import { addOffsetsToTxn } from '../../../src/protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../../src/protocol/messages/add-partitions-to-txn.js'
import { endTxn } from '../../../src/protocol/messages/end-txn.js'
import { findCoordinator } from '../../../src/protocol/messages/find-coordinator.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import { txnOffsetCommit } from '../../../src/protocol/messages/txn-offset-commit.js'
import type { Describe } from '../wire.js'

const APIS = new Map<number, Api<unknown, unknown>>(
  [
    findCoordinator,
    initProducerId,
    addPartitionsToTxn,
    addOffsetsToTxn,
    endTxn,
    txnOffsetCommit,
  ].map((api) => [api.key, api as Api<unknown, unknown>]),
)

export const describeTransactional: Describe = (kind, apiKey, version, reader) => {
  const api = APIS.get(apiKey)
  if (api === undefined) return ''
  try {
    if (kind === 'answer') {
      decodeResponseHeader(reader, api, version)
      return `v${version} ${textOf(api.decodeResponse(reader, version))}`
    }
    if (version >= api.flexibleFrom) reader.readTaggedFields()
    return `v${version} ${textOf(api.decodeRequest(reader, version))}`
  } catch (error) {
    return `unreadable: ${String(error)}`
  }
}

function textOf(body: unknown): string {
  return JSON.stringify(body, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}
