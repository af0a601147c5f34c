/**
 * Projects that have older libraries than the subpaths are for, as their own dependencies: Ottla installs
 * beside them, all that needs none of them works, and a subpath whose library is too old says so.
 */
import { npm } from '../consumer.js'
import { COMMONJS, ES_MODULE, SENT } from '../programs.js'
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

/** Of each library one that is older than what its subpath is tested with. */
const OLD = {
  '@bufbuild/protobuf': '1.10.0',
  '@opentelemetry/api': '1.4.1',
  ajv: '6.12.6',
  avsc: '4.1.11',
  'fast-crc32c': '1.0.7',
  'prom-client': '12.0.0',
  protobufjs: '^6.11.0',
}

/** What each subpath says of its library, or that it works. */
const SUBPATHS = `
const said = (path, body) => import(path).then(body).then(() => 'works', (error) => error.message)
for (const [path, body] of [
  ['ottla/avro'],
  ['ottla/json-schema'],
  ['ottla/opentelemetry', ({ tracing }) => tracing()],
  ['ottla/protobuf'],
  ['ottla/prometheus', ({ collectMetrics }) => collectMetrics({ clientId: 'a', metrics() {} })],
  ['ottla/schema-registry'],
]) console.log(path + ': ' + (await said(path, body)))
`

const SAID = [
  /^ottla\/avro: .*\bavsc 5\.5 or later/m,
  /^ottla\/json-schema: works$/m,
  /^ottla\/opentelemetry: works$/m,
  /^ottla\/protobuf: .*@bufbuild\/protobuf/m, // Node's own words: such an import is no code of ours
  /^ottla\/prometheus: .*\bprom-client 13 or later/m,
  /^ottla\/schema-registry: works$/m,
]

async function tryOld(workshop: Workshop): Promise<void> {
  const cwd = await workshop.project('old libraries', {
    'package.json': JSON.stringify({ private: true, dependencies: OLD }),
    'send.cjs': COMMONJS,
    'send.mjs': ES_MODULE,
    'subpaths.mjs': SUBPATHS,
  })
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await npm(cwd, 'install', ...flags, workshop.tarball)
  for (const program of ['send.cjs', 'send.mjs']) {
    await workshop.expect(SENT, { cwd, args: [program] })
  }
  for (const line of SAID) await workshop.expect(line, { cwd, args: ['subpaths.mjs'] })
}

export const OLD_LIBRARY_PROJECTS: readonly Project[] = [
  {
    group: 'Libraries of the subpaths',
    name: 'older ones, as dependencies of the project',
    isInSubset: true,
    try: tryOld,
  },
]
