/**
 * Loggers that people have: their types fit the option `logger`, a producer with one sends, and what
 * has failed is printed with the reason.
 */
import { SENT, TYPED } from '../programs.js'
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

interface LoggerKind {
  readonly name: string
  readonly imports: string
  /** The expression that is handed in. */
  readonly logger: string
  /** Its package has no form for `require`. */
  readonly isForImportOnly?: boolean
}

const KINDS: readonly LoggerKind[] = [
  { name: 'console', imports: '', logger: 'console' },
  { name: 'pino', imports: `import { pino } from 'pino'`, logger: 'pino()' },
  {
    name: 'winston',
    imports: `import { createLogger, format, transports } from 'winston'`,
    logger: 'createLogger({ format: format.json(), transports: [new transports.Console()] })',
  },
  {
    name: "winston's child",
    imports: `import { createLogger, format, transports } from 'winston'`,
    logger:
      'createLogger({ format: format.simple(), transports: [new transports.Console()] }).child({})',
  },
  {
    name: "Nest's Logger",
    imports: `import { Logger as NestLogger } from '@nestjs/common'`,
    logger: `new NestLogger('Ottla')`,
    isForImportOnly: true,
  },
  {
    name: "Nest's ConsoleLogger",
    imports: `import { ConsoleLogger } from '@nestjs/common'`,
    logger: 'new ConsoleLogger()',
    isForImportOnly: true,
  },
]

/** Nobody listens there: the reason must be printed, by a logger of any kind. */
const unheard = ({ imports, logger }: LoggerKind): string => `
import { Producer } from 'ottla'
${imports}
const producer = new Producer({ brokers: 'localhost:1', maxBlockMs: 300, logger: ${logger} })
producer.enqueue({ topic: 'orders', value: 'a record' })
setTimeout(() => producer.close(), 600)
`

async function tryLogger(kind: LoggerKind, workshop: Workshop): Promise<void> {
  const { name, imports, logger, isForImportOnly = false } = kind
  const typed = TYPED.replace(/^declare .*$/m, '')
    .replace('brokers: cluster.bootstrap', `brokers: cluster.bootstrap, logger: ${logger}`)
    .replace(/^/, `${imports}\n`)
  const sources = isForImportOnly ? ['send.mts'] : ['send.cts', 'send.mts']
  const options = { module: 'node16', target: 'ES2022', strict: true, skipLibCheck: true }
  const compilerOptions = { ...options, types: ['node'], outDir: 'out', rootDir: '.' }
  const cwd = await workshop.project(`logger ${name}`, {
    'package.json': '{ "private": true, "type": "commonjs" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, files: sources }),
    'send.cts': typed,
    'send.mts': typed,
    'unheard.mjs': unheard(kind),
  })
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  for (const source of sources) {
    const program = `out/${source.replace('ts', 'js')}`
    await workshop.expect(SENT, { cwd, args: [program] })
  }
  const why = /no metadata; trying again[^]*ECONNREFUSED|ECONNREFUSED[^]*no metadata; trying again/
  await workshop.expect(why, { cwd, args: ['unheard.mjs'] })
}

export const LOGGER_PROJECTS: readonly Project[] = KINDS.map((kind) => ({
  group: 'Loggers: types, a record sent, a reason printed',
  name: kind.name,
  isInSubset: kind.name === 'pino',
  try: (workshop) => tryLogger(kind, workshop),
}))
