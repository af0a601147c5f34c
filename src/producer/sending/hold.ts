/**
 * Why nothing of a partition is sent: one name for each reason, in the order in which they are looked
 * at. A partition has no more than one hold at a time, the first that applies. It is not kept: it
 * follows from the partition's state (partition-queue.ts), so that it cannot go stale.
 *
 *   hold             holds back            ends when
 *   'identity'       everything            the producer id is known
 *   'leader'         everything            metadata names a leader
 *   'pause'          everything            the backoff after a failure is over, or another leader is elected
 *   'restart'        everything            no answer under the old sequence numbers is owed
 *   'old leader'     everything            the broker that led before has answered, or its connection is closed
 *   'retry'          all but the retry     the batch that has to go again has been answered
 *   'gap'            all but the first     every batch sent is resolved, and the numbers begin anew
 *   'first answer'   batches never sent    the leader has acknowledged one batch
 *   'in-flight limit'  batches never sent  an answer comes
 *   'nothing full'   -                     a batch is full, or has lingered
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
