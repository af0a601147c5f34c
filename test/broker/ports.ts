/**
 * Free TCP ports of the loopback interface, for brokers whose port must be known before they start
 * (it is what they advertise) and must still be theirs when they restart.
 *
 * They lie below the range from which the system takes the ports of outgoing connections (Linux
 * from 32768, others from 49152): a client could otherwise take a broker's port while the broker is
 * down, or even connect to itself there.
 */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

const FIRST_PORT = 20_000
const LAST_PORT = 32_767
const MAX_ATTEMPTS = 200

/** `count` different ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt === MAX_ATTEMPTS) {
      throw new Error(`no ${count} free ports in ${FIRST_PORT}-${LAST_PORT} on 127.0.0.1`)
    }
    const port = randomInt(FIRST_PORT, LAST_PORT + 1)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false // in use, or not ours to take
  } finally {
    server.close()
  }
}
