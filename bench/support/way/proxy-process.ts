/**
 * The proxies' process: their work must not be the client's or the bench's. It ends with who started
 * it.
 *
 *   bench  --- argv: the routes; messages: Order --->  this process
 *          <-- 'ready'; for each order one answer ---+
 *
 * Neighbours: way.ts is the other side; delay-proxy.ts does the work.
 */
import { constants, setPriority } from 'node:os'
import { DelayProxy, type Route } from './delay-proxy.js'

/** Take on that round trip, or tell of the last seconds' traffic and forget it. */
export type Order = { readonly roundTripMs: number } | { readonly takeSeconds: number }

try {
  // A network does not wait for a processor. Before the alarm's thread is made, which inherits it.
  setPriority(constants.priority.PRIORITY_HIGHEST)
} catch {
  // Only root may: the round trip is measured, and shows what came of it.
}

const proxy = await DelayProxy.listen(JSON.parse(process.argv[2] ?? '[]') as Route[])

process.on('message', (order: Order) => {
  if ('roundTripMs' in order) proxy.roundTripMs = order.roundTripMs
  process.send?.('takeSeconds' in order ? proxy.traffic.take(order.takeSeconds) : 'set')
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
