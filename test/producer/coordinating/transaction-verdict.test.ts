/** What each error code means to each transactional request: the whole table, row by row. */
import t from 'tap'
import {
  judgeTransaction,
  mayHelpToRepeat,
  type TransactionRequest,
} from '../../../src/producer/coordinating/transaction-verdict.js'
import { errorCode } from '../../../src/protocol/error-codes.js'

/** As the table below has it. */
const VERDICTS: Readonly<Record<string, object>> = {
  D: { action: 'done', needsBump: false, isBrief: false },
  R: { action: 'retry', needsBump: false, isBrief: false },
  r: { action: 'retry', needsBump: false, isBrief: true },
  F: { action: 'find coordinator', needsBump: false, isBrief: false },
  A: { action: 'abort', needsBump: false, isBrief: false },
  B: { action: 'abort', needsBump: true, isBrief: false },
  N: { action: 'refuse', needsBump: false, isBrief: false },
  P: { action: 'fenced', needsBump: false, isBrief: false },
  X: { action: 'fatal', needsBump: false, isBrief: false },
}

const REQUESTS: readonly TransactionRequest[] = [
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'Produce',
  'TxnOffsetCommit',
  'EndTxn (commit)',
  'EndTxn (abort)',
  'FindCoordinator',
]

/** Code: a verdict of each request, in that order; `.` where it is as of a code that is not listed. */
const TABLE: Readonly<Record<number, string>> = {
  0: 'DDDDDDDD',
  3: 'RRR.RRR.', // UNKNOWN_TOPIC_OR_PARTITION
  14: 'RRR.RRR.', // COORDINATOR_LOAD_IN_PROGRESS
  15: 'FFF.FFF.', // COORDINATOR_NOT_AVAILABLE
  16: 'FFF.FFF.', // NOT_COORDINATOR
  7: '....F...', // REQUEST_TIMED_OUT
  51: 'rrr.rrr.', // CONCURRENT_TRANSACTIONS
  47: 'PPPBPPP.', // INVALID_PRODUCER_EPOCH
  90: 'PPPPPPP.', // PRODUCER_FENCED
  48: '.XXAXXX.', // INVALID_TXN_STATE
  49: 'XXXXXXX.', // INVALID_PRODUCER_ID_MAPPING
  59: '.BBBXBB.', // UNKNOWN_PRODUCER_ID
  120: 'NAAAAAXA', // TRANSACTION_ABORTABLE
  53: 'NXXXXXXX', // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  29: 'XAAAAXX.', // TOPIC_AUTHORIZATION_FAILED
  55: 'XAAAXXX.', // OPERATION_NOT_ATTEMPTED
  30: 'XAAAAXXA', // GROUP_AUTHORIZATION_FAILED
  22: '...AA...', // ILLEGAL_GENERATION
  25: '...AA...', // UNKNOWN_MEMBER_ID
  69: '...AA...', // GROUP_ID_NOT_FOUND
  82: '...AA...', // FENCED_INSTANCE_ID
  110: '...AA...', // FENCED_MEMBER_EPOCH
  113: '...AA...', // STALE_MEMBER_EPOCH
  12: 'X.XAAXX.', // OFFSET_METADATA_TOO_LARGE
  28: 'X.XAAXX.', // INVALID_COMMIT_OFFSET_SIZE
  24: 'XXXAXXX.', // INVALID_GROUP_ID
  42: 'XXXAXXX.', // INVALID_REQUEST
  50: 'XXXAXXX.', // INVALID_TRANSACTION_TIMEOUT
  35: 'XXXXXXX.', // UNSUPPORTED_VERSION
  45: '...B....', // OUT_OF_ORDER_SEQUENCE_NUMBER
  10: '...A....', // MESSAGE_TOO_LARGE, and the record errors
  17: '...A....',
  18: '...A....',
  32: '...A....',
  43: '...AX...', // UNSUPPORTED_FOR_MESSAGE_FORMAT
  44: '...A....',
  87: '...A....',
  [-1]: 'XAXAXXXX', // UNKNOWN_SERVER_ERROR
}

/** Unlisted: retried where that can help, else fatal; of partitions and records it aborts. */
function ofUnlisted(request: TransactionRequest, code: number): string {
  if (request === 'Produce') return 'A'
  if (errorCode(code).retriable) return 'R'
  return request === 'AddPartitionsToTxn' ? 'A' : 'X'
}

for (const [i, request] of REQUESTS.entries()) {
  t.test(`the codes of ${request}`, async (t) => {
    for (let code = -1; code <= 140; code++) {
      const letter = TABLE[code]?.[i] ?? '.'
      const expected = VERDICTS[letter === '.' ? ofUnlisted(request, code) : letter]
      t.strictSame(judgeTransaction(request, code), expected, `${code} ${errorCode(code).name}`)
    }
  })
}

t.test('what may not come again when the whole transaction is run again', async (t) => {
  const helps = [45, 47, 48, 59, 90, 120]
  for (let code = -1; code <= 140; code++) {
    const expected = helps.includes(code) || errorCode(code).retriable
    t.equal(mayHelpToRepeat(code), expected, `${code}`)
  }
})
