/**
 * What it costs to look at a producer: each way to see its metrics, traces and events beside nothing of
 * it, in the two forms of sending. The first row is the producer that nobody looks at; `CPU × first row`
 * is what the others add to it.
 *
 * And serializers beside the library that they use, called by a serializer of the user's: the first row.
 * Without a producer around them they are in bench/micro.
 *
 * Neighbours: subjects/surfaces.ts turns on what `SURFACES` names; support/serialized-orders.ts has the
 * serializers.
 */
import { THROUGHPUT_COLUMNS } from '../report/columns.js'
import { FORMATS, type SerializerName } from '../support/serialized-orders.js'
import { SURFACES, type SurfaceName } from '../support/surfaces.js'
import { ownProgram, type Case, type Group, type Subject } from './case.js'

export const surfaces: Case = {
  name: 'surfaces',
  summary:
    'metrics, Prometheus, OpenTelemetry, tracing, diagnostics beside nothing of it; serializers',
  columns: THROUGHPUT_COLUMNS,
  groups: [
    ...(['enqueue', 'send'] as const).map((mode): Group => ({
      title: mode,
      task: { mode },
      subjects: SURFACES.map(subject),
      takesPeers: false,
    })),
    ...Object.entries(FORMATS).map(([format, names]): Group => ({
      title: `${format}, enqueue`,
      task: { mode: 'enqueue' },
      subjects: names.map(serializer),
      takesPeers: false,
    })),
  ],
}

function serializer(name: SerializerName): Subject {
  return { name, program: { ...ownProgram('serializers'), environment: { SERIALIZER: name } } }
}

function subject(name: SurfaceName): Subject {
  return { name, program: { ...ownProgram('surfaces'), environment: { SURFACE: name } } }
}
