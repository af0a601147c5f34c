/**
 * `ottla/protobuf` with the libraries that it is for beside it: types and both module systems, a record
 * sent and read again; and without them: Ottla works, and the subpath says what is missing.
 */
import { npm } from '../consumer.js'
import { COMMONJS, SENT } from '../programs.js'
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

const BODY = `
async function main() {
  const cluster = await TestCluster.start({ topics: { stamps: {}, orders: {} } })
  const stamps = new Producer({ brokers: cluster.bootstrap, serializers: { value: protobuf(TimestampSchema) } })
  await stamps.send({ topic: 'stamps', value: { seconds: 7n } })
  await stamps.send({ topic: 'stamps', value: create(TimestampSchema, { nanos: 1 }) })
  const { root } = protobufjs.parse('syntax = "proto3"; message Order { int64 total = 1; }')
  const serializers = { value: protobuf<{ total: bigint }>(root.lookupType('Order')) }
  const orders = new Producer({ brokers: cluster.bootstrap, serializers })
  await orders.send({ topic: 'orders', value: { total: 5n } })
  await Promise.all([stamps.close(), orders.close()])
  const [first, second] = cluster.records('stamps')
  const [order] = cluster.records('orders')
  await cluster.close()
  return [first, second, order].map((it) => it?.value?.toString('hex')).join(' ')
}
main().then((text) => console.log(text))
`
const WRITTEN = '0807 1001 0805'

const IMPORTS = `import { Producer } from 'ottla'
import { TestCluster } from 'ottla/testing'
import { protobuf } from 'ottla/protobuf'
import { create } from '@bufbuild/protobuf'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import protobufjs from 'protobufjs'
`
const UNTYPED = BODY.replace(/<\{.*?\}>/, '')
const REQUIRES = IMPORTS.replaceAll(/import (.*) from (.*)/g, 'const $1 = require($2)')

async function tryVersion(version: string, workshop: Workshop): Promise<void> {
  const options = { module: 'node16', target: 'ES2022', strict: true, esModuleInterop: true }
  const compilerOptions = { ...options, types: ['node'], skipLibCheck: true, outDir: 'out' }
  const cwd = await workshop.project(`@bufbuild/protobuf ${version}`, {
    'package.json': '{ "private": true, "type": "module" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['typed.mts', 'typed.cts'] }),
    'send.mjs': IMPORTS + UNTYPED,
    'send.cjs': REQUIRES + UNTYPED,
    'typed.mts': IMPORTS + BODY,
    'typed.cts': IMPORTS + BODY,
  })
  const packages = [workshop.tarball, `@bufbuild/protobuf@${version}`, 'protobufjs@8']
  await npm(cwd, 'install', '--no-audit', '--no-fund', '--prefer-offline', ...packages)
  for (const program of ['send.mjs', 'send.cjs']) {
    await workshop.expect(WRITTEN, { cwd, args: [program] })
  }
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  for (const program of ['out/typed.mjs', 'out/typed.cjs']) {
    await workshop.expect(WRITTEN, { cwd, args: [program] })
  }
}

async function tryWithout(workshop: Workshop): Promise<void> {
  const cwd = await workshop.project('protobuf missing', {
    'package.json': '{ "private": true }',
    'send.cjs': COMMONJS,
    'missing.mjs': `import('ottla/protobuf').catch((error) => console.log(error.message))`,
  })
  await npm(cwd, 'install', '--no-audit', '--no-fund', '--prefer-offline', workshop.tarball)
  await workshop.expect(SENT, { cwd, args: ['send.cjs'] })
  await workshop.expect(/Cannot find package '@bufbuild\/protobuf'/, { cwd, args: ['missing.mjs'] })
}

const GROUP = 'ottla/protobuf'

export const PROTOBUF_PROJECTS: readonly Project[] = [
  ...['2.6', '2.17'].map((version) => ({
    group: GROUP,
    name: `@bufbuild/protobuf ${version}`,
    isInSubset: version === '2.17',
    try: (workshop: Workshop) => tryVersion(version, workshop),
  })),
  { group: GROUP, name: 'without @bufbuild/protobuf', isInSubset: true, try: tryWithout },
]
