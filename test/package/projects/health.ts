/**
 * The programs of docs/health-and-logs.md with the frameworks themselves: compiled against their types,
 * and asked over HTTP before and after a broker has answered.
 */
import { codeBlocks, page } from '../../docs/markdown.js'
import { npm } from '../consumer.js'
import { TOOL_LIST, type Workshop } from '../workshop.js'
import type { Project } from './project.js'

interface Framework {
  readonly name: string
  /** What the page's program imports, by which it is found. */
  readonly imports: string
  readonly packages: readonly string[]
  /** Starts what the program exports, if it does not start itself; gives `url` and `close`. */
  readonly start: string
}

const NEST = TOOL_LIST.dependencies['@nestjs/common'] ?? 'latest'
const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'Fastify',
    imports: 'fastify',
    packages: ['fastify@5'],
    start: `
process.env.PORT = String(await freePort())
await import('./out/app.mjs')
const url = 'http://localhost:' + process.env.PORT
const close = () => process.exit(0) // the page's program has no end of its own`,
  },
  {
    name: 'NestJS',
    imports: '@nestjs/common',
    packages: [
      ...['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${NEST}`),
      ...['reflect-metadata', 'rxjs'],
    ],
    start: `
await import('reflect-metadata')
const { NestFactory } = await import('@nestjs/core')
const { HealthModule } = await import('./out/app.mjs')
const app = await NestFactory.create(HealthModule, { logger: false })
app.enableShutdownHooks()
await app.listen(0, 'localhost')
const url = await app.getUrl()
const close = () => app.close()`,
  },
]

const check = ({ start }: Framework): string => `
import { createServer } from 'node:net'
import { TestCluster } from 'ottla/testing'

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})
const cluster = await TestCluster.start()
for (const broker of cluster.brokers) broker.freeze()
process.env.KAFKA_BROKERS = cluster.bootstrap.join()
${start}
const ask = async (path) => {
  const response = await fetch(url + path)
  return [response.status, (await response.json()).status ?? '']
}
console.log('live', ...(await ask('/live')))
console.log('ready', ...(await ask('/ready')))
for (const broker of cluster.brokers) broker.unfreeze()
let ready = await ask('/ready')
for (let tries = 0; ready[0] !== 200 && tries < 500; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 20))
  ready = await ask('/ready')
}
console.log('ready', ...ready)
await cluster.close()
await close()
`

const PRINTED = /^live 200 starting\n[^]*^ready 503 starting\n[^]*^ready 200 idle$/m

async function tryFramework(framework: Framework, workshop: Workshop): Promise<void> {
  const { name, imports, packages } = framework
  const program = codeBlocks(page('docs/health-and-logs.md')).find(({ code }) => {
    return code.includes(`from '${imports}'`)
  })
  if (program === undefined) throw new Error('the page has no such program')
  const options = { module: 'node16', target: 'ES2022', strict: true, types: ['node'] }
  const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true }
  const compilerOptions = { ...options, ...decorators, skipLibCheck: true, outDir: 'out' }
  const cwd = await workshop.project(`health ${name}`, {
    'package.json': '{ "private": true, "type": "module" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['app.mts'] }),
    'app.mts': program.code,
    'check.mjs': check(framework),
  })
  await npm(cwd, 'install', '--no-audit', '--no-fund', '--prefer-offline', ...packages)
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  await workshop.expect(PRINTED, { cwd, args: ['check.mjs'] })
}

export const HEALTH_PROJECTS: readonly Project[] = FRAMEWORKS.map((framework) => ({
  group: 'Health endpoints',
  name: framework.name,
  isInSubset: false,
  try: (workshop) => tryFramework(framework, workshop),
}))
