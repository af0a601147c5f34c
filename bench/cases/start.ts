/**
 * From nothing to the first acknowledgement, in a fresh process each time.
 */
import { ownColumn, ownRatioColumn } from '../report/columns.js'
import { ownProgram, type Case } from './case.js'

export const start: Case = {
  name: 'start',
  summary: 'import time, and constructor to first ack beside the bare round trips',
  columns: [
    ownColumn('import ms', 'importMs', 1),
    ownColumn('first ack ms', 'firstAckMs', 1),
    ownRatioColumn('× first row', 'firstAckMs'),
  ],
  groups: [
    {
      title: 'one record of 100 B',
      task: { warmupRecords: 0, records: 1 },
      subjects: [
        { name: 'bare round trips', program: ownProgram('bare-start') },
        { name: 'ottla', program: ownProgram('start') },
      ],
      takesPeers: false,
    },
  ],
}
