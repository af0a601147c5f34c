/**
 * What stands in place of a record's partition before it has one. Apart from partitioner.ts, which
 * needs records.
 */

/** Nobody has been asked yet. */
export const UNDECIDED = -1
/** The sticky partitioner decides, when the record is placed. */
export const STICKY = -2
