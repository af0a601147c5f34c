import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseStart } from './arguments.js'
import { projectFile } from './project.js'
import { serverProperties, type NodePlace } from './server-config.js'
import { kafkaVersion, KNOWN_VERSIONS, PINNED_VERSION } from './versions.js'

t.test('the pinned version is in the table, and the one of docker-compose.yml', async (t) => {
  t.ok(kafkaVersion(PINNED_VERSION).hasImage)
  const compose = readFileSync(projectFile('docker-compose.yml'), 'utf8')
  const versions = [...compose.matchAll(/OTTLA_KAFKA_VERSION:-([\d.]+)/g)].map((it) => it[1])
  t.strictSame(versions, [PINNED_VERSION])
})

t.test('every version fetches artifacts of its own number', async (t) => {
  for (const version of KNOWN_VERSIONS) {
    const { artifacts } = kafkaVersion(version)
    t.ok(
      artifacts.every((artifact) => artifact.endsWith(`:${version}`)),
      version,
    )
  }
})

t.test('an untried version is refused, and the known ones named', async (t) => {
  t.throws(() => kafkaVersion('0.8.0'), /0\.8\.0.*2\.8\.2, 3\.3\.2, 3\.9\.2, 4\.3\.1/)
})

t.test('the command line is read, and its mistakes are told with the usage', async (t) => {
  t.strictSame(parseStart([], 'usage'), {})
  const all = parseStart(['--nodes', '3', '--version', '3.9.2'], 'usage')
  t.strictSame(all, { nodes: 3, version: '3.9.2' })
  t.throws(() => parseStart(['--nodes', '2'], 'usage: x'), /one or three[^]*usage: x/)
  t.throws(() => parseStart(['--node', '3'], 'usage: x'), /--node[^]*usage: x/)
  t.throws(() => parseStart(['--version', '1.0'], 'usage: x'), /1\.0 is not in/)
})

const place = (id: number): NodePlace => ({
  id,
  port: 20_000 + id,
  controllerPort: 30_000 + id,
  folder: `/data/node-${id}`,
})

t.test('three nodes vote and replicate; settings of the caller win', async (t) => {
  const places = [place(1), place(2), place(3)]
  const config = { 'min.insync.replicas': '1', 'a.path': 'c:\\kafka' }
  const lines = serverProperties({ places, zookeeper: undefined, config }, place(2)).split('\n')
  t.ok(
    lines.includes(
      'controller.quorum.voters=1@127.0.0.1:30001,2@127.0.0.1:30002,3@127.0.0.1:30003',
    ),
  )
  t.ok(lines.includes('default.replication.factor=3'))
  t.ok(lines.includes('log.dirs=/data/node-2/data'))
  t.strictSame(
    lines.filter((line) => line.startsWith('min.insync')),
    ['min.insync.replicas=1'],
  )
  t.ok(lines.includes('a.path=c:\\\\kafka'))
})

t.test('one node with a ZooKeeper knows no quorum', async (t) => {
  const plan = { places: [place(1)], zookeeper: '127.0.0.1:2181', config: {} }
  const text = serverProperties(plan, place(1))
  t.match(text, 'zookeeper.connect=127.0.0.1:2181\n')
  t.match(text, 'default.replication.factor=1\n')
  t.notMatch(text, 'quorum')
})

t.test('other listeners are bound, told as localhost, and mapped to their protocols', async (t) => {
  const listeners = [{ name: 'MTLS', protocol: 'SSL', port: 20_009 }] as const
  const plan = { places: [place(1)], zookeeper: undefined, config: { odd: 'ü\\ž' } }
  const lines = serverProperties(plan, { ...place(1), listeners }).split('\n')
  t.ok(lines.includes('advertised.listeners=PLAINTEXT://127.0.0.1:20001,MTLS://localhost:20009'))
  t.match(
    lines.find((line) => line.startsWith('listeners=')),
    /MTLS:\/\/127\.0\.0\.1:20009$/,
  )
  t.match(
    lines.find((line) => line.startsWith('listener.security.protocol.map=')),
    /,MTLS:SSL$/,
  )
  t.ok(lines.includes('odd=\\u00fc\\\\\\u017e'), 'Java reads the file as ISO 8859-1')
})
