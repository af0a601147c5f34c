/**
 * The ZooKeeper that Kafka 2.8 needs beside it, run from Kafka's own jars, without its admin server.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { Daemon } from './daemon.js'
import { javaProgram } from './java.js'
import type { Leash } from './leash.js'
import { FatalError, waitUntil } from './wait.js'

const MAIN_CLASS = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
const START_TIMEOUT_MS = 60_000

/** Starts a ZooKeeper on a loopback port; resolves when it accepts connections. */
export async function startZookeeper(
  classPath: string,
  folder: string,
  port: number,
  leash: Leash,
): Promise<Daemon> {
  await mkdir(folder, { recursive: true })
  const properties = join(folder, 'zookeeper.properties')
  await writeFile(properties, zookeeperProperties(folder, port))
  const java = [javaProgram(), '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const command = [...java, '-cp', classPath, MAIN_CLASS, properties]
  const daemon = await Daemon.start(command, join(folder, 'log.txt'), leash)
  await waitUntil(() => isListening(daemon, port), {
    what: `ZooKeeper to listen on 127.0.0.1:${port}`,
    timeoutMs: START_TIMEOUT_MS,
    onTimeout: () => daemon.tail(),
  })
  return daemon
}

function zookeeperProperties(folder: string, port: number): string {
  const properties = [
    `dataDir=${folder}/data`,
    'clientPortAddress=127.0.0.1',
    `clientPort=${port}`,
    'tickTime=1000', // sessions last at least two ticks: short enough for a broker that comes back
    'maxClientCnxns=0',
    'admin.enableServer=false',
  ]
  return `${properties.join('\n')}\n`
}

async function isListening(daemon: Daemon, port: number): Promise<boolean> {
  if (!daemon.isRunning)
    throw new FatalError(`ZooKeeper ended before it listened; ${daemon.tail()}`)
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}
