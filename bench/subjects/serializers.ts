/**
 * Subject: Ottla with the serializer that the environment's SERIALIZER names.
 */
import type { ProducerOptions } from '../../src/index.js'
import { OttlaClient } from '../support/ottla-client.js'
import { serializerOf, type SerializerName } from '../support/serialized-orders.js'
import { runSubject } from '../support/subject.js'
import { runWorkload } from '../support/workload.js'

runSubject((task) => {
  const value = serializerOf(process.env['SERIALIZER'] as SerializerName)
  const options = { serializers: { value } } as unknown as Partial<ProducerOptions>
  return runWorkload(task, new OttlaClient(task, undefined, options))
})
