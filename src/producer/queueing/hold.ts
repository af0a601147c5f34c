/**
 * Why nothing of a partition is sent: one name for each reason, in the order in which they are looked
 * at. A partition has no more than one hold at a time, the first that applies. It is not kept: it
 * follows from the partition's state (partition-queue.ts), so that it cannot go stale.
 *
 *   hold               holds back           ends when
 *   'identity'         everything           the producer id is known
 *   'transaction'      everything           the last transaction has ended, and the next may send
 *   'partition'        everything           the coordinator has added it to the transaction
 *   'leader'           everything           metadata names a leader
 *   'pause'            everything           the backoff is over, or a leader is elected
 *   'restart'          everything           no answer under the old numbers is owed
 *   'old leader'       everything           it has answered, or its connection is closed
 *   'retry'            everything           the batches in flight beside it are answered
 *   'gap'              batches never sent   all that was sent is resolved
 *   'first answer'     batches never sent   the leader has acknowledged one batch
 *   'in-flight limit'  batches never sent   fewer than maxInFlight are unresolved
 *   'nothing full'     -                    a batch is full, or has lingered
 *
 * Before: partition-queue.ts decides. After: completing/obstacles.ts says it in errors.
 */
import type { NumberingHold } from '../sequencing/numbering.js'

/** See the table above. */
export type Hold =
  | NumberingHold
  | 'leader'
  | 'pause'
  | 'old leader'
  | 'retry'
  | 'first answer'
  | 'in-flight limit'
  | 'nothing full'
